"""`next` and `chain` on a small embedded index."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.search.index import open_index
from bachata_assets.settings import load_settings
from bachata_assets.synthetic.soundtrack import render_track
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.edges import clip_with_edges
from bachata_assets_tests.support.songs import write_song


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


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Twenty seconds of music at 126 beats per minute."""
    return str(write_song(tmp_path_factory.mktemp("songs") / "song.mp3", render_track(126, seconds=20).samples))


@pytest.fixture
def at_three_tempi(tmp_path: Path) -> str:
    """A data dir with six clips that follow one another, at 126, 63 (half of it) and 100 beats per minute in turns."""
    data = str(tmp_path / "data")
    with open_index(load_settings(data_dir=data), fingerprint="a") as index:
        tempi = (126.0, 63.0, 100.0) * 2
        index.put(
            clip_with_edges(f"clip_{number}", 60 * number, 60 * number + 50, estimated_tempo=tempo)
            for number, tempo in enumerate(tempi)
        )
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
        (("chain", "first", "--filter", "tempo=300.."), "Error: no clip that meets the filters can follow first"),
        (("next", "first", "--song", "gone.mp3"), "Error: gone.mp3: cannot be read (No such file or directory); give"),
        (("next", "first", "--song", "song.txt"), "Error: song.txt: "),
        (("next", "first", "--song", "noise.mp3"), "Error: noise.mp3: "),
        (("chain", "first", "--song", "noise.mp3"), "Error: noise.mp3: "),
        (("next", "first", "--song", "short.wav"), "Error: short.wav: "),
        (("next", "first", "--song", "silent.wav"), "Error: silent.wav: "),
        (("next", "first", "--song", "hiss.wav"), "Error: no tempo can be heard in the song: say it with a filter"),
        (("chain", "first", "--song", "hiss.wav"), "Error: no tempo can be heard in the song: say it with a filter"),
    ],
)
def test_what_cannot_be_answered_is_one_clear_line(collection: str, words: tuple[str, ...], said: str) -> None:
    Path("song.txt").write_text("la la")
    Path("noise.mp3").write_bytes(np.random.default_rng(0).bytes(5000))
    write_song(Path("short.wav"), np.ones(2000))
    write_song(Path("silent.wav"), np.zeros(10 * 44100))
    write_song(Path("hiss.wav"), np.random.default_rng(0).normal(scale=0.1, size=8 * 44100))
    result = run(*words, "--data_dir", collection)
    assert result.exit_code == 2
    assert result.output.startswith(said)
    assert len(result.output.splitlines()) == 1


def test_what_follows_to_a_song_fits_its_tempo_or_half_of_it(at_three_tempi: str, song: str) -> None:
    found = json.loads(run("next", "clip_0", "--song", song, "--json", "--data_dir", at_three_tempi).output)
    assert [one["clip_id"] for one in found] == ["clip_1", "clip_3", "clip_4"]
    words = ("chain", "clip_0", "--length", "4", "--song", song, "--data_dir", at_three_tempi)
    assert json.loads(run(*words, "--json").output)["clip_ids"] == ["clip_0", "clip_1", "clip_3", "clip_4"]
    assert run(*words).output.splitlines()[-1].endswith("over 3 transitions.")


def test_a_filter_by_tempo_counts_instead_of_that_of_the_song(at_three_tempi: str, song: str) -> None:
    words = ("--song", song, "--filter", "tempo=95..105", "--json", "--data_dir", at_three_tempi)
    assert [one["clip_id"] for one in json.loads(run("next", "clip_0", *words).output)] == ["clip_2", "clip_5"]


def test_a_chain_to_a_song_that_too_few_clips_fit_says_how_many_there_are(at_three_tempi: str, song: str) -> None:
    result = run("chain", "clip_0", "--length", "5", "--song", song, "--data_dir", at_three_tempi)
    assert result.exit_code == 2
    assert result.output == "Error: only 4 clips can follow one another from clip_0: ask for a shorter chain\n"


def test_a_length_out_of_range_names_the_range(collection: str) -> None:
    result = run("chain", "first", "--length", "101", "--data_dir", collection)
    assert result.exit_code == 2
    assert "'101' is not a whole number from 2 to 100" in result.output
