"""The end of the detector's training: on frames more like real ones, fitted to the canvas as the product does it."""

_base_ = "rtmdet-nano_couples.py"
load_from = "work/detector.pth"
custom_hooks = [
    {"type": "CpuSpeed", "bf16": False},
    {"type": "CosineToZero", "warmup": 60},
    {"type": "EMAHook", "ema_type": "ExpMomentumEMA", "momentum": 0.008, "update_buffers": True, "priority": 49},
]
optim_wrapper = {"optimizer": {"lr": 5e-4}}
train_cfg = {"max_epochs": 2}
train_dataloader = {
    "dataset": {
        "pipeline": [
            {
                "type": "CoupleCanvas",
                "input_size": (320, 192),
                "cut_outs": "work/cut_outs.npz",
                "moved": 0.4,
                "new_room": 0.4,
                "more": 0.3,
            },
            {"type": "PackDetInputs", "meta_keys": ("img_path", "ori_shape", "img_shape", "scale_factor")},
        ]
    }
}
