"""The cache of networks exported to OpenVINO.

An export is made once, checked at every start, and made again if it is damaged. If its folder accepts no file, it is
used from memory. An export beside its weights takes precedence if it belongs to these weights and this code.
`pose/models/exported.py` and `language/exported.py` make the exports.
"""

import hashlib
import importlib.metadata
import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from bachata_assets.file_errors import refusal, with_remedy

if TYPE_CHECKING:
    import openvino

SEAL = "sha256.json"
"""File with the hashes of an export's other files, and the identity of the exported network."""

_EXPORTING = Lock()
"""Lock during an export: two threads that import torch at once may each see half of it."""

log = logging.getLogger(__name__)


def default_cache_dir() -> Path:
    """Return this package's folder in the user's cache folder, or in XDG_CACHE_HOME if that is set."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("bachata_assets"))


def cached_export(
    name: str,
    identity: str,
    export: Callable[[], "openvino.Model"],
    cache_dir: Path | None = None,
    beside: Path | None = None,
) -> "openvino.Model":
    """Return a network from the cache, exporting it if it is missing.

    If two processes ask at once, the second waits for the export of the first.

    Parameters
    ----------
    name : str
        Name of the network, for people.
    identity : str
        Hash of everything that the exported network depends on, except OpenVINO's version, which always counts.
    export : callable
        Function that makes the network; only it imports torch and the like.
    cache_dir : Path or None
        Folder of the cache; None: the user's.
    beside : Path or None
        Folder of an export that comes with the weights, if there is one (`save_export`).
    """
    import openvino

    came = None if beside is None else _came_with_its_weights(beside, identity)
    if came is not None:
        return came
    folder = (cache_dir or default_cache_dir()) / "models" / _key(name, identity)
    if not _is_whole(folder):
        with _alone(folder):
            if not _is_whole(folder):
                log.info("Exporting %s to OpenVINO: once, later starts take it from the cache", name)
                log.debug("The export goes to %s", folder)
                model = traced(export)
                try:
                    save_export(model, folder, identity)
                except OSError as error:
                    log.warning(
                        "The exported model %s cannot be kept, so each process exports it again; mend that, or name "
                        "another folder with XDG_CACHE_HOME: %s", name, with_remedy(str(error)),
                    )  # fmt: skip
                    return model
    return openvino.Core().read_model(folder / "model.xml")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process and one of its threads export at a time; on a disk without locks, one thread per process."""
    import filelock

    with _EXPORTING, ExitStack() as locked:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            locked.enter_context(filelock.FileLock(folder.with_name(f"{folder.name}.lock")))
        except (OSError, NotImplementedError) as error:
            log.debug("No lock for %s: %s", folder, error)
        yield


def _key(name: str, identity: str) -> str:
    parts = f"{identity} {importlib.metadata.version('openvino')}"
    return f"{name}-{hashlib.sha256(parts.encode()).hexdigest()[:16]}"


def _digests(folder: Path) -> dict[str, str]:
    names = ("model.xml", "model.bin")
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def _is_whole(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    whole = _sealed(folder) is not None
    if not whole:
        log.warning("Exported model %s is damaged; exporting it again", folder)
    return whole


def _sealed(folder: Path) -> dict[str, str] | None:
    """Return the content of an export's seal, or None if the export is not intact."""
    try:
        seal = json.loads((folder / SEAL).read_text())
        return dict(seal) if _digests(folder).items() <= dict(seal).items() else None
    except (OSError, ValueError, TypeError):
        return None


def _came_with_its_weights(folder: Path, identity: str) -> "openvino.Model | None":
    """Return the network of an export beside its weights, or None unless it is intact and of this identity."""
    import openvino

    if (_sealed(folder) or {}).get("identity") != identity:
        return None
    try:
        return openvino.Core().read_model(folder / "model.xml")
    except RuntimeError as error:
        log.debug("%s was written by a later OpenVINO than this one: %s", folder, error)
        return None


def traced(export: Callable[[], "openvino.Model"]) -> "openvino.Model":
    """Return the result of an export, without warnings from its libraries."""
    import torch

    with warnings.catch_warnings():
        # The values that a trace makes constant (levels, limits, keypoint counts) never change.
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        warnings.simplefilter("ignore", FutureWarning)  # from the libraries about one another
        return export()


def save_export(model: "openvino.Model", folder: Path, identity: str) -> None:
    """Save a model, whole or not at all.

    Parameters
    ----------
    model : openvino.Model
        The network.
    folder : Path
        Folder of the export, which replaces whatever is there.
    identity : str
        Identity of the exported network.

    Raises
    ------
    OSError
        The disk refuses it, or something else has one of its names.
    """
    import openvino

    partial = folder.with_name(f"{folder.name}.partial")
    for leftover in (partial, folder):
        _remove(leftover)
    try:
        partial.mkdir(parents=True)
        try:
            openvino.save_model(model, partial / "model.xml", compress_to_fp16=False)
        except RuntimeError as error:  # from OpenVINO's stream, which does not know why
            size = sum(one.get_byte_size() for one in model.get_ops() if one.get_type_name() == "Constant")
            _remove(partial)
            raise refusal(folder.parent, size) or OSError(f"{folder}: {error}") from error
        (partial / SEAL).write_text(json.dumps({"identity": identity, **_digests(partial)}))
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _remove(path: Path) -> None:
    """Remove whatever has the name of an export."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
