"""Lets mmdet 3.3.0 and mmpose 1.3.2 run on mmcv-lite, without compiled operators.

Import it before either of them. It replaces:

- `mmcv._ext`: mmcv-lite has every `mmcv.ops` wrapper but not the compiled module that they load. The detectors here
  call only NMS and RoIAlign, which torchvision has; any other operator raises when called.
- `xtcocotools`: mmpose imports it, but it is published only as source. pycocotools is the same code except for two
  optional arguments of `COCOeval`.
- warnings: newer setuptools and torch complain about old idioms in these wheels, which are harmless.

Only the other `openmmlab*` modules and training recipes import this; running exported models needs none of it.
"""

import importlib.machinery
import sys
import types
import warnings
from typing import Any

import numpy as np
import pycocotools.coco
import pycocotools.cocoeval
import pycocotools.mask
import torchvision

for _message in (
    "pkg_resources is deprecated",
    "`torch.cuda.amp.autocast",
    "torch.meshgrid: in an upcoming",
    "invalid escape sequence",
    "DeprecationWarning: ",
):
    warnings.filterwarnings("ignore", _message)


class _CompiledOperators(types.ModuleType):
    """Stand-in for `mmcv._ext`, which has every operator by name and runs those that torchvision has."""

    @staticmethod
    def nms(boxes: Any, scores: Any, iou_threshold: float, offset: int = 0) -> Any:
        """Return the indices of the remaining boxes.

        `offset` 1 is the legacy convention that a box includes its last pixel.
        """
        if offset:
            boxes = boxes + boxes.new_tensor([0, 0, offset, offset])
        return torchvision.ops.nms(boxes, scores, iou_threshold)

    @staticmethod
    def roi_align_forward(
        features: Any,
        rois: Any,
        output: Any,
        _argmax_y: Any,
        _argmax_x: Any,
        *,
        aligned_height: int,
        aligned_width: int,
        spatial_scale: float,
        sampling_ratio: int,
        pool_mode: int,
        aligned: bool,
    ) -> None:
        """Fill `output` with the average-pooled regions: pool_mode 1, the only one in the configs."""
        if pool_mode != 1:
            raise NotImplementedError("RoIAlign with max pooling needs the compiled mmcv")
        size = (aligned_height, aligned_width)
        output.copy_(torchvision.ops.roi_align(features, rois, size, spatial_scale, sampling_ratio, aligned))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def missing(*_args: Any, **_kwargs: Any) -> None:
            raise NotImplementedError(f"mmcv operator {name!r} needs the compiled mmcv")

        return missing


class _COCOeval(pycocotools.cocoeval.COCOeval):  # type: ignore[misc]
    """`COCOeval` with xtcocotools' signature, which accepts keypoint sigmas."""

    def __init__(
        self,
        gt: Any = None,
        dt: Any = None,
        iou_type: str = "keypoints",
        sigmas: Any = None,
        use_area: bool = True,
    ) -> None:
        if not use_area:
            raise NotImplementedError("COCOeval without areas needs xtcocotools")
        super().__init__(gt, dt, iou_type)
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)


def _register(name: str, kind: type[types.ModuleType] = types.ModuleType, **attributes: Any) -> types.ModuleType:
    """Put a module into `sys.modules` unless the real one exists."""
    module = kind(name)
    module.__spec__ = importlib.machinery.ModuleSpec(name, None)
    module.__dict__.update(attributes)
    return sys.modules.setdefault(name, module)


_register("mmcv._ext", _CompiledOperators)
_register("xtcocotools", __path__=[], mask=pycocotools.mask)
_register("xtcocotools.coco", COCO=pycocotools.coco.COCO)
_register("xtcocotools.cocoeval", COCOeval=_COCOeval)
sys.modules.setdefault("xtcocotools.mask", pycocotools.mask)
