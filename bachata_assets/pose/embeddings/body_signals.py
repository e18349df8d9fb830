"""32 named signals of one dancer over time.

Lengths are in the dancer's own torsos. `couple_signals.py` has the signals of both dancers; `summaries.py` turns
signals into numbers.
"""

import numpy as np

from bachata_assets.pose.skeleton import NAMES

INDEX = {name.replace("_", " "): index for index, name in enumerate(NAMES)}
"""Name of a joint in the names of signals, such as "left wrist" -> its index."""
FOLLOWED = ("nose", "elbow", "wrist", "knee", "ankle")
"""Joints, on both sides, whose position relative to the hips is a signal."""


def middle(joints: np.ndarray, part: str) -> np.ndarray:
    """Return the point between the left and the right `part`, float (N, 2), px.

    Parameters
    ----------
    joints : np.ndarray
        float (N, 17, 2), px.
    part : str
        "shoulder", "hip", …
    """
    return np.asarray((joints[:, INDEX[f"left {part}"]] + joints[:, INDEX[f"right {part}"]]) / 2)


def torso_length(joints: np.ndarray) -> float:
    """Return the distance from hips to shoulders over the whole clip; NaN if never seen.

    One length for the clip cancels zoom and resolution but not leaning. It is the upper quartile, because leaning
    shortens a torso in the frame and nothing lengthens it.

    Parameters
    ----------
    joints : np.ndarray
        float (N, 17, 2), px, NaN where not seen.

    Returns
    -------
    float
        Length, px.
    """
    lengths = np.linalg.norm(middle(joints, "shoulder") - middle(joints, "hip"), axis=-1)
    seen = lengths[np.isfinite(lengths) & (lengths > 0)]
    return float(np.quantile(seen, 0.75)) if seen.size else float("nan")


def body_signals(joints: np.ndarray) -> dict[str, np.ndarray]:
    """Return the signals of a dancer.

    Parameters
    ----------
    joints : np.ndarray
        float (N, 17, 2), px, NaN where not seen.

    Returns
    -------
    dict
        Name -> float (N,), 32 of them; lengths in torsos, y upwards, x to the right of the frame; NaN where unknown.
    """
    length = torso_length(joints)
    joints = joints * np.array([1.0, -1.0]) / length
    hips, shoulders = middle(joints, "hip"), middle(joints, "shoulder")
    ears = middle(joints, "ear")
    signals = {}
    for name, i in INDEX.items():
        if name.split()[-1] in FOLLOWED:
            signals[f"{name} x"], signals[f"{name} y"] = (joints[:, i] - hips).T
    across = {
        part: joints[:, INDEX[f"left {part}"]] - joints[:, INDEX[f"right {part}"]]
        for part in ("shoulder", "hip", "ear")
    }
    signals["shoulders' width"], signals["shoulders' tilt"] = across["shoulder"].T
    signals["hips' width"], signals["hips' tilt"] = across["hip"].T
    signals["ears' width"] = across["ear"][:, 0]
    signals["lean"] = (shoulders - hips)[:, 0]
    signals["torso length"] = np.linalg.norm(shoulders - hips, axis=-1)
    signals["head over shoulders"] = joints[:, INDEX["nose"], 0] - shoulders[:, 0]
    signals["face turned"] = joints[:, INDEX["nose"], 0] - ears[:, 0]
    for side in ("left", "right"):
        signals[f"{side} elbow bend"] = _bend(joints, side)
    signals["hands apart"] = np.linalg.norm(joints[:, INDEX["left wrist"]] - joints[:, INDEX["right wrist"]], axis=-1)
    signals["place x"], signals["place y"] = centred(hips).T
    return signals


def centred(points: np.ndarray) -> np.ndarray:
    """Return points (N, 2) relative to their mean, so that the place in the frame does not matter."""
    seen = points[np.isfinite(points).all(axis=-1)]
    return points - seen.mean(axis=0) if len(seen) else points


def _bend(joints: np.ndarray, side: str) -> np.ndarray:
    """Return the cosine of the angle at the elbow, float (N,): -1 for a straight arm, 1 for a folded one."""
    shoulder, elbow, wrist = (joints[:, INDEX[f"{side} {part}"]] for part in ("shoulder", "elbow", "wrist"))
    upper, lower = shoulder - elbow, wrist - elbow
    lengths = np.linalg.norm(upper, axis=-1) * np.linalg.norm(lower, axis=-1)
    return np.asarray((upper * lower).sum(axis=-1) / np.where(lengths > 1e-6, lengths, np.nan))
