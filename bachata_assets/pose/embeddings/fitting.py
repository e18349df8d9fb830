"""Fitting of the shipped constants to measured clips.

Only `training/fit.py` runs it; embedding a clip does not.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bachata_assets.pose.embeddings.constants import Constants

SHRINKAGE = 0.3
"""Share of the mean variance added to every direction, so that directions without evidence do not grow."""

MINIMUM_SPREAD = 1e-4
"""Minimum standard deviation of a measurement; below it, the dimension would amplify rounding noise."""


def fit_constants(groups: Sequence[np.ndarray], labels: Sequence[str], weight: np.ndarray) -> Constants:
    """Return constants that bring clips of the same move close together.

    The method is within-class covariance normalisation (Hatch, Kajarekar and Stolcke, "Within-class covariance
    normalization for SVM-based speaker recognition", Interspeech 2006): directions in which clips of one move differ
    count less. The square root is the symmetric one, so that a dimension stays near the measurement that names it.

    Parameters
    ----------
    groups : sequence of np.ndarray
        float (clips, D), measurements that share constants: of lead and of follow, or of the couple alone.
    labels : sequence of str
        Move of each clip; a move with one clip says nothing about its variance.
    weight : np.ndarray
        float (D,), weight of each measurement.

    Raises
    ------
    ValueError
        A measurement has the same value in every clip.
    """
    measured = np.concatenate(list(groups))
    size = len(weight)
    usual, spread = np.nanmedian(measured, axis=0), np.nanstd(measured, axis=0)
    if (spread < MINIMUM_SPREAD).any():
        raise ValueError(f"measurements {np.flatnonzero(spread < MINIMUM_SPREAD)} are the same in every clip")
    plain = Constants(usual, spread, weight, np.zeros(size), np.eye(size))
    scores = [plain.scores(group) for group in groups]
    rest = np.concatenate([_without_label_means(group, np.asarray(labels)) for group in scores])
    covariance = rest.T @ rest / len(rest)
    variance, axes = np.linalg.eigh(covariance + SHRINKAGE * np.trace(covariance) / size * np.eye(size))
    return replace(plain, mean=np.concatenate(scores).mean(axis=0), whitening=(axes / np.sqrt(variance)) @ axes.T)


def _without_label_means(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return scores (clips, D) minus the mean of their label."""
    rest = scores.copy()
    for label in set(labels):
        rest[labels == label] -= scores[labels == label].mean(axis=0)
    return rest
