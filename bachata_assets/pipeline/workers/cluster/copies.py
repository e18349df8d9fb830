"""`Copies`: clips of a bucket that an actor's machine fetches itself, a few at a time.

It uses the machine's own credentials for the store: none are sent to it, and its decoding worker processes get none.
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
"""Maximum number of copies here: poses, sound and the rest of a clip use the same one."""


class Copies:
    """Copies of objects, each fetched once while it is in use; thread-safe.

    Parameters
    ----------
    limit : maximum size of all copies at once, bytes
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
        """Yield the copy of a clip's object.

        Raises
        ------
        OSError
            Names its URL: it cannot be fetched, is too large, or was replaced since it was listed.
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
            raise OSError(f"it has {size / 1e9:.3g} GB, more than BACHATA_CACHE_GB = {limit} allows")
        self._folder = self._folder or CacheFolder()
        # A hash as the name: a key may be too long for a file name, and each version of an object needs its own.
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
        """Tell whether there is room for one more copy, after removing the oldest copies that nobody reads."""
        for path in [path for path in self._sizes if not self._users[path]]:
            if len(self._sizes) < KEPT and sum(self._sizes.values()) + size <= self._limit:
                break
            path.unlink(missing_ok=True)
            del self._sizes[path]
        return len(self._sizes) < KEPT and sum(self._sizes.values()) + size <= self._limit


def opened_object(url: str) -> OpenedObject:
    """Return an object, opened with the credentials of this process.

    Raises
    ------
    OSError
        Names its URL.
    """
    protocol, _, name = url.partition("://")
    return VideoBucket(f"{protocol}://{name.partition('/')[0]}").open(url)
