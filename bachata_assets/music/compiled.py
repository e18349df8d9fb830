"""Loading librosa, whose functions numba compiles when they are first imported, in one process at a time."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

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
    with filelock.FileLock(folder / "librosa.lock"):
        for name in PARTS:
            importlib.import_module(name)
    return importlib.import_module("librosa")
