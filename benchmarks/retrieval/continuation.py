"""How often the true continuation of a movement is found among the beginnings of all clips.

It prints the tables of `docs/measurements/transitions.md`: methods, and how reliable the score of an answer is.

    uv run python -m benchmarks.retrieval.continuation

Each of the 75 + 14 real clips is cut in two at five beats around its middle. The ending of the first part is the
question; the answers are the second part's beginning of every clip, and every other clip's own beginning. Both parts
are described each by itself. Constants are fitted without the clip's family (8 folds).
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from bachata_assets.collection.dataset import Dataset
from bachata_assets.families import Absent
from bachata_assets.music.beats import Beats
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.transitions.constants import load_constants, unit
from bachata_assets.pose.transitions.edges import FOLLOWED, MOMENTS_S, Side, edge_of
from bachata_assets.pose.transitions.fitting import GAPS, SHORTEST, Pair, fit_projections, pairs_of, part_of
from training import footage

PLACES = (0.3, 0.4, 0.5, 0.6, 0.7)
"""Where a clip is cut, as shares of its length; the nearest beat counts."""
GAPS_JUDGED = (0, 7)
"""Frames that are left out at the cut: none, and half a second."""
CONTROL_GAP = 30
"""Two seconds: what is still found then is known by what lasts (hold, distance, style, view), not by motion."""
FOLDS = 8
SHIPPED = "**correlated directions, fitted with 0.2 s and half a second (shipped)**"
"""Name of the method that the product has."""
SCORE_CLASSES = (0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
"""Edges of the classes of scores whose reliability is told."""
PLACED = len(MOMENTS_S) * 2 * len(FOLLOWED) * 2
"""Number of measurements that are places; motion follows."""
AT_EDGE = 2 * len(FOLLOWED) * 2
"""Number of measurements that are places at the edge itself."""

Scores = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Endings (N, M) and beginnings (K, M) -> how well each continues (N, K)."""


@dataclass(frozen=True)
class CutClip:
    """A clip with what is asked about it.

    Attributes
    ----------
    family : takes of one routine
    endings : float (places, M), a row of NaN where the couple is not seen
    beginnings : gap -> float (places, M)
    own : float (M,), how the clip itself begins
    others : gap -> float (beats, M), beginnings at all other beats of the clip, for each place
    """

    family: str
    couple: CoupleKeypoints
    endings: np.ndarray
    beginnings: dict[int, np.ndarray]
    own: np.ndarray


def load() -> list[CutClip]:
    """Return the clips of the data dirs that `make fit` makes."""
    clips = []
    for folder in ("clips_labelled", "clips"):
        dataset = Dataset(url=str(footage.SEEN / folder))
        names = sorted(dataset.clip_ids("keypoints"))
        if not names:
            raise SystemExit(f"{footage.SEEN / folder} has no keypoints: `make fit` makes them")
        clips += [_cut(dataset, name) for name in names]
    return clips


def _cut(dataset: Dataset, name: str) -> CutClip:
    couple = CoupleKeypoints.from_table(dataset.read_table("keypoints", name))
    frames = _frames(couple, Beats.from_table(dataset.read_table("beats", name)).times)
    return CutClip(
        family=re.sub(r"[._]?\d+$", "", name.rsplit("__", maxsplit=1)[-1]),
        couple=couple,
        endings=np.array([_row(couple, slice(0, frame), "ending") for frame in frames]),
        beginnings={
            gap: np.array([_row(couple, slice(_within(couple, frame + gap), None), "beginning") for frame in frames])
            for gap in (*GAPS_JUDGED, CONTROL_GAP)
        },
        own=_row(couple, slice(None), "beginning"),
    )


def _frames(couple: CoupleKeypoints, beats: np.ndarray) -> list[int]:
    """Return the frames at which a clip is cut."""
    first, last = couple.times[SHORTEST], couple.times[-SHORTEST - max(GAPS_JUDGED)]
    inside = beats[(beats > first) & (beats < last)]
    wanted = couple.times[0] + np.array(PLACES) * (couple.times[-1] - couple.times[0])
    near = [inside[np.abs(inside - at).argmin()] if len(inside) else at for at in wanted]
    return [int(np.searchsorted(couple.times, at)) for at in near]


def _within(couple: CoupleKeypoints, frame: int) -> int:
    return min(frame, couple.frame_count - SHORTEST)


def _row(couple: CoupleKeypoints, frames: slice, side: Side) -> np.ndarray:
    edge = edge_of(part_of(couple, frames), side)
    return np.full(PLACED + AT_EDGE + 6, np.nan) if isinstance(edge, Absent) else edge.measurements()


def folds(clips: Sequence[CutClip]) -> Iterator[np.ndarray]:
    """Yield which clips are held out, bool (N,), families whole."""
    families = np.array([clip.family for clip in clips])
    names = np.random.default_rng(0).permutation(np.unique(families))
    for fold in range(FOLDS):
        yield np.isin(families, names[fold::FOLDS])


@dataclass(frozen=True)
class Judged:
    """How a continuation that is held out is scored.

    Attributes
    ----------
    true : score of the true one
    others : scores of the others that are seen, float (K,)
    """

    gap: int
    place: int
    clip: int
    true: float
    others: np.ndarray


def judged(clips: Sequence[CutClip], method: Callable[[np.ndarray], Scores], gaps: Iterable[int]) -> Iterator[Judged]:
    """Yield every continuation that is seen, with the scores of all beginnings; the same clip's own is left out.

    Parameters
    ----------
    method : the clips that may be learned from, int (n,) -> how pairs are scored
    """
    own = np.array([clip.own for clip in clips])
    for held_out in folds(clips):
        scores = method(np.flatnonzero(~held_out))
        for gap, place in itertools.product(gaps, range(len(PLACES))):
            cut = np.array([clip.beginnings[gap][place] for clip in clips])
            asked = np.array([clip.endings[place] for clip in clips])[held_out]
            scored = scores(asked, np.concatenate([cut, own]))
            for row, clip in zip(scored, np.flatnonzero(held_out), strict=True):
                if np.isfinite(row[clip]):
                    others = np.delete(row, [clip, len(clips) + clip])
                    yield Judged(gap, place, int(clip), float(row[clip]), others[np.isfinite(others)])


def ranks(clips: Sequence[CutClip], method: Callable[[np.ndarray], Scores], gap: int) -> np.ndarray:
    """Return how many beginnings are put before the true one, float (places, N); NaN where it is not seen."""
    found = np.full((len(PLACES), len(clips)), np.nan)
    for one in judged(clips, method, [gap]):
        found[one.place, one.clip] = (one.others >= one.true).sum()
    return found


def reliability(clips: Sequence[CutClip], method: Callable[[np.ndarray], Scores]) -> None:
    """Print how often an answer of some score is the true continuation, and which scores the others' best ones have."""
    scores_of = np.vectorize(load_constants().score, otypes=[float])
    true: dict[int, list[float]] = {gap: [] for gap in GAPS_JUDGED}
    others: list[np.ndarray] = []
    for one in judged(clips, method, GAPS_JUDGED):
        true[one.gap].append(float(scores_of(one.true)))
        others.append(-np.sort(-scores_of(one.others)))
    print("| score | true ones, no gap | true ones, half a second | answers a query | of them true, half a second |")
    print("|---|---|---|---|---|")
    wrong = np.concatenate(others)
    for low, high in itertools.pairwise(SCORE_CLASSES):
        shares = [np.mean([low <= one < high for one in true[gap]]) for gap in GAPS_JUDGED]
        a_question = ((wrong >= low) & (wrong < high)).sum() / len(others)
        of_them = shares[1] / (shares[1] + a_question)
        said = (f"{low:g} to {min(high, 1):g}", *(f"{one:.0%}" for one in shares), f"{a_question + shares[1]:.1f}")
        print(f"| {' | '.join(said)} | {of_them:.0%} |")
    for place in (0, 4, 9):
        low, middle, high = np.quantile([one[place] for one in others], [0.1, 0.5, 0.9])
        print(f"Number {place + 1} among the others: median {middle:.2f}, 80 % between {low:.2f} and {high:.2f}")


def standardised(clips: Sequence[CutClip], columns: np.ndarray) -> Callable[[np.ndarray], Scores]:
    """Return nearest neighbours by plainly standardised measurements."""

    def method(learned: np.ndarray) -> Scores:
        rows = np.concatenate([np.concatenate([clips[i].endings, clips[i].beginnings[0]]) for i in learned])
        usual, spread = np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)

        def scores(endings: np.ndarray, beginnings: np.ndarray) -> np.ndarray:
            a, b = (np.nan_to_num((one - usual) / spread)[:, columns] for one in (endings, beginnings))
            return _known(endings, beginnings, -np.linalg.norm(a[:, None] - b[None], axis=-1))

        return scores

    return method


def extrapolated(pairs: Sequence[Sequence[Pair]], seconds: float) -> Callable[[np.ndarray], Scores]:
    """Return the distance from the posture that the motion leads to, measured by the errors of that forecast."""
    forward = slice(PLACED, PLACED + AT_EDGE)

    def forecast(endings: np.ndarray) -> np.ndarray:
        return np.concatenate([endings[:, :AT_EDGE] + seconds * endings[:, forward], endings[:, forward]], axis=1)

    def state(beginnings: np.ndarray) -> np.ndarray:
        return np.concatenate([beginnings[:, :AT_EDGE], beginnings[:, forward]], axis=1)

    def method(learned: np.ndarray) -> Scores:
        both = [pair for i in learned for pair in pairs[i]]
        rows = [np.array([pair[side].measurements() for pair in both]) for side in (0, 1)]
        errors = np.nan_to_num(state(rows[1]) - forecast(rows[0]))
        covariance = errors.T @ errors / len(errors)
        inverse = np.linalg.inv(covariance + 0.1 * np.diag(np.diag(covariance)))

        def scores(endings: np.ndarray, beginnings: np.ndarray) -> np.ndarray:
            off = np.nan_to_num(state(beginnings)[None] - forecast(endings)[:, None])
            return _known(endings, beginnings, -np.einsum("nkd,de,nke->nk", off, inverse, off, optimize=True))

        return scores

    return method


def correlated(pairs: Sequence[Sequence[Pair]]) -> Callable[[np.ndarray], Scores]:
    """Return the cosine of the product's vectors, fitted to these pairs."""

    def method(learned: np.ndarray) -> Scores:
        beginning, ending = fit_projections([pair for i in learned for pair in pairs[i]])

        def scores(endings: np.ndarray, beginnings: np.ndarray) -> np.ndarray:
            cosines = unit(ending.vector(endings)) @ unit(beginning.vector(beginnings)).T
            return _known(endings, beginnings, cosines)

        return scores

    return method


def _known(endings: np.ndarray, beginnings: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return scores with NaN where an edge is not seen."""
    seen = [np.isfinite(rows).any(axis=1) for rows in (endings, beginnings)]
    return np.where(seen[0][:, None] & seen[1][None], scores, np.nan)


def share(found: np.ndarray, first: int) -> str:
    """Return the share of questions whose true answer is among the first, %, with a bootstrap interval over clips."""
    hits = np.where(np.isnan(found), np.nan, found < first)
    random = np.random.default_rng(0)
    drawn = [np.nanmean(hits[:, random.integers(0, hits.shape[1], hits.shape[1])]) for _ in range(1000)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{np.nanmean(hits):.0%} ({low:.0%}-{high:.0%})"


def main() -> None:
    clips = load()
    pairs = {gaps: [pairs_of(clip.couple, gaps) for clip in clips] for gaps in ((0,), (7,), GAPS)}
    everything = np.arange(PLACED + AT_EDGE)
    at_edge = np.r_[0:AT_EDGE, PLACED : PLACED + AT_EDGE]
    methods = {
        "nearest posture, standardised": standardised(clips, everything[:AT_EDGE]),
        "nearest posture and motion, standardised": standardised(clips, at_edge),
        "the same of three moments, standardised": standardised(clips, everything),
        "posture forecast by motion, by the errors of the forecast": extrapolated(pairs[GAPS], 0.3),
        "correlated directions, fitted without a gap": correlated(pairs[0,]),
        "correlated directions, fitted with half a second": correlated(pairs[7,]),
        SHIPPED: correlated(pairs[GAPS]),
    }
    print("| method | first, no gap | in the first five | first, half a second | in the first five | first, 2 s |")
    print("|---|---|---|---|---|---|")
    count = 2 * len(clips) - 1
    print(f"| random | {1 / count:.1%} | {5 / count:.1%} | {1 / count:.1%} | {5 / count:.1%} | {1 / count:.1%} |")
    for name, method in methods.items():
        columns = [share(ranks(clips, method, gap), first) for gap in GAPS_JUDGED for first in (1, 5)]
        print(f"| {name} | {' | '.join(columns)} | {share(ranks(clips, method, CONTROL_GAP), 1)} |", flush=True)
    reliability(clips, methods[SHIPPED])


if __name__ == "__main__":
    main()
