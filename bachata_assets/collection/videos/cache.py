"""The local folder in which a run keeps the clips that it fetched."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bachata_assets.inference.export_cache import default_cache_dir

_LOCK = "lock"
"""Name of the lock file in a folder: the system releases it, however the process ends."""


def cache_root() -> Path:
    """Return the parent of the folders of all runs."""
    return default_cache_dir() / "clips"


class CacheFolder:
    """A new folder for one run; removes those of killed runs first."""

    def __init__(self) -> None:
        root = cache_root()
        root.mkdir(parents=True, exist_ok=True)
        # One process at a time: a new folder is not locked yet.
        with FileLock(root / _LOCK):
            for left in root.iterdir():
                if left.is_dir():
                    _remove_unless_used(left)
            self.path = Path(tempfile.mkdtemp(prefix="run-", dir=root))
            self._lock = FileLock(self.path / _LOCK, thread_local=False)
            self._lock.acquire()

    def remove(self) -> None:
        """Remove the folder and its content."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def _remove_unless_used(folder: Path) -> None:
    lock = FileLock(folder / _LOCK)
    with suppress(Timeout):
        lock.acquire(blocking=False)
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
