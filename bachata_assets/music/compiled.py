"""Loading of librosa, whose functions numba compiles at the first import."""

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType

PARTS = ("librosa.feature", "librosa.onset")
"""The parts of librosa in use, which it would otherwise load and compile at their first use.

`librosa.beat` is not among them, because librosa 0.11 declares its `__beat_local_score` with `cache=False`: every
importing process would compile it again, 1.6 CPU s. `beat_tracking.py` replaces it.
"""

_LOADING = Lock()


@cache
def load_librosa() -> ModuleType:
    """Return librosa, with the functions in use compiled or loaded from numba's cache.

    Only one process and one thread does this at a time, because numba updates the index of its cache without a lock. If
    two fill the cache at once, the index may name a file for one function that holds the code of another, and every
    later process crashes in it.

    Raises
    ------
    OSError
        numba's cache cannot be written; numba's own error names no file.
    """
    with _alone():
        try:
            for name in PARTS:
                importlib.import_module(name)
        except OSError as error:
            error.filename = error.filename or "the cache of numba (NUMBA_CACHE_DIR)"
            raise
    return importlib.import_module("librosa")


@contextmanager
def _alone() -> Iterator[None]:
    """Hold a lock in the user's cache folder, or beside librosa's code, where numba keeps its cache if it can write."""
    import filelock
    import platformdirs

    librosa = importlib.util.find_spec("librosa")
    own = Path(platformdirs.user_cache_dir("bachata_assets"))
    with _LOADING, ExitStack() as locked:
        for folder in (own, Path(librosa.origin if librosa and librosa.origin else "").parent):
            with suppress(OSError, NotImplementedError):
                folder.mkdir(parents=True, exist_ok=True)
                locked.enter_context(filelock.FileLock(folder / "librosa.lock"))
                break
        yield
