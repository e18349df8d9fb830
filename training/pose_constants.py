"""Fit the constants that `pose/embeddings` ships, to what the product sees in real clips.

They are written by `training/fit.py`.
"""

from collections.abc import Sequence
from dataclasses import fields
from importlib import resources
from pathlib import Path

import numpy as np

from bachata_assets.pose.embeddings import measurements
from bachata_assets.pose.embeddings.clock import clock_of
from bachata_assets.pose.embeddings.constants import FILES, Constants
from bachata_assets.pose.embeddings.fitting import fit_constants
from bachata_assets.pose.embeddings.moments import measured_windows
from training.footage import SeenClip


def constants_of(clips: Sequence[SeenClip]) -> dict[str, Constants]:
    """Return the constants of `dancer` and `couple` vectors that labelled clips give."""
    dancers = [
        np.array([measurements.measure_dancer(clip.couple, role, clip.beats) for clip in clips])
        for role in ("lead", "follow")
    ]
    couples = np.array([measurements.measure_couple(clip.couple, clip.beats) for clip in clips])
    return _fitted([*dancers, couples], [clip.label for clip in clips])


def moment_constants_of(clips: Sequence[SeenClip]) -> dict[str, Constants]:
    """Return the same constants of their moments; each has the label of its clip."""
    rows = [
        (clip.label, measured) for clip in clips for _, measured in measured_windows(clip.couple, clock_of(clip.beats))
    ]
    measured = [np.array(part) for part in zip(*(measured for _, measured in rows), strict=True)]
    return _fitted(measured, [label for label, _ in rows])


def _fitted(measured: Sequence[np.ndarray], labels: Sequence[str]) -> dict[str, Constants]:
    lead, follow, couple = measured
    return {
        "dancer": fit_constants([lead, follow], labels, measurements.weights(measurements.dancer_names())),
        "couple": fit_constants([couple], labels, measurements.weights(measurements.couple_names())),
    }


def write(clips: Sequence[SeenClip]) -> list[Path]:
    """Write the constants into the package; return their files."""
    (keypoints,) = {clip.keypoints_version.partition("+")[0] for clip in clips}  # behind it stand the models
    folder = Path(str(resources.files("bachata_assets.pose.embeddings")))
    written = []
    for of, fitted in {"clip": constants_of(clips), "moment": moment_constants_of(clips)}.items():
        arrays = {
            f"{kind}_{part.name}": getattr(constants, part.name).astype(np.float32)
            for kind, constants in fitted.items()
            for part in fields(Constants)
        }
        written.append(folder / FILES[of])
        np.savez_compressed(written[-1], **arrays, keypoints_version=np.array(keypoints))
    return written
