"""`Videos`: the place where a collection's videos lie, a folder of this machine or a bucket."""

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
"""Content of a file that is there but could not be read."""


def as_path(place: str | Path) -> Path:
    """Return a path as it is, and for a URL one that stands for it, so that names are matched in the same way."""
    protocol, is_url, rest = str(place).partition("://")
    return Path(f"/{protocol}:/{rest}") if is_url else Path(place)


def hash_of(digest: "hashlib._Hash") -> str:
    """Return the content of a file as registry and data versions have it: 64 bits of its sha256."""
    return content_named(digest.digest())


def content_named(sha256: bytes) -> str:
    """Return what `hash_of` does, of a sha256 that somebody else has computed."""
    return sha256.hex()[:16]


class Videos(ABC):
    """Where a collection's videos lie. Its text is the place, as people know it.

    Attributes
    ----------
    folder : the folder; for a bucket a path that stands for its URL, where no file is
    """

    folder: Path
    is_remote: bool = False
    """Whether a video has to be brought to this machine before it can be read."""

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
        """Return how a video looks from outside; None where that cannot be said."""

    @abstractmethod
    def content(self, path: PurePosixPath) -> str:
        """Return the hash of what is in a video, UNREADABLE when it cannot be read."""

    def known_content(self, path: PurePosixPath, seen: Seen | None = None) -> str:  # noqa: ARG002  # a store's
        """Return the same where it takes no fetching of the video, UNREADABLE where it would.

        Parameters
        ----------
        seen : how the object of a store has to look
        """
        return self.content(path)

    @abstractmethod
    def why_away(self) -> str:
        """Return why nothing at all is there any more, and what to do; empty where something is.

        Asked while a run goes on: a disk may not be mounted any more.
        """

    def file(self, path: PurePosixPath) -> Path:
        """Return the file of a video; for a bucket a path that stands for it."""
        return self.folder / path

    def url(self, path: PurePosixPath) -> str:  # noqa: ARG002  # only buckets have URLs
        """Return the URL of a video; empty for a file of this machine."""
        return ""

    def shown(self, path: PurePosixPath) -> str:
        """Return what people call a video: its URL, or its path."""
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
            return f"cannot be read any more ({error.strerror}): change its rights"
        except OSError:
            pass  # whatever it is, its clips cannot be read
        return "went away while clips were made: mount its disk"


def content_of(path: Path) -> str:
    """Return the hash of what is in a file, UNREADABLE when it cannot be read."""
    try:
        with open_regular(path) as file:
            return hash_of(hashlib.file_digest(file, "sha256"))
    except OSError as error:
        logger.warning("Cannot read %s: %s", path, error.strerror)
        return UNREADABLE
