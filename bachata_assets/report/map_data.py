"""Data of the page's map: positions, neighbours, scores and reasons, as integers."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bachata_assets.report.neighbours import VIEWS, View, compare, nearest
from bachata_assets.report.projection import lay_out
from bachata_assets.report.streaming.rows import Rows
from bachata_assets.search.explanation import EXPLAINED, groups


class Views(Mapping[str, dict[str, Any]]):
    """Data of each view, computed on access and not kept.

    `places` (x, y in 0..9999, clip after clip), `near` (row numbers of the neighbours), `score` and `family` (in
    thousandths, for each neighbour), `kind` and `part` (numbers in `groups`). -1 means nothing.

    Parameters
    ----------
    units : mapping of Rows
        Family -> float32 (N, D), from `neighbours.unit_vectors`.
    """

    def __init__(self, units: Mapping[str, Rows]) -> None:
        self._units = units

    def __len__(self) -> int:
        return len(VIEWS)

    def __iter__(self) -> Iterator[str]:
        return iter(VIEWS)

    def __getitem__(self, name: str) -> dict[str, Any]:
        view = View.of(self._units, VIEWS[name])
        neighbours = nearest(view)
        compared = {family: compare(family, rows, neighbours) for family, rows in self._units.items()}
        return {
            "places": _whole(lay_out(view) * 9999),
            "near": neighbours.rows.ravel(),
            "score": _whole(neighbours.scores * 1000),
            "family": {family: _whole(one.scores * 1000) for family, one in compared.items()},
            "kind": {family: compared[family].kinds.ravel() for family in EXPLAINED},
            "part": {family: compared[family].parts.ravel() for family in EXPLAINED},
        }


def map_data(units: Mapping[str, Rows]) -> dict[str, Any]:
    """Return `views`, see `Views`, and `groups`: family -> names of its kinds of measurement and body parts."""
    return {"groups": {family: _group_names(family) for family in EXPLAINED}, "views": Views(units)}


def _group_names(family: str) -> dict[str, tuple[str, ...]]:
    kinds, parts = groups(family)
    return {"kinds": kinds.names, "parts": parts.names if parts else ()}


def _whole(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, nan=-1).round().astype(int).ravel()
