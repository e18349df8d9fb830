"""The clips that everything shipped is fitted on, as the product itself sees them.

They are the 75 clips of `../shared/clips_labelled` and the 14 of `../shared/clips`. Both are brought up to date by the
same code as `bachata-assets generate`, in data dirs of their own: only what changed is made again.
"""

from dataclasses import dataclass
from pathlib import Path

from bachata_assets import build_collection
from bachata_assets.collection.dataset import Dataset, provenance_of
from bachata_assets.music.beats import Beats
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets_tests.support.keypoints_dev import LabelledClip
from bachata_assets_tests.support.paths import PROJECT, REAL_CLIPS, SHARED

LABELLED_CLIPS = SHARED / "clips_labelled"
SEEN = PROJECT / "data" / "training"
"""Where the data dirs are."""


@dataclass(frozen=True)
class SeenClip(LabelledClip):
    """A clip that the product has seen.

    Attributes
    ----------
    path : its file
    keypoints_version : version of the code and the models that found its keypoints
    """

    path: Path
    keypoints_version: str

    @property
    def of_the_149(self) -> bool:
        """Whether the clip is one of the couple and labels that the goals are about."""
        return self.path.is_relative_to(LABELLED_CLIPS)


def load() -> list[SeenClip]:
    """Return all clips, those of `../shared/clips_labelled` first, each folder's sorted by clip id.

    Raises
    ------
    SystemExit
        When a folder is missing, or a clip cannot be made.
    """
    return [clip for folder in (LABELLED_CLIPS, REAL_CLIPS) for clip in _seen(folder)]


def _seen(folder: Path) -> list[SeenClip]:
    if not folder.is_dir():
        raise SystemExit(f"{folder} is missing: everything is fitted on its clips")
    videos = folder / "Bachata_steps"
    annotations = folder / "bachata_annotations.json"
    made = build_collection(videos, annotations, SEEN / folder.name, workers="processes")
    if made.failed:
        raise SystemExit(f"Of {folder} these clips cannot be made: {made.failed}")
    dataset = Dataset(url=made.settings.data_dir)
    paths = made.embeddings()["video_path"].sort_index()
    return [_clip(dataset, str(clip_id), videos.parent / path) for clip_id, path in paths.items()]


def _clip(dataset: Dataset, clip_id: str, path: Path) -> SeenClip:
    keypoints = dataset.read_table("keypoints", clip_id)
    return SeenClip(
        clip_id=clip_id,
        label=path.parent.name,
        couple=CoupleKeypoints.from_table(keypoints),
        beats=Beats.from_table(dataset.read_table("beats", clip_id)),
        path=path,
        keypoints_version=provenance_of(keypoints)["code_version"],
    )
