"""A base of both trainings' configs: the clips held out, optimiser, schedule, averaged weights.

No validation while training: benchmarks/pose/models.py measures.
"""

real, drawn, cut_outs = "../shared/training", "work/rendered", "work/cut_outs.npz"
held_out = ["c026", "c083"]
"""Clips of rooms and couples that a training is judged by."""
vibes = ["c012", "c013", "c015", "c025", "c028", "c059", "c134"]
"""The clips of the second collection, other couples in other rooms; without the held-out ones."""
first_collection = {"folder": real, "without_clips": [*held_out, *vibes]}
second_collection = {"folder": real, "only_clips": vibes}

loading = {"_delete_": True, "num_workers": 1, "persistent_workers": True, "drop_last": True}
adamw = {
    "_delete_": True,
    "type": "OptimWrapper",
    "clip_grad": {"max_norm": 35, "norm_type": 2},
    "optimizer": {"type": "AdamW", "weight_decay": 0.05},
    "paramwise_cfg": {"norm_decay_mult": 0, "bias_decay_mult": 0, "bypass_duplicate": True},
}
epochs = {"_delete_": True, "by_epoch": True}
hooks = {
    "checkpoint": {"_delete_": True, "type": "CheckpointHook", "interval": 1, "max_keep_ckpts": 2},
    "logger": {"type": "LoggerHook", "interval": 16},
}
cosine = {"type": "CosineToZero", "warmup": 60}
averaged = {"type": "EMAHook", "ema_type": "ExpMomentumEMA", "momentum": 0.004, "update_buffers": True, "priority": 49}
one_core = {"cudnn_benchmark": False, "mp_cfg": {"mp_start_method": "fork", "opencv_num_threads": 1}}
