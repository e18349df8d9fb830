"""Restoring what a data dir knew about its collection from its tables: precision, and which file has which id.

Every table records the content it was made from, and the document of a clip the path of its file.
"""

import zipfile
from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeVar, get_args

from bachata_assets.annotation import COUPLE_SAID, LEAD_SAID, SWAPPED_SAID
from bachata_assets.collection import layout, registry
from bachata_assets.collection.clip_tables import sent_record
from bachata_assets.collection.couples import NUMBER_SAID
from bachata_assets.collection.data_dir.archives import Entry, unpacked
from bachata_assets.collection.dataset import Dataset, provenance_of
from bachata_assets.collection.registry import ClipFile
from bachata_assets.collection.videos.discovery import require_videos
from bachata_assets.collection.videos.place import UNREADABLE, Videos
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.inference.precision import EffectivePrecision

T = TypeVar("T", bound=Hashable)

_OF_THE_FILE = ("keypoints", "beats", "audio_embedding")
"""Assets made directly from a clip's file."""
_PLACE = "-at-"
"""Suffix that `scan.py` appends to the hash of an annotation if the file was renamed."""


def precision_of_tables(dataset: Dataset) -> EffectivePrecision | None:
    """Return the precision in which the poses of a data dir were found, None if it has no poses."""
    for clip_id in sorted(dataset.clip_ids("keypoints")):
        try:
            version = str(dataset.provenance_at(layout.table("keypoints", clip_id)).get("code_version"))
        except (DamagedError, FileNotFoundError):
            continue
        for precision in get_args(EffectivePrecision):
            if f"-{precision}-" in version:
                found: EffectivePrecision = precision
                return found
    return None


def registry_of_tables(dataset: Dataset, videos: Videos) -> dict[str, ClipFile]:
    """Return clip id -> file, for all clips with tables; reads every file of the folder.

    A file belongs to the clip whose tables were made from the same content; if there are several, to the one whose
    document names its path. Clips without a file are kept as gone.

    Raises
    ------
    DiscoveryError
        If the folder cannot be listed, or contains no video at all.
    """
    versions, stated = _versions(dataset), _stated(dataset)
    contents = {clip_id: content for clip_id, (content, number) in versions.items() if number == 1}
    further = {clip_id: couple for clip_id, couple in versions.items() if clip_id not in contents}
    stated = {clip_id: place for clip_id, place in stated.items() if clip_id not in further}
    listing = videos.listing(matroska=True)
    require_videos(videos, listing, len(versions))
    there = {path: registry.read(videos, ClipFile("", path, 0, 0, UNREADABLE)) for path in listing.files}
    named = {clip_id: path for clip_id, (text, _) in stated.items() if (path := _place(text, videos.folder, there))}
    by_content, by_path = _inverse(contents), _inverse(named)
    owners: dict[str, PurePosixPath] = {}
    taken: set[PurePosixPath] = set()
    # First files with matching path and content, then those with matching content, then those with matching path.
    for sure in (True, False):
        for path, file in there.items():
            if path in taken:
                continue
            alike, here = by_content.get(file.content, []), by_path.get(path, [])
            may_be = [clip_id for clip_id in here if clip_id in alike] if sure else [*alike, *here]
            owner = next((clip_id for clip_id in may_be if clip_id not in owners), None)
            if owner is not None:
                owners[owner] = path
                taken.add(path)
    files = {
        clip_id: replace(there[path], clip_id=clip_id, renamed=_was_renamed(clip_id, path, stated, named))
        for clip_id, path in owners.items()
    }
    for clip_id in contents.keys() - files.keys():
        path = PurePosixPath(stated.get(clip_id, (f"{clip_id}.mp4", False))[0])
        files[clip_id] = ClipFile(clip_id, path, 0, 0, contents[clip_id], present=False)
    return files | _further_couples(further, files)


def _further_couples(further: Mapping[str, tuple[str, int]], files: Mapping[str, ClipFile]) -> dict[str, ClipFile]:
    """Return the further couples (clip id -> content of the file, number) as clips of their files."""
    found = {}
    for clip_id, (content, number) in further.items():
        alike = [file for file in files.values() if file.content == content]
        # Of two files with the same content, the one after which the couple is named.
        alike.sort(key=lambda file: not clip_id.startswith(file.clip_id))
        if alike:
            found[clip_id] = replace(alike[0], clip_id=clip_id, of=alike[0].clip_id, couple=number)
    return found


def _place(stated: str, video_dir: Path, there: Collection[PurePosixPath]) -> PurePosixPath | None:
    """Return the file of a document, which contains the path from the folder of clips on, or from further up."""
    parts = PurePosixPath(stated).parts
    starts = (number + 1 for number, part in enumerate(parts) if part == video_dir.name)
    return next((path for start in starts if (path := PurePosixPath(*parts[start:])) in there), None)


def _inverse(values: Mapping[str, T]) -> dict[T, list[str]]:
    """Return value -> the clips with it, in order."""
    found: dict[T, list[str]] = {}
    for clip_id in sorted(values):
        found.setdefault(values[clip_id], []).append(clip_id)
    return found


def _versions(dataset: Dataset) -> dict[str, tuple[str, int]]:
    """Return clip id -> hash of the file from which its tables were made, and the number of the couple in it."""
    found: dict[str, tuple[str, int]] = {}
    for asset in _OF_THE_FILE:
        for clip_id in dataset.clip_ids(asset) - found.keys():
            try:
                inputs = dataset.provenance_at(layout.table(asset, clip_id)).get("inputs", {})
            except (DamagedError, FileNotFoundError):
                continue
            if "clip_file" in inputs:
                version = str(inputs["clip_file"])
                for said in (LEAD_SAID, COUPLE_SAID, SWAPPED_SAID):
                    version = version.partition(said)[0]
                content, _, number = version.partition(NUMBER_SAID)
                found[clip_id] = content, int(number or 1)
    return found


def rebuild_archive_index(dataset: Dataset, asset: str) -> int:
    """Write the index of an asset's archives again, from their content; return the number of tables.

    Of two tables of a clip, the one made last counts. A damaged archive is set aside.
    """
    entries: dict[str, Entry] = {}
    made: dict[str, float] = {}
    for file in sorted(dataset.looks_in(f"{layout.ARCHIVES}/{asset}", layout.ARCHIVE_SUFFIX)):
        name = f"{layout.ARCHIVES}/{asset}/{file}"
        try:
            found = unpacked(dataset.read_bytes(name) or b"")
        except zipfile.BadZipFile:
            dataset.set_aside(name)
            continue
        for clip_id, (entry, content) in found.items():
            try:
                table = dataset.check_content(layout.table(asset, clip_id), content=content).table
            except DamagedError:
                continue
            made_at = float(provenance_of(table).get("made_at", 0))
            if made_at >= made.get(clip_id, 0):
                # The archive keeps its present name.
                entries[clip_id] = entry._replace(archive=file.removesuffix(layout.ARCHIVE_SUFFIX))
                made[clip_id] = made_at
    with dataset.lock():
        dataset.archives(asset).replace_index(entries)
    return len(entries)


def _stated(dataset: Dataset) -> dict[str, tuple[str, bool]]:
    """Return clip id -> path of its file in its document, and whether it had another name before."""
    found = {}
    for clip_id in dataset.clip_ids("search_index"):
        try:
            table = dataset.read_table("search_index", clip_id)
        except (DamagedError, FileNotFoundError):
            continue
        renamed = _PLACE in str(provenance_of(table).get("inputs", {}).get("annotation", ""))
        found[clip_id] = (sent_record(table).video_path, renamed)
    return found


def _was_renamed(
    clip_id: str, path: PurePosixPath, stated: Mapping[str, tuple[str, bool]], named: Mapping[str, PurePosixPath]
) -> bool:
    return clip_id in stated and (stated[clip_id][1] or named.get(clip_id) != path)
