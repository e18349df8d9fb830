"""All measurements of a dancer (512) and of a couple (256), by name.

`vectors.py` turns them into vectors.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.couple_keypoints import ROLES, CoupleKeypoints
from bachata_assets.pose.embeddings.body_signals import body_signals
from bachata_assets.pose.embeddings.clock import BeatTimes, clock_of
from bachata_assets.pose.embeddings.couple_events import couple_events
from bachata_assets.pose.embeddings.couple_signals import couple_signals
from bachata_assets.pose.embeddings.motion import joints_on_grid
from bachata_assets.pose.embeddings.summaries import MEASURES, summarise
from bachata_assets.schemas import KEYPOINTS

DANCER_MEASURES = tuple(MEASURES)
"""Measures of a dancer's signals: 16 for each of 32."""
COUPLE_MEASURES = (
    "low level",
    "middle level",
    "high level",
    "energy at 2 beats",
    "energy at 4 beats",
    "energy at 8 beats",
    "repeats after half a beat",
    "later than early",
)
WEIGHTS = {"later than early": 0.3, "livelier later": 0.3, "rises fast": 0.5}
"""Weights of measures, if not 1: measures of order in time count less, because they depend on where a clip was cut."""


@dataclass(frozen=True)
class Name:
    """What a dimension measures.

    Attributes
    ----------
    signal : str
        Signal of `body_signals` or `couple_signals`, or event of `couple_events`.
    measure : str
        Measure of `summaries`; empty for an event.
    """

    signal: str
    measure: str

    def __str__(self) -> str:
        return f"{self.signal}: {self.measure}" if self.measure else self.signal


def measure_dancer(couple: CoupleKeypoints, role: str, beats: BeatTimes | None) -> np.ndarray:
    """Return the measurements of one dancer.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers.
    role : str
        "lead" or "follow".
    beats : BeatTimes or None
        The clip's beats.

    Returns
    -------
    np.ndarray
        float (512,), NaN where unknown.
    """
    joints = joints_on_grid(couple, clock_of(beats))
    return summarise(body_signals(joints[:, ROLES.index(role)]), DANCER_MEASURES)


def measure_couple(couple: CoupleKeypoints, beats: BeatTimes | None) -> np.ndarray:
    """Return the measurements of a couple.

    Parameters
    ----------
    couple : CoupleKeypoints
        Both dancers.
    beats : BeatTimes or None
        The clip's beats.

    Returns
    -------
    np.ndarray
        float (256,), NaN where unknown.
    """
    joints = joints_on_grid(couple, clock_of(beats))
    signals = couple_signals(joints)
    events = couple_events(signals, body_signals(joints[:, 0]), body_signals(joints[:, 1]))
    return np.concatenate([summarise(signals, COUPLE_MEASURES), list(events.values())])


def weights(names: list[Name]) -> np.ndarray:
    """Return the weight of each named measurement, float (D,)."""
    return np.array([WEIGHTS.get(name.measure, 1.0) for name in names])


def dancer_names() -> list[Name]:
    """Return the names of a dancer's 512 measurements."""
    signals = body_signals(np.full((1, KEYPOINTS, 2), np.nan))
    return [Name(signal, measure) for signal in signals for measure in DANCER_MEASURES]


def couple_names() -> list[Name]:
    """Return the names of a couple's 256 measurements."""
    nothing = np.full((2, 2, KEYPOINTS, 2), np.nan)
    signals, body = couple_signals(nothing), body_signals(nothing[:, 0])
    names = [Name(signal, measure) for signal in signals for measure in COUPLE_MEASURES]
    return names + [Name(event, "") for event in couple_events(signals, body, body)]
