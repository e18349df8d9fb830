"""RTMPose-t 256x192 on couples; an MMEngine config, run by train.py from the repository's root."""

# mypy: disable-error-code="attr-defined"
# MMEngine puts the named configs' own content in place of the list.
_base_ = ["mmpose::body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py", "couples_training.py"]
custom_imports = {"imports": ["couples.frames", "couples.pose_crops", "couples.hooks"]}
default_scope = "mmpose"

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
train_dataloader = dict(
    **_base_.loading,
    batch_size=32,
    sampler={"type": "SharesSampler", "length": 4096},
    dataset={
        "type": "CoupleFrames",
        "each_person": True,
        "close_weight": 1.6,
        "sources": [
            dict(**_base_.first_collection, share=0.58),
            dict(**_base_.second_collection, share=0.3),
            {"folder": _base_.drawn, "share": 0.12},
        ],
        "pipeline": [
            {
                "type": "CoupleCrop",
                "input_size": (192, 256),
                "cut_outs": _base_.cut_outs,
                "new_room": 0.4,
                "alone": 0.35,
            },
            {"type": "GenerateTarget", "encoder": codec},
            {"type": "PackPoseInputs"},
        ],
    },
)
val_dataloader = val_cfg = val_evaluator = test_dataloader = test_cfg = test_evaluator = param_scheduler = None
optim_wrapper = _base_.adamw
optim_wrapper["optimizer"]["lr"] = 4e-4
train_cfg = dict(**_base_.epochs, max_epochs=10)
default_hooks = _base_.hooks
custom_hooks = [{"type": "CpuSpeed", "bf16": True}, _base_.cosine, _base_.averaged]
env_cfg = _base_.one_core
randomness = {"seed": 0}
