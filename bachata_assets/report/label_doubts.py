"""Move labels that disagree with those of the clips that move alike.

Each label is judged only by independent clips (out of fold): neither by the clip itself nor by clips danced to its
recording, many of which are takes of one scene. The neighbours' share for the clip's own label is its self-confidence
(Northcutt, Jiang and Chuang, "Confident Learning", JAIR 2021; the library cleanlab). docs/measurements/report.md says
how often it is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from bachata_assets.clip_record import ClipRecord, trusted_tempo
from bachata_assets.report.neighbours import VIEWS, View
from bachata_assets.report.streaming.rows import Rows, chosen
from bachata_assets.search.asking.same_song import ALIKE, SAME_TEMPO, SURELY_ALIKE

FEWEST_CLIPS = 50
"""Minimum number of labelled clips for judging labels."""
FEWEST_OTHERS = 2
"""Minimum number of clips with the same label, danced to other recordings, for judging a label."""
NEIGHBOURS = 8
"""Number of clips that vote."""
SHARPNESS = 0.2
"""Difference of cosines that multiplies the weight of a vote by e."""
DOUBTFUL = 0.5
"""Minimum lead of another label, in shares of the votes, to doubt a label."""
UNLABELLED = ("", "unknown")
_ROWS = 128
"""Number of clips compared with all others at once; bounds the memory."""


@dataclass(frozen=True)
class LabelDoubt:
    """A label that disagrees with those of the clips that move alike.

    Attributes
    ----------
    confidence : share of the votes for the clip's own label, 0..1
    likely : the label with the most votes
    likely_confidence : its share
    """

    move_label: str
    confidence: float
    likely: str
    likely_confidence: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)


def label_doubts(records: Sequence[ClipRecord], units: Mapping[str, Rows]) -> dict[str, LabelDoubt]:
    """Return clip id -> doubt, for clips whose label disagrees; empty if too few clips have labels.

    Parameters
    ----------
    records : records of the N clips, with or without vectors
    units : family -> float32 (N, D), from `neighbours.unit_vectors`
    """
    places = [place for place, record in enumerate(records) if record.move_label not in UNLABELLED]
    if len(places) < FEWEST_CLIPS:
        return {}
    known = [records[place] for place in places]
    labels = [record.move_label for record in known]
    tempi = [trusted_tempo(record.heard_tempo, record.heard_tempo_confidence) for record in known]
    judged = {family: chosen(units[family], np.array(places)) for family in (*VIEWS["movement"], "audio")}
    found = doubts_of(labels, judged, np.array([np.nan if tempo is None else tempo for tempo in tempi]))
    return {known[place].clip_id: doubt for place, doubt in found.items()}


def doubts_of(labels: Sequence[str], units: Mapping[str, Rows], tempi: np.ndarray) -> dict[int, LabelDoubt]:
    """Return index of a clip -> doubt.

    Parameters
    ----------
    labels : labels of the N clips
    units : family -> float32 (N, D), for lead, follow, interaction and audio, from `neighbours.unit_vectors`
    tempi : float (N,), trusted tempo of the music, beats per minute, NaN if there is none
    """
    view = View.of(units, VIEWS["movement"])
    names, numbers = np.unique(labels, return_inverse=True)
    of_label = np.eye(len(names), dtype=np.float32)[numbers]
    sound = units["audio"][:]
    found = {}
    for start in range(0, len(labels), _ROWS):
        rows = np.arange(start, min(start + _ROWS, len(labels)))
        scores = view.scores(rows)
        others = ~_same_recording(sound, tempi, rows) & np.isfinite(scores)
        others[np.arange(len(rows)), rows] = False
        votes = _votes(np.where(others, scores, -np.inf), of_label)
        enough = (others @ of_label)[np.arange(len(rows)), numbers[rows]] >= FEWEST_OTHERS
        own, best = votes[np.arange(len(rows)), numbers[rows]], votes.argmax(axis=1)
        for row in np.flatnonzero(enough & (votes.max(axis=1) - own >= DOUBTFUL)):
            shares = round(float(own[row]), 3), round(float(votes[row].max()), 3)
            label = str(names[numbers[rows[row]]])
            found[int(rows[row])] = LabelDoubt(label, shares[0], str(names[best[row]]), shares[1])
    return found


def _votes(scores: np.ndarray, of_label: np.ndarray) -> np.ndarray:
    """Return the shares of the labels among the nearest clips, float (R, labels).

    Parameters
    ----------
    scores : float (R, N), 0..1; -inf for clips that do not vote
    of_label : float (N, labels), 1 where a clip has a label
    """
    count = min(NEIGHBOURS, scores.shape[1])
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    cosines = 2 * np.take_along_axis(scores, nearest, axis=1)
    best = np.where(np.isfinite(cosines[:, :1]), cosines[:, :1], 0)
    weights = np.exp((cosines - best) / SHARPNESS)  # 0 for clips that do not vote
    shares = np.einsum("rk,rkl->rl", weights, of_label[nearest])
    return np.asarray(shares / np.maximum(weights.sum(axis=1, keepdims=True), 1e-9))


def _same_recording(audio: np.ndarray, tempi: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return which clips seem to have the same recording as some, bool (R, N), as `--other-song` does."""
    cosines = audio[rows] @ audio.T
    one_tempo = np.abs(tempi / tempi[rows][:, None] - 1) <= SAME_TEMPO  # False beside NaN
    return np.asarray((cosines >= SURELY_ALIKE) | (one_tempo & (cosines >= ALIKE)))
