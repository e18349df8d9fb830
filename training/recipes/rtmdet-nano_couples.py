"""RTMDet-nano 320x192 for persons, on couples; an MMEngine config, run by train.py from the repository's root.

The model is that of mmpose:demo/mmdetection_cfg/rtmdet_nano_320-8xb32_coco-person.py, which cannot be a base here.
"""

# mypy: disable-error-code="attr-defined"
# MMEngine puts the named configs' own content in place of the list.
_base_ = ["mmdet::rtmdet/rtmdet_l_8xb32-300e_coco.py", "couples_training.py"]
custom_imports = {"imports": ["couples.frames", "couples.detector_frames", "couples.hooks"]}
default_scope = "mmdet"

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
train_dataloader = dict(
    **_base_.loading,
    batch_size=16,
    sampler={"type": "SharesSampler", "length": 2048},
    dataset={
        "type": "CoupleFrames",
        "each_person": False,
        "close_weight": 1.5,
        "sources": [
            dict(**_base_.first_collection, share=0.5),
            dict(**_base_.second_collection, share=0.3),
            {"folder": _base_.drawn, "share": 0.2},
        ],
        "pipeline": [
            {
                "type": "CoupleCanvas",
                "input_size": (320, 192),
                "cut_outs": _base_.cut_outs,
                "moved": 0.4,
                "new_room": 0.4,
                "more": 0.3,
            },
            {"type": "PackDetInputs", "meta_keys": ("img_path", "ori_shape", "img_shape", "scale_factor")},
        ],
    },
)
val_dataloader = val_cfg = val_evaluator = test_dataloader = test_cfg = test_evaluator = param_scheduler = None
optim_wrapper = _base_.adamw
optim_wrapper["optimizer"]["lr"] = 5e-4
train_cfg = dict(**_base_.epochs, max_epochs=12)
default_hooks = _base_.hooks
custom_hooks = [{"type": "CpuSpeed", "bf16": False}, _base_.cosine, _base_.averaged]
env_cfg = _base_.one_core
randomness = {"seed": 0}
