"""Fit the constants that `pose/embeddings` ships, to what the product sees in real clips.

They are written by `training/fit.py`.
"""

from collections.abc import Sequence
from dataclasses import fields
from importlib import resources
from pathlib import Path

import numpy as np

from bachata_assets.pose.embeddings import measurements
from bachata_assets.pose.embeddings.constants import FILE, Constants
from bachata_assets.pose.embeddings.fitting import fit_constants
from training.footage import SeenClip


def constants_of(clips: Sequence[SeenClip]) -> dict[str, Constants]:
    """Return the constants of `dancer` and `couple` vectors that labelled clips give."""
    labels = [clip.label for clip in clips]
    dancers = [
        np.array([measurements.measure_dancer(clip.couple, role, clip.beats) for clip in clips])
        for role in ("lead", "follow")
    ]
    couples = [np.array([measurements.measure_couple(clip.couple, clip.beats) for clip in clips])]
    return {
        "dancer": fit_constants(dancers, labels, measurements.weights(measurements.dancer_names())),
        "couple": fit_constants(couples, labels, measurements.weights(measurements.couple_names())),
    }


def write(clips: Sequence[SeenClip]) -> Path:
    """Write the constants into the package; return their file."""
    arrays = {
        f"{kind}_{part.name}": getattr(constants, part.name).astype(np.float32)
        for kind, constants in constants_of(clips).items()
        for part in fields(Constants)
    }
    (keypoints,) = {clip.keypoints_version.partition("+")[0] for clip in clips}  # behind it stand the models
    target = Path(str(resources.files("bachata_assets.pose.embeddings"))) / FILE
    np.savez_compressed(target, **arrays, keypoints_version=np.array(keypoints))
    return target
