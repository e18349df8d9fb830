"""`Copies`: clips of a bucket that an actor's machine fetches itself, a few at a time.

The store's credentials are those of the machine: none is sent to it, and its worker processes, which decode, get none.
"""

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.videos.bucket import VideoBucket
from bachata_assets.collection.videos.cache import CacheFolder
from bachata_assets.collection.videos.transfer import OpenedObject, ReplacedError

KEPT = 3
"""Most copies that lie here: poses, sound and the rest of a clip want the same one."""


class Copies:
    """Copies of objects, each fetched once while it is wanted; for many threads.

    Parameters
    ----------
    limit : most bytes that lie here at once
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._changed = threading.Condition()
        self._fetching = threading.Lock()
        self._folder: CacheFolder | None = None
        self._sizes: dict[Path, int] = {}
        self._users: Counter[Path] = Counter()

    @contextmanager
    def file(self, clip: Clip) -> Iterator[Path]:
        """Give the copy of a clip's object.

        Raises
        ------
        OSError
            Naming its URL: it does not come, it is too large, or it is another one than was known of the clip.
        """
        with self._fetching:
            try:
                path = self._fetched(clip)
            except OSError as error:
                raise OSError(f"{clip.url}: {error.strerror or error}") from error
        try:
            yield path
        finally:
            with self._changed:
                self._users[path] -= 1
                self._changed.notify_all()

    def clear(self) -> None:
        """Remove all copies."""
        with self._fetching, self._changed:
            if self._folder is not None and not self._users.total():
                self._folder.remove()
                self._folder = None
                self._sizes.clear()

    def _fetched(self, clip: Clip) -> Path:
        opened = opened_object(clip.url)
        if opened.seen != clip.seen:
            raise ReplacedError("it was replaced since it was listed; it is tried again")
        size = opened.seen.size
        if size > self._limit:
            limit = f"{self._limit / 1e9:g}"
            raise OSError(f"it has {size / 1e9:.3g} GB, more than BACHATA_CACHE_GB = {limit} lets lie there")
        self._folder = self._folder or CacheFolder()
        # A name of its own: a key may be longer than a file's name, and another object has another.
        name = hashlib.sha256(f"{clip.url} {clip.seen}".encode()).hexdigest()[:32]
        path = self._folder.path / f"{name}{PurePosixPath(clip.url).suffix.lower()}"
        if path not in self._sizes:
            with self._changed:
                self._changed.wait_for(lambda: self._has_room(size))
            opened.copy(path)
            self._sizes[path] = size
        with self._changed:
            self._users[path] += 1
        return path

    def _has_room(self, size: int) -> bool:
        """Tell whether one more copy may lie here; of those that nobody reads the oldest are removed for it."""
        for path in [path for path in self._sizes if not self._users[path]]:
            if len(self._sizes) < KEPT and sum(self._sizes.values()) + size <= self._limit:
                break
            path.unlink(missing_ok=True)
            del self._sizes[path]
        return len(self._sizes) < KEPT and sum(self._sizes.values()) + size <= self._limit


def opened_object(url: str) -> OpenedObject:
    """Return an object that is to be read with the credentials of this process.

    Raises
    ------
    OSError
        Naming its URL.
    """
    protocol, _, name = url.partition("://")
    return VideoBucket(f"{protocol}://{name.partition('/')[0]}").open(url)
