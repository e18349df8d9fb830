"""MMDet's Faster R-CNN as one graph, which can be exported.

No exporter can follow the lists and in-place steps of MMDet's own inference. This module does the same steps with plain
tensor arithmetic on the same modules. Only `openmmlab.py`, which has the one-stage detectors, imports it.
"""

import math
from typing import Any

import torch
import torchvision

from bachata_assets.pose.models.model_sets import ModelSetError

MOST_GROWTH = abs(math.log(16 / 1000))
"""Logarithm of the maximum factor by which a box grows or shrinks, as in MMDet's DeltaXYWHBBoxCoder."""
PERSON = 0
"""Index of the class person, COCO's first."""


class TwoStageDetector(torch.nn.Module):
    """A normalised frame to person scores and boxes.

    One frame (1, 3, H, W) to scores (1, P) and boxes (1, P, 4), x1 y1 x2 y2 in px of the frame. It equals MMDet's
    FasterRCNN at test time except for the last suppression, which the caller does.

    Raises
    ------
    ModelSetError
        The model has another head.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        head = model.roi_head
        if type(head).__name__ != "StandardRoIHead":
            raise ModelSetError(
                f"{type(head).__name__} cannot be exported: of two-stage detectors only Faster R-CNN can"
            )
        self.backbone, self.neck, self.rpn = model.backbone, model.neck, model.rpn_head
        self.head, self.extractor = head.bbox_head, head.bbox_roi_extractor
        self.limits = model.test_cfg.rpn

    def forward(self, frame: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores and boxes."""
        levels = self.neck(self.backbone(frame))
        # As a tensor, because a trace turns plain numbers into constants.
        size = torch._shape_as_tensor(frame)[[3, 2, 3, 2]].float()
        proposals = self._proposals(levels, size)
        # Finer levels handle smaller boxes. The order of the results does not matter.
        layers = self.extractor.roi_layers
        at = self.extractor.map_roi_levels(torch.cat([proposals[:, :1] * 0, proposals], 1), len(layers))
        chosen = [proposals[at == index] for index in range(len(layers))]
        regions = [
            torchvision.ops.roi_align(
                levels[index],
                torch.cat([boxes[:, :1] * 0, boxes], 1),
                layer.output_size,
                layer.spatial_scale,
                layer.sampling_ratio,
                layer.aligned,
            )
            for index, (layer, boxes) in enumerate(zip(layers, chosen, strict=True))
        ]
        classes, deltas = self.head(torch.cat(regions))
        scores = classes.softmax(-1)[:, PERSON]
        moved = _moved(torch.cat(chosen), deltas[:, 4 * PERSON : 4 * PERSON + 4], self.head.bbox_coder.stds, size)
        return scores[None], moved[None]

    def _proposals(self, levels: Any, size: torch.Tensor) -> torch.Tensor:
        """Return the boxes of the region proposal network, float (R, 4), px."""
        boxes, scores, level_of = [], [], []
        for index, (objectness, deltas) in enumerate(zip(*self.rpn(levels), strict=True)):
            level_scores = objectness[0].permute(1, 2, 0).reshape(-1).sigmoid()
            best, places = level_scores.topk(min(self.limits.nms_pre, level_scores.shape[0]))
            anchors = self._anchors(index, objectness)[places]
            level_deltas = deltas[0].permute(1, 2, 0).reshape(-1, 4)[places]
            boxes.append(_moved(anchors, level_deltas, self.rpn.bbox_coder.stds, size))
            scores.append(best)
            level_of.append(torch.full_like(best, index))
        all_boxes, all_scores = torch.cat(boxes), torch.cat(scores)
        real = (all_boxes[:, 2:] > all_boxes[:, :2]).all(1)
        all_boxes, all_scores, levels_of = all_boxes[real], all_scores[real], torch.cat(level_of)[real]
        # An offset per level keeps boxes of different levels from suppressing each other.
        apart = all_boxes + (levels_of * (size.max() + 1))[:, None]
        kept = torchvision.ops.nms(apart, all_scores, self.limits.nms.iou_threshold)
        return all_boxes[kept[: self.limits.max_per_img]]

    def _anchors(self, index: int, objectness: torch.Tensor) -> torch.Tensor:
        """Return the anchors of one level, float (H W A, 4), row by row."""
        generator = self.rpn.prior_generator
        stride_x, stride_y = generator.strides[index]
        x = torch.arange(objectness.shape[3]) * stride_x
        y = torch.arange(objectness.shape[2]) * stride_y
        grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
        places = torch.stack([grid_x, grid_y, grid_x, grid_y], -1).reshape(-1, 1, 4).float()
        return (places + generator.base_anchors[index][None]).reshape(-1, 4)


def _moved(boxes: torch.Tensor, deltas: torch.Tensor, stds: Any, size: torch.Tensor) -> torch.Tensor:
    """Return boxes (R, 4) moved and scaled by deltas (R, 4), which are in units of `stds`, clipped to the frame.

    This inverts R-CNN's box regression targets (arXiv:1311.2524, appendix C), as MMDet's DeltaXYWHBBoxCoder does.
    """
    deltas = deltas * torch.tensor(stds)
    extent = boxes[:, 2:] - boxes[:, :2]
    center = (boxes[:, 2:] + boxes[:, :2]) / 2 + extent * deltas[:, :2]
    half = extent * deltas[:, 2:].clamp(-MOST_GROWTH, MOST_GROWTH).exp() / 2
    moved = torch.cat([center - half, center + half], 1)
    return torch.minimum(moved.clamp(min=0), size)
