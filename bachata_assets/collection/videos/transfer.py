"""Reading a whole object of a store: an interrupted transfer continues where it stopped.

An object that is replaced during the transfer is noticed.
"""

import errno
import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bachata_assets.collection.videos.place import hash_of
from bachata_assets.video.files import Seen

if TYPE_CHECKING:
    import fsspec

PIECE = 16 * 2**20
"""Bytes per request, so the most that an interrupted transfer reads again."""
WAITS_S = (0.5, 2.0, 5.0)
"""Waits before a missing piece is requested again, s; by then the store's client has tried several times."""


class ReplacedError(OSError):
    """An object was replaced while it was read."""


class EndedError(OSError):
    """Nobody waits for the object any more."""


def seen_of(info: Mapping[str, Any]) -> Seen:
    """Return the look of an object, from the information of its store's client.

    Times are whole seconds: a listing may give fractions that the object's own header leaves out.
    """
    written = info.get("LastModified") or info.get("ctime") or info.get("mtime")
    mtime_ns = int(written.timestamp()) * 10**9 if written else 0
    # Google's generation depends on the content alone; its entity tag also changes with the object's metadata.
    tag = info.get("generation") or info.get("ETag") or info.get("etag") or ""
    return Seen(int(info["size"]), mtime_ns, str(tag).strip('"'))


class OpenedObject:
    """An object to read, in its present version.

    Attributes
    ----------
    seen : its look

    Raises
    ------
    OSError
        Names its URL, with the store's message.
    """

    def __init__(self, filesystem: "fsspec.AbstractFileSystem", url: str) -> None:
        self._filesystem = filesystem
        self.url = url
        self._name = url.partition("://")[2]
        self._file = self._asked(lambda: filesystem.open(self._name, "rb", cache_type="none", block_size=PIECE))
        self.seen = seen_of(self._file.details)

    def content(self) -> str:
        """Return the hash of the object."""
        digest = hashlib.sha256()
        for piece in self.pieces():
            digest.update(piece)
        return hash_of(digest)

    def copy(self, to: Path, ended: Callable[[], bool] = lambda: False) -> str:
        """Write the object into a file, under a temporary name until it is complete; return its hash.

        Parameters
        ----------
        ended : tells whether nobody waits for it any more; called before each piece
        """
        digest, part = hashlib.sha256(), to.with_name(f"{to.name}.part")
        try:
            with part.open("wb") as file:
                for piece in self.pieces(ended):
                    digest.update(piece)
                    file.write(piece)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)
        return hash_of(digest)

    def pieces(self, ended: Callable[[], bool] = lambda: False) -> Iterator[bytes]:
        """Yield the object, piece by piece.

        Raises
        ------
        ReplacedError
            The object was replaced.
        EndedError
            `ended` returned true.
        OSError
            Names its URL: the store refuses it.
        """
        at = 0
        while at < self.seen.size:
            piece = self._piece(at, ended)
            yield piece
            at += len(piece)
        # S3 gets requests for this version only; other stores do not support that.
        if seen_of(self._asked(lambda: self._filesystem.info(self._name))) != self.seen:
            raise ReplacedError(errno.ESTALE, "it was replaced while it was fetched", self.url)

    def _piece(self, at: int, ended: Callable[[], bool]) -> bytes:
        """Return the next piece; request it again if the connection is cut."""
        for wait in (*WAITS_S, None):
            if ended():
                raise EndedError(errno.ECANCELED, "nobody waits for it any more", self.url)
            try:
                return self._asked(lambda: self._read(at))
            except (ReplacedError, FileNotFoundError, PermissionError):
                raise
            except OSError:
                if wait is None:
                    raise
                time.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _read(self, at: int) -> bytes:
        self._file.seek(at)
        piece = bytes(self._file.read(min(PIECE, self.seen.size - at)))
        if not piece:
            raise OSError(errno.EIO, "the store returned nothing")
        return piece

    def _asked(self, ask: Callable[[], Any]) -> Any:
        """Return the store's answer; errors of its client become an OSError that names the object."""
        try:
            return ask()
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, "no such object", self.url) from None
        except PermissionError as error:
            raise PermissionError(errno.EACCES, f"the store refuses it ({error})", self.url) from error
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EBUSY:  # s3fs: the entity tag differs
                raise ReplacedError(errno.ESTALE, "it was replaced while it was fetched", self.url) from error
            raise OSError(errno.EIO, f"cannot be fetched ({error})", self.url) from error
