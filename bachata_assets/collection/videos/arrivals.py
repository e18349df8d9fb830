"""`Arrivals`: how the clips of a run come to this machine: files of a folder are here, those of a bucket are fetched.

The next clip is fetched while one is processed, and finished copies are removed. Only this process talks to the store:
readers of a clip get the path of a copy.
"""

import hashlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Self

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.videos.bucket import VideoBucket
from bachata_assets.collection.videos.cache import CacheFolder
from bachata_assets.collection.videos.transfer import EndedError, OpenedObject, ReplacedError
from bachata_assets.video.files import Seen

logger = logging.getLogger(__name__)

REPLACED_AT_MOST = 3
"""Maximum number of attempts at an object that is replaced while it is fetched."""
LONGEST_END_S = 10.0
"""Time limit for an abandoned transfer to end, s."""


@dataclass(frozen=True)
class Arrived:
    """The copy of an object.

    Attributes
    ----------
    content : hash of its content
    seen : look of the object
    """

    path: Path
    content: str
    seen: Seen


class Arrivals:
    """Clips of a folder: their files are local and stay. As a context manager, it removes everything it fetched."""

    def expect(self, clips: Sequence[Clip], ahead: Callable[[], int] = lambda: 1) -> None:
        """Announce which clips will be processed, in which order.

        Parameters
        ----------
        ahead : returns the number of clips that are started ahead of the present one
        """

    def is_here(self, clip: Clip) -> bool:  # noqa: ARG002  # those of a folder are
        """Tell whether `take` returns at once."""
        return True

    def take(self, clip: Clip) -> Clip:
        """Wait for a clip's file and return the readable clip; a clip that was not announced is returned unchanged.

        Raises
        ------
        OSError
            The file, which the message names, cannot be fetched.
        """
        return clip

    def release(self, clip: Clip) -> None:
        """Declare that nobody reads a clip any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Remove all copies, and stop fetching."""


class FetchedClips(Arrivals):
    """Clips of a bucket, fetched by a thread into a folder that is removed at the end.

    Parameters
    ----------
    limit : maximum size of all copies at once, bytes
    arrived : clip and its copy -> the clip to process; called once per clip, when it is taken
    """

    def __init__(self, videos: VideoBucket, limit: float, arrived: Callable[[Clip, Arrived], Clip]) -> None:
        self._videos = videos
        self._limit = limit
        self._arrived = arrived
        self._changed = threading.Condition()
        self._ended = False
        self._ahead: Callable[[], int] = lambda: 1
        self._folder: CacheFolder | None = None
        self._thread: threading.Thread | None = None
        self._coming: dict[str, Future[Arrived]] = {}
        self._held: dict[str, Arrived] = {}
        self._users: Counter[str] = Counter()

    def expect(self, clips: Sequence[Clip], ahead: Callable[[], int] = lambda: 1) -> None:
        """Start fetching."""
        self._ahead = ahead
        self._coming = {clip.clip_id: Future() for clip in clips}
        if clips:
            self._thread = threading.Thread(target=self._fetch_all, args=(list(clips),), daemon=True, name="fetch")
            self._thread.start()

    def is_here(self, clip: Clip) -> bool:
        """See `Arrivals.is_here`."""
        return clip.clip_id not in self._coming or self._coming[clip.clip_id].done()

    def take(self, clip: Clip) -> Clip:
        """See `Arrivals.take`."""
        if clip.clip_id not in self._coming:
            return clip
        arrived = self._coming[clip.clip_id].result()
        return replace(self._arrived(clip, arrived), path=arrived.path)

    def release(self, clip: Clip) -> None:
        """Remove a clip's file, unless the next clip is another couple in it."""
        coming = self._coming.get(clip.clip_id)
        if coming is None or not coming.done() or coming.exception():
            return
        with self._changed:
            self._users[clip.url] -= 1
            if not self._users[clip.url]:
                self._held.pop(clip.url).path.unlink(missing_ok=True)
            self._changed.notify_all()

    def end(self) -> None:
        """See `Arrivals.end`."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(LONGEST_END_S)
        if self._folder is not None:
            self._folder.remove()

    def _fetch_all(self, clips: Sequence[Clip]) -> None:
        for clip in clips:
            coming = self._coming[clip.clip_id]
            try:
                coming.set_result(self._fetch(clip))
            except OSError as error:
                logger.debug("%s", clip.url, exc_info=error)
                coming.set_exception(OSError(f"{clip.url}: {error.strerror or error}"))
            except Exception as error:  # noqa: BLE001  # `take` raises it, so nobody waits forever
                coming.set_exception(error)

    def _fetch(self, clip: Clip) -> Arrived:
        """Return a clip's copy: the existing one of another couple of the same video, or a new one."""
        with self._changed:  # one more than those that are started
            self._changed.wait_for(lambda: self._ended or sum(self._users.values()) <= 1 + self._ahead())
            if clip.url in self._held:
                self._users[clip.url] += 1
                return self._held[clip.url]
        for attempt in range(1, REPLACED_AT_MOST + 1):
            opened = self._videos.open(clip.url)
            try:
                return self._copied(opened, clip)
            except ReplacedError:
                if attempt == REPLACED_AT_MOST:
                    raise
                logger.info("%s was replaced while it was fetched; fetching it again", clip.url)
        raise AssertionError("the last attempt returns or raises")

    def _copied(self, opened: OpenedObject, clip: Clip) -> Arrived:
        size = opened.seen.size
        if size > self._limit:
            limit = f"{self._limit / 1e9:g}"
            raise OSError(f"it has {size / 1e9:.3g} GB, more than BACHATA_CACHE_GB = {limit} allows: raise that")
        with self._changed:
            self._changed.wait_for(lambda: self._ended or size + self._bytes() <= self._limit)
        self._folder = self._folder or CacheFolder()
        # A new name: a key may be too long for a file name, and two prefixes may contain the same one.
        name = hashlib.sha256(clip.url.encode()).hexdigest()[:32] + PurePosixPath(clip.url).suffix.lower()
        path = self._folder.path / name
        content = opened.copy(path, lambda: self._ended)
        arrived = Arrived(path, content, opened.seen)
        with self._changed:
            if self._ended:
                raise EndedError("nobody waits for it any more")
            self._held[clip.url] = arrived
            self._users[clip.url] += 1
        return arrived

    def _bytes(self) -> int:
        return sum(arrived.seen.size for arrived in self._held.values())
