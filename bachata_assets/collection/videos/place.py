"""`Videos`: the place of a collection's videos, a folder of this machine or a bucket."""

import hashlib
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bachata_assets.collection.videos.discovery import Listing, list_clips, require_folder
from bachata_assets.video.files import Seen, on_disk, open_regular

logger = logging.getLogger(__name__)

UNREADABLE = "unreadable"
"""Content of a file that exists but could not be read."""


def as_path(place: str | Path) -> Path:
    """Return a path unchanged, and for a URL a path that represents it, so that names are matched in the same way."""
    protocol, is_url, rest = str(place).partition("://")
    return Path(f"/{protocol}:/{rest}") if is_url else Path(place)


def hash_of(digest: "hashlib._Hash") -> str:
    """Return the content hash for registry and data versions: 64 bits of the sha256."""
    return content_named(digest.digest())


def content_named(sha256: bytes) -> str:
    """Return what `hash_of` does, from a sha256 computed elsewhere."""
    return sha256.hex()[:16]


class Videos(ABC):
    """The place of a collection's videos; its `str` is the place as users know it.

    Attributes
    ----------
    folder : the folder; for a bucket, a path that represents its URL, without files
    """

    folder: Path
    is_remote: bool = False
    """Whether a video must be fetched to this machine before it can be read."""

    @property
    @abstractmethod
    def absolute(self) -> str:
        """The place, the same from every working directory."""

    def require(self) -> None:  # noqa: B027  # listing a bucket is how to find out
        """Raise a `DiscoveryError` where a folder is missing or cannot be listed."""

    @abstractmethod
    def listing(self, *, matroska: bool = False, mounts_before: Set[PurePosixPath] = frozenset()) -> Listing:
        """Return the videos and what was left out, as `list_clips` does; raises as it does."""

    @abstractmethod
    def look(self, path: PurePosixPath) -> Seen | None:
        """Return the look of a video from outside; None if unknown."""

    @abstractmethod
    def content(self, path: PurePosixPath) -> str:
        """Return the hash of a video's content, UNREADABLE if it cannot be read."""

    def known_content(self, path: PurePosixPath, seen: Seen | None = None) -> str:  # noqa: ARG002  # a store's
        """Return the same if it is known without fetching the video, else UNREADABLE.

        Parameters
        ----------
        seen : look that the object must have
        """
        return self.content(path)

    @abstractmethod
    def why_away(self) -> str:
        """Return why the whole place has disappeared, and what to do; empty if it has not.

        Called during a run: a disk may have been unmounted.
        """

    def file(self, path: PurePosixPath) -> Path:
        """Return the file of a video; for a bucket, a path that represents it."""
        return self.folder / path

    def url(self, path: PurePosixPath) -> str:  # noqa: ARG002  # only buckets have URLs
        """Return the URL of a video; empty for a file of this machine."""
        return ""

    def shown(self, path: PurePosixPath) -> str:
        """Return the name of a video for messages: its URL, or its path."""
        return self.url(path) or str(self.file(path))


@dataclass(frozen=True)
class VideoFolder(Videos):
    """A folder of this machine: its files are read where they are."""

    folder: Path

    def __str__(self) -> str:
        return str(self.folder)

    @property
    def absolute(self) -> str:
        """See `Videos.absolute`."""
        return str(self.folder.absolute())

    def require(self) -> None:
        """See `Videos.require`."""
        require_folder(self.folder)

    def listing(self, *, matroska: bool = False, mounts_before: Set[PurePosixPath] = frozenset()) -> Listing:
        """See `list_clips`."""
        return list_clips(self.folder, matroska=matroska, mounts_before=mounts_before)

    def look(self, path: PurePosixPath) -> Seen | None:
        """See `Videos.look`."""
        file = self.file(path)
        try:
            return Seen.of(on_disk(file).stat())
        except OSError as error:
            logger.warning("Cannot look at %s: %s", file, error.strerror)
            return None

    def content(self, path: PurePosixPath) -> str:
        """See `content_of`."""
        return content_of(self.file(path))

    def why_away(self) -> str:
        """See `Videos.why_away`."""
        try:
            with os.scandir(self.folder) as listed:
                if any(listed):
                    return ""
        except PermissionError as error:
            return f"cannot be read any more ({error.strerror}): change its permissions"
        except OSError:
            pass  # whatever it is, its clips cannot be read
        return "disappeared while clips were made: mount its disk"


def content_of(path: Path) -> str:
    """Return the hash of a file's content, UNREADABLE if it cannot be read."""
    try:
        with open_regular(path) as file:
            return hash_of(hashlib.file_digest(file, "sha256"))
    except OSError as error:
        logger.warning("Cannot read %s: %s", path, error.strerror)
        return UNREADABLE
