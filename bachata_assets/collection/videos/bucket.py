"""`VideoBucket`: videos in an object store, found by listing it; no object is opened to find new ones.

`transfer.py` fetches objects to this machine.
"""

import logging
import unicodedata
from collections.abc import Mapping, Set
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.places import place_of
from bachata_assets.collection.videos.discovery import (
    LARGEST_FILE,
    OTHER_VIDEO_SUFFIXES,
    VIDEO_SUFFIXES,
    DiscoveryError,
    LeftOut,
    Listing,
)
from bachata_assets.collection.videos.place import UNREADABLE, VideoFolder, Videos, as_path
from bachata_assets.collection.videos.store_hash import stated_content
from bachata_assets.collection.videos.transfer import OpenedObject, seen_of
from bachata_assets.video.files import MATROSKA_SUFFIXES, Seen

if TYPE_CHECKING:
    import fsspec

logger = logging.getLogger(__name__)

LONGEST_PART = 255
"""Maximum length of a part of a key, bytes: that of a name in a file system."""


def open_videos(place: str | Path) -> Videos:
    """Return the place of videos: a folder, or for a URL a bucket. Does not access it yet."""
    return VideoBucket(str(place)) if "://" in str(place) else VideoFolder(Path(place))


class VideoBucket(Videos):
    """The videos whose names begin with a prefix.

    Parameters
    ----------
    place : URL of the prefix, or of a whole bucket (s3://…, gs://…)
    """

    is_remote = True

    def __init__(self, place: str) -> None:
        self.place = place.rstrip("/")
        self.folder = as_path(self.place)

    def __str__(self) -> str:
        return self.place

    @property
    def absolute(self) -> str:
        """See `Videos.absolute`."""
        return self.place

    def listing(self, *, matroska: bool = False, mounts_before: Set[PurePosixPath] = frozenset()) -> Listing:  # noqa: ARG002
        """Return the videos with names, sizes, times and entity tags; one request per page of names.

        Raises
        ------
        DiscoveryError
            If the store does not list everything: nothing may be concluded from a part.
        """
        filesystem, root = self._store
        try:
            listed: Mapping[str, Mapping[str, Any]] = filesystem.find(root, detail=True)
        except FileNotFoundError:
            listed = {}
        except Exception as error:  # every store's client has exceptions of its own
            raise DiscoveryError(
                f"Cannot list {self}: {error}. Check the credentials and their permissions, and run the command again."
            ) from error
        start = f"{root}/"
        below = {name.removeprefix(start): info for name, info in listed.items() if name.startswith(start)}
        return listing_of(below, VIDEO_SUFFIXES | MATROSKA_SUFFIXES if matroska else VIDEO_SUFFIXES)

    def look(self, path: PurePosixPath) -> Seen | None:
        """See `Videos.look`."""
        try:
            return seen_of(self._store[0].info(self._name(path)))
        except Exception as error:  # noqa: BLE001  # every store's client has exceptions of its own
            logger.warning("Cannot look at %s: %s", self.url(path), error)
            return None

    def content(self, path: PurePosixPath) -> str:
        """Return the hash of an object, which is read in full; UNREADABLE if it cannot be read."""
        try:
            return self.open(self.url(path)).content()
        except OSError as error:
            logger.warning("Cannot read %s: %s", self.url(path), error.strerror or error)
            return UNREADABLE

    def known_content(self, path: PurePosixPath, seen: Seen | None = None) -> str:
        """Return the hash that the store itself has of an object, with one request; UNREADABLE if it has none."""
        try:
            return stated_content(self._store[0], self._name(path), seen) or UNREADABLE
        except Exception as error:  # every store's client has exceptions of its own
            logger.debug("%s: the store does not say its hash", self.url(path), exc_info=error)
            return UNREADABLE

    def why_away(self) -> str:
        """Return nothing: each object that cannot be fetched is reported by itself."""
        return ""

    def url(self, path: PurePosixPath) -> str:
        """See `Videos.url`."""
        return f"{self.place}/{path}"

    def open(self, url: str) -> OpenedObject:
        """Return an object to read.

        Raises
        ------
        OSError
            Names its URL: it does not exist, or the store refuses it.
        """
        return OpenedObject(self._store[0], url)

    def signed(self, url: str, seconds: int) -> str:
        """Return a signed URL, with which anyone can read an object for some time.

        Raises
        ------
        OSError
            The credentials cannot sign.
        """
        try:
            return str(self._store[0].sign(url.partition("://")[2], expiration=seconds))
        except Exception as error:
            raise OSError(f"{url}: cannot sign a URL: {error}") from error

    def _name(self, path: PurePosixPath) -> str:
        return f"{self._store[1]}/{path}"

    @cached_property
    def _store(self) -> "tuple[fsspec.AbstractFileSystem, str]":
        try:
            return place_of(self.place)
        except OSError as error:
            raise DiscoveryError(f"{self}: {error.strerror or error}") from error


def listing_of(listed: Mapping[str, Mapping[str, Any]], taken: Set[str]) -> Listing:
    """Return which objects are clips, from the listing of a store.

    Hidden names and the preview videos of data dirs are ignored, as in a folder.

    Parameters
    ----------
    listed : name below the prefix -> the store's information about the object
    taken : suffixes of videos
    """
    files: dict[PurePosixPath, Seen | None] = {}
    left_out: list[LeftOut] = []
    unseen: set[PurePosixPath] = set()
    for name, info in listed.items():
        suffix = PurePosixPath(name).suffix.lower()
        if name.endswith("/") or info.get("type") == "directory" or suffix not in taken | OTHER_VIDEO_SUFFIXES:
            continue
        path = PurePosixPath(_printable(name))
        if reason := why_no_path(name):
            left_out.append(LeftOut(path, reason))
        elif any(part.startswith(".") for part in path.parts) or _is_preview(path, listed):
            continue
        elif suffix not in taken:
            remedy = "set BACHATA_MATROSKA=true, or " if suffix in MATROSKA_SUFFIXES else ""
            left_out.append(LeftOut(path, f"a file type that is not accepted ({suffix}): {remedy}export it as .mp4"))
        elif info["size"] > LARGEST_FILE:
            left_out.append(LeftOut(path, f"larger than {LARGEST_FILE / 1e9:g} GB: cut it into clips"))
            unseen.add(path)
        else:
            files[path] = seen_of(info)
    left_out.sort(key=lambda one: one.path)
    return Listing(dict(sorted(files.items())), tuple(left_out), frozenset(unseen))


def why_no_path(name: str) -> str | None:
    """Return why an object's name cannot be the path of a clip, None if it can."""
    parts = name.split("/")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "its name contains a control character: rename it"
    if not all(parts):
        return "its name has an empty part (//), which a path cannot have: rename it"
    if not {".", ".."}.isdisjoint(parts):
        return "its name has a part . or .., which leads elsewhere: rename it"
    if any(len(part.encode()) > LONGEST_PART for part in parts):
        return f"a part of its name is longer than {LONGEST_PART} bytes: rename it"
    return None


def _printable(name: str) -> str:
    return "".join(one if unicodedata.category(one) not in ("Cc", "Cs") else f"\\x{ord(one):02x}" for one in name)


def _is_preview(path: PurePosixPath, listed: Mapping[str, Any]) -> bool:
    """Tell whether an object is the preview video of a data dir below the same prefix."""
    data_dir = path.parent.parent
    if path.parent.name != layout.PREVIEWS or str(data_dir / layout.COLLECTION) not in listed:
        return False
    made = (layout.table("keypoints", path.stem), layout.preview_picture(path.stem))  # the table may be in an archive
    return any(str(data_dir / name) in listed for name in made)
