"""The clips of a collection: which id a file was given, and what was in it when it was last read.

`compare` is pure: names, sizes and times of files against what is known of them, so that a folder of any size is looked
at in seconds; `read` is where a file's content is hashed. How a folder is listed is in `videos/`, how ids are made in
`clip_ids.py`, where the registry is kept in `scan.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection.clip_ids import assign_clip_ids
from bachata_assets.collection.videos.place import UNREADABLE, Videos
from bachata_assets.video.files import Seen

_UNREAD = "unread"


@dataclass(frozen=True)
class ClipFile:
    """One file and the id it was given."""

    clip_id: str
    path: PurePosixPath
    size: int
    mtime_ns: int
    content: str
    present: bool = True
    renamed: bool = False
    """It was another path's when its id was given."""
    of: str = ""
    """Clip of the same file whose further couple this is; empty for the clip of the file itself."""
    couple: int = 1
    """Number of the couple in the file."""
    etag: str = ""
    """What a store calls its content."""

    @property
    def seen(self) -> Seen:
        """What the file looked like when this was written down."""
        return Seen(self.size, self.mtime_ns, self.etag)

    @property
    def is_read(self) -> bool:
        """Whether `content` is the hash of the content, rather than a word for not knowing it."""
        return is_read(self.content)

    def looks(self, seen: Seen | None) -> bool:
        """Tell whether the file looks as it did when this was written down."""
        return self.seen == seen


@dataclass(frozen=True)
class Rename:
    """A file that has another name now, and keeps its id."""

    clip_id: str
    old: PurePosixPath
    new: PurePosixPath


@dataclass(frozen=True)
class Difference:
    """A folder against what was known of it.

    Attributes
    ----------
    files : clip id -> file, of all that are there or ever were
    waiting : path -> size, of new or changed files that may still be being written; not to be taken yet
    set_aside : ids of the clips that are there and count as gone, since a person said that they show no couple
    """

    files: dict[str, ClipFile]
    waiting: dict[PurePosixPath, int]
    renamed: tuple[Rename, ...]
    set_aside: frozenset[str] = frozenset()

    @property
    def ready(self) -> dict[str, ClipFile]:
        """The files that are there and can be taken."""
        return {i: file for i, file in self.files.items() if file.present and file.path not in self.waiting}

    def why_gone(self, clip_id: str) -> str:
        """Return why a clip counts as gone, in words."""
        path = self.files[clip_id].path
        if clip_id in self.set_aside:
            return f"its annotation says that {path} shows no couple"
        if self.files[clip_id].of:
            return f"{path} is gone, or shows no such couple, or one couple of a video is a clip"
        return f"its file {path} is gone"

    def without(self, clip_ids: Iterable[str], known: Mapping[str, ClipFile]) -> "Difference":
        """Return the same with some clips set aside: those that were known count as gone, others were never there."""
        aside = frozenset(clip_ids)
        files = {i: file for i, file in self.files.items() if i not in aside or i in known}
        files |= {i: replace(self.files[i], present=False) for i in aside & known.keys()}
        return replace(self, files=files, set_aside=aside)


def is_read(content: str) -> bool:
    """Tell whether this is the hash of a content, rather than a word for not knowing it."""
    return not content.startswith((UNREADABLE, _UNREAD))


def still_moving(
    folder: Mapping[PurePosixPath, Seen | None], sizes_before: Mapping[PurePosixPath, int], *, now_s: float, rest_s: int
) -> set[PurePosixPath]:
    """Return the files that may still be being written.

    A time in the future says nothing: clocks differ. An object of a store is there whole or not at all.

    Parameters
    ----------
    sizes_before : sizes of files that were waiting when the folder was last looked at
    rest_s : for how long a file must not have changed, s
    """
    return {
        path
        for path, seen in folder.items()
        if seen
        and not seen.etag
        and (0 <= now_s - seen.mtime_ns / 1e9 < rest_s or sizes_before.get(path, seen.size) != seen.size)
    }


def compare(
    folder: Mapping[PurePosixPath, Seen | None],
    known: Mapping[str, ClipFile],
    *,
    moving: Iterable[PurePosixPath] = (),
    hidden: Callable[[PurePosixPath], bool] = lambda _path: False,
    read: Callable[[PurePosixPath], str] | None = None,
) -> Difference:
    """Compare a folder with what is known of its files; further couples of theirs are left to `couples.py`.

    A file under another name with the size and time of one that is gone is that one, renamed. Files that are gone
    stay, marked as not present: their ids are not given to others. Those that are `hidden` stay as they were.

    Parameters
    ----------
    moving : files not to be taken where they are new or changed
    hidden : tells of a path that is not in the folder whether it may be there all the same
    read : returns the hash of a file's content; when given, a copy of a clip that is gone is recognised by it, too
    """
    taken = {i for i, file in known.items() if file.of}
    known = {i: file for i, file in known.items() if not file.of}
    by_path = {file.path: file for file in known.values()}
    waiting = {
        path: seen.size
        for path in moving
        if (seen := folder[path]) and not (path in by_path and by_path[path].is_read and by_path[path].looks(seen))
    }
    renames = _renames(
        {path: seen for path, seen in folder.items() if seen and path not in by_path and path not in waiting},
        [file for file in known.values() if file.path not in folder and not hidden(file.path)],
        read,
    )
    ids = {file.path: clip_id for clip_id, file in known.items()}
    ids |= {rename.new: rename.clip_id for rename in renames}
    named = assign_clip_ids((path for path in folder if path not in waiting), ids, taken)
    copied = {rename.clip_id for rename in renames if not known[rename.clip_id].looks(folder[rename.new])}
    files = {
        i: replace(file, present=file.path in waiting or (file.present and hidden(file.path)))
        for i, file in known.items()
    }
    files |= {i: _now(i, path, folder[path], known.get(i), same=i in copied) for i, path in named.items()}
    return Difference(files, waiting, tuple(renames))


def read(videos: Videos, file: ClipFile) -> ClipFile:
    """Return what is known of one file, its content hashed if that is not known or it has changed since.

    The content of one that is there and cannot be read is the same word as `compare` has for it, and one that cannot be
    looked at any more is as it was: what failed of it has failed of the very version that is asked for.
    """
    seen = videos.look(file.path)
    if file.is_read and (seen is None or file.looks(seen)):
        return file
    content = videos.content(file.path)
    if seen is None:
        return replace(file, size=0, mtime_ns=0, etag="", content=content)
    return looking(file, seen, _unread(seen) if content == UNREADABLE else content)


def ask(videos: Videos, file: ClipFile) -> ClipFile:
    """Return what is known of one file without fetching it: of one that was not read, what its store says."""
    content = UNREADABLE if file.is_read else videos.known_content(file.path, file.seen)
    return replace(file, content=content) if is_read(content) else file


def looking(file: ClipFile, seen: Seen, content: str) -> ClipFile:
    """Return a file as it looks now, with what is in it."""
    return replace(file, size=seen.size, mtime_ns=seen.mtime_ns, etag=seen.etag, content=content)


def exchanged(files: Iterable[ClipFile], videos: Videos) -> Iterator[ClipFile]:
    """Yield, as they are now, the files that are not what was read of them although their size and time say so.

    Every file is read. One that looks different is left to whoever makes its clip.
    """
    contents: dict[PurePosixPath, str] = {}  # of a file with several couples once
    for file in files:
        path = file.path
        if not (file.present and file.is_read and file.looks(videos.look(path))):
            continue
        if path not in contents:
            contents[path] = videos.content(path)
        if is_read(contents[path]) and contents[path] != file.content:
            yield replace(file, content=contents[path])


def to_table(files: Mapping[str, ClipFile]) -> pa.Table:
    """Return the table of `schemas.clips`."""
    rows = [{**vars(file), "path": str(file.path)} for _, file in sorted(files.items())]
    return pa.Table.from_pylist(rows, schema=schemas.clips)


def from_table(table: pa.Table) -> dict[str, ClipFile]:
    """Return what `to_table` wrote."""
    rows = (ClipFile(**{**row, "path": PurePosixPath(row["path"])}) for row in table.to_pylist())
    return {file.clip_id: file for file in rows}


def _renames(
    new: Mapping[PurePosixPath, Seen], gone: Iterable[ClipFile], read: Callable[[PurePosixPath], str] | None
) -> list[Rename]:
    """Lay new files against those that are gone, each used once; of several alike, one of the same name goes first."""
    by_look: dict[tuple[int, int | str], list[ClipFile]] = {}
    by_content: dict[str, list[ClipFile]] = {}
    for file in gone:
        by_look.setdefault(_alike(file.seen), []).append(file)
        if file.is_read:
            by_content.setdefault(file.content, []).append(file)
    sizes = {file.size for files in by_content.values() for file in files}
    used: set[str] = set()
    found = []
    for path, seen in new.items():
        alike = [file for file in by_look.get(_alike(seen), ()) if file.clip_id not in used]
        if not alike and read and seen.size in sizes:
            alike = [file for file in by_content.get(read(path), ()) if file.clip_id not in used]
        if alike:
            best = min(alike, key=lambda file: (file.path.name != path.name, str(file.path)))
            used.add(best.clip_id)
            found.append(Rename(best.clip_id, best.path, path))
    return found


def _alike(seen: Seen) -> tuple[int, int | str]:
    """Return what a copy under another name has too: in a folder its time, in a bucket what the store calls it."""
    return seen.size, seen.etag or seen.mtime_ns


def _unread(seen: Seen) -> str:
    return f"{_UNREAD}-{seen.size}-{seen.mtime_ns}" + (f"-{seen.etag}" if seen.etag else "")


def _now(clip_id: str, path: PurePosixPath, seen: Seen | None, known: ClipFile | None, *, same: bool) -> ClipFile:
    """Return a file as it is seen now; its content stays known while it looks the same, or is said to be the `same`."""
    if seen is None:
        return ClipFile(clip_id, path, 0, 0, UNREADABLE)
    renamed = known is not None and (known.renamed or known.path != path)
    kept = known.content if known and (same or (known.looks(seen) and known.content != UNREADABLE)) else None
    content = kept or _unread(seen)
    return ClipFile(clip_id, path, seen.size, seen.mtime_ns, content, renamed=renamed, etag=seen.etag)
