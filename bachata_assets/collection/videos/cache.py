"""The folder of this machine in which a run keeps the clips that it fetched, and nothing else."""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bachata_assets.inference.export_cache import default_cache_dir

_LOCK = "lock"
"""Name of the file that whoever uses a folder holds: the system frees it, however the process ends."""


def cache_root() -> Path:
    """Return the folder in which every run has a folder of its own."""
    return default_cache_dir() / "clips"


class CacheFolder:
    """A new folder for one run; what killed runs left behind is removed first."""

    def __init__(self) -> None:
        root = cache_root()
        root.mkdir(parents=True, exist_ok=True)
        # One at a time: a folder that was just made is not held yet.
        with FileLock(root / _LOCK):
            for left in root.iterdir():
                if left.is_dir():
                    _remove_unless_used(left)
            self.path = Path(tempfile.mkdtemp(prefix="run-", dir=root))
            self._lock = FileLock(self.path / _LOCK, thread_local=False)
            self._lock.acquire()

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def _remove_unless_used(folder: Path) -> None:
    lock = FileLock(folder / _LOCK)
    with suppress(Timeout):
        lock.acquire(blocking=False)
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
