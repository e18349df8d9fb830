"""Loading librosa, whose functions numba compiles when they are first imported, once and in one process at a time."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

PARTS = ("librosa.beat", "librosa.feature", "librosa.onset")
"""What is used here; librosa itself would load its parts, and compile them, whenever they are first touched."""


@cache
def load_librosa() -> ModuleType:
    """Return librosa, all that is used of it compiled or taken from numba's cache.

    Only one process does so at a time. numba reads, changes and writes its cache's index without a lock: of two that
    fill it at once, one may name a file as one function's code that the other filled with another's, and every later
    process crashes in it.
    """
    import filelock
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("bachata_assets"))
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / "librosa.lock"), _every_function_cached():
        for name in PARTS:
            importlib.import_module(name)
    return importlib.import_module("librosa")


@contextmanager
def _every_function_cached() -> Iterator[None]:
    """Have numba cache librosa's `beat.__beat_local_score` too, which would be compiled by every process: 1.2 CPU s.

    It is declared with `cache=False` (librosa 0.11), without a reason given; goes when that does.
    """
    import numba

    declared: Callable[..., Any] = numba.guvectorize

    def cached(*signatures: Any, **options: Any) -> Any:
        return declared(*signatures, **{**options, "cache": True})

    numba.guvectorize = cached
    try:
        yield
    finally:
        numba.guvectorize = declared
