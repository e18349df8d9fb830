"""Telling the two dancers of one clip apart by what they wear.

The colours themselves are read in `appearance.py`; their use over time is `tracks.py`'s concern.
"""

from dataclasses import dataclass

import numpy as np

from bachata_assets.pose.appearance import FEATURES, PARTS

SMOOTHING = 0.01
"""Share added to every colour bin, so that one unseen bin decides nothing."""
CLIP = 1.5
"""Largest mean log ratio of one part that counts."""
ROUNDS = 10


@dataclass(frozen=True)
class ColourModel:
    """Log ratio of the colour bins of dancer 0 over dancer 1 (FEATURES,); zeros when nothing is known."""

    log_ratio: np.ndarray

    def evidence(self, colours: np.ndarray) -> np.ndarray:
        """Return for colours (N, FEATURES) the log-odds (N,) that they are dancer 0's and not dancer 1's."""
        parts = (colours * self.log_ratio).reshape(len(colours), len(PARTS), -1).sum(-1)
        return np.clip(parts, -CLIP, CLIP).sum(-1)


NOTHING_KNOWN = ColourModel(np.zeros(FEATURES, np.float32))


def learn_colours(first: np.ndarray, second: np.ndarray) -> tuple[ColourModel, np.ndarray]:
    """Return the model that parts pairs of colours (T, FEATURES) best, and which pairs it sees exchanged, bool (T,).

    Every pair holds both dancers, in unknown order that may change over time: two-means under that constraint, from the
    order given.
    """
    if len(first) == 0:
        return NOTHING_KNOWN, np.zeros(0, bool)
    exchanged = np.zeros(len(first), bool)
    model = NOTHING_KNOWN
    for _ in range(ROUNDS):
        a = np.where(exchanged[:, None], second, first).mean(0)
        b = np.where(exchanged[:, None], first, second).mean(0)
        model = ColourModel(_log_ratio(a, b))
        now = model.evidence(first) < model.evidence(second)
        if (now == exchanged).all():
            break
        exchanged = now
    return model, exchanged


def _log_ratio(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.log((a + SMOOTHING) / (b + SMOOTHING)).astype(np.float32)
