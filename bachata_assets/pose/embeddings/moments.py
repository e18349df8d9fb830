"""The moments of a clip: windows of 8 beats every 4 beats, each with lead, follow and interaction vectors.

The three vectors of a long clip (`vectors.py`) average many moves; its moments say what happens where. Their dimensions
have the same names, but their constants are fitted on windows, so compare moments with moments, not with clips. A clip
shorter than a window has one moment.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.body_signals import body_signals
from bachata_assets.pose.embeddings.clock import SAMPLES_PER_BEAT, BeatTimes, Clock, clock_of
from bachata_assets.pose.embeddings.constants import VERSION as CONSTANTS_VERSION
from bachata_assets.pose.embeddings.couple_events import couple_events
from bachata_assets.pose.embeddings.couple_signals import couple_signals
from bachata_assets.pose.embeddings.measurements import COUPLE_MEASURES, DANCER_MEASURES
from bachata_assets.pose.embeddings.motion import joints_on_grid
from bachata_assets.pose.embeddings.summaries import summarise
from bachata_assets.pose.embeddings.vectors import (
    CERTAIN_ROLES,
    MINIMUM_SEEN_S,
    expected_vector,
    feature_names,
    trunks_seen,
    vector_of,
)

VERSION = f"2+{CONSTANTS_VERSION}"
"""Version of the moments; raise its first part when the same keypoints and beats give other moments."""
WINDOW = 8
"""Length of a moment, beats if they are trusted, else half seconds."""
STEP = 4
"""Distance between the starts of two moments, in the same units."""
LEFT_OVER = STEP / 2
"""Minimum rest of a clip after the last moment that makes one more, which ends with the clip."""

FAMILIES = ("lead", "follow", "interaction")
"""Families for which a moment has a vector."""

_PLACES = ("place x", "place y", "couple's place x", "couple's place y")
"""Signals that are relative to their mean."""

Signals = Mapping[str, np.ndarray]
Measured = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Measurements of lead, follow and couple."""


@dataclass(frozen=True)
class Moment:
    """A part of a clip.

    Attributes
    ----------
    start_s, end_s : float
        Start and end, s of the clip's clock.
    start_beat, end_beat : float or None
        Start and end in beats from the first heard beat, which is 0; None without trusted beats.
    vectors : dict
        Family -> float32 (D,) of Euclidean length 1, or Absent if the dancers were seen for less than a second.
    detection_rate : float
        Share of its frames in which both dancers are found, 0..1.
    avg_confidence : float
        Mean keypoint score of the found dancers, 0..1; 0 if nobody is found.
    """

    start_s: float
    end_s: float
    start_beat: float | None
    end_beat: float | None
    vectors: dict[str, np.ndarray | Absent]
    detection_rate: float
    avg_confidence: float

    @property
    def quality_score(self) -> float:
        """0.6 x detection_rate + 0.4 x avg_confidence, as for a clip."""
        return 0.6 * self.detection_rate + 0.4 * self.avg_confidence


def moments_of(couple: CoupleKeypoints, beats: BeatTimes | None) -> list[Moment]:
    """Return the moments of a clip, in order.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers.
    beats : BeatTimes or None
        The clip's beats; if they are not trusted, a moment is 4 s long and begins every 2 s.

    Returns
    -------
    list of Moment
        At least one; a clip shorter than a window is one moment.

    Raises
    ------
    NonFiniteVectorError
        A dimension is NaN or Inf; the message names it.
    """
    clock = clock_of(beats)
    seen = trunks_seen(couple)
    at_once = np.column_stack([seen, seen.all(axis=1)])
    stated = list(measured_windows(couple, clock))
    certain = couple.role_confidence >= CERTAIN_ROLES
    exchanged = stated if certain else measured_windows(couple.swapped(), clock)
    found = []
    for (window, measured), (_, with_exchanged) in zip(stated, exchanged, strict=True):
        start_s, end_s = np.interp(window, clock.positions, clock.knots).round(6).tolist()
        start_beat, end_beat = window if clock.kind == "beats" else (None, None)
        frames = (couple.times >= start_s) & (couple.times < end_s)
        seen_s = at_once[frames].sum(axis=0) / couple.fps
        vectors = _vectors(measured, with_exchanged, seen_s, couple.role_confidence)
        scores = couple.keypoints[frames][..., 2][couple.valid[frames]]
        found.append(
            Moment(
                start_s,
                end_s,
                start_beat,
                end_beat,
                vectors,
                float(couple.valid[frames].all(axis=1).mean()) if frames.any() else 0.0,
                float(scores.mean()) if scores.size else 0.0,
            )
        )
    return found


def _vectors(
    measured: Measured, exchanged: Measured, seen_s: np.ndarray, role_confidence: float
) -> dict[str, np.ndarray | Absent]:
    """Return the vectors of a window.

    Parameters
    ----------
    measured, exchanged : tuple of np.ndarray
        Measurements from `measured_windows`, with the roles as stated and exchanged.
    seen_s : np.ndarray
        float (3,), how long the lead, the follow, and both at once were seen, s.
    role_confidence : float
        Probability that the roles are as stated.
    """
    vectors: dict[str, np.ndarray | Absent] = {}
    for i, (family, partner) in enumerate(zip(FAMILIES, (1, 0, 2), strict=True)):
        if seen_s[i] < MINIMUM_SEEN_S:
            who = "both dancers were seen at once" if family == "interaction" else f"the {family} was seen"
            vectors[family] = Absent(f"{who} for less than {MINIMUM_SEEN_S:g} s")
            continue
        kind, names = "couple" if family == "interaction" else "dancer", feature_names(family)
        vector = vector_of(kind, measured[i], names, of="moment")
        if role_confidence < CERTAIN_ROLES and seen_s[partner] >= MINIMUM_SEEN_S:
            vector = expected_vector(vector, vector_of(kind, exchanged[i], names, of="moment"), role_confidence)
        vectors[family] = vector
    return vectors


def measured_windows(couple: CoupleKeypoints, clock: Clock) -> Iterator[tuple[tuple[float, float], Measured]]:
    """Yield the start and end of each window on the clock, and its measurements.

    The signals are those of the whole clip, so a torso has one length in all windows. Only the place of the dancers is
    relative to its mean in the window.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers.
    clock : Clock
        Clock from `clock_of`.

    Yields
    ------
    (float, float), (np.ndarray, np.ndarray, np.ndarray)
        Positions in beats; float (512,), (512,), (256,) of lead, follow and couple, NaN where unknown.
    """
    joints = joints_on_grid(couple, clock)
    signals = body_signals(joints[:, 0]), body_signals(joints[:, 1]), couple_signals(joints)
    frame_s = 1 / couple.fps
    first, last = np.interp([couple.times[0], couple.times[-1] + frame_s], clock.knots, clock.positions)
    for start, end in windows(float(first), float(last)):
        at = slice(*(round((position - first) * SAMPLES_PER_BEAT) for position in (start, end)))
        lead, follow, together = (_within(part, at) for part in signals)
        yield (
            (start, end),
            (
                summarise(lead, DANCER_MEASURES),
                summarise(follow, DANCER_MEASURES),
                np.concatenate(
                    [summarise(together, COUPLE_MEASURES), list(couple_events(together, lead, follow).values())]
                ),
            ),
        )


def windows(first: float, last: float) -> list[tuple[float, float]]:
    """Return the start and end of each window of a clip.

    Windows begin on a beat, the first one on the first beat in the clip. A rest of at least half a step at the end of
    the clip makes one more, which ends with the last whole beat.

    Parameters
    ----------
    first, last : float
        Start and end of the clip, beats.

    Examples
    --------
    >>> windows(-0.4, 18.9)
    [(0.0, 8.0), (4.0, 12.0), (8.0, 16.0), (10.0, 18.0)]
    >>> windows(-0.4, 7.3)
    [(-0.4, 7.3)]
    """
    tolerance = 1e-6
    begin, end = math.ceil(first - tolerance), math.floor(last + tolerance)
    starts = list(range(begin, end - WINDOW + 1, STEP))
    if not starts:
        return [(first, last)]
    if end - (starts[-1] + WINDOW) >= LEFT_OVER:
        starts.append(end - WINDOW)
    return [(float(start), float(start + WINDOW)) for start in starts]


def _within(signals: Signals, at: slice) -> dict[str, np.ndarray]:
    """Return a part of each signal."""
    parts = {name: values[at] for name, values in signals.items()}
    for name in _PLACES:
        if name in parts and np.isfinite(parts[name]).any():
            parts[name] = parts[name] - np.nanmean(parts[name])
    return parts
