"""Where the clips and annotations of a data dir are: from the settings, else as the data dir remembers."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bachata_assets.collection.annotations.file_content import once_written, read_file
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.videos.bucket import open_videos
from bachata_assets.collection.videos.place import Videos
from bachata_assets.settings import Settings, SettingsError


@dataclass(frozen=True)
class Folders:
    """Where a collection's clips and annotations are."""

    videos: Videos
    annotations: str | Path | None
    """The annotation file: a path, or a URL."""
    every_couple: bool = False
    """Whether further couples of a video are clips of their own."""
    mounts: frozenset[PurePosixPath] = frozenset()
    """Folders below that of the clips that were disks of their own when it was last listed."""

    def require(self) -> None:
        """Refuse to begin where clips or annotations are missing, before anything is written into the data dir.

        Raises
        ------
        AnnotationError, DiscoveryError
        """
        if path := self.annotations:
            once_written(path, lambda: read_file(path))
        self.videos.require()

    @property
    def absolute(self) -> dict[str, str]:
        """The places to store in a data dir: the same from every working directory."""
        annotations = {"annotations": _absolute(self.annotations)} if self.annotations else {}
        return {"video_dir": self.videos.absolute, **annotations}

    def mounts_above(self, paths: Iterable[PurePosixPath]) -> set[PurePosixPath]:
        """Return those of `mounts` that some of these files are in."""
        above = {folder for path in paths for folder in path.parents}
        return above & self.mounts

    def stated(self, path: PurePosixPath, data_dir: str) -> str:
        """Return a clip's path as in documents, the same from every working directory and on every machine.

        The specification's form is relative to the parent folder of the data dir (data/Bachata_steps/…). For clips
        elsewhere it is the annotations' form, beginning with the video dir's name (Bachata_steps/…). For clips in a
        bucket it is their URL.
        """
        if url := self.videos.url(path):
            return url
        # Links are not followed, as resolve() would: a clip is where the collection has it.
        places = (self.videos.file(path), data_dir, self.videos.folder)
        absolute, beside, folder = (Path(os.path.abspath(one)) for one in places)  # noqa: PTH100
        if "://" not in data_dir and absolute.is_relative_to(beside.parent):
            return absolute.relative_to(beside.parent).as_posix()
        return absolute.relative_to(folder.parent).as_posix()


def folders_of(settings: Settings, dataset: Dataset) -> Folders:
    """Return where the clips are: from the settings, else as the data dir remembers.

    Raises
    ------
    SettingsError
        If neither says it.
    """
    remembered = dataset.collection()
    video_dir = settings.video_dir or remembered.get("video_dir")
    annotations = settings.annotations or remembered.get("annotations")
    if not video_dir:
        raise SettingsError(
            "The folder of clips is unknown: set BACHATA_VIDEO_DIR, or run `bachata-assets generate --video_dir …` once"
        )
    every_couple = settings.every_couple if settings.every_couple is not None else remembered.get("every_couple")
    same = _absolute(video_dir) == remembered.get("video_dir")
    mounts = frozenset(map(PurePosixPath, remembered.get("mounts", ()))) if same else frozenset()
    return Folders(open_videos(video_dir), annotations or None, bool(every_couple), mounts)


def _absolute(place: str | Path) -> str:
    return str(place) if "://" in str(place) else str(Path(place).absolute())
