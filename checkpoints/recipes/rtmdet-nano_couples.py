"""RTMDet-nano 320x192 for persons, on couples; an MMEngine config, run by train.py from the repository's root.

The model is that of mmpose:demo/mmdetection_cfg/rtmdet_nano_320-8xb32_coco-person.py, which cannot be a base here.
"""

_base_ = "mmdet::rtmdet/rtmdet_l_8xb32-300e_coco.py"
custom_imports = {"imports": ["couples.frames", "couples.detector_frames", "couples.hooks"]}
default_scope = "mmdet"

real, drawn, cut_outs = "../shared/training", "work/rendered", "work/cut_outs.npz"
held_out = ["c026", "c083"]
vibes = ["c012", "c013", "c015", "c025", "c028", "c059", "c134"]
"""The clips of the second collection, other couples in other rooms; without the held-out ones."""

norm = {"type": "BN"}
model = {
    "backbone": {
        "deepen_factor": 0.33,
        "widen_factor": 0.25,
        "use_depthwise": True,
        "init_cfg": None,
        "norm_cfg": norm,
    },
    "neck": {
        "in_channels": [64, 128, 256],
        "out_channels": 64,
        "num_csp_blocks": 1,
        "use_depthwise": True,
        "norm_cfg": norm,
    },
    "bbox_head": {
        "in_channels": 64,
        "feat_channels": 64,
        "share_conv": False,
        "exp_on_reg": False,
        "use_depthwise": True,
        "num_classes": 1,
        "norm_cfg": norm,
    },
    "data_preprocessor": {"batch_augments": None},
    # Fewer points a dancer than RTMDet's 13: the rest learn to keep quiet, so that a dancer gets one box.
    "train_cfg": {"assigner": {"topk": 6}},
}
load_from = "checkpoints/bundled/rtmdet-nano_person_320x192.pth"
train_dataloader = {
    "_delete_": True,
    "batch_size": 16,
    "num_workers": 1,
    "persistent_workers": True,
    "drop_last": True,
    "sampler": {"type": "SharesSampler", "length": 2048},
    "dataset": {
        "type": "CoupleFrames",
        "each_person": False,
        "close_weight": 1.5,
        "sources": [
            {"folder": real, "without_clips": [*held_out, *vibes], "share": 0.5},
            {"folder": real, "only_clips": vibes, "share": 0.3},
            {"folder": drawn, "share": 0.2},
        ],
        "pipeline": [
            {
                "type": "CoupleCanvas",
                "input_size": (320, 192),
                "cut_outs": cut_outs,
                "moved": 0.7,
                "new_room": 0.65,
                "more": 0.3,
            },
            {"type": "PackDetInputs", "meta_keys": ("img_path", "ori_shape", "img_shape", "scale_factor")},
        ],
    },
}
val_dataloader = val_cfg = val_evaluator = test_dataloader = test_cfg = test_evaluator = None
optim_wrapper = {
    "_delete_": True,
    "type": "OptimWrapper",
    "clip_grad": {"max_norm": 35, "norm_type": 2},
    "optimizer": {"type": "AdamW", "lr": 1e-3, "weight_decay": 0.05},
    "paramwise_cfg": {"norm_decay_mult": 0, "bias_decay_mult": 0, "bypass_duplicate": True},
}
param_scheduler = None
train_cfg = {"_delete_": True, "by_epoch": True, "max_epochs": 16}
default_hooks = {
    "checkpoint": {"_delete_": True, "type": "CheckpointHook", "interval": 1, "max_keep_ckpts": 2},
    "logger": {"type": "LoggerHook", "interval": 16},
}
custom_hooks = [
    {"type": "CpuSpeed", "bf16": False},
    {"type": "CosineToZero", "warmup": 60},
    {"type": "EMAHook", "ema_type": "ExpMomentumEMA", "momentum": 0.004, "update_buffers": True, "priority": 49},
]
env_cfg = {"cudnn_benchmark": False, "mp_cfg": {"mp_start_method": "fork", "opencv_num_threads": 1}}
randomness = {"seed": 0}
