"""How well pose vectors find the same move, and the same clip again.

It prints the tables of `docs/measurements/embeddings.md`.

    uv run python -m benchmarks.retrieval
    uv run --with aeon python -m benchmarks.retrieval --minirocket --encoder

The similarity of two clips is the mean of the lead, follow and interaction cosines, over the families that both
have. Keypoints and beats are the product's own. Labels are the 16 folders of the 75 clips of one couple; the 14 others
only help to fit constants.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets_tests.support.keypoints_dev import LabelledClip
from benchmarks.support import perturbations
from benchmarks.support import retrieval_methods as methods
from benchmarks.support.gap_controls import controls, one_motion, through_other_gaps
from benchmarks.support.rendered_motion import rendered_couples
from training import footage

FOLDS = 8
HALVES = 10
PERTURBATIONS: dict[str, Callable[[CoupleKeypoints], CoupleKeypoints]] = {
    "zoom 0.7": lambda couple: perturbations.zoomed(couple, 0.7),
    "zoom 1.3": lambda couple: perturbations.zoomed(couple, 1.3),
    "shift 20 %": lambda couple: perturbations.shifted(couple, 0.2, -0.1),
    "picture cropped 10 %": lambda couple: perturbations.cropped(couple, 0.1),
    "time cut 10 %": lambda couple: perturbations.cut(couple, 0.1),
    "24 fps": lambda couple: perturbations.reencoded(couple, 24),
    "30 fps": lambda couple: perturbations.reencoded(couple, 30),
    "60 fps": lambda couple: perturbations.reencoded(couple, 60),
    "10 % of joints missing": lambda couple: perturbations.without_joints(couple, 0.1),
    "2 % noise": lambda couple: perturbations.noisy(couple, 0.02),
}


def ranking(similar: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return average precision and nearest-neighbour hit (N,) of each query, NaN without a fellow clip."""
    precision, nearest = np.full(len(labels), np.nan), np.full(len(labels), np.nan)
    for query, row in enumerate(similar):
        order = np.argsort(-row, kind="stable")
        hits = (labels == labels[query])[order[order != query]]
        if hits.any():
            ranks = np.flatnonzero(hits) + 1
            precision[query], nearest[query] = (np.arange(1, len(ranks) + 1) / ranks).mean(), hits[0]
    return precision, nearest


class Evaluation:
    """Held-out scores of a method on the 75 clips."""

    def __init__(self, clips: list[LabelledClip]) -> None:
        self.labels = np.array([clip.label for clip in clips])
        self.judged = np.flatnonzero([clip.of_the_149 for clip in clips])
        self.families = np.array([clip.family for clip in clips])

    def unseen_queries(self, method: methods.Method) -> tuple[np.ndarray, np.ndarray]:
        """Score each clip against all others, with constants that its family took no part in."""
        scores = np.full((2, len(self.judged)), np.nan)
        for held_out in self.folds():
            vectors = method(np.flatnonzero(~held_out))
            of_fold = held_out[self.judged]
            scores[:, of_fold] = np.array(self._ranked(vectors, self.judged))[:, of_fold]
        return scores[0], scores[1]

    def unseen_halves(self, method: methods.Method) -> tuple[float, float]:
        """Score within one half of the clips, with constants of the other; mean over random halves."""
        scores = []
        for half in self._halves():
            vectors = method(np.flatnonzero(~half & np.isin(np.arange(len(half)), self.judged)))
            scores.append(np.nanmean(self._ranked(vectors, self.judged[half[self.judged]]), axis=1))
        return tuple(np.mean(scores, axis=0))

    def half_seen(self, method: methods.Method) -> np.ndarray:
        """Score all clips under constants of one half: mAP and nearest of (all, unseen, seen) queries (3, 2)."""
        scores = []
        for half in self._halves():
            vectors = method(np.flatnonzero(~half & np.isin(np.arange(len(half)), self.judged)))
            ranked, unseen = np.array(self._ranked(vectors, self.judged)), half[self.judged]
            scores.append([np.nanmean(part, axis=1) for part in (ranked, ranked[:, unseen], ranked[:, ~unseen])])
        return np.mean(scores, axis=0)

    def shuffled(self, vectors: methods.Families) -> tuple[float, float]:
        """Score vectors against labels that mean nothing; mean over 100 shuffles."""
        chosen = [rows[self.judged] for rows in vectors]
        similar, labels, random = methods.similarity(chosen, chosen), self.labels[self.judged], np.random.default_rng(0)
        scores = [np.nanmean(ranking(similar, random.permutation(labels)), axis=1) for _ in range(100)]
        return tuple(np.mean(scores, axis=0))

    def _ranked(self, vectors: methods.Families, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        chosen = [rows[among] for rows in vectors]
        return ranking(methods.similarity(chosen, chosen), self.labels[among])

    def folds(self) -> Iterator[np.ndarray]:
        """Yield which clips are held out, bool (N,), families whole."""
        names = np.random.default_rng(0).permutation(np.unique(self.families))
        for fold in range(FOLDS):
            yield np.isin(self.families, names[fold::FOLDS])

    def _halves(self) -> Iterator[np.ndarray]:
        names, random = np.unique(self.families[self.judged]), np.random.default_rng(0)
        for _ in range(HALVES):
            half = np.isin(self.families, random.permutation(names)[: len(names) // 2])
            yield half
            yield ~half


def interval(values: np.ndarray) -> str:
    """Return the mean with its 95 % bootstrap interval over clips."""
    known = values[~np.isnan(values)]
    drawn = np.random.default_rng(0).choice(known, (2000, len(known))).mean(axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return f"{known.mean():.3f} ({low:.3f}-{high:.3f})"


def print_methods(clips: list[LabelledClip], others: dict[str, methods.Families]) -> None:
    """Print how well each method finds clips of the same move."""
    evaluation = Evaluation(clips)
    measured, absent = methods.measured(clips), absent_of(clips)
    one_label = np.full(len(clips), "any")
    plain = methods.standardised(measured, absent)
    table: dict[str, methods.Method] = {
        "only which joints are missing": _always(methods.missingness(clips)),
        "one clip's motion through the gaps of each, standardised": _always(
            methods.standardised(methods.measured(one_motion(clips)), absent)
        ),
        "means and deviations in pixels (the earlier pipeline's kind)": _always(methods.origin_style(clips)),
        "measurements, standardised": _always(plain),
        "measurements, whitened": methods.fitted(measured, one_label, absent),
        "measurements, whitened within moves": methods.fitted(measured, evaluation.labels, absent),
        "**the same, both orders of the roles weighted (shipped)**": methods.as_shipped(
            clips, evaluation.labels, absent
        ),
        "the same of 8-beat windows, averaged": methods.fitted(methods.windowed(clips), evaluation.labels, absent),
    }
    for name, shown in controls(clips).items():
        table[name] = methods.as_shipped(shown, evaluation.labels, absent_of(shown))
    for name, features in others.items():
        table[f"{name}, whitened"] = methods.fitted(features, one_label, absent, named=False)
        table[f"{name}, whitened within moves"] = methods.fitted(features, evaluation.labels, absent, named=False)
    print("| method | mAP, unseen query | nearest, unseen query | mAP, unseen half | nearest, unseen half |")
    print("|---|---|---|---|---|")
    chance = evaluation.shuffled(plain)
    print(f"| shuffled labels (100 times) | {chance[0]:.3f} | {chance[1]:.3f} | | |")
    for name, method in table.items():
        precision, nearest = evaluation.unseen_queries(method)
        half = evaluation.unseen_halves(method)
        print(f"| {name} | {interval(precision)} | {interval(nearest)} | {half[0]:.3f} | {half[1]:.3f} |")
    seen = evaluation.half_seen(methods.as_shipped(clips, evaluation.labels, absent))
    print("\nShipped method, half of the clips seen by the constants, all ranked (mAP, nearest):")
    for name, (precision, nearest) in zip(("all", "unseen queries", "seen queries"), seen, strict=True):
        print(f"{name} {precision:.3f}, {nearest:.3f}")


def _always(vectors: methods.Families) -> methods.Method:
    return lambda _train: vectors


def print_spread(clips: list[LabelledClip]) -> None:
    """Print how far apart the shipped vectors of different clips lie."""
    print("\n| family | clips with a vector | mean cosine between clips | least deviation of a dimension |")
    print("|---|---|---|---|")
    for name, rows in zip(("lead", "follow", "interaction"), methods.shipped(clips), strict=True):
        known = rows[~np.isnan(rows[:, 0])]
        least = known.std(axis=0).min()
        print(f"| {name} | {len(known)} of {len(clips)} | {_mean_cosine(rows):.3f} | {least:.4f} |")


def print_robustness(clips: list[LabelledClip]) -> None:
    """Print how often a changed clip finds its original first, under constants of the other half of the clips."""
    labels = np.array([clip.label for clip in clips])
    odd = np.arange(len(clips)) % 2 == 1
    changed = {name: [perturb(clip.couple) for clip in clips] for name, perturb in PERTURBATIONS.items()}
    changed["seen through another clip's gaps"] = [clip.couple for clip in through_other_gaps(clips)]
    print("\n| the same clip | finds its original first |")
    print("|---|---|")
    for name, couples in changed.items():
        versions = [replace(clip, couple=couple) for clip, couple in zip(clips, couples, strict=True)]
        both = [*clips, *versions]
        method = methods.as_shipped(both, np.concatenate([labels, labels]), absent_of(both))
        found, judged = 0, 0
        for half in (odd, ~odd):
            vectors = method(np.flatnonzero(~half))
            queries = [rows[len(clips) :][half] for rows in vectors]
            similar = methods.similarity(queries, [rows[: len(clips)] for rows in vectors])
            known = np.isfinite(similar).any(axis=1)
            nearest = np.nan_to_num(similar, nan=-1).argmax(axis=1)
            found, judged = found + (nearest == np.flatnonzero(half))[known].sum(), judged + known.sum()
        print(f"| {name} | {found} of {judged} ({100 * found / judged:.1f} %) |")


def absent_of(clips: list[LabelledClip]) -> list[np.ndarray]:
    """Return for each family which clips have no vector."""
    return [np.isnan(rows[:, 0]) for rows in methods.shipped(clips)]


def print_cost(clips: list[LabelledClip]) -> None:
    """Print what the three pose vectors cost."""
    started = time.process_time()
    methods.shipped(clips)
    seconds = sum(clip.couple.frame_count / clip.couple.fps for clip in clips)
    each = (time.process_time() - started) / seconds * 15
    print(f"\nThree pose vectors of a 15 s clip: {1000 * each:.0f} ms of CPU.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minirocket", action="store_true", help="also random convolutions (needs aeon)")
    parser.add_argument("--encoder", action="store_true", help="also a contrastive encoder (trains for minutes)")
    arguments = parser.parse_args()
    clips: list[LabelledClip] = [*footage.load()]
    others = {}
    if arguments.minirocket:
        others["MiniRocket"] = methods.random_convolutions(clips)
    if arguments.encoder:
        others["contrastive encoder"] = methods.contrastive(clips, [])
        drawn = rendered_couples(seeds=6)
        others[f"contrastive encoder, trained on {len(drawn)} drawn couples too"] = methods.contrastive(clips, drawn)
    print_methods(clips, others)
    print_spread(clips)
    print_robustness(clips)
    print_cost(clips)


def _mean_cosine(vectors: np.ndarray) -> float:
    """Return the mean cosine between different clips (N, D) of unit vectors, NaN where absent."""
    known = vectors[~np.isnan(vectors[:, 0])]
    return float((known @ known.T)[~np.eye(len(known), dtype=bool)].mean())


if __name__ == "__main__":
    main()
