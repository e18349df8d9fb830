"""RTMPose-t 256x192 on couples; an MMEngine config, run by train.py from the repository's root."""

_base_ = "mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py"
custom_imports = {"imports": ["couples.frames", "couples.pose_crops", "couples.hooks"]}
default_scope = "mmpose"

real, drawn, cut_outs = "../shared/training", "work/rendered", "work/cut_outs.npz"
held_out = ["c026", "c083"]
vibes = ["c012", "c013", "c015", "c025", "c028", "c059", "c134"]
"""The clips of the second collection, other couples in other rooms; without the held-out ones."""

model = {
    "backbone": {"init_cfg": None, "norm_cfg": {"type": "BN"}},
    "test_cfg": {"flip_test": False},
}
load_from = "checkpoints/bundled/rtmpose-t_256x192.pth"
codec = {
    "type": "SimCCLabel",
    "input_size": (192, 256),
    "sigma": (4.9, 5.66),
    "simcc_split_ratio": 2.0,
    "normalize": False,
    "use_dark": False,
}
samples_an_epoch = 4096
train_dataloader = {
    "_delete_": True,
    "batch_size": 32,
    "num_workers": 1,
    "persistent_workers": True,
    "drop_last": True,
    "sampler": {"type": "SharesSampler", "length": samples_an_epoch},
    "dataset": {
        "type": "CoupleFrames",
        "each_person": True,
        "close_weight": 1.6,
        "sources": [
            {"folder": real, "without_clips": [*held_out, *vibes], "share": 0.5},
            {"folder": real, "only_clips": vibes, "share": 0.27},
            {"folder": drawn, "share": 0.23},
        ],
        "pipeline": [
            {
                "type": "CoupleCrop",
                "input_size": (192, 256),
                "cut_outs": cut_outs,
                "new_room": 0.72,
                "alone": 0.55,
            },
            {"type": "GenerateTarget", "encoder": codec},
            {"type": "PackPoseInputs"},
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
    {"type": "CpuSpeed", "bf16": True},
    {"type": "CosineToZero", "warmup": 60},
    {"type": "EMAHook", "ema_type": "ExpMomentumEMA", "momentum": 0.004, "update_buffers": True, "priority": 49},
]
env_cfg = {"cudnn_benchmark": False, "mp_cfg": {"mp_start_method": "fork", "opencv_num_threads": 1}}
randomness = {"seed": 0}
