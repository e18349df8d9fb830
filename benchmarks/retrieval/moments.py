"""Whether constants fitted on windows find the same move better than those fitted on whole clips.

It prints the table of moments of `docs/measurements/embeddings.md`.

    uv run python -m benchmarks.retrieval.moments

A question is a moment of one of the 75 clips of one couple. Among all moments of the other clips it looks for those
of the same label, by the mean of the lead, follow and interaction cosines. The constants are fitted without the family
(the takes of one routine) that the question is of.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bachata_assets.pose.embeddings.clock import clock_of
from bachata_assets.pose.embeddings.moments import measured_windows, moments_of
from bachata_assets_tests.support.keypoints_dev import LabelledClip
from benchmarks.retrieval.__main__ import Evaluation, interval
from benchmarks.support import retrieval_methods as methods
from training import footage


class Moments:
    """The measured windows of clips: lead, follow and couple, and the clip of each; also with the roles exchanged."""

    def __init__(self, clips: Sequence[LabelledClip]) -> None:
        self.families, self.clip = _windows(clips)
        self.exchanged, _ = _windows([replace(clip, couple=clip.couple.swapped()) for clip in clips])
        self.confidence = np.array([clip.couple.role_confidence for clip in clips])[self.clip]


def _windows(clips: Sequence[LabelledClip]) -> tuple[list[np.ndarray], np.ndarray]:
    rows = [
        (number, measured)
        for number, clip in enumerate(clips)
        for _, measured in measured_windows(clip.couple, clock_of(clip.beats))
    ]
    families = [np.array(part) for part in zip(*(measured for _, measured in rows), strict=True)]
    return families, np.array([number for number, _ in rows])


def scores(clips: list[LabelledClip], moments: Moments, fitted_on: tuple[list[np.ndarray], np.ndarray]) -> np.ndarray:
    """Return the mean average precision and the nearest hit of each clip's moments (2, N), fitted in one way.

    Parameters
    ----------
    fitted_on : measurements of lead, follow and couple, and the clip of each row
    """
    evaluation = Evaluation(clips)
    labels = evaluation.labels
    _, of_clip = fitted_on
    found = np.full((2, len(clips)), np.nan)
    for held_out in evaluation.folds():
        train = np.flatnonzero(~held_out[of_clip])
        stated, exchanged = (
            _of_windows(fitted_on, windows, labels, moments.clip) for windows in (moments.families, moments.exchanged)
        )
        shown = methods.expected(stated, exchanged, moments.confidence)(train)
        judged = np.isin(moments.clip, evaluation.judged)
        asked = np.flatnonzero(judged & held_out[moments.clip])
        similar = np.nan_to_num(methods.similarity([part[asked] for part in shown], shown), nan=-2)
        for clip in np.unique(moments.clip[asked]):
            others = judged & (moments.clip != clip)
            same = labels[moments.clip[others]] == labels[clip]
            if not same.any():
                continue
            answers = [_ranked(row[others], same) for row in similar[moments.clip[asked] == clip]]
            found[:, clip] = np.mean(answers, axis=0)
    return found


def _of_windows(
    fitted_on: tuple[list[np.ndarray], np.ndarray], windows: list[np.ndarray], labels: np.ndarray, clip: np.ndarray
) -> methods.Method:
    """Return the method that fits constants to `fitted_on` and gives the vectors of `windows`, of the clips `clip`."""
    rows, of_clip = fitted_on
    method = methods.fitted(
        [np.concatenate(pair) for pair in zip(rows, windows, strict=True)],
        np.concatenate([labels[of_clip], labels[clip]]),
        [np.isnan(np.concatenate(pair)).all(axis=1) for pair in zip(rows, windows, strict=True)],
    )
    return lambda train: [part[len(of_clip) :] for part in method(train)]


def _ranked(similar: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    hits = same[np.argsort(-similar, kind="stable")]
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean()), float(hits[0])


def main(clips: list[LabelledClip]) -> None:
    """Print the table and what moments cost."""
    moments = Moments(clips)
    whole = methods.measured(clips), np.arange(len(clips))
    windows = moments.families, moments.clip
    print(f"{len(moments.clip)} moments of {len(clips)} clips\n")
    print("| constants fitted on | mAP, unseen query | nearest, unseen query |\n|---|---|---|")
    found = {
        name: scores(clips, moments, on) for name, on in {"whole clips": whole, "windows (shipped)": windows}.items()
    }
    found["windows, minus whole clips"] = found["windows (shipped)"] - found["whole clips"]
    for name, (precision, nearest) in found.items():
        print(f"| {name} | {interval(precision)} | {interval(nearest)} |")
    started = time.process_time()
    for clip in clips:
        moments_of(clip.couple, clip.beats)
    seconds = sum(clip.couple.frame_count / clip.couple.fps for clip in clips)
    print(f"\nThe moments of a 15 s clip: {15_000 * (time.process_time() - started) / seconds:.0f} ms of CPU.")


if __name__ == "__main__":
    main([*footage.load()])
