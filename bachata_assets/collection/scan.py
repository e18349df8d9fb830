"""The present clips of a data dir: the folder compared with the registry, with the annotations.

`registry.py` compares a folder with the registry, `annotations/annotation_file.py` matches annotations, and
`couples.py` turns further couples of a video into clips.
"""

import time
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePosixPath

from bachata_assets.annotation import Annotation
from bachata_assets.collection import couples, layout, registry
from bachata_assets.collection.annotations.annotation_file import Entry, Matched, load_annotations, match_annotations
from bachata_assets.collection.annotations.file_content import AnnotationError
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import Folders, folders_of
from bachata_assets.collection.rebuild import registry_of_tables
from bachata_assets.collection.registry import ClipFile, Difference
from bachata_assets.collection.remarks import Remark, told
from bachata_assets.collection.videos.discovery import DiscoveryError, LeftOut, require_videos
from bachata_assets.collection.videos.place import as_path
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.language.sentence import says_anything
from bachata_assets.settings import Settings, SettingsError

_NO_COUPLE = 'its annotation says that it shows no couple ("couple": "none"); `prune` removes what was made from it'
ScanError = (DiscoveryError, AnnotationError)
"""Errors of a folder or an annotation file that cannot be read at all."""


@dataclass(frozen=True)
class Scan:
    """The present clips.

    Attributes
    ----------
    without_file : annotation entries without a clip
    without_annotation : ids of clips without an entry
    difference : the folder compared with what the data dir knew about it
    left_out : files and folders that were left out, and why
    problems : problems of the annotations
    entries : clip id -> its annotation entry, also for clips that are left out because they show no couple
    """

    clips: Mapping[str, Clip]
    without_file: tuple[Entry, ...]
    folders: Folders
    difference: Difference
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[Remark, ...] = ()
    without_annotation: tuple[str, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def remarks(self) -> list[str]:
        """Lines about what a user should know about the folder and the annotations."""
        left_out = (Remark(one.reason, f"left out: {one.path}: {one.reason}") for one in self.left_out)
        return told([*left_out, *self.problems])

    def reread(self, dataset: Dataset) -> "Scan":
        """Return the same clips, with the content hashes that runs have read since."""
        files = known_files(dataset)
        read = {
            clip_id: replace(
                clip, versions={**clip.versions, "clip_file": file_version(files[clip_id], clip.annotation)}
            )
            for clip_id, clip in self.clips.items()
            if clip_id in files
        }
        return replace(self, clips={**self.clips, **read})

    def only(self, clip_ids: Set[str]) -> "Scan":
        """Return the scan of some clips, as if no other files existed."""
        files = {clip_id: file for clip_id, file in self.difference.files.items() if clip_id in clip_ids}
        clips = {clip_id: clip for clip_id, clip in self.clips.items() if clip_id in clip_ids}
        return replace(self, clips=clips, difference=replace(self.difference, files=files))


def scan_clips(
    settings: Settings,
    dataset: Dataset,
    *,
    sizes_before: Mapping[PurePosixPath, int] | None = None,
    read_copies: bool = False,
    unmounted: bool = False,
) -> Scan:
    """Compare the folder of clips with the registry and match the annotations. Writes nothing.

    Parameters
    ----------
    sizes_before : leave out files that may still be copied, also those whose size was different then
    read_copies : recognise the copy of a missing clip by its content, not only by its size and time
    unmounted : treat missing clips as gone even if their disk may only be unmounted

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        Also if a folder with known clips contains no video at all now.
    """
    folders = folders_of(settings, dataset)
    entries = load_annotations(folders.annotations) if folders.annotations else []
    known = known_files(dataset)
    mounts = set() if unmounted else folders.mounts_above(file.path for file in known.values())
    listing = folders.videos.listing(matroska=settings.matroska, mounts_before=mounts)
    moving: set[PurePosixPath] = set()
    if sizes_before is not None:
        moving = registry.still_moving(listing.files, sizes_before, now_s=time.time(), rest_s=settings.settle_seconds)
    reader = folders.videos.known_content if read_copies else None
    if not unmounted and not any(listing.hides(file.path) for file in known.values()):
        require_videos(folders.videos, listing, len(known))
    difference = registry.compare(listing.files, known, moving=moving, hidden=listing.hides, read=reader)
    if folders.every_couple or any(file.of for file in known.values()):
        counted = partial(couples.couples_seen, dataset) if folders.every_couple else lambda _: 1
        difference = couples.with_further_couples(difference, known, counted)
    matched = _match(entries, difference.ready, folders)
    aside = {i for i, entry in matched.by_clip.items() if entry.annotation.shows_no_couple}
    left_out = (*listing.left_out, *(LeftOut(difference.files[i].path, _NO_COUPLE) for i in sorted(aside)))
    aside |= {i for i, file in difference.files.items() if file.of in aside}
    difference = difference.without(aside, known)
    clips = {clip_id: _clip(file, matched, folders, dataset) for clip_id, file in difference.ready.items()}
    problems = [*(problem for entry in entries for problem in entry.problems), *matched.problems]
    without_annotation = tuple(clip_id for clip_id in clips if clip_id not in matched.by_clip)
    return Scan(
        clips,
        matched.without_file,
        replace(folders, mounts=listing.mounts),
        difference,
        left_out,
        tuple(problems),
        without_annotation,
        matched.by_clip,
    )


def keep(dataset: Dataset, scan: Scan) -> dict[str, ClipFile]:
    """Write a scan into the data dir; return the registry as it was before."""
    folders = scan.folders
    dataset.remember(**folders.absolute, every_couple=folders.every_couple, mounts=sorted(map(str, folders.mounts)))
    with dataset.lock():
        before = known_files(dataset)
        files = {**before, **scan.difference.files}
        # Content that a run read in the meantime is kept.
        for clip_id, old in before.items():
            now = files[clip_id]
            if old.is_read and old.looks(now.seen):
                files[clip_id] = replace(now, content=old.content)
        if files != before:
            _write(dataset, files)
    return before


def clips_of(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return registered clips; new or changed files are read. Writes nothing.

    Raises
    ------
    SettingsError
        If an id was never registered.
    """
    return _clips_of(_read(clip_ids, settings, dataset), settings, dataset)


def read_clips(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return the same as `clips_of`, and write what was read into the registry.

    Raises
    ------
    SettingsError
        If an id was never registered.
    """
    files = _read(clip_ids, settings, dataset)
    keep_read(dataset, files)
    return _clips_of(files, settings, dataset)


def keep_read(dataset: Dataset, files: Mapping[str, ClipFile]) -> None:
    """Write the content of files that were read into the registry."""
    known = known_files(dataset)
    changed = {clip_id: file for clip_id, file in files.items() if file.is_read and file != known.get(clip_id)}
    if changed:
        with dataset.lock():
            _write(dataset, {**known_files(dataset), **changed})


def known_files(dataset: Dataset) -> dict[str, ClipFile]:
    """Return clip id -> file, for all clips that were ever seen and not pruned.

    Raises
    ------
    DamagedError
        If the registry cannot be read.
    """
    table = dataset.read_parquet(layout.REGISTRY)
    if table is None:
        return {}
    try:
        return registry.from_table(table)
    except (KeyError, TypeError) as error:
        raise DamagedError(dataset.path(layout.REGISTRY), "it is a table of something else") from error


def registry_is_lost(dataset: Dataset) -> bool:
    """Tell whether there are tables of clips but no registry, without which clips might get other ids."""
    return dataset.size(layout.REGISTRY) is None and bool(dataset.clip_ids("keypoints"))


def require_registry(dataset: Dataset) -> None:
    """Read the registry, for commands that do not mend it.

    Raises
    ------
    DamagedError
        If it cannot be read, or is gone although there are tables of clips.
    """
    known_files(dataset)
    if registry_is_lost(dataset):
        raise DamagedError(dataset.path(layout.REGISTRY), "it is gone, but there are tables of clips")


def rebuild_registry(dataset: Dataset, settings: Settings) -> int:
    """Restore the registry from the tables, and write it; return the number of clips."""
    files = registry_of_tables(dataset, folders_of(settings, dataset).videos)
    with dataset.lock():
        _write(dataset, files)
    return len(files)


def forget(dataset: Dataset, clip_ids: Iterable[str]) -> None:
    """Remove clips from the registry; their ids may be given again."""
    forgotten = set(clip_ids)
    with dataset.lock():
        _write(dataset, {clip_id: file for clip_id, file in known_files(dataset).items() if clip_id not in forgotten})


def contents(dataset: Dataset) -> dict[str, str]:
    """Return clip id -> hash of its file, for present files that have been read."""
    files = known_files(dataset)
    files = {clip_id: file for clip_id, file in files.items() if file.present and file.is_read and not file.of}
    return {clip_id: file.content for clip_id, file in files.items()}


def exchanged_files(settings: Settings, dataset: Dataset, *, take: bool = False) -> list[ClipFile]:
    """Return the files of `registry.exchanged`; with `take`, their clips are stale from now on."""
    videos = folders_of(settings, dataset).videos  # in a store, another content has another version: nothing to check
    found = [] if videos.is_remote else list(registry.exchanged(known_files(dataset).values(), videos))
    if found and take:
        with dataset.lock():
            _write(dataset, known_files(dataset) | {file.clip_id: file for file in found})
    return found


def present_clips(dataset: Dataset) -> set[str]:
    """Return the ids of the clips that were present when the folder was last listed."""
    return {clip_id for clip_id, file in known_files(dataset).items() if file.present}


def _write(dataset: Dataset, files: Mapping[str, ClipFile]) -> None:
    dataset.write_parquet(layout.REGISTRY, registry.to_table(files), {})


def _read(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> dict[str, ClipFile]:
    videos = folders_of(settings, dataset).videos
    known = known_files(dataset)
    wanted = list(clip_ids)
    unknown = [clip_id for clip_id in wanted if clip_id not in known]
    if unknown:
        raise SettingsError(
            f"Partition {unknown[0]} is not a clip of {videos}: the new_clips sensor and `bachata-assets generate` "
            "add partitions"
        )
    reads = registry.ask if videos.is_remote else registry.read  # a run reads what it fetches
    return {clip_id: reads(videos, known[clip_id]) for clip_id in wanted}


def _clips_of(files: Mapping[str, ClipFile], settings: Settings, dataset: Dataset) -> list[Clip]:
    folders = folders_of(settings, dataset)
    entries = load_annotations(folders.annotations) if folders.annotations else []
    there = {clip_id: file for clip_id, file in known_files(dataset).items() if file.present}
    matched = _match(entries, {**there, **files}, folders)
    return [_clip(file, matched, folders, dataset) for file in files.values()]


def _match(entries: list[Entry], files: Mapping[str, ClipFile], folders: Folders) -> Matched:
    if folders.annotations is None:
        return Matched()
    paths = {clip_id: folders.videos.file(file.path) for clip_id, file in files.items() if not file.of}
    by_id = files.keys() - paths.keys()
    return match_annotations(
        entries, paths, annotations_path=as_path(folders.annotations), video_dir=folders.videos.folder, by_id=by_id
    )


def _clip(file: ClipFile, matched: Matched, folders: Folders, dataset: Dataset) -> Clip:
    annotation = matched.annotation(file.clip_id)
    if file.of:
        annotation = couples.annotation_of(annotation, matched.annotation(file.of))
    # Clips without an annotation once shared one text vector; a different version removes it.
    said = annotation.data_version if says_anything(annotation) else f"{annotation.data_version}-unsaid"
    # A document contains the path of its clip, so that of a renamed clip is made again.
    stated = f"{said}-at-{file.path}" if file.renamed else said
    return Clip(
        clip_id=file.clip_id,
        path=folders.videos.file(file.path),
        video_path=folders.stated(file.path, dataset.url),
        annotation=annotation,
        versions={"clip_file": file_version(file, annotation), "annotation": stated},
        couple=file.couple,
        seen=file.seen if file.is_read else None,
        url=folders.videos.url(file.path),
    )


def file_version(file: ClipFile, annotation: Annotation) -> str:
    """Return the data version of a clip's file; it includes an annotated couple and lead, who change the result."""
    number = f"{couples.NUMBER_SAID}{file.couple}" if file.of else ""
    return file.content + number + annotation.video_version
