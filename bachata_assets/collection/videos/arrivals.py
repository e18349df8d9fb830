"""`Arrivals`: how the clips of a run come to this machine: those of a folder are here, those of a bucket are fetched.

The next clip is fetched while one is worked on, and what is done with is removed. Only this process talks to the store:
whoever reads a clip is given the path of a copy.
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
"""Most attempts at an object that is replaced while it is fetched."""
LONGEST_END_S = 10.0
"""Time within which a transfer that nobody waits for has ended, s."""


@dataclass(frozen=True)
class Arrived:
    """The copy of an object.

    Attributes
    ----------
    content : hash of what is in it
    seen : how the object looked
    """

    path: Path
    content: str
    seen: Seen


class Arrivals:
    """Clips of a folder: their files are here and stay. As a context manager it leaves nothing behind."""

    def expect(self, clips: Sequence[Clip], ahead: Callable[[], int] = lambda: 1) -> None:
        """Say which clips will be worked on, in which order.

        Parameters
        ----------
        ahead : returns the number of clips after the present one that are begun
        """

    def is_here(self, clip: Clip) -> bool:  # noqa: ARG002  # those of a folder are
        """Tell whether `take` returns at once."""
        return True

    def take(self, clip: Clip) -> Clip:
        """Return a clip as it can be read, and wait for its file; a clip that is not expected stays as it is.

        Raises
        ------
        OSError
            Its file does not come; the text names it.
        """
        return clip

    def release(self, clip: Clip) -> None:
        """Say that nobody reads a clip any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Remove what was fetched, and fetch no more."""


class FetchedClips(Arrivals):
    """Clips of a bucket, fetched by a thread into a folder that is removed at the end.

    Parameters
    ----------
    limit : most bytes that lie here at once
    arrived : clip and its copy -> the clip as it is to be worked on; asked once a clip, by whoever takes it
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
        """Begin to fetch."""
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
        """Remove a clip's file, unless the next clip is another couple of it."""
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
            except Exception as error:  # noqa: BLE001  # it is raised where the clip is taken: nobody waits for ever
                coming.set_exception(error)

    def _fetch(self, clip: Clip) -> Arrived:
        """Return a clip's copy: the one that is here for another couple of the same video, or a new one."""
        with self._changed:  # beside those that are begun lies one more
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
                logger.info("%s was replaced while it was fetched: it is fetched again", clip.url)
        raise AssertionError("the last attempt returns or raises")

    def _copied(self, opened: OpenedObject, clip: Clip) -> Arrived:
        size = opened.seen.size
        if size > self._limit:
            limit = f"{self._limit / 1e9:g}"
            raise OSError(f"it has {size / 1e9:.3g} GB, more than BACHATA_CACHE_GB = {limit} lets lie here: raise that")
        with self._changed:
            self._changed.wait_for(lambda: self._ended or size + self._bytes() <= self._limit)
        self._folder = self._folder or CacheFolder()
        # A name of its own: a key may be longer than a file's name, and two prefixes have the same ones.
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
