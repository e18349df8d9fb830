"""Loading librosa, whose functions numba compiles at their first import."""

import importlib
from functools import cache
from pathlib import Path
from types import ModuleType

PARTS = ("librosa.feature", "librosa.onset")
"""Parts of librosa that are used here; it would load them, and compile them, whenever they are first touched.

`librosa.beat` is not among them: librosa 0.11 declares its `__beat_local_score` with `cache=False`, so that every
process that imports it compiles it again, 1.6 CPU s. What is needed of it is in `beat_tracking.py`.
"""


@cache
def load_librosa() -> ModuleType:
    """Return librosa, all that is used of it compiled or taken from numba's cache.

    Only one process, and one thread of it, does so at a time. numba reads, changes and writes its cache's index without
    a lock: of two that fill it at once, one may name a file as one function's code that the other filled with
    another's, and every later process crashes in it.
    """
    import filelock
    import platformdirs

    folder = Path(platformdirs.user_cache_dir("bachata_assets"))
    folder.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(folder / "librosa.lock"):
        for name in PARTS:
            importlib.import_module(name)
    return importlib.import_module("librosa")
