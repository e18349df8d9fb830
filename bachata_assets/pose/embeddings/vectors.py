"""The three pose vectors of a clip: lead, follow, interaction.

`measurements.py` measures; `constants.py` turns measurements into vectors. Where it is not certain who leads, a vector
is the one to be expected: that of either order of the roles, weighted by its probability.
"""

import numpy as np

from bachata_assets.families import Absent, require_finite
from bachata_assets.pose.couple_keypoints import ROLES, CoupleKeypoints
from bachata_assets.pose.embeddings.clock import BeatTimes
from bachata_assets.pose.embeddings.constants import load_constants
from bachata_assets.pose.embeddings.measurements import (
    couple_names,
    dancer_names,
    measure_couple,
    measure_dancer,
)
from bachata_assets.pose.embeddings.motion import joints_seen
from bachata_assets.pose.skeleton import TRUNK

MINIMUM_SEEN_S = 1.0
"""Minimum time that dancers must be seen for a vector, s."""
CERTAIN_ROLES = 0.95
"""Role confidence from which the other order of the roles is left out: it would turn a vector by 3 degrees at most."""


def dancer_embedding(couple: CoupleKeypoints, role: str, beats: BeatTimes | None) -> np.ndarray | Absent:
    """Return the vector of one dancer.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers.
    role : str
        "lead" or "follow".
    beats : BeatTimes or None
        The clip's beats; without trusted beats, the clock counts seconds (see `clock_of`).

    Returns
    -------
    np.ndarray or Absent
        float32 (512,) of Euclidean length 1; Absent if the dancer was seen for less than a second.

    Raises
    ------
    NonFiniteVectorError
        A dimension is NaN or Inf; the message names it.
    """
    if seen_s(couple, (role,)) < MINIMUM_SEEN_S:
        return Absent(f"the {role} was seen for less than {MINIMUM_SEEN_S:g} s")
    names, partner = feature_names(role), ROLES[1 - ROLES.index(role)]
    vector = vector_of("dancer", measure_dancer(couple, role, beats), names)
    if couple.role_confidence >= CERTAIN_ROLES or seen_s(couple, (partner,)) < MINIMUM_SEEN_S:
        return vector
    exchanged = vector_of("dancer", measure_dancer(couple, partner, beats), names)
    return expected_vector(vector, exchanged, couple.role_confidence)


def interaction_embedding(couple: CoupleKeypoints, beats: BeatTimes | None) -> np.ndarray | Absent:
    """Return the vector of the couple's interaction.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers.
    beats : BeatTimes or None
        The clip's beats, as for `dancer_embedding`.

    Returns
    -------
    np.ndarray or Absent
        float32 (256,) of Euclidean length 1; Absent if both were seen at once for less than a second.

    Raises
    ------
    NonFiniteVectorError
        A dimension is NaN or Inf; the message names it.
    """
    if seen_s(couple, ROLES) < MINIMUM_SEEN_S:
        return Absent(f"both dancers were seen at once for less than {MINIMUM_SEEN_S:g} s")
    names = feature_names("interaction")
    vector = vector_of("couple", measure_couple(couple, beats), names)
    if couple.role_confidence >= CERTAIN_ROLES:
        return vector
    exchanged = vector_of("couple", measure_couple(couple.swapped(), beats), names)
    return expected_vector(vector, exchanged, couple.role_confidence)


def expected_vector(stated: np.ndarray, exchanged: np.ndarray, confidence: float) -> np.ndarray:
    """Return the mean of the vectors of both orders of the roles, weighted by their probabilities.

    If the same dancers are seen a little differently, an uncertain decision may fall the other way. These vectors then
    change little, where the lead's would become the follow's.

    Parameters
    ----------
    stated, exchanged : np.ndarray
        float32 (D,) of Euclidean length 1: the vector with the roles as stated, and with the roles exchanged.
    confidence : float
        Probability that the roles are as stated, 0.5..1.

    Returns
    -------
    np.ndarray
        float32 (D,) of Euclidean length 1.
    """
    if confidence >= CERTAIN_ROLES:
        return stated
    mean = confidence * stated.astype(float) + (1 - confidence) * exchanged
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def feature_names(family: str) -> list[str]:
    """Return what each dimension measures, as "signal: measure".

    Parameters
    ----------
    family : str
        "lead", "follow" or "interaction".
    """
    names = couple_names() if family == "interaction" else dancer_names()
    return [str(name) for name in names]


def vector_of(kind: str, measured: np.ndarray, names: list[str], of: str = "clip") -> np.ndarray:
    """Turn measurements into a vector; NaN is an unknown measurement, Inf an error.

    Parameters
    ----------
    kind : str
        "dancer" or "couple".
    measured : np.ndarray
        float (D,), measurements from `measurements.py`.
    names : list of str
        Names of the D dimensions, for error messages.
    of : str
        Kind of description: "clip" or "moment".

    Returns
    -------
    np.ndarray
        float32 (D,) of Euclidean length 1.

    Raises
    ------
    NonFiniteVectorError
        A dimension is Inf; the message names it.
    """
    require_finite(np.where(np.isnan(measured), 0.0, measured), names)
    return require_finite(load_constants(kind, of).vector(measured), names)


def seen_s(couple: CoupleKeypoints, roles: tuple[str, ...]) -> float:
    """Return how long the torsos of all `roles` were seen at once, s."""
    dancers = [ROLES.index(role) for role in roles]
    return float(trunks_seen(couple)[:, dancers].all(axis=1).sum() / couple.fps)


def trunks_seen(couple: CoupleKeypoints) -> np.ndarray:
    """Return in which frames the torso of each dancer was seen, bool (T, 2)."""
    return np.asarray(joints_seen(couple)[:, :, TRUNK].all(axis=2))
