"""Fit the constants that `pose/transitions` ships, from cuts through real clips.

They are written by `training/fit.py`.
"""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from bachata_assets.pose.transitions.constants import FILE
from bachata_assets.pose.transitions.fitting import fit_constants, pairs_of
from training.footage import SeenClip


def write(clips: Sequence[SeenClip]) -> Path:
    """Write the constants into the package; return their file."""
    constants = fit_constants([pairs_of(clip.couple) for clip in clips], [clip.label for clip in clips])
    (keypoints,) = {clip.keypoints_version.partition("+")[0] for clip in clips}  # behind it stand the models
    target = Path(str(resources.files("bachata_assets.pose.transitions"))) / FILE
    arrays = constants.arrays() | {"keypoints_version": np.array(keypoints)}
    np.savez_compressed(target, **arrays)  # type: ignore[arg-type]  # its stub takes them for the flag allow_pickle
    return target
