"""Data of the page's map: places, neighbours, scores and reasons, as short lists of whole numbers."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bachata_assets.report.neighbours import VIEWS, View, compare, nearest
from bachata_assets.report.projection import lay_out
from bachata_assets.search.explanation import EXPLAINED, groups


def map_data(units: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return the map of every view.

    Parameters
    ----------
    units : mapping of np.ndarray
        Family -> float32 (N, D), of `neighbours.unit_vectors`.

    Returns
    -------
    dict
        `groups`: family -> names of its kinds of measurement and body parts. `views`: view -> `places` (x, y in
        0..9999, clip after clip), `near` (row numbers of the neighbours), `score` and `family` (in thousandths, of each
        neighbour), `kind` and `part` (numbers in `groups`). -1 stands for nothing.
    """
    return {
        "groups": {family: _group_names(family) for family in EXPLAINED},
        "views": {name: _view(View.of(units, weights), units) for name, weights in VIEWS.items()},
    }


def _view(view: View, units: Mapping[str, np.ndarray]) -> dict[str, Any]:
    neighbours = nearest(view)
    compared = {family: compare(family, rows, neighbours) for family, rows in units.items()}
    return {
        "places": _whole(lay_out(view) * 9999),
        "near": neighbours.rows.ravel().tolist(),
        "score": _whole(neighbours.scores * 1000),
        "family": {family: _whole(one.scores * 1000) for family, one in compared.items()},
        "kind": {family: compared[family].kinds.ravel().tolist() for family in EXPLAINED},
        "part": {family: compared[family].parts.ravel().tolist() for family in EXPLAINED},
    }


def _group_names(family: str) -> dict[str, tuple[str, ...]]:
    kinds, parts = groups(family)
    return {"kinds": kinds.names, "parts": parts.names if parts else ()}


def _whole(values: np.ndarray) -> list[int]:
    return np.nan_to_num(values, nan=-1).round().astype(int).ravel().tolist()
