"""The part of the frame in which people move, for a closer look at small people.

The bundled detector knows people who fill more than half of the frame's height. Of rendered couples at 0.36 of the
height it finds nobody; at 0.5 it takes two people for one. Cropping the frame to the part in which people move makes
them as large as the detector knows them.
"""

import numpy as np

from bachata_assets.pose.detection_parameters import CloserParameters
from bachata_assets.pose.models.tiles import WIDE
from bachata_assets.pose.tracking.activity import ActivityMap
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.video.display import Region


def closer_look(
    candidates: list[Candidates], activity: ActivityMap, size: tuple[int, int], parameters: CloserParameters
) -> Region | None:
    """Return the part of the frames to look at again; None if people are large enough.

    Parameters
    ----------
    candidates : list of Candidates
        Candidates of each step.
    activity : ActivityMap
        Where the frames change.
    size : tuple of int
        Width and height of the frames, px.
    parameters : CloserParameters
        Thresholds.
    """
    width, height = size
    extent = activity.extent()
    if extent is None:
        return None
    left, top, right, bottom = extent
    tall = [box[3] - box[1] for found in candidates for box in _certain(found, parameters)]
    large = len(tall) >= parameters.seen_share * len(candidates) and np.median(tall) > parameters.small_person * height
    # One box around two people is taller than either, but nobody is taller than what moves.
    if bottom - top > (parameters.small_extent if large else parameters.largest_region) * height:
        return None
    margin = parameters.region_margin * (bottom - top)
    # The detector would see a crop that is taller than wide, or of an odd shape, as a strip.
    aside = max(2 * margin, (parameters.region_aspect * (bottom - top + 2 * margin) - (right - left)) / 2)
    region = np.clip([left - aside, top - margin, right + aside, bottom + margin], 0, [width, height] * 2)
    wide = (region[2] - region[0]) / WIDE
    if bottom - top < wide < region[3] - region[1]:  # slightly wider than high would enlarge nothing: let it be tiles
        region[[1, 3]] = np.clip((top + bottom) / 2 + np.array([-wide, wide]) / 2 * 0.99, 0, height)
    return Region(*(int(side) for side in region.round()))


def _certain(found: Candidates, parameters: CloserParameters) -> np.ndarray:
    """Return the boxes (N, 4) of certain persons."""
    certainty = (found.scores + found.keypoints[..., 2].mean(axis=1)) / 2
    return np.asarray(found.boxes[certainty >= parameters.surely_somebody])
