"""Which files below a folder are clips, and which are left out and why.

No file is opened here: `video/probe.py` reads their content.
"""

import errno
import json
import os
import stat
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath

import pyarrow as pa
import pyarrow.parquet as pq

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.places import identity_of
from bachata_assets.video.files import MATROSKA_SUFFIXES, Seen, as_text, irregular, on_disk, open_regular

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mov"})
OTHER_VIDEO_SUFFIXES = frozenset(
    {".3gp", ".flv", ".m2ts", ".m4v", ".mkv", ".mpeg", ".mpg", ".mts", ".mxf", ".ogv", ".vob", ".webm", ".wmv"}
)
"""Suffixes of unsupported videos; such files are reported, so that nobody waits for them."""
LARGEST_FILE = 100 * 10**9
"""Maximum size of a file, bytes; a larger one is not a clip, and would take minutes to read."""


class DiscoveryError(OSError):
    """The folder of clips cannot be listed. Unlike an empty folder, nothing may be concluded from this."""


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that was left out, although it may have been meant as a clip.

    Attributes
    ----------
    path : path below the folder of clips
    reason : why, and what to do about it
    """

    path: PurePosixPath
    reason: str


@dataclass(frozen=True)
class Listing:
    """What is below a folder of clips.

    Attributes
    ----------
    files : path -> look of every video file, sorted; None if unknown
    left_out : what was left out, sorted
    unseen : left-out paths of unknown content: a clip that was there may still be there
    mounts : folders that are mount points, also those that are not mounted now; `.` is the folder itself
    """

    files: Mapping[PurePosixPath, Seen | None]
    left_out: tuple[LeftOut, ...] = ()
    unseen: frozenset[PurePosixPath] = frozenset()
    mounts: frozenset[PurePosixPath] = frozenset()

    def hides(self, path: PurePosixPath) -> bool:
        """Tell whether a file may exist unseen, because it or a folder above it could not be read."""
        return bool(self.unseen) and not self.unseen.isdisjoint((path, *path.parents))


def list_clips(video_dir: Path, *, matroska: bool = False, mounts_before: Set[PurePosixPath] = frozenset()) -> Listing:
    """Return the video files below a folder, and what was left out.

    Suffixes match in upper and lower case. Hidden files and folders, and the preview videos of data dirs, are ignored.
    A folder is entered once, by its own name rather than by a link.

    Parameters
    ----------
    matroska : also accept .mkv and .webm
    mounts_before : `mounts` of an earlier listing; one that is no longer a mount point and contains no video counts as
        unmounted

    Raises
    ------
    DiscoveryError
        If the folder itself cannot be listed, or disappears meanwhile; a folder below it is left out.
    """
    before = identity_of(video_dir)
    require_folder(video_dir)
    walk = _Walk(video_dir, VIDEO_SUFFIXES | MATROSKA_SUFFIXES if matroska else VIDEO_SUFFIXES)
    walk.tree(os.fspath(video_dir), PurePosixPath())
    walk.links()
    if identity_of(video_dir) != before:
        raise DiscoveryError(f"{video_dir} disappeared while it was listed: check its disk, and run the command again.")
    walk.unmounted(mounts_before)
    left_out = sorted(walk.left_out, key=lambda one: one.path)
    return Listing(dict(sorted(walk.files.items())), tuple(left_out), frozenset(walk.unseen), frozenset(walk.mounts))


def require_folder(video_dir: Path) -> None:
    """Raise a `DiscoveryError` where a folder of clips is missing or cannot be listed."""
    try:
        os.scandir(video_dir).close()
    except (FileNotFoundError, NotADirectoryError):
        raise DiscoveryError(
            f"Video directory not found: {video_dir}. Give a folder of clips with --video_dir."
        ) from None
    except OSError as error:
        raise DiscoveryError(f"Cannot list {video_dir}: {error.strerror}. Check its permissions.") from error


def require_videos(videos: object, listing: Listing, known: int) -> None:
    """Refuse a folder without any video if clips are known: an unmounted disk leaves an empty folder.

    Parameters
    ----------
    videos : the folder or the bucket, for the message
    known : number of clips that the data dir has

    Raises
    ------
    DiscoveryError
    """
    if known and not listing.files:
        question = "is it the right prefix" if "://" in str(videos) else "is its disk mounted"
        raise DiscoveryError(
            f"{videos} holds no video now, but the data dir has {known:,} clip{'' if known == 1 else 's'}: {question}? "
            "Nothing was changed. If the files are gone for good, `bachata-assets prune --unmounted` removes the "
            "clips."
        )


@dataclass
class _Walk:
    """A walk through a tree of folders. A path on disk is a str, the same one as it is stored a PurePosixPath."""

    video_dir: Path
    taken: Set[str]
    files: dict[PurePosixPath, Seen | None] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    unseen: set[PurePosixPath] = field(default_factory=set)
    mounts: set[PurePosixPath] = field(default_factory=set)
    _entered: set[tuple[int, int] | None] = field(default_factory=set)
    _linked: list[tuple[PurePosixPath, str]] = field(default_factory=list)

    def tree(self, top: str, at: PurePosixPath) -> None:
        """Take everything below a folder, except what is behind links to folders."""
        folders = [(top, at)]
        while folders:
            folder, path = folders.pop()
            folders += self._folder(folder, path)

    def links(self) -> None:
        """Take everything behind links to folders that are not taken yet."""
        above = {identity_of(folder) for folder in Path(os.path.realpath(self.video_dir)).parents}
        while self._linked:
            self._linked.sort(reverse=True)
            path, folder = self._linked.pop()
            identity = identity_of(folder)
            if identity in self._entered:
                self._leave_out(path, "a link to a folder that is listed already", seen=True)
            elif identity in above:
                self._leave_out(path, "a link to a folder that contains the folder of clips", seen=True)
            else:
                self.tree(folder, path)

    def unmounted(self, mounts_before: Set[PurePosixPath]) -> None:
        """Leave out disks that were mounted before and are not now, unless videos are in their place."""
        for path in sorted(mounts_before - self.mounts - {PurePosixPath()}):
            if not any(path in file.parents for file in self.files):
                self._leave_out(path, "a disk that is not mounted now; what was made from its clips is kept")
                self.mounts.add(path)

    def _leave_out(self, path: PurePosixPath, reason: str, *, seen: bool = False) -> None:
        self.left_out.append(LeftOut(path, reason))
        if not seen:
            self.unseen.add(path)

    def _folder(self, folder: str, at: PurePosixPath) -> Iterable[tuple[str, PurePosixPath]]:
        """Take the files of a folder; return the folders in it."""
        try:
            with os.scandir(folder) as listed:
                entries = {entry.name: entry for entry in listed if not entry.name.startswith(".")}
            self._entered.add(identity_of(folder))
            if os.path.ismount(os.path.realpath(folder)):
                self.mounts.add(at)
        except FileNotFoundError:
            return []  # removed in the meantime
        except OSError as error:
            self._leave_out(at, f"a folder that cannot be listed ({error.strerror})")
            return []
        passed_over = _preview_videos(folder, at, entries)
        folders = []
        for name, entry in sorted(entries.items()):
            path = at / as_text(name)
            if name in passed_over:
                continue
            if path.name != name and on_disk(self.video_dir / path).name != name:
                self._leave_out(path, "its name is not valid UTF-8 and looks like another name: rename it")
            elif entry.is_dir(follow_symlinks=False):
                folders.append((entry.path, path))
            else:
                self._entry(entry, path)
        return folders

    def _entry(self, entry: os.DirEntry[str], path: PurePosixPath) -> None:
        """Take or leave out a file, or a link."""
        suffix = path.suffix.lower()
        is_video = suffix in self.taken
        if not (is_video or suffix in OTHER_VIDEO_SUFFIXES or entry.is_symlink()):
            return
        try:
            status = entry.stat()
        except OSError as error:
            self._unknown(entry, path, error)
            return
        if stat.S_ISDIR(status.st_mode):
            self._linked.append((path, os.path.realpath(entry.path)))
        elif not is_video and suffix in OTHER_VIDEO_SUFFIXES:
            remedy = "set BACHATA_MATROSKA=true, or " if suffix in MATROSKA_SUFFIXES else ""
            self._leave_out(path, f"a file type that is not accepted ({suffix}): {remedy}export it as .mp4", seen=True)
        elif is_video and (reason := irregular(status) or _too_large(status)):
            self._leave_out(path, reason)
        elif is_video:
            self.files[path] = Seen.of(status)

    def _unknown(self, entry: os.DirEntry[str], path: PurePosixPath, error: OSError) -> None:
        """Take or leave out something that the file system refuses to describe."""
        is_video = path.suffix.lower() in self.taken
        if not is_video and path.suffix:
            return
        if error.errno == errno.ENOENT and not entry.is_symlink():
            return  # removed in the meantime
        if error.errno == errno.ENOENT:
            self._leave_out(path, "a link that leads nowhere")
        elif error.errno == errno.ELOOP:
            self._leave_out(path, "a link that leads back to itself")
        elif is_video:
            self.files[path] = None  # a clip that fails by name
        else:
            self._leave_out(path, f"a folder that cannot be listed ({error.strerror})")


def _too_large(status: os.stat_result) -> str | None:
    return f"larger than {LARGEST_FILE / 1e9:g} GB: cut it into clips" if status.st_size > LARGEST_FILE else None


def _preview_videos(folder: str, at: PurePosixPath, names: Iterable[str]) -> set[str]:
    """Return the names in a folder that are preview videos of the data dir around it."""
    data_dir = Path(folder).parent
    if Path(folder).name != layout.PREVIEWS or not at.name or not (data_dir / layout.COLLECTION).is_file():
        return set()
    videos = {name: Path(name).stem for name in names if Path(name).suffix == ".mp4"}
    clips = _registered(data_dir)
    if clips is None:  # a clip with keypoints has a preview picture beside it
        made = (layout.preview_picture, partial(layout.table, "keypoints"))  # which may be in an archive
        return {name for name, clip_id in videos.items() if any((data_dir / of(clip_id)).is_file() for of in made)}
    return {
        name
        for name, clip_id in videos.items()
        if clip_id in clips
        and clips[clip_id][1] != at / name
        and not _is_same_file(clips[clip_id][0] / clips[clip_id][1], Path(folder) / name)
    }


def _registered(data_dir: Path) -> dict[str, tuple[Path, PurePosixPath]] | None:
    """Return clip id -> folder of clips and file in it, for a data dir's collection; None if it cannot be read."""
    try:
        with open_regular(data_dir / layout.REGISTRY) as file:
            rows: Sequence[Mapping[str, str]] = pq.ParquetFile(file).read(["clip_id", "path"]).to_pylist()
        video_dir = Path(json.loads((data_dir / layout.COLLECTION).read_text())["video_dir"])
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return None
    return {row["clip_id"]: (video_dir, PurePosixPath(row["path"])) for row in rows}


def _is_same_file(one: Path, other: Path) -> bool:
    try:
        return on_disk(one).samefile(other)
    except OSError:
        return False
