"""Where the clips and annotations of a data dir are: as the settings say, else as the data dir remembers."""

from dataclasses import dataclass
from pathlib import Path

from bachata_assets.collection.dataset import Dataset
from bachata_assets.settings import Settings, SettingsError


@dataclass(frozen=True)
class Folders:
    """Where a collection's clips and annotations are."""

    video_dir: Path
    annotations: Path | None
    every_couple: bool = False
    """Whether further couples of a video are clips of their own."""


def folders_of(settings: Settings, dataset: Dataset) -> Folders:
    """Return where the clips are: as the settings say, else as the data dir remembers.

    Raises
    ------
    SettingsError
        When neither says it.
    """
    remembered = dataset.collection()
    video_dir = settings.video_dir or remembered.get("video_dir")
    annotations = settings.annotations or remembered.get("annotations")
    if not video_dir:
        raise SettingsError(
            "No folder of clips is known: set BACHATA_VIDEO_DIR, or run `bachata-assets generate --video_dir …` once"
        )
    every_couple = settings.every_couple if settings.every_couple is not None else remembered.get("every_couple")
    return Folders(Path(video_dir), Path(annotations) if annotations else None, bool(every_couple))
