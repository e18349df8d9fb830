"""Plain facts about a couple at the edge of a clip, and their jumps from one clip to the next."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bachata_assets.pose.embeddings.clock import BeatTimes, clock_of
from bachata_assets.pose.skeleton import ANKLES, HIPS, SHOULDERS, WRISTS
from bachata_assets.pose.transitions.constants import JUMPS
from bachata_assets.pose.transitions.edges import FOLLOWED, Edge

ROUNDED = 3
"""Decimals of a fact: thousandths of a torso."""
FEWEST_JOINTS = 6
"""Minimum number of joints that both postures must have for a comparison."""


@dataclass(frozen=True)
class EdgeFacts:
    """How a couple stands and moves at the beginning or end of a clip; lengths in torsos, None where unknown.

    Attributes
    ----------
    distance : distance between the two chests, in the frame
    side : how far the follow stands to the right of the lead, in the frame
    hold : smallest distance between the two dancers' hands; below 0.4 they are joined
    lead_facing, follow_facing : shoulder width, left minus right: positive towards the camera, 0 sideways
    lead_level, follow_level : height of the hips above the ankles
    phase : phase of the heard beat, 0..1; None without trusted beats
    tempo : heard tempo at the edge, beats per minute; None without trusted beats
    posture : for lead and follow, 15 joints x (x, y) from the dancer's own hips
    motion : velocity of the same joints, torsos per second
    """

    distance: float | None
    side: float | None
    hold: float | None
    lead_facing: float | None
    follow_facing: float | None
    lead_level: float | None
    follow_level: float | None
    phase: float | None
    tempo: float | None
    posture: tuple[float | None, ...]
    motion: tuple[float | None, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON or a table."""
        return asdict(self)


def facts_of(edge: Edge, beats: BeatTimes | None = None, at: float = 0.0) -> EdgeFacts:
    """Return the facts of an edge.

    Parameters
    ----------
    edge : edge of a clip
    beats : beats of the clip
    at : time of the clip's start, or of the frame that would follow its last, s
    """
    places = edge.places[0]
    hips, chests = places[:, HIPS].mean(axis=1), places[:, [*HIPS, *SHOULDERS]].mean(axis=1)
    gaps = np.linalg.norm(places[0, WRISTS][:, None] - places[1, WRISTS][None], axis=-1)
    facing = places[:, SHOULDERS[0], 0] - places[:, SHOULDERS[1], 0]
    level = hips[:, 1] - places[:, ANKLES, 1].mean(axis=1)
    across = chests[1] - chests[0]
    phase, tempo = _beat_at(beats, at)
    return EdgeFacts(
        distance=_plain(float(np.linalg.norm(across))),
        side=_plain(across[0]),
        hold=_plain(np.nanmin(gaps)) if np.isfinite(gaps).any() else None,
        lead_facing=_plain(facing[0]),
        follow_facing=_plain(facing[1]),
        lead_level=_plain(level[0]),
        follow_level=_plain(level[1]),
        phase=phase,
        tempo=tempo,
        posture=tuple(_plain(value) for value in (places - hips[:, None])[:, FOLLOWED].ravel()),
        motion=tuple(_plain(value) for value in edge.motion[:, FOLLOWED].ravel()),
    )


def jumps(ending: EdgeFacts, beginning: EdgeFacts) -> dict[str, float | None]:
    """Return how much each of `JUMPS` changes from an ending to a beginning, None where either is unknown.

    Lengths are in torsos, speeds in torsos per second. For posture and motion, it is the root mean square over the
    joints that both have.
    """
    plain = ("distance", "side", "hold", "lead_facing", "follow_facing", "lead_level", "follow_level")
    changes = [_difference(getattr(ending, name), getattr(beginning, name)) for name in plain]
    for name in ("posture", "motion"):
        before, after = (_joints(getattr(facts, name)) for facts in (ending, beginning))
        changes += [_root_mean_square(after[dancer] - before[dancer]) for dancer in (0, 1)]
    return dict(zip(JUMPS, changes, strict=True))


def _beat_at(beats: BeatTimes | None, at: float) -> tuple[float | None, float | None]:
    """Return phase and tempo at a time, None without trusted beats."""
    if beats is None or not beats.trusted or len(beats.times) < 2:
        return None, None
    clock = clock_of(beats)
    times = np.asarray(beats.times, float)
    near = np.diff(times)[np.argsort(np.abs(times[:-1] - at), kind="stable")[:8]]
    phase = float(np.interp(at, clock.knots, clock.positions)) % 1.0
    return _plain(phase), round(60 / float(np.median(near)), 1)


def _joints(values: tuple[float | None, ...]) -> np.ndarray:
    return np.array([np.nan if one is None else one for one in values], float).reshape(2, len(FOLLOWED), 2)


def _root_mean_square(differences: np.ndarray) -> float | None:
    square = (differences**2).sum(axis=-1)
    known = np.isfinite(square)
    return _plain(np.sqrt(square[known].mean())) if known.sum() >= FEWEST_JOINTS else None


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, ROUNDED)


def _plain(value: float) -> float | None:
    return round(float(value), ROUNDED) if np.isfinite(value) else None
