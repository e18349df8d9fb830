"""The clips of a data dir that are there now: the folder listed against the registry, with the annotations.

How a folder is compared with the registry is in `registry.py`, how annotations are matched in
`annotations/annotation_file.py`, how further couples of a video become clips in `couples.py`.
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

_NO_COUPLE = 'its annotation says that it shows no couple ("couple": "none"); `prune` removes what was made of it'
ScanError = (DiscoveryError, AnnotationError)
"""Errors of a folder or an annotation file that cannot be read at all."""


@dataclass(frozen=True)
class Scan:
    """The clips that are there now.

    Attributes
    ----------
    without_file : annotation entries that belong to no clip
    without_annotation : ids of clips that no entry belongs to
    difference : the folder against what the data dir knew of it
    left_out : files and folders that were not taken, and why
    problems : what cannot be used of the annotations
    entries : clip id -> the annotation entry that counts, also of clips that are left out since they show no couple
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
        """What a person should know of the folder and the annotations, in lines."""
        left_out = (Remark(one.reason, f"left out: {one.path}: {one.reason}") for one in self.left_out)
        return told([*left_out, *self.problems])

    def reread(self, dataset: Dataset) -> "Scan":
        """Return the same clips, with the content that runs have read of their files since."""
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
        """Return what it says of some clips, as if no other files were there."""
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
    """List the folder of clips against the registry and match the annotations. Writes nothing.

    Parameters
    ----------
    sizes_before : leave out files that may still be being written, also those whose size was another one then
    read_copies : recognise a clip that is gone in a copy of it by its content, not only by its size and time
    unmounted : take clips for gone that are not there, also where their disk may only not be mounted

    Raises
    ------
    DiscoveryError, AnnotationError, SettingsError
        Also where a folder in which clips were known holds none at all now.
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
    """Write what was found into the data dir; return the registry as it was before."""
    folders = scan.folders
    dataset.remember(**folders.absolute, every_couple=folders.every_couple, mounts=sorted(map(str, folders.mounts)))
    with dataset.lock():
        before = known_files(dataset)
        files = {**before, **scan.difference.files}
        # What a run read in the meantime stays known.
        for clip_id, old in before.items():
            now = files[clip_id]
            if old.is_read and old.looks(now.seen):
                files[clip_id] = replace(now, content=old.content)
        if files != before:
            _write(dataset, files)
    return before


def clips_of(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return clips that were registered before; files that are new or changed are read. Writes nothing.

    Raises
    ------
    SettingsError
        When an id was never registered.
    """
    return _clips_of(_read(clip_ids, settings, dataset), settings, dataset)


def read_clips(clip_ids: Iterable[str], settings: Settings, dataset: Dataset) -> list[Clip]:
    """Return the same as `clips_of`, and write what was read into the registry.

    Raises
    ------
    SettingsError
        When an id was never registered.
    """
    files = _read(clip_ids, settings, dataset)
    keep_read(dataset, files)
    return _clips_of(files, settings, dataset)


def keep_read(dataset: Dataset, files: Mapping[str, ClipFile]) -> None:
    """Write what was read of files into the registry."""
    known = known_files(dataset)
    changed = {clip_id: file for clip_id, file in files.items() if file.is_read and file != known.get(clip_id)}
    if changed:
        with dataset.lock():
            _write(dataset, {**known_files(dataset), **changed})


def known_files(dataset: Dataset) -> dict[str, ClipFile]:
    """Return clip id -> file, of all clips that were ever seen and not pruned.

    Raises
    ------
    DamagedError
        When the registry cannot be read.
    """
    table = dataset.read_parquet(layout.REGISTRY)
    if table is None:
        return {}
    try:
        return registry.from_table(table)
    except (KeyError, TypeError) as error:
        raise DamagedError(dataset.path(layout.REGISTRY), "it is a table of something else") from error


def registry_is_lost(dataset: Dataset) -> bool:
    """Tell whether there are tables of clips and no registry: looked at without it, clips might get other ids."""
    return dataset.size(layout.REGISTRY) is None and bool(dataset.clip_ids("keypoints"))


def require_registry(dataset: Dataset) -> None:
    """Read the registry, for whoever does not mend it.

    Raises
    ------
    DamagedError
        When it cannot be read, or is gone although there are tables of clips.
    """
    known_files(dataset)
    if registry_is_lost(dataset):
        raise DamagedError(dataset.path(layout.REGISTRY), "it is gone, but there are tables of clips")


def rebuild_registry(dataset: Dataset, settings: Settings) -> int:
    """Find out from the tables which id was given to which file, and write it down; return how many clips there are."""
    files = registry_of_tables(dataset, folders_of(settings, dataset).videos)
    with dataset.lock():
        _write(dataset, files)
    return len(files)


def forget(dataset: Dataset, clip_ids: Iterable[str]) -> None:
    """Take clips out of the registry; their ids may be given again."""
    forgotten = set(clip_ids)
    with dataset.lock():
        _write(dataset, {clip_id: file for clip_id, file in known_files(dataset).items() if clip_id not in forgotten})


def contents(dataset: Dataset) -> dict[str, str]:
    """Return clip id -> hash of its file, of the files that were there when last seen and have been read."""
    files = known_files(dataset)
    files = {clip_id: file for clip_id, file in files.items() if file.present and file.is_read and not file.of}
    return {clip_id: file.content for clip_id, file in files.items()}


def exchanged_files(settings: Settings, dataset: Dataset, *, take: bool = False) -> list[ClipFile]:
    """Return the files of `registry.exchanged`; where they are to be taken, their clips are stale from now on."""
    videos = folders_of(settings, dataset).videos  # a store has another name for another content: nothing to look for
    found = [] if videos.is_remote else list(registry.exchanged(known_files(dataset).values(), videos))
    if found and take:
        with dataset.lock():
            _write(dataset, known_files(dataset) | {file.clip_id: file for file in found})
    return found


def present_clips(dataset: Dataset) -> set[str]:
    """Return the ids of the clips that were there when the folder was last listed."""
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
            f"Partition {unknown[0]} is no clip of {videos}: partitions are added by the new_clips sensor "
            "or by `bachata-assets generate`"
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
    # A clip of which nothing is known once had the text vector of all such clips: another version takes it away.
    said = annotation.data_version if says_anything(annotation) else f"{annotation.data_version}-unsaid"
    # A document states where its clip is, so one of a clip that was renamed is made again.
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
    """Return the data version of a clip's file; the couple and the leader that a person named decide what is seen."""
    number = f"{couples.NUMBER_SAID}{file.couple}" if file.of else ""
    return file.content + number + annotation.video_version
