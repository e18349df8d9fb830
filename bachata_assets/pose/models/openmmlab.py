"""MMDet's and MMPose's models with weights, in a form that can be exported.

Only this module, `openmmlab_compat.py`, `openmmlab_scope.py` and `openmmlab_two_stage.py` import torch, mmdet and
mmpose at the top. Others import it only to export a model or to compare with one; `pose_models.py` runs the exports.
"""

from typing import Any, ClassVar

from bachata_assets.pose.models import openmmlab_compat  # noqa: F401  (before mmdet and mmpose)

# isort: split
import mmdet.models
import mmdet.registry
import mmpose.models
import mmpose.registry
import torch
from mmengine.config import Config
from mmengine.model.utils import revert_sync_batchnorm

from bachata_assets.pose.models.model_sets import ModelSetError, ModelSpec
from bachata_assets.pose.models.openmmlab_scope import own_scope
from bachata_assets.pose.models.openmmlab_two_stage import TwoStageDetector
from bachata_assets.pose.models.weights_file import read_weights
from bachata_assets.schemas import HAND_KEYPOINTS, KEYPOINTS

IGNORED_KEYS = ("data_preprocessor.",)
"""Prefixes of weights keys that the config itself supplies."""


def build_model(spec: ModelSpec) -> Any:
    """Return the MMDet or MMPose model of `spec` with its weights, in eval mode.

    Raises
    ------
    ModelSetError
        The weights are not plain tensors, or do not fit the config.
    """
    model = untrained_model(spec)
    _load_weights(model, spec)
    return model.eval()


def untrained_model(spec: ModelSpec) -> Any:
    """Return the MMDet or MMPose model of `spec` with random weights."""
    registry = (mmdet if spec.kind == "detector" else mmpose).registry.MODELS
    with own_scope(spec):
        config = Config.fromfile(spec.config_path)
        config.merge_from_dict({"model": spec.options})
        # `init_cfg` names weights by URL; ours come from the checkpoint.
        config.model.backbone.pop("init_cfg", None)
        return revert_sync_batchnorm(registry.build(config.model))


def _load_weights(model: Any, spec: ModelSpec) -> None:
    path = spec.checkpoint_path
    _ = spec.weights_sha256  # read nothing but the file that the set names
    state = read_weights(path)
    missing, unexpected = model.load_state_dict(state, strict=False)
    wrong = [key for key in (*missing, *unexpected) if not key.startswith(IGNORED_KEYS)]
    wrong = [key for key in wrong if not key.endswith("num_batches_tracked")]
    if wrong:
        raise ModelSetError(f"{path}: does not fit {spec.config}: {len(wrong)} keys differ, the first is {wrong[0]}")


class _Normalised(torch.nn.Module):
    """uint8 BGR images (N, H, W, 3) to the backbone's input, as the model's own data preprocessor makes it."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, model: Any) -> None:
        super().__init__()
        preprocessor = model.data_preprocessor
        self.rgb = bool(preprocessor._channel_conversion)
        self.register_buffer("mean", preprocessor.mean.clone())
        self.register_buffer("std", preprocessor.std.clone())

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        x = images.permute(0, 3, 1, 2).float()
        return ((x.flip(1) if self.rgb else x) - self.mean) / self.std


class ExportedDetector(torch.nn.Module):
    """Frames to person scores and boxes, for detectors of the RTMDet family.

    uint8 BGR frames (N, H, W, 3) to scores (N, P) and distances (N, P, 4) to left, top, right, bottom, px; P runs over
    strides 8, 16, 32, row by row. Of several classes, only the first counts, COCO's person.

    Raises
    ------
    ModelSetError
        The model belongs to another family.
    """

    form: ClassVar = {"kind": "distances"}

    def __init__(self, model: Any) -> None:
        super().__init__()
        if type(model).__name__ != "RTMDet":
            raise ModelSetError(f"{type(model).__name__} cannot be exported: RTMDet and Faster R-CNN can")
        self.normalise = _Normalised(model)
        self.backbone, self.neck, self.head = model.backbone, model.neck, model.bbox_head

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores and distances."""
        scores, distances = self.head(self.neck(self.backbone(self.normalise(frames))))
        scores = torch.cat([level[:, 0].flatten(1) for level in scores], 1).sigmoid()
        distances = torch.cat([level.flatten(2) for level in distances], 2).transpose(1, 2)
        return scores, distances


class ExportedTwoStage(torch.nn.Module):
    """A frame to person scores and boxes, for Faster R-CNN.

    One uint8 BGR frame (1, H, W, 3) to scores (1, P) and boxes (1, P, 4), x1 y1 x2 y2, px.
    """

    form: ClassVar = {"kind": "boxes"}

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.normalise, self.detector = _Normalised(model), TwoStageDetector(model)

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores and boxes."""
        scores, boxes = self.detector(self.normalise(frames))
        return scores, boxes


class ExportedPose(torch.nn.Module):
    """Crops to keypoints, before decoding.

    uint8 BGR crops (N, H, W, 3) to SimCC logits x (N, K, 2W) and y (N, K, 2H), or heatmaps (N, K, h, w). A model with
    more keypoints than COCO's 17 keeps the first 17: Halpe's 26 and whole-body keypoints begin with COCO's.

    Raises
    ------
    ModelSetError
        The model has fewer keypoints or an unknown codec.
    """

    def __init__(self, model: Any, keypoints: int) -> None:
        super().__init__()
        self.normalise = _Normalised(model)
        self.backbone, self.head, self.keypoints = model.backbone, model.head, keypoints
        if model.head.out_channels < keypoints:
            raise ModelSetError(f"a model of {model.head.out_channels} keypoints cannot stand for one of {keypoints}")
        self.form = _pose_form(model.head.decoder)

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the head's outputs."""
        outputs = self.head(self.backbone(self.normalise(crops)))
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(output[:, : self.keypoints] for output in outputs)


def _pose_form(codec: Any) -> dict[str, Any]:
    """Return the form of a head's outputs with this codec, for `decoding.py`."""
    name = type(codec).__name__
    if name == "SimCCLabel" and not codec.use_dark:
        return {"kind": "simcc", "split_ratio": codec.simcc_split_ratio}
    if name == "MSRAHeatmap":
        return {"kind": "heatmap", "blur": codec.blur_kernel_size if codec.unbiased else None}
    raise ModelSetError(f"pose models with the codec {name} cannot be used: SimCCLabel and MSRAHeatmap can")


def exportable(spec: ModelSpec) -> Any:
    """Return the model of `spec` ready for export; its attribute `form` describes the outputs.

    Raises
    ------
    ModelSetError
        As for `build_model`, or this kind of model cannot be exported.
    """
    model = build_model(spec)
    if spec.kind == "detector":
        form = ExportedTwoStage if hasattr(model, "roi_head") else ExportedDetector
        return form(model).eval()
    return ExportedPose(model, HAND_KEYPOINTS if spec.kind == "hand" else KEYPOINTS).eval()
