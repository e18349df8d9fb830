"""MMDet and MMPose model classes from their configs, with weights, in the form that is exported.

The only module of the package that imports torch, mmdet and mmpose; it is itself imported only to export a model or
to compare with one. Running exported models lives in `models.py`.
"""

import pickle
from typing import Any

from bachata_assets.pose import openmmlab_compat  # noqa: F401  (before mmdet and mmpose)

# isort: split
import mmdet.models
import mmdet.registry
import mmpose.models
import mmpose.registry
import torch
from mmengine.config import Config
from mmengine.model.utils import revert_sync_batchnorm
from mmengine.registry import DefaultScope

from bachata_assets.pose.model_sets import ModelSetError, ModelSpec

IGNORED_KEYS = ("data_preprocessor.",)
"""State that the config itself gives."""


def build_model(spec: ModelSpec) -> Any:
    """Return the MMDet or MMPose model of `spec` with its weights, in eval mode.

    Raises
    ------
    ModelSetError
        The weights are not plain tensors, or do not fit the config.
    """
    config = Config.fromfile(spec.config_path)
    config.merge_from_dict({"model": spec.options})
    # The start weights of a training are a URL; ours come from the checkpoint.
    config.model.backbone.pop("init_cfg", None)
    scope = "mmdet" if spec.kind == "detector" else "mmpose"
    registry = (mmdet if scope == "mmdet" else mmpose).registry.MODELS
    DefaultScope.get_instance(f"{scope}-{id(config)}", scope_name=scope)
    model = revert_sync_batchnorm(registry.build(config.model))
    _load_weights(model, spec)
    return model.eval()


def _load_weights(model: Any, spec: ModelSpec) -> None:
    path = spec.checkpoint_path
    _ = spec.weights_sha256  # read nothing that is not what the set names
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise ModelSetError(f"{path}: refused, since it holds more than plain weights: {reason}") from error
    state = {key: value.float() for key, value in state["state_dict"].items() if torch.is_tensor(value)}
    missing, unexpected = model.load_state_dict(state, strict=False)
    wrong = [key for key in (*missing, *unexpected) if not key.startswith(IGNORED_KEYS)]
    wrong = [key for key in wrong if not key.endswith("num_batches_tracked")]
    if wrong:
        raise ModelSetError(f"{path}: does not fit {spec.config}: {len(wrong)} keys differ, the first is {wrong[0]}")


class _Normalised(torch.nn.Module):
    """uint8 BGR images (N, H, W, 3) to what the model's own data preprocessor makes of them."""

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
    """uint8 BGR frames (N, H, W, 3) to person scores (N, P) and distances (N, P, 4) to left, top, right, bottom, px.

    For the one-stage detectors of MMDet's RTMDet family; P runs over strides 8, 16, 32, row by row.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        if not hasattr(model, "bbox_head"):
            raise ModelSetError(f"{type(model).__name__} cannot be exported: only one-stage detectors can")
        self.normalise = _Normalised(model)
        self.backbone, self.neck, self.head = model.backbone, model.neck, model.bbox_head

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return scores and distances."""
        scores, distances = self.head(self.neck(self.backbone(self.normalise(frames))))
        scores = torch.cat([level[:, 0].flatten(1) for level in scores], 1).sigmoid()
        distances = torch.cat([level.flatten(2) for level in distances], 2).transpose(1, 2)
        return scores, distances


class ExportedPose(torch.nn.Module):
    """uint8 BGR crops (N, H, W, 3) to the head's SimCC logits x (N, K, 2W) and y (N, K, 2H)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.normalise = _Normalised(model)
        self.backbone, self.head = model.backbone, model.head

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits along x and y."""
        x, y = self.head(self.backbone(self.normalise(crops)))
        return x, y


def exportable(spec: ModelSpec) -> torch.nn.Module:
    """Return the model of `spec` in the form that is exported."""
    model = build_model(spec)
    return (ExportedDetector if spec.kind == "detector" else ExportedPose)(model).eval()
