"""The cache of networks exported to OpenVINO.

An export is made once, checked at every start, and made again when it is damaged. What is exported is in
`pose/models/exported.py` and `language/exported.py`.
"""

import hashlib
import importlib.metadata
import json
import logging
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import openvino

SEAL = "sha256.json"
"""File with the hashes of an export's other files."""

_EXPORTING = Lock()
"""Held during an export: two threads that import torch at once may each see half of it."""

log = logging.getLogger(__name__)


def default_cache_dir() -> Path:
    """Return the user's cache folder of this package.

    XDG_CACHE_HOME is respected.
    """
    import platformdirs

    return Path(platformdirs.user_cache_dir("bachata_assets"))


def cached_export(
    name: str, identity: str, export: Callable[[], "openvino.Model"], cache_dir: Path | None = None
) -> "openvino.Model":
    """Return a network from the cache, exported now where it is not there.

    Two processes that ask at once export once: the second waits.

    Parameters
    ----------
    name : str
        Name of the network, for people.
    identity : str
        Changes with whatever the exported network depends on, but for OpenVINO's version, which counts anyway.
    export : callable
        Makes the network; torch and the like are imported only in it.
    cache_dir : Path or None
        Folder of the cache; None: the user's.
    """
    import filelock
    import openvino

    folder = (cache_dir or default_cache_dir()) / "models" / _key(name, identity)
    if not _is_whole(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder.with_name(f"{folder.name}.lock")), _EXPORTING:
            if not _is_whole(folder):
                log.info("Exporting %s to OpenVINO: once, later starts take it from the cache", name)
                log.debug("The export goes to %s", folder)
                _save(_traced(export), folder)
    return openvino.Core().read_model(folder / "model.xml")


def _key(name: str, identity: str) -> str:
    parts = f"{identity} {importlib.metadata.version('openvino')}"
    return f"{name}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"


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


def _traced(export: Callable[[], "openvino.Model"]) -> "openvino.Model":
    import torch

    with warnings.catch_warnings():
        # What a trace keeps constant (levels, limits, keypoint counts) is constant.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.simplefilter("ignore", FutureWarning)  # of the libraries about one another
        return export()


def _save(model: "openvino.Model", folder: Path) -> None:
    import openvino

    partial = folder.with_name(f"{folder.name}.partial")
    for leftover in (partial, folder):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir()
    openvino.save_model(model, partial / "model.xml", compress_to_fp16=False)
    (partial / SEAL).write_text(json.dumps(_digests(partial)))
    partial.rename(folder)
