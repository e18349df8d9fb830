"""Where in the picture people move, for a closer look at those who are small in it.

The bundled detector knows people who fill more than half of the picture's height: of drawn couples of 0.36 of the
height it finds nobody, of 0.5 it takes two people for one. Looking only at the part of the picture in which people move
makes them as large as it knows them.
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
    """Return the part of the pictures to look at again; None where people are large enough.

    Parameters
    ----------
    candidates : list of Candidates
        Of each step.
    activity : ActivityMap
        Where the pictures change.
    size : tuple of int
        Width and height of the pictures, px.
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
    # One box around two people is taller than either; nobody is taller than what moves.
    if bottom - top > (parameters.small_extent if large else parameters.largest_region) * height:
        return None
    margin = parameters.region_margin * (bottom - top)
    # A picture taller than wide, or of an odd shape, would be shown to the detector as a strip.
    aside = max(2 * margin, (parameters.region_aspect * (bottom - top + 2 * margin) - (right - left)) / 2)
    region = np.clip([left - aside, top - margin, right + aside, bottom + margin], 0, [width, height] * 2)
    wide = (region[2] - region[0]) / WIDE
    if bottom - top < wide < region[3] - region[1]:  # a little wider than high, it would be no larger: let it be tiles
        region[[1, 3]] = np.clip((top + bottom) / 2 + np.array([-wide, wide]) / 2 * 0.99, 0, height)
    return Region(*(int(side) for side in region.round()))


def _certain(found: Candidates, parameters: CloserParameters) -> np.ndarray:
    """Return the boxes (N, 4) of what is surely somebody."""
    certainty = (found.scores + found.keypoints[..., 2].mean(axis=1)) / 2
    return np.asarray(found.boxes[certainty >= parameters.surely_somebody])
