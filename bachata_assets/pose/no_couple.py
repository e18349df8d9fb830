"""`NoCoupleError`: why a clip has no couple, with what to do.

The reasons: nobody, only one person, a video on its side or upside down, or no couple where the annotation says.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.tracking.candidates import Candidates, find_candidates
from bachata_assets.pose.tracking.parameters import TrackingParameters

UPRIGHT = {
    90: ("on its side", "ffmpeg -i IN.mp4 -vf transpose=1 OUT.mp4"),
    180: ("upside down", "ffmpeg -i IN.mp4 -vf hflip,vflip OUT.mp4"),
    270: ("on its side", "ffmpeg -i IN.mp4 -vf transpose=2 OUT.mp4"),
}
"""Degrees clockwise by which a video must be turned -> how it is shown, and the command that turns it."""


class NoCoupleError(ValueError):
    """A clip has no couple, or not the one that is meant; the message names the clip and says what to do.

    Parameters
    ----------
    path : Path
        The clip.
    reason : str
        Why there is none.
    remedy : str
        What to do, as a sentence.
    """

    def __init__(self, path: Path, reason: str, remedy: str) -> None:
        self.path = path
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{path}: {reason}. {remedy}")

    @classmethod
    def nobody(cls, path: Path, frames: int) -> "NoCoupleError":
        """Return the error for a clip that shows nobody."""
        remedy = "Check that the clip shows a couple, whole and well lit."
        return cls(path, f"nobody found in {frames} frames", remedy)

    @classmethod
    def said(cls, path: Path) -> "NoCoupleError":
        """Return the error for a clip whose annotation says that it has no couple."""
        remedy = "Take that out of the annotation where it is wrong."
        return cls(path, 'the annotation says that there is none ("couple": "none")', remedy)

    @classmethod
    def one_person(cls, path: Path, frames: int) -> "NoCoupleError":
        """Return the error for a person who dances alone."""
        remedy = "Check that both dancers are in the picture, whole and well lit; take a clip of one dancer out."
        return cls(path, f"only one person found in {frames} frames, and no partner", remedy)

    @classmethod
    def turned(cls, path: Path, degrees: int) -> "NoCoupleError":
        """Return the error for a video that must be turned by 90, 180 or 270 degrees clockwise."""
        shown, command = UPRIGHT[degrees]
        remedy = f"Turn it by {degrees} degrees clockwise and use that file: {command}"
        return cls(path, f"the video is shown {shown}", remedy)

    @classmethod
    def not_there(cls, path: Path, reason: str) -> "NoCoupleError":
        """Return the error for a couple that is not where the annotation says."""
        remedy = 'Correct "couple" in the annotation: `bachata-assets preview CLIP --people` shows everyone.'
        return cls(path, reason, remedy)


def degrees_to_upright(
    models: PoseModels,
    pictures: Sequence[tuple[np.ndarray, Candidates]],
    parameters: TrackingParameters,
) -> int:
    """Return by how many degrees clockwise frames must be turned for people to stand upright.

    Parameters
    ----------
    models : PoseModels
        Detector and pose model.
    pictures : sequence
        A few frames, uint8 (H, W, 3) BGR, each with its candidates.
    parameters : TrackingParameters
        Thresholds.

    Returns
    -------
    int
        90, 180 or 270; 0 if people are found well enough, or not much better in turned frames.
    """
    limits = parameters.choice
    as_shown = _two([candidates for _, candidates in pictures])
    if as_shown >= limits.upright:
        return 0
    certainty = {}
    for degrees in UPRIGHT:
        turned = (np.ascontiguousarray(np.rot90(picture, -degrees // 90)) for picture, _ in pictures)
        certainty[degrees] = _two(list(find_candidates(models, turned, parameters)))
    best = max(UPRIGHT, key=lambda degrees: certainty[degrees])
    return best if certainty[best] > max(limits.upright_when_turned, limits.turned_better * as_shown) else 0


def _two(found: Sequence[Candidates]) -> float:
    """Return the summed certainty of the two most certain persons, 0..2, averaged over frames."""
    certainty = ((one.scores + one.keypoints[..., 2].mean(axis=1)) / 2 for one in found)
    return float(np.mean([np.sort(of_one)[-2:].sum() for of_one in certainty]))
