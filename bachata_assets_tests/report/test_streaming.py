"""The report's vectors are on disk while it is made, and its page is written piece by piece."""

import tracemalloc
from itertools import islice

import jinja2
import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.report.map_data import map_data
from bachata_assets.report.neighbours import family_rows, unit_vectors
from bachata_assets.report.records import KeptRecords
from bachata_assets.report.streaming import rows as streamed
from bachata_assets.report.streaming.json_pieces import json_pieces
from bachata_assets.report.streaming.rows import StoredRows, chosen
from bachata_assets_tests.support.documents import document


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_stored_rows_are_read_as_those_of_an_array(dtype: type[np.floating]) -> None:
    rows = np.random.default_rng(0).normal(size=(7, 3)).astype(dtype)
    stored = StoredRows(3, dtype)
    assert stored[:].shape == stored[np.zeros(0, int)].shape == (0, 3)
    for some in (rows[:4], rows[4:4], rows[4:]):
        stored.append(some)
    for wanted in (np.s_[:], np.s_[2:5], np.array([6, 0, 0, -1]), np.zeros(0, int)):
        assert stored[wanted].dtype == dtype
        np.testing.assert_array_equal(stored[wanted], rows[wanted])
    np.testing.assert_array_equal(chosen(stored, np.array([5, 1]))[:], rows[[5, 1]])


@pytest.mark.parametrize("piece", [1, 7, 1024])
def test_the_page_says_the_same_whether_vectors_are_in_memory_or_on_disk(
    piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streamed, "PIECE", piece)
    rng = np.random.default_rng(3)
    units = {family: unit_vectors(rng.normal(size=(20, size))) for family, size in DIMENSIONS.items()}
    units["audio"][5:9] = 0
    stored = {family: StoredRows(size) for family, size in DIMENSIONS.items()}
    for family, rows in units.items():
        stored[family].append(rows)
    assert "".join(json_pieces(map_data(stored))) == "".join(json_pieces(map_data(units)))


@pytest.mark.parametrize("piece", [2, 1024])
def test_json_in_pieces_is_that_of_jinja(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamed, "PIECE", piece)
    value = {"b": [1, None, {"z": "</script>", "a": "it's & größe"}], "a": {}, "<": {"x": 0.5, "d": True}, "c": ("e",)}
    numbers = [-1, 0, 99999]
    pieces = json_pieces({**value, "n": np.array(numbers), "l": lambda: np.array([0.25]), "o": np.zeros(0, int)})
    expected = jinja2.Environment(autoescape=True).from_string("{{ data | tojson }}")
    assert "".join(pieces) == expected.render(data={**value, "n": numbers, "l": [0.25], "o": []})


def test_records_are_kept_without_their_vectors_which_are_on_disk() -> None:
    count, kept, records = 200, KeptRecords(), (document(f"clip {number}") for number in range(1000))
    for _ in kept.through(islice(records, 1)):
        pass  # what is loaded once
    tracemalloc.start()
    try:
        for _ in kept.through(islice(records, count)):
            pass
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    vectors = 4 * sum(DIMENSIONS.values())
    assert held / count < vectors / 2
    first = document("clip 0")
    assert kept.clip_ids == [f"clip {number}" for number in range(count + 1)]
    assert kept.records[0].scalars() == first.scalars()
    for family, rows in kept.units.items():
        np.testing.assert_array_equal(rows[:1], unit_vectors(family_rows([first], family)))
