"""`annotate`: write the changes made on the report page into the annotation file."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bachata_assets.annotation import Annotation
from bachata_assets.collection.annotations.annotation_file import Entry
from bachata_assets.collection.annotations.file_content import read_file
from bachata_assets.collection.clip import EXTERNAL
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.patching.apply import EMPTY, FieldChange, differences, patched, replace_file
from bachata_assets.collection.patching.patch import Patch, PatchError
from bachata_assets.collection.scan import Scan, scan_clips
from bachata_assets.language.sentence import says_anything
from bachata_assets.pipeline.stages import clip_stages
from bachata_assets.settings import Settings


@dataclass(frozen=True)
class Annotated:
    """What a patch changes.

    Attributes
    ----------
    path : of the annotation file
    changes : field by field
    stale : clip id -> names of the stages whose tables must be made again
    left_out : ids of the clips that now show no couple, for which nothing is made
    """

    path: Path
    changes: tuple[FieldChange, ...]
    stale: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...]

    def to_dict(self, *, dry_run: bool) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {
            "annotations": str(self.path),
            "written": bool(self.changes) and not dry_run,
            "changes": [vars(change) for change in self.changes],
            "to_be_made": self.stale,
            "left_out": self.left_out,
        }


def annotate(settings: Settings, patch: Patch, *, dry_run: bool = False) -> Annotated:
    """Apply a patch to the annotation file of a collection; with `dry_run` only return what it would change.

    Raises
    ------
    PatchError
        The patch is not for these annotations; nothing is written.
    DiscoveryError, AnnotationError, SettingsError
        As for any scan of the collection.
    OSError
        The annotation file cannot be written; it is unchanged.
    """
    dataset = Dataset(settings.data_dir)
    with dataset.lock():
        found = _scan(settings, dataset)
        place = found.folders.annotations
        if place is None:
            raise PatchError("This collection has no annotation file: name the one to write with --annotations")
        if "://" in str(place):
            raise PatchError(
                f"{place} is in a bucket, where other writers cannot be locked out: copy it here, name the copy with "
                "--annotations, and upload it again"
            )
        path = Path(place)
        changes = tuple(differences(patch, found.entries, found.clips.keys() | found.difference.set_aside))
        if changes and not dry_run:
            content = read_file(path) if path.exists() else EMPTY
            replace_file(path, patched(content, changes, found.entries))
    return _annotated(path, changes, found.entries)


def _scan(settings: Settings, dataset: Dataset) -> Scan:
    """Scan the collection; an annotation file that does not exist yet has no entries."""
    path = settings.annotations
    if path is None or "://" in str(path) or Path(path).exists():
        return scan_clips(settings, dataset)
    found = scan_clips(settings.model_copy(update={"annotations": None}), dataset)
    return replace(found, folders=replace(found.folders, annotations=path))


def _annotated(path: Path, changes: tuple[FieldChange, ...], entries: Mapping[str, Entry]) -> Annotated:
    stale, left_out = {}, []
    for clip_id in dict.fromkeys(change.clip_id for change in changes):
        before = entries[clip_id].annotation if clip_id in entries else Annotation()
        said = before.model_dump(mode="json", exclude_unset=True)
        said |= {change.field: change.after for change in changes if change.clip_id == clip_id}
        after = Annotation.model_validate({field: value for field, value in said.items() if value is not None})
        if after.shows_no_couple:
            left_out.append(clip_id)
        else:
            stale[clip_id] = _dependents(before, after)
    return Annotated(path, changes, stale, tuple(left_out))


def _dependents(before: Annotation, after: Annotation) -> tuple[str, ...]:
    """Return the stages that a changed annotation makes stale, as the data versions do."""
    video, words = EXTERNAL
    changed = {video} if before.video_version != after.video_version else set()
    if before.data_version != after.data_version or says_anything(before) != says_anything(after):
        changed.add(words)
    stages = clip_stages("", "")  # the inputs of a stage do not depend on the models
    for stage in stages:
        if not changed.isdisjoint(stage.inputs):
            changed.add(stage.name)
    return tuple(stage.name for stage in stages if stage.name in changed)
