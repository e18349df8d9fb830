"""Loading librosa, whose functions numba compiles at their first import."""

import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from threading import Lock
from types import ModuleType

PARTS = ("librosa.feature", "librosa.onset")
"""Parts of librosa that are used here; it would load them, and compile them, whenever they are first touched.

`librosa.beat` is not among them: librosa 0.11 declares its `__beat_local_score` with `cache=False`, so that every
process that imports it compiles it again, 1.6 CPU s. What is needed of it is in `beat_tracking.py`.
"""

_LOADING = Lock()


@cache
def load_librosa() -> ModuleType:
    """Return librosa, all that is used of it compiled or taken from numba's cache.

    Only one process, and one thread of it, does so at a time. numba reads, changes and writes its cache's index without
    a lock: of two that fill it at once, one may name a file as one function's code that the other filled with
    another's, and every later process crashes in it.

    Raises
    ------
    OSError
        numba's cache cannot be written; numba itself names no file of it.
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
    """Hold a lock in the user's cache folder, or beside librosa's code, where numba keeps its cache if it may."""
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
