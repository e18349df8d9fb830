"""The clips of a collection: the id of each file, and its content when it was last read.

`compare` is pure: it compares names, sizes and times of files with what is known, so that a folder of any size takes
seconds; `read` hashes a file's content. `videos/` lists a folder, `clip_ids.py` makes ids, and `scan.py` stores the
registry.
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
    """One file and its id."""

    clip_id: str
    path: PurePosixPath
    size: int
    mtime_ns: int
    content: str
    present: bool = True
    renamed: bool = False
    """The file had another path when it got its id."""
    of: str = ""
    """Clip of the same file whose further couple this is; empty for the clip of the file itself."""
    couple: int = 1
    """Number of the couple in the file."""
    etag: str = ""
    """Version of its content in a store."""

    @property
    def seen(self) -> Seen:
        """Look of the file when this was recorded."""
        return Seen(self.size, self.mtime_ns, self.etag)

    @property
    def is_read(self) -> bool:
        """Whether `content` is the hash of the content, not a placeholder for an unknown one."""
        return is_read(self.content)

    def looks(self, seen: Seen | None) -> bool:
        """Tell whether the file looks as it did when this was recorded."""
        return self.seen == seen


@dataclass(frozen=True)
class Rename:
    """A file that was renamed and keeps its id."""

    clip_id: str
    old: PurePosixPath
    new: PurePosixPath


@dataclass(frozen=True)
class Difference:
    """A folder compared with what was known about it.

    Attributes
    ----------
    files : clip id -> file, for all that exist or ever existed
    waiting : path -> size, for new or changed files that may still be copied; not to be taken yet
    set_aside : ids of present clips that count as gone, because their annotation says that they show no couple
    """

    files: dict[str, ClipFile]
    waiting: dict[PurePosixPath, int]
    renamed: tuple[Rename, ...]
    set_aside: frozenset[str] = frozenset()

    @property
    def ready(self) -> dict[str, ClipFile]:
        """The present files that can be taken."""
        return {i: file for i, file in self.files.items() if file.present and file.path not in self.waiting}

    def why_gone(self, clip_id: str) -> str:
        """Return why a clip counts as gone."""
        path = self.files[clip_id].path
        if clip_id in self.set_aside:
            return f"its annotation says that {path} shows no couple"
        if self.files[clip_id].of:
            return f"{path} is gone, or shows no such couple, or one couple of a video is a clip"
        return f"its file {path} is gone"

    def without(self, clip_ids: Iterable[str], known: Mapping[str, ClipFile]) -> "Difference":
        """Return the same with some clips set aside: known ones count as gone, others as never seen."""
        aside = frozenset(clip_ids)
        files = {i: file for i, file in self.files.items() if i not in aside or i in known}
        files |= {i: replace(self.files[i], present=False) for i in aside & known.keys()}
        return replace(self, files=files, set_aside=aside)


def is_read(content: str) -> bool:
    """Tell whether this is the hash of a content, not a placeholder for an unknown one."""
    return not content.startswith((UNREADABLE, _UNREAD))


def still_moving(
    folder: Mapping[PurePosixPath, Seen | None], sizes_before: Mapping[PurePosixPath, int], *, now_s: float, rest_s: int
) -> set[PurePosixPath]:
    """Return the files that may still be in the process of being written.

    A time in the future means nothing, because clocks differ. An object of a store is always complete.

    Parameters
    ----------
    sizes_before : sizes of files that were waiting at the last scan of the folder
    rest_s : how long a file must be unchanged, s
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
    """Compare a folder with what is known about its files; `couples.py` handles further couples.

    A new file with the size and time of a missing one is the missing one, renamed. Missing files stay, marked as not
    present, so that their ids are not given to others. `hidden` files stay unchanged.

    Parameters
    ----------
    moving : files not to take if they are new or changed
    hidden : tells whether a path that is not in the listing may exist nevertheless
    read : returns the hash of a file's content; if given, a copy of a missing clip is also recognised by it
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
    """Return what is known about one file; hash its content if it is unknown or has changed.

    The content of an unreadable file is the same placeholder as in `compare`, and a file that can no longer be examined
    stays unchanged: so a failure belongs to the version that was requested.
    """
    seen = videos.look(file.path)
    if file.is_read and (seen is None or file.looks(seen)):
        return file
    content = videos.content(file.path)
    if seen is None:
        return replace(file, size=0, mtime_ns=0, etag="", content=content)
    return looking(file, seen, _unread(seen) if content == UNREADABLE else content)


def ask(videos: Videos, file: ClipFile) -> ClipFile:
    """Return what is known about one file without fetching it: for an unread file, what its store says."""
    content = UNREADABLE if file.is_read else videos.known_content(file.path, file.seen)
    return replace(file, content=content) if is_read(content) else file


def looking(file: ClipFile, seen: Seen, content: str) -> ClipFile:
    """Return a file with its present look and content."""
    return replace(file, size=seen.size, mtime_ns=seen.mtime_ns, etag=seen.etag, content=content)


def exchanged(files: Iterable[ClipFile], videos: Videos) -> Iterator[ClipFile]:
    """Yield, in their present form, the files whose content has changed although size and time are the same.

    Reads every file. Files that look different are left to the next run.
    """
    contents: dict[PurePosixPath, str] = {}  # each file is read once, even with several couples
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
    """Match new files with missing ones, each used once; among equals, one of the same name comes first."""
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
    """Return the properties that a renamed copy keeps: in a folder its time, in a bucket the version of its content."""
    return seen.size, seen.etag or seen.mtime_ns


def _unread(seen: Seen) -> str:
    return f"{_UNREAD}-{seen.size}-{seen.mtime_ns}" + (f"-{seen.etag}" if seen.etag else "")


def _now(clip_id: str, path: PurePosixPath, seen: Seen | None, known: ClipFile | None, *, same: bool) -> ClipFile:
    """Return a file as it is seen now; its content stays known if it looks the same, or `same` says so."""
    if seen is None:
        return ClipFile(clip_id, path, 0, 0, UNREADABLE)
    renamed = known is not None and (known.renamed or known.path != path)
    kept = known.content if known and (same or (known.looks(seen) and known.content != UNREADABLE)) else None
    content = kept or _unread(seen)
    return ClipFile(clip_id, path, seen.size, seen.mtime_ns, content, renamed=renamed, etag=seen.etag)
