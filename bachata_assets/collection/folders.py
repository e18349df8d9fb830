"""Where the clips and annotations of a data dir are: as the settings say, else as the data dir remembers."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bachata_assets.collection.dataset import Dataset
from bachata_assets.settings import Settings, SettingsError


@dataclass(frozen=True)
class Folders:
    """Where a collection's clips and annotations are."""

    video_dir: Path
    annotations: Path | None
    every_couple: bool = False
    """Whether further couples of a video are clips of their own."""
    mounts: frozenset[PurePosixPath] = frozenset()
    """Folders below that of the clips that were disks of their own when it was last listed."""

    def mounts_above(self, paths: Iterable[PurePosixPath]) -> set[PurePosixPath]:
        """Return those of `mounts` that some of these files are in."""
        above = {folder for path in paths for folder in path.parents}
        return above & self.mounts

    def stated(self, path: Path, data_dir: str) -> str:
        """Return a path as documents state it, the same from every working directory and on every machine.

        The specification's form is relative to the folder that the data dir is in (data/Bachata_steps/…); for clips
        that are elsewhere it is the annotations' form, from the video dir's own name on (Bachata_steps/…).
        """
        # Links are not followed, as resolve() would: a clip is where the collection has it.
        absolute, beside, videos = (Path(os.path.abspath(one)) for one in (path, data_dir, self.video_dir))  # noqa: PTH100
        if "://" not in data_dir and absolute.is_relative_to(beside.parent):
            return absolute.relative_to(beside.parent).as_posix()
        return absolute.relative_to(videos.parent).as_posix()


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
    same = os.path.abspath(video_dir) == remembered.get("video_dir")  # noqa: PTH100  # links are not followed
    mounts = frozenset(map(PurePosixPath, remembered.get("mounts", ()))) if same else frozenset()
    return Folders(Path(video_dir), Path(annotations) if annotations else None, bool(every_couple), mounts)
