"""`export`: write poses, beats and checks of clips as files for other programs."""

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.scan import require_registry, scan_clips
from bachata_assets.export.coco import write_coco
from bachata_assets.export.fiftyone import write_fiftyone
from bachata_assets.export.movement import write_movement
from bachata_assets.export.rerun_file import write_rerun
from bachata_assets.export.source import ExportedClip, ExportError, exported_clips
from bachata_assets.export.webvtt import write_webvtt
from bachata_assets.orchestration.build import Platform

FORMATS: dict[str, Callable[[Iterable[ExportedClip], Path], list[Path]]] = {
    "coco": write_coco,
    "fiftyone": write_fiftyone,
    "movement": write_movement,
    "rerun": write_rerun,
    "webvtt": write_webvtt,
}
"""Name of each format -> its writer."""
OF_FILES = ("fiftyone",)
"""Formats that link to the videos; `rerun` leaves out videos that are not on this machine."""


def export(
    platform: Platform, form: str, out: Path, clip_ids: Sequence[str] = (), *, pictures: bool = False
) -> tuple[list[Path], list[str]]:
    """Write clips into a folder; return the files, and the ids of the clips that are left out.

    A clip whose poses or beats are not made yet is left out; if `clip_ids` names it, that is an error.

    Parameters
    ----------
    form : a key of FORMATS
    clip_ids : the clips; empty: all that are made
    pictures : also write the sampled frames; coco only

    Raises
    ------
    ExportError
        A clip is unknown or not made, a library is missing, or there is nothing to write.
    DiscoveryError, AnnotationError, SettingsError, DamagedError
        As for any scan of the collection.
    """
    require_registry(platform.dataset)
    clips = scan_clips(platform.settings, platform.dataset).clips
    made = platform.dataset.clip_ids("keypoints") & platform.dataset.clip_ids("beats")
    for clip_id in clip_ids:
        if clip_id not in clips or clip_id not in made:
            raise ExportError(_not_there(clip_id, [name for name in clips if name in made]))
    wanted: list[Clip] = [clip for name, clip in clips.items() if name in (clip_ids or made)]
    if not wanted:
        raise ExportError("No clip is made yet: run `bachata-assets generate`")
    if (pictures or form in OF_FILES) and any(clip.url for clip in wanted):
        what = "coco with --pictures" if pictures else form
        raise ExportError(f"{what} needs the videos, which are in a bucket: copy them to a folder, and name that")
    if pictures and form != "coco":
        raise ExportError("--pictures works only with coco")
    write = partial(write_coco, pictures=True) if pictures else FORMATS[form]
    written = write(exported_clips(wanted, platform.dataset, platform.stages, platform.checks), out)
    return written, [] if clip_ids else [name for name in clips if name not in made]


def _not_there(clip_id: str, made: list[str]) -> str:
    near = get_close_matches(clip_id, made, 1)
    return f"No clip {clip_id} is made" + (
        f": did you mean {near[0]}?" if near else ". `bachata-assets status` lists them"
    )
