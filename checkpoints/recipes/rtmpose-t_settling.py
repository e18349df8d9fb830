"""The end of the pose training: from the mean of the weights before and after it, on frames more like real ones."""

_base_ = "rtmpose-t_couples.py"
load_from = "work/pose.pth"
custom_hooks = [
    {"type": "CpuSpeed", "bf16": True},
    {"type": "CosineToZero", "warmup": 60},
    {"type": "EMAHook", "ema_type": "ExpMomentumEMA", "momentum": 0.008, "update_buffers": True, "priority": 49},
]
optim_wrapper = {"optimizer": {"lr": 3e-4}}
train_cfg = {"max_epochs": 3}
train_dataloader = {
    "dataset": {
        "pipeline": [
            {
                "type": "CoupleCrop",
                "input_size": (192, 256),
                "cut_outs": "work/cut_outs.npz",
                "new_room": 0.45,
                "alone": 0.55,
            },
            {"type": "GenerateTarget", "encoder": {{_base_.codec}}},
            {"type": "PackPoseInputs"},
        ]
    }
}
