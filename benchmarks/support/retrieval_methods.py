"""The ways to turn keypoints into vectors that `benchmarks/retrieval` compares.

A method is a function from the clips that constants may be fitted on to the vectors of all clips, one array
(clips, D) a family; a row of NaN is a clip that has nothing to say in that family.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings import dancer_embedding, fitting, interaction_embedding, measurements
from bachata_assets.pose.embeddings.body_signals import body_signals
from bachata_assets.pose.embeddings.clock import clock_of
from bachata_assets.pose.embeddings.constants import Constants
from bachata_assets.pose.embeddings.couple_events import couple_events
from bachata_assets.pose.embeddings.couple_signals import couple_signals
from bachata_assets.pose.embeddings.motion import joints_on_grid
from bachata_assets.pose.embeddings.summaries import summarise
from bachata_assets.pose.embeddings.vectors import expected_vector
from bachata_assets_tests.support.keypoints_dev import LabelledClip
from benchmarks.support.perturbations import gaps

Signals = dict[str, np.ndarray]
Families = list[np.ndarray]
Method = Callable[[np.ndarray], Families]

WINDOW, HOP = 48, 24
"""8 beats and 4 beats, samples."""


def similarity(a: Families, b: Families) -> np.ndarray:
    """Return the mean cosine (A, B) over the families that both clips have."""
    cosines = [_unit(x) @ _unit(y).T for x, y in zip(a, b, strict=True)]
    return np.asarray(np.nanmean(np.stack(cosines), axis=0))


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)


def shipped(clips: list[LabelledClip]) -> Families:
    """Return the product's own vectors."""
    rows = [
        (
            dancer_embedding(clip.couple, "lead", clip.beats),
            dancer_embedding(clip.couple, "follow", clip.beats),
            interaction_embedding(clip.couple, clip.beats),
        )
        for clip in clips
    ]
    sizes = (512, 512, 256)
    return [
        np.array([np.full(size, np.nan) if isinstance(row[i], Absent) else row[i] for row in rows])
        for i, size in enumerate(sizes)
    ]


def measured(clips: list[LabelledClip]) -> Families:
    """Return the measurements that the product's vectors are made of, NaN where unknown."""
    return [
        np.array([measurements.measure_dancer(clip.couple, "lead", clip.beats) for clip in clips]),
        np.array([measurements.measure_dancer(clip.couple, "follow", clip.beats) for clip in clips]),
        np.array([measurements.measure_couple(clip.couple, clip.beats) for clip in clips]),
    ]


def windowed(clips: list[LabelledClip]) -> Families:
    """Return the same measurements taken of windows of 8 beats, every 4 beats, and averaged over a clip."""
    rows = []
    for clip in clips:
        signals = _named_signals(clip.couple)
        count = len(signals[2]["apart"])
        windows = [slice(start, start + WINDOW) for start in range(0, max(count - WINDOW, 0) + 1, HOP)]
        rows.append([np.array(part) for part in zip(*(_measured_within(signals, at) for at in windows), strict=True)])
    with warnings.catch_warnings():
        # A measurement that no window knows stays unknown.
        warnings.simplefilter("ignore", RuntimeWarning)
        return [np.array([np.nanmean(part, axis=0) for part in family]) for family in zip(*rows, strict=True)]


def _measured_within(signals: tuple[Signals, Signals, Signals], at: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    lead, follow, couple = ({name: values[at] for name, values in part.items()} for part in signals)
    events = list(couple_events(couple, lead, follow).values())
    return (
        summarise(lead, measurements.DANCER_MEASURES),
        summarise(follow, measurements.DANCER_MEASURES),
        np.concatenate([summarise(couple, measurements.COUPLE_MEASURES), events]),
    )


def as_shipped(clips: list[LabelledClip], labels: np.ndarray, absent: list[np.ndarray]) -> Method:
    """Return the product's method: fitted constants, and both orders of the roles weighted by their probabilities."""
    exchanged = [replace(clip, couple=clip.couple.swapped()) for clip in clips]
    stated = measured(clips)
    return expected(
        fitted(stated, labels, absent),
        fitted(stated, labels, [absent[1], absent[0], absent[2]], shown=measured(exchanged)),
        np.array([clip.couple.role_confidence for clip in clips]),
    )


def expected(stated: Method, exchanged: Method, confidence: np.ndarray) -> Method:
    """Return the vectors to be expected, given those with the roles as stated and exchanged.

    Parameters
    ----------
    confidence : float (N,), of the roles of each row
    """

    def vectors(train: np.ndarray) -> Families:
        return [
            np.array([_expected(*row) for row in zip(_unit(one), _unit(other), confidence, strict=True)])
            for one, other in zip(stated(train), exchanged(train), strict=True)
        ]

    return vectors


def _expected(stated: np.ndarray, exchanged: np.ndarray, confidence: float) -> np.ndarray:
    return stated if np.isnan(exchanged).any() else expected_vector(stated, exchanged, confidence)


def fitted(
    families: Families,
    labels: np.ndarray,
    absent: list[np.ndarray],
    named: bool = True,
    shown: Families | None = None,
) -> Method:
    """Return the method whose constants are fitted to the training clips, as the product's are.

    Parameters
    ----------
    labels : what clips are held to be the same; one label for all is whitening without labels
    named : whether the columns are the product's measurements, which have weights
    shown : what the vectors are made of, if not of `families`, which the constants are fitted to
    """
    names = measurements.dancer_names(), measurements.couple_names()
    weights = [measurements.weights(n) if named else np.ones(len(n)) for n in names]

    def vectors(train: np.ndarray) -> Families:
        lead, follow, couple = families
        dancer = fitting.fit_constants([lead[train], follow[train]], labels[train].tolist(), weights[0])
        together = fitting.fit_constants([couple[train]], labels[train].tolist(), weights[1])
        one, other, both = shown or families
        return blanked([_apply(dancer, one), _apply(dancer, other), _apply(together, both)], absent)

    return vectors


def standardised(families: Families, absent: list[np.ndarray]) -> Families:
    """Return the measurements brought to one scale, and nothing else."""
    with np.errstate(invalid="ignore"):  # what is the same in all clips says nothing
        scores = [(rows - np.nanmean(rows, axis=0)) / np.nanstd(rows, axis=0) for rows in families]
    return blanked([np.nan_to_num(rows) for rows in scores], absent)


def origin_style(clips: list[LabelledClip]) -> Families:
    """Return means and deviations of keypoints in pixels, the earlier pipeline's kind of statistics."""
    both = []
    for clip in clips:
        points = np.where(clip.couple.valid[..., None, None], clip.couple.keypoints[..., :2], np.nan)
        flat = points.reshape(len(points), 2, -1)
        both.append(np.nan_to_num(np.stack([np.nanmean(flat, axis=0), np.nanstd(flat, axis=0)], axis=-1)))
    stacked = np.array(both).reshape(len(clips), 2, -1)
    return [stacked[:, 0], stacked[:, 1], np.abs(stacked[:, 0] - stacked[:, 1])]


def missingness(clips: list[LabelledClip]) -> Families:
    """Return only whether the dancers and their joints were found: what must not be the signal."""
    rows = []
    for clip in clips:
        seen = ~gaps(clip.couple)
        rows.append(np.concatenate([clip.couple.valid.mean(axis=0), seen.mean(axis=0).ravel()]))
    scores = np.array(rows)
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    return [scores, scores, scores]


def contrastive(clips: list[LabelledClip], rendered: list[CoupleKeypoints]) -> Families:
    """Return the features of a small self-supervised encoder, projected to the sizes of the product's vectors.

    Parameters
    ----------
    rendered : drawn couples that it is trained on beside the clips
    """
    from benchmarks.support.contrastive_encoder import contrastive_features

    lead, follow, couple = _signals([clip.couple for clip in clips])
    drawn = _signals(rendered)
    features = contrastive_features([lead, follow], drawn[0] + drawn[1]) + contrastive_features([couple], drawn[2])
    return [_projected(rows, size) for rows, size in zip(features, (512, 512, 256), strict=True)]


def random_convolutions(clips: list[LabelledClip]) -> Families:
    """Return MiniRocket features of 8-beat windows, averaged over a clip (Dempster, Schmidt and Webb, 2021).

    Its biases are drawn from windows of all clips, without labels; the features are projected to the sizes of
    the product's vectors.
    """
    from aeon.transformations.collection.convolution_based import MiniRocket

    lead, follow, couple = ([_windows(signals) for signals in group] for group in _signals([c.couple for c in clips]))
    out = []
    for groups in ([lead, follow], [couple]):
        everything = np.concatenate([windows for group in groups for windows in group])
        centre, spread = everything.mean(axis=(0, 2), keepdims=True), everything.std(axis=(0, 2), keepdims=True)
        rocket = MiniRocket(n_kernels=5000, random_state=0, n_jobs=1)
        rocket.fit(((everything - centre) / spread).astype(np.float32)[::3])
        for group in groups:
            scaled = [((windows - centre) / spread).astype(np.float32) for windows in group]
            out.append(np.array([np.asarray(rocket.transform(windows)).mean(axis=0) for windows in scaled]))
    return [_projected(rows, size) for rows, size in zip(out, (512, 512, 256), strict=True)]


def _signals(couples: list[CoupleKeypoints]) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Return the signals (S, N) of each lead, follow and couple, NaN in gaps."""
    groups: tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]] = ([], [], [])
    for couple in couples:
        for group, named in zip(groups, _named_signals(couple), strict=True):
            group.append(np.stack(list(named.values())))
    return groups


def _named_signals(couple: CoupleKeypoints) -> tuple[Signals, Signals, Signals]:
    """Return name -> signal (N,) of the lead, the follow and the couple."""
    joints = joints_on_grid(couple, clock_of(None))
    return body_signals(joints[:, 0]), body_signals(joints[:, 1]), couple_signals(joints)


def _windows(signals: np.ndarray) -> np.ndarray:
    """Return windows (W, S, 48) of signals (S, N), gaps bridged by straight lines."""
    columns = signals.copy()
    positions = np.arange(columns.shape[1])
    for column in columns:
        seen = np.isfinite(column)
        column[:] = np.interp(positions, positions[seen], column[seen]) if seen.any() else 0
    if columns.shape[1] < WINDOW:
        columns = np.pad(columns, ((0, 0), (0, WINDOW - columns.shape[1])), mode="edge")
    starts = range(0, columns.shape[1] - WINDOW + 1, HOP)
    return np.stack([columns[:, start : start + WINDOW] for start in starts])


def _apply(constants: Constants, rows: np.ndarray) -> np.ndarray:
    return (constants.scores(rows) - constants.mean) @ constants.whitening


def _projected(features: np.ndarray, size: int) -> np.ndarray:
    """Return features (clips, D) standardised and projected to `size` random directions."""
    scores = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)
    directions = np.random.default_rng(0).normal(size=(features.shape[1], size))
    return scores @ directions / np.sqrt(features.shape[1])


def blanked(vectors: Families, absent: list[np.ndarray]) -> Families:
    """Return the vectors with NaN where the product has none, so that methods answer for the same clips."""
    return [np.where(gone[:, None], np.nan, rows) for rows, gone in zip(vectors, absent, strict=True)]
