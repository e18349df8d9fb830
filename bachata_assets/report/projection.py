"""A collection laid out on a plane, so that similar clips are close together.

t-SNE (van der Maaten & Hinton 2008) lays out up to `LANDMARKS` clips; further clips are placed between the landmarks
most like them, so a map of 10,000 clips takes seconds. Nothing is random: the same clips give the same map. Long
distances mean little, and a new clip may turn the map.
"""

import numpy as np

from bachata_assets.report.neighbours import View

LANDMARKS = 500
"""Maximum number of clips that t-SNE lays out."""
PERPLEXITY = 30.0
"""Perplexity of t-SNE: about the number of neighbours that count."""
STEPS = 500
"""Number of steps of t-SNE's descent; more make no visible difference."""
FEWEST = 8
"""Number of clips below which principal components are shown instead of t-SNE."""
_NEAREST = 3
"""Number of landmarks between which a further clip is placed."""
_SHARPNESS = 40.0
"""Weight of a nearer landmark: exp(_SHARPNESS x difference of scores)."""
_ROWS = 2048
"""Number of further clips placed at once; bounds the memory."""


def lay_out(view: View) -> np.ndarray:
    """Return a position for every clip.

    Returns
    -------
    np.ndarray
        float32 (N, 2), 0..1 with equal scales, NaN for a clip that lacks all families of the view.
    """
    seen = np.flatnonzero(view.seen)
    places = np.full((len(view.there), 2), np.nan, np.float32)
    if not len(seen):
        return places
    chosen = seen[np.unique(np.linspace(0, len(seen) - 1, min(LANDMARKS, len(seen))).round().astype(int))]
    landmarks = _landmarks(view, chosen)
    rest = np.setdiff1d(seen, chosen)
    places[chosen] = landmarks
    for start in range(0, len(rest), _ROWS):
        some = rest[start : start + _ROWS]
        places[some] = _between(np.nan_to_num(view.scores(some, chosen)), landmarks)
    places = _lying(places)
    lowest, highest = np.nanmin(places, axis=0), np.nanmax(places, axis=0)
    return np.asarray((places - (lowest + highest) / 2) / (float((highest - lowest).max()) or 1.0) + 0.5)


def _lying(places: np.ndarray) -> np.ndarray:
    """Return positions rotated so that the map is widest along its first axis, like screens."""
    centred = places - np.nanmean(places, axis=0)
    _, axes = np.linalg.eigh(np.nan_to_num(centred).T @ np.nan_to_num(centred))
    return np.asarray(centred @ axes[:, ::-1])


def _landmarks(view: View, rows: np.ndarray) -> np.ndarray:
    """Return positions of a few clips, (L, 2)."""
    stacked = view.stacked(rows)
    vectors = stacked - stacked.mean(axis=0)
    _, singular, axes = np.linalg.svd(vectors, full_matrices=False)
    components = np.zeros((len(rows), 2), np.float32)
    wide = min(2, len(singular))
    components[:, :wide] = vectors @ axes[:wide].T
    if len(rows) < FEWEST:
        return components
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    distances = np.maximum(1 - np.nan_to_num(view.scores(rows, rows)), 0)
    np.fill_diagonal(distances, 0)
    # Small initial values along the principal components keep the map's large parts where they belong.
    start = components / (components.std() or 1.0) * 1e-4
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    tsne = TSNE(perplexity=perplexity, metric="precomputed", init=start, max_iter=STEPS, random_state=0)
    with threadpool_limits(1):  # on a busy machine, threads would wait for one another at every step
        return np.asarray(tsne.fit_transform(distances))


def _between(scores: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return positions (R, 2) between landmarks, given the scores with them (R, L)."""
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :_NEAREST]
    values = np.take_along_axis(scores, nearest, axis=1)
    weights = np.exp(_SHARPNESS * (values - values.max(axis=1, keepdims=True)))
    return np.einsum("rk,rkd->rd", weights / weights.sum(axis=1, keepdims=True), landmarks[nearest])
