"""The moments of a collection's clips and their neighbours for the page, kept between reports.

Moments are compared again only if they or their neighbours changed; if nothing changed, no table is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets.clip_record import VECTOR_FIELDS
from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.families import DIMENSIONS
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import expected_versions
from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.report.moments.nearest import SHOWN, MomentVectors, NearestMoments, nearest_moments

FORM = 1
"""Version of the kept file and of the comparison; a different one makes it again."""
_TIMES = ("start_s", "end_s", "start_beat", "end_beat")


@dataclass(frozen=True)
class MomentStrips:
    """The moments of clips, clip after clip, and the nearest of each.

    Attributes
    ----------
    versions : dict
        Clip id -> version of its table, in the order of the moments.
    firsts : np.ndarray
        int (C + 1,), index of each clip's first moment, and at the end M.
    times : np.ndarray
        float (M, 4): start and end, in s and in beats from the first detected one; NaN without trusted beats.
    nearest : NearestMoments
        Of each moment.
    """

    versions: dict[str, str]
    firsts: np.ndarray
    times: np.ndarray
    nearest: NearestMoments

    @classmethod
    def none(cls) -> "MomentStrips":
        """Return the strips of no clips."""
        return cls({}, np.zeros(1, int), np.zeros((0, len(_TIMES))), NearestMoments.none(0))

    def to_table(self) -> pa.Table:
        """Return the table to keep, with one row per moment."""
        counts = np.diff(self.firsts)
        return pa.table(
            {
                "clip_id": np.repeat(np.array(list(self.versions), object), counts),
                "version": np.repeat(np.array(list(self.versions.values()), object), counts),
                **{name: self.times[:, number] for number, name in enumerate(_TIMES)},
                "near": _lists(self.nearest.near.astype(np.int32)),
                "score": _lists(self.nearest.scores),
            }
        )

    @classmethod
    def from_table(cls, table: pa.Table) -> "MomentStrips":
        """Return the strips of a table from `to_table`; raises KeyError or ValueError for any other."""
        ids = table["clip_id"].combine_chunks().dictionary_encode()
        begins = np.flatnonzero(np.diff(ids.indices.to_numpy(), prepend=-1))
        versions = dict(zip(ids.dictionary.to_pylist(), table["version"].take(begins).to_pylist(), strict=True))
        near, scores = (_numbers(table[name]).reshape(-1, SHOWN) for name in ("near", "score"))
        if not len(ids) == len(near) == len(scores) or near.max(initial=-1) >= len(ids):
            raise ValueError("this is not a table of moments and their neighbours")
        times = np.column_stack([table[name].to_numpy().astype(float) for name in _TIMES])
        nearest = NearestMoments(near.astype(int), scores.astype(np.float32))
        return cls(versions, np.array([*begins, len(ids)]), times, nearest)

    def shown(self, clip_ids: Sequence[str]) -> dict[str, Any]:
        """Return the moments of clips in this order, in the form of the page.

        Returns
        -------
        dict
            `firsts`: index of each clip's first moment, and at the end their number. For each moment `start` and `end`
            (hundredths of a second), `beat` and `last_beat` (null without trusted beats); `near` (indices, -1 if there
            are no more) and `score` (thousandths) of its neighbours.
        """
        number = {clip_id: place for place, clip_id in enumerate(self.versions)}
        places = [
            np.arange(*self.firsts[number[clip_id] : number[clip_id] + 2]) if clip_id in number else np.zeros(0, int)
            for clip_id in clip_ids
        ]
        order = np.concatenate([np.zeros(0, int), *places])
        new = np.full(len(self.times) + 1, -1)  # and of -1, which stands for none
        new[order] = np.arange(len(order))
        times, near = self.times[order], new[self.nearest.near[order]]
        scores = np.where(near < 0, -1, np.nan_to_num(self.nearest.scores[order]) * 1000)
        return {
            "firsts": np.cumsum([0, *map(len, places)]),
            "start": (times[:, 0] * 100).round().astype(int),
            "end": (times[:, 1] * 100).round().astype(int),
            "beat": [_beat(value) for value in times[:, 2]],
            "last_beat": [_beat(value) for value in times[:, 3]],
            "near": near.ravel(),
            "score": scores.round().astype(int).ravel(),
        }


def write_strips(dataset: Dataset, clips: Sequence[Clip], stages: Sequence[Stage]) -> MomentStrips:
    """Compare the moments of some clips, and keep the result for the next report.

    Clips whose table cannot be read are left out; the next `generate` makes it again.
    """
    known = _kept(dataset)
    wanted = {
        clip.clip_id: f"{FORM}-{version}"
        for clip in clips
        if (version := expected_versions(stages, clip.versions).get("moments"))
    }
    if wanted == known.versions:
        return known
    times: dict[str, np.ndarray] = {}
    of = MomentVectors.joined(_read_all(dataset, list(wanted), times))
    strips = _compared({clip_id: wanted[clip_id] for clip_id in times}, list(times.values()), of, known)
    dataset.write_parquet(layout.KNOWN_MOMENTS, strips.to_table(), {})
    return strips


def _compared(
    versions: dict[str, str], times: Sequence[np.ndarray], of: MomentVectors, known: MomentStrips
) -> MomentStrips:
    """Return the strips of clips; earlier results of unchanged moments are reused.

    Parameters
    ----------
    times, of : times and vectors of each clip's moments
    """
    same, moved = _moved(versions, of.firsts, known)
    near = moved[known.nearest.near]
    # A neighbour that is gone may be replaced by any other; otherwise only moments of new clips can be nearer.
    whole = (moved[:-1] >= 0) & ((near >= 0) | (known.nearest.near < 0)).all(axis=1)
    kept, before = moved[:-1][whole], NearestMoments.none(of.firsts[-1])
    before.near[kept], before.scores[kept] = near[whole], known.nearest.scores[whole]
    asked = np.ones(of.firsts[-1], bool)
    asked[kept] = False
    nearest = nearest_moments(of, before, asked, ~same)
    return MomentStrips(versions, of.firsts, np.concatenate([np.zeros((0, len(_TIMES))), *times]), nearest)


def _moved(versions: dict[str, str], firsts: np.ndarray, known: MomentStrips) -> tuple[np.ndarray, np.ndarray]:
    """Return which clips are unchanged, bool (C,), and the new index of each known moment.

    The indices are int (known moments + 1,), -1 for a moment that is gone; the last one maps -1 to itself.
    """
    numbers = {clip_id: number for number, clip_id in enumerate(known.versions)}
    same, moved = np.zeros(len(versions), bool), np.full(len(known.times) + 1, -1)
    for number, (clip_id, version) in enumerate(versions.items()):
        if known.versions.get(clip_id) == version:
            before, now = np.arange(*known.firsts[numbers[clip_id] :][:2]), np.arange(*firsts[number:][:2])
            same[number] = len(before) == len(now)
            moved[before] = now if same[number] else -1
    return same, moved


def _read_all(dataset: Dataset, clip_ids: Sequence[str], times: dict[str, np.ndarray]) -> Iterator[MomentVectors]:
    """Yield the readable vectors of each clip's moments, one clip at a time, and note their times."""
    for clip_id, content in dataset.prefetched("moments", clip_ids):
        found = _read(dataset, clip_id, content)
        if found is not None:
            times[clip_id], vectors = found
            yield vectors


def _read(dataset: Dataset, clip_id: str, content: bytes | None) -> tuple[np.ndarray, MomentVectors] | None:
    """Return the times of a clip's moments and their vectors, None if they cannot be read."""
    try:
        table = dataset.read_table("moments", clip_id, content)
    except (DamagedError, FileNotFoundError):
        return None
    times = np.column_stack([table[name].to_numpy().astype(float) for name in _TIMES])
    return times, MomentVectors.of_clip({family: _rows(table, family) for family in FAMILIES})


def _rows(table: pa.Table, family: str) -> np.ndarray:
    """Return a family's vectors, float32 (moments, D), a row of NaN where absent."""
    absent = np.full(DIMENSIONS[family], np.nan, np.float32)
    column = table.column(VECTOR_FIELDS[family])
    rows = [one.values.to_numpy() if one.is_valid else absent for one in column]
    return np.array(rows, np.float32).reshape(-1, DIMENSIONS[family])


def _lists(rows: np.ndarray) -> pa.ListArray:
    """Return a list array with one list per row, without Python lists."""
    ends = np.arange(len(rows) + 1, dtype=np.int32) * rows.shape[1]
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(rows.ravel()))


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Return the numbers of all lists of a column, one after the other; raises ValueError if it has no lists."""
    if not pa.types.is_list(column.type):
        raise ValueError(f"lists are wanted, not {column.type}")
    return np.asarray(column.combine_chunks().flatten())


def _beat(value: float) -> float | int | None:
    if np.isnan(value):
        return None
    return int(value) if value == int(value) else round(float(value), 1)


def _kept(dataset: Dataset) -> MomentStrips:
    """Return the kept strips; empty if they cannot be read."""
    try:
        table = dataset.read_parquet(layout.KNOWN_MOMENTS)
        return MomentStrips.none() if table is None else MomentStrips.from_table(table)
    except (DamagedError, ValueError, KeyError):
        return MomentStrips.none()
