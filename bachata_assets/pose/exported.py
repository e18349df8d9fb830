"""The cache of models exported to OpenVINO: made once, checked at every start, rebuilt when damaged.

What is exported lives in `openmmlab_models.py`, running it in `models.py`.
"""

import hashlib
import importlib.metadata
import json
import logging
import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from bachata_assets.pose.decoding import write_form
from bachata_assets.pose.model_sets import ModelSpec

if TYPE_CHECKING:
    import openvino

EXPORT_VERSION = 2
"""Raise when the exported form changes."""
SEAL = "sha256.json"

log = logging.getLogger(__name__)


def default_cache_dir() -> Path:
    """Return the user's cache folder of this package (XDG_CACHE_HOME is respected)."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("bachata_assets"))


def exported_model(spec: ModelSpec, cache_dir: Path | None = None) -> "openvino.Model":
    """Return `spec` as an OpenVINO model, from the cache or exported now.

    Two processes that ask at once export once: the second waits. torch, mmdet and mmpose are imported only to export.
    """
    import filelock
    import openvino

    folder = (cache_dir or default_cache_dir()) / "models" / cache_key(spec)
    if not _is_whole(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_name(f"{folder.name}.lock")):
            if not _is_whole(folder):
                _export(spec, folder)
    return openvino.Core().read_model(folder / "model.xml")


def cache_key(spec: ModelSpec) -> str:
    """Return the folder's name: changes with the weights, the config, OpenVINO and the exported form."""
    parts = [spec.identity, importlib.metadata.version("openvino"), str(EXPORT_VERSION)]
    return f"{spec.checkpoint_path.stem}-{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:16]}"


def _digests(folder: Path) -> dict[str, str]:
    names = ("model.xml", "model.bin")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _is_whole(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    try:
        whole = json.loads((folder / SEAL).read_text()) == _digests(folder)
    except (OSError, ValueError):
        whole = False
    if not whole:
        log.warning("Exported model %s is damaged; exporting it again", folder)
    return whole


def _export(spec: ModelSpec, folder: Path) -> None:
    import openvino
    import torch

    from bachata_assets.pose.openmmlab_models import exportable

    log.info("Exporting %s to OpenVINO (once; later starts take it from %s)", spec.checkpoint_path.name, folder)
    network = exportable(spec)
    width, height = spec.input_size
    count = 1 if network.form["kind"] == "boxes" else 2
    example = torch.zeros(count, height, width, 3, dtype=torch.uint8)
    # A detector sees frames of either orientation; a pose model's head is made for one size of crop.
    shape = [-1, -1, -1, 3] if spec.kind == "detector" else [-1, height, width, 3]
    with warnings.catch_warnings():
        # What a trace keeps constant (levels, limits, keypoint counts) is constant.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.filterwarnings("ignore", "`torch.jit.trace", FutureWarning)  # OpenVINO's own way in
        model = openvino.convert_model(
            network, example_input=example, input=[(openvino.PartialShape(shape), openvino.Type.u8)]
        )
    write_form(model, network.form)
    partial = folder.with_name(f"{folder.name}.partial")
    for leftover in (partial, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    openvino.save_model(model, partial / "model.xml", compress_to_fp16=False)
    (partial / SEAL).write_text(json.dumps(_digests(partial)))
    partial.rename(folder)
