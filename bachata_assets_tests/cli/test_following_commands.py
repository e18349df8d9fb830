"""`next` and `chain` on a small embedded index."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.search.index import open_index
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.edges import clip_with_edges


@pytest.fixture
def collection(tmp_path: Path) -> str:
    """A data dir whose index holds four clips that follow one another, one without an ending, and one made before."""
    data = str(tmp_path / "data")
    with open_index(load_settings(data_dir=data), fingerprint="a") as index:
        names = ("first", "second", "third", "fourth")
        clips = [clip_with_edges(name, 90 * number, 90 * number + 85) for number, name in enumerate(names)]
        index.put([*clips, clip_with_edges("blind", 300, None), document("old", 1)])
        index.promote()
    return data


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_next_shows_what_continues_and_what_jumps(collection: str) -> None:
    found = json.loads(run("next", "first", "--size", "2", "--json", "--data_dir", collection).output)
    assert [one["clip_id"] for one in found] == ["second", "third"]
    assert found[0]["cost"] == pytest.approx(0.0038, abs=1e-4)
    assert {"name", "amount", "usual", "unit", "words", "fits"} == set(found[0]["changes"][0])
    shown = run("next", "first", "--size", "1", "--data_dir", collection).output
    assert "second" in shown
    assert "nothing" in shown


def test_chain_shows_each_transition_and_the_total(collection: str) -> None:
    found = json.loads(run("chain", "first", "--length", "4", "--json", "--data_dir", collection).output)
    assert found["clip_ids"] == ["first", "second", "third", "fourth"]
    assert found["cost"] == pytest.approx(sum(link["cost"] for link in found["links"]), abs=1e-3)
    shown = run("chain", "first", "--length", "3", "--data_dir", collection).output
    assert shown.splitlines()[-1] == "Total cost 0.01 over 2 transitions."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("next", "firs"), "Error: no clip 'firs' in the index: did you mean first"),
        (("next", "blind"), "Error: blind has no ending: the lead cannot be seen where the clip ends"),
        (("next", "old"), "Error: the index was made before clips had a beginning and an ending: `bachata-assets gen"),
        (("next", "first", "--filter", "colour=red"), "Error: filters: no filter 'colour'"),
        (("chain", "blind"), "Error: blind has no ending"),
        (("chain", "first", "--length", "6"), "Error: only 5 clips can follow one another from first"),
    ],
)
def test_what_cannot_be_answered_is_one_clear_line(collection: str, words: tuple[str, ...], said: str) -> None:
    result = run(*words, "--data_dir", collection)
    assert result.exit_code == 2
    assert result.output.startswith(said)


def test_a_length_out_of_range_names_the_range(collection: str) -> None:
    result = run("chain", "first", "--length", "101", "--data_dir", collection)
    assert result.exit_code == 2
    assert "'101' is not a whole number from 2 to 100" in result.output
