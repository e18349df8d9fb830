"""Checkpoints in the form that OpenMMLab publishes, with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from bachata_assets.pose.models.model_sets import ModelSpec
from bachata_assets.pose.models.openmmlab import untrained_model

SMALL: dict[str, dict[str, Any]] = {
    **{
        config: {
            "backbone": {"deepen_factor": 0.167, "widen_factor": 0.125},
            "neck": {"in_channels": [32, 64, 128], "out_channels": 32, "num_csp_blocks": 1},
            "bbox_head": {"in_channels": 32, "feat_channels": 32},
        }
        for config in (
            "mmpose:demo/mmdetection_cfg/rtmdet_m_640-8xb32_coco-person.py",
            "mmdet:configs/rtmdet/rtmdet_tiny_8xb32-300e_coco.py",
        )
    },
    "mmdet:configs/faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py": {
        "backbone": {"depth": 18, "frozen_stages": -1},
        "neck": {"in_channels": [64, 128, 256, 512]},
        "roi_head": {"bbox_head": {"fc_out_channels": 64}},
    },
    "mmpose:configs/body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w48_8xb32-210e_coco-384x288.py": {
        "backbone": {
            "extra": {
                "stage1": {"num_blocks": (1,)},
                "stage2": {"num_blocks": (1, 1), "num_channels": (4, 8)},
                "stage3": {"num_modules": 1, "num_blocks": (1, 1, 1), "num_channels": (4, 8, 16)},
                "stage4": {"num_modules": 1, "num_blocks": (1, 1, 1, 1), "num_channels": (4, 8, 16, 32)},
            }
        },
        "head": {"in_channels": 4},
    },
    **{
        f"mmpose:configs/{config}.py": {
            "backbone": {"deepen_factor": 0.167, "widen_factor": 0.125},
            "head": {"in_channels": 128},
        }
        for config in (
            "body_2d_keypoint/rtmpose/body8/rtmpose-m_8xb256-420e_body8-256x192",
            "body_2d_keypoint/rtmpose/body8/rtmpose-x_8xb256-700e_body8-halpe26-384x288",
            "hand_2d_keypoint/rtmpose/hand5/rtmpose-m_8xb256-210e_hand5-256x256",
        )
    },
}
"""Config -> options that make of the official model a small one of the same family."""


def save_official(spec: ModelSpec, seed: int = 0, **more: Any) -> Path:
    """Write random weights for `spec` where its checkpoint belongs, as MMEngine's Runner saves a training."""
    from mmengine.logging import HistoryBuffer

    torch.manual_seed(seed)
    model = untrained_model(spec)
    for name, parameter in model.named_parameters():
        # As they are made, all boxes of a detector score the same.
        if "rpn" in name or "bbox_head.fc" in name or "rtm_reg" in name:
            torch.nn.init.normal_(parameter, std=0.05)
        if "rtm_cls" in name:
            torch.nn.init.normal_(parameter, std=0.5)
        if "rtm_reg" in name and "bias" in name:
            torch.nn.init.constant_(parameter, 2.0)
    path = spec.checkpoint_path
    path.parent.mkdir(parents=True, exist_ok=True)
    loss = HistoryBuffer()
    loss.update(1.5)
    dataset = {"classes": ("person",), "sigmas": np.ones(17, np.float32), "area": np.float32(0.5)}
    checkpoint = {
        "meta": {"epoch": 1, "iter": 2, "cfg": "model = dict()", "dataset_meta": dataset},
        "state_dict": model.state_dict(),
        "message_hub": {"log_scalars": {"train/loss": loss}, "runtime_info": {"eta": np.float64(0)}},
        **more,
    }
    torch.save(checkpoint, path)
    return path
