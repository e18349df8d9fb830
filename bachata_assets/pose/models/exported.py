"""A model of a model set, exported to OpenVINO.

`openmmlab.py` builds the networks, `inference/export_cache.py` keeps the exports, and `pose_models.py` runs them.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from bachata_assets.inference.export_cache import cached_export, save_export, traced
from bachata_assets.pose.models.decoding import write_form
from bachata_assets.pose.models.model_sets import ModelSpec
from bachata_assets.pose.models.openmmlab_scope import own_scope

if TYPE_CHECKING:
    import openvino

EXPORT_VERSION = 2
"""Version of the export's format; raise it when the format changes."""


def exported_model(spec: ModelSpec, cache_dir: Path | None = None) -> "openvino.Model":
    """Return a model from beside its weights, from the cache, or from a new export.

    Only an export imports torch, mmdet and mmpose.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    cache_dir : Path or None
        Folder of the cache; None: the user's.

    Raises
    ------
    ModelSetError
        The weights are damaged or do not fit, or this kind of model cannot be exported.
    """
    return cached_export(
        spec.checkpoint_path.stem, _identity(spec), lambda: _export(spec), cache_dir, _beside_its_weights(spec)
    )


def export_beside_its_weights(spec: ModelSpec) -> None:
    """Export a model into a folder beside its weights, for machines that have no export yet.

    Raises
    ------
    ModelSetError
        As for `exported_model`.
    OSError
        The disk refuses the export.
    """
    folder = _beside_its_weights(spec)
    save_export(traced(lambda: _export(spec)), folder, _identity(spec))


def _beside_its_weights(spec: ModelSpec) -> Path:
    return spec.checkpoint_path.with_suffix("")


def _identity(spec: ModelSpec) -> str:
    return f"{spec.identity} {EXPORT_VERSION}"


def _export(spec: ModelSpec) -> "openvino.Model":
    with own_scope(spec):
        return _traced(spec)


def _traced(spec: ModelSpec) -> "openvino.Model":
    import openvino
    import torch

    from bachata_assets.pose.models.openmmlab import exportable

    network = exportable(spec)
    width, height = spec.input_size
    count = 1 if network.form["kind"] == "boxes" else 2
    example = torch.zeros(count, height, width, 3, dtype=torch.uint8)
    # A detector sees frames of either orientation; a pose model's head takes one size of crop.
    shape = [-1, -1, -1, 3] if spec.kind == "detector" else [-1, height, width, 3]
    model = openvino.convert_model(
        network, example_input=example, input=[(openvino.PartialShape(shape), openvino.Type.u8)]
    )
    write_form(model, network.form)
    return model
