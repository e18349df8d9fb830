"""`similar` and `index` on a small embedded index."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app, tables
from bachata_assets.cli.tables import console, matches_table, moments_table
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.build import build_resources
from bachata_assets.search.index import open_index
from bachata_assets.search.similarity import Match
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.documents import document, documents, moments
from bachata_assets_tests.support.paths import SAMPLE_CLIP
from bachata_assets_tests.support.workplace import Workplace


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """A data dir whose index holds twelve clips in three clusters."""
    with open_index(load_settings(data_dir=str(tmp_path / "data")), fingerprint="a") as index:
        index.put(documents(12))
        index.promote()
    labels = {"move_label": ["turn", "basic_step"], "difficulty": ["beginner", "advanced"], "energy_level": ["low"] * 2}
    Dataset(url=str(tmp_path / "data")).write_parquet("embeddings.parquet", pa.table(labels), {})
    return tmp_path / "data"


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_similar_shows_the_nearest_clips_of_the_same_cluster_first(collection: Path) -> None:
    result = run("similar", "clip_0000", "--size", "3", "--json", "--data_dir", str(collection))
    found = json.loads(result.output)
    assert {match["clip_id"] for match in found} == {"clip_0003", "clip_0006", "clip_0009"}
    assert found[0]["score"] >= found[1]["score"] >= found[2]["score"]
    assert set(found[1]["scores"]) == {"text", "audio", "lead", "follow", "interaction"}


def test_similar_prints_a_table_with_the_scores_of_each_family(collection: Path) -> None:
    lines = run("similar", "clip_0000", "--size", "2", "--data_dir", str(collection)).output.splitlines()
    assert lines[0].split()[:4] == ["clip", "move", "score", "text"]
    assert {line.split()[0] for line in lines[2:4]} < {"clip_0003", "clip_0006", "clip_0009"}


@pytest.mark.parametrize("width", [80, 100, 200])
def test_a_table_of_matches_fits_the_terminal_with_whole_numbers(
    width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    families = ("text", "audio", "lead", "follow", "interaction")
    found = [
        Match(
            clip_id=f"bachata_sensual__cross_body_lead_with_turn_{number}", score=0.912345,
            scores=dict.fromkeys(families, 0.8765), video_path="a.mp4", move_label="cross_body_lead_with_turn",
            difficulty="intermediate", energy_level="medium", estimated_tempo=118.0, quality_score=0.87,
        )
        for number in (1, 12)
    ]  # fmt: skip
    shown = console()
    shown.print(matches_table(found, width), width=width)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert [line.split()[0][-3:].lstrip("n_") for line in lines[-2:]] == ["1", "12"]
    for line in lines[-2:]:
        assert {"0.912", "0.876", "118", "0.87"} <= set(line.split())
        assert line.split()[1].startswith("cro")
    if width == 80:
        assert all(line.split()[0].startswith("bach") and "…" in line for line in lines[-2:])
    else:
        assert ("intermediate" in lines[-1]) == (width == 200)


def test_similar_says_why(collection: Path) -> None:
    words = ("similar", "clip_0000", "--size", "1", "--why", "--data_dir", str(collection))
    (found,) = json.loads(run(*words, "--json").output)
    assert set(found["why"]) == {"lead", "follow", "interaction", "audio", "text"}
    lead = found["why"]["lead"]
    assert sum(lead["blocks"].values()) == pytest.approx(lead["cosine"])
    assert sum(lead["parts"].values()) == pytest.approx(lead["cosine"])
    assert "hands" in lead["parts"]
    lines = run(*words).output.splitlines()
    assert any(line.startswith("  lead +") for line in lines)


def test_a_song_is_asked_about_by_its_sound(collection: Path) -> None:
    words = ("--song", str(SAMPLE_CLIP), "--from", "1", "--why", "--json", "--data_dir", str(collection))
    assert json.loads(run("similar", *words).output) == []  # no clip fits its 120 beats per minute
    found = json.loads(run("similar", *words, "--filter", "tempo=100..105").output)
    assert {tuple(match["scores"]) for match in found} == {("audio",)}
    assert set(found[0]["why"]) == {"audio"}


def test_what_is_meant_by_alike_other_songs_and_variety_are_asked_for(collection: Path) -> None:
    words = ("--by", "move", "--other-song", "--diverse", "--json", "--data_dir", str(collection))
    found = json.loads(run("similar", "clip_0000", *words).output)
    assert {tuple(match["scores"]) for match in found} <= {("lead", "follow", "interaction"), ("lead", "interaction")}
    assert set(found[0]) == {one.name for one in fields(Match)}


def test_nothing_found_is_said(with_moments: Path) -> None:
    for words in ((), ("--from", "1")):
        asked = ("similar", "clip_0000", *words, "--filter", "tempo=300..400", "--data_dir", str(with_moments))
        assert run(*asked).output.startswith("No clip of the collection matches")
        assert json.loads(run(*asked, "--json").output) == []


@pytest.mark.parametrize("width", [80, 200])
def test_a_table_of_moments_fits_the_terminal_with_whole_numbers(
    with_moments: Path, width: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_index(load_settings(data_dir=str(with_moments))) as index:
        found = index.find_moments("clip_0000", start=0, end=4, size=3)
    long = [replace(one, clip_id=f"bachata_sensual__cross_body_lead_{i}") for i, one in enumerate(found)]
    shown = console()
    shown.print(moments_table(long, width), width=width)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    for one, line in zip(found, lines[2:], strict=True):
        numbers = (f"{one.start_s:.1f}", f"{one.end_s:.1f}", f"{one.score:.3f}", f"{one.quality_score:.2f}")
        assert {*numbers, *(f"{score:.3f}" for score in one.scores.values())} <= set(line.split())


def test_index_status_names_every_version_in_full_on_a_narrow_terminal(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "PIPE_WIDTH", 80)
    names = [
        one["name"]
        for one in json.loads(run("index", "status", "--json", "--data_dir", str(place.data)).output)["versions"]
    ]
    lines = run("index", "status", "--data_dir", str(place.data)).output.splitlines()
    assert max(map(len, lines)) <= 80
    cells = "".join(line.split("│")[1].strip() for line in lines if line.startswith("│"))
    assert names
    assert all(name in cells for name in names)


def test_a_filter_and_weights_are_understood(collection: Path) -> None:
    words = ("--filter", "difficulty=beginner", "--weights", "lead=1", "--json", "--data-dir", str(collection))
    found = json.loads(run("similar", "clip_0000", *words).output)
    assert {match["difficulty"] for match in found} == {"beginner"}
    assert {tuple(match["scores"]) for match in found} == {("lead",)}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nobody",), "Error: no clip 'nobody' in the index: `bachata-assets status` names the clips"),
        (("clip_000",), "Error: no clip 'clip_000' in the index: did you mean clip_00"),
        ((), "Error: give exactly one of: a clip, vectors, or a text"),
        (("--text", "slow", "--why"), "Error: --why compares movements and sounds: ask about a clip"),
        (("clip_0000", "--text", "slow"), "Error: give only one of: a clip, --text, --video, --song"),
        (("--text", "a turn", "--from", "3"), "Error: --from and --to select a part of a --song, or of a clip"),
        (("--song", "gone.mp3"), "Error: gone.mp3: cannot be read (No such file or directory); give an mp3"),
        (("--video", "gone.txt"), "Error: gone.txt: this file type is not accepted as a video; convert it to mp4"),
        (("clip_0000", "--by", "feet"), "Error: by: no 'feet'; choose from move, couple, lead, follow, music, words"),
        (("clip_0000", "--weights", "legs=1"), "Error: weights: no family 'legs'"),
        (("clip_0000", "--weights", "lead=1", "--by", "move"), "Error: --by is a name for weights: use either"),
        (("clip_0000", "--per-clip", "1"), "Error: --per-clip limits the moments that a part of a clip finds"),
        (("clip_0000", "--filter", "colour=red"), "Error: filters: no filter 'colour'"),
        (
            ("clip_0000", "--filter", "difficulty=hard"),
            "Error: filters: no clip has difficulty=hard; choose from advanced, beginner",
        ),
    ],
)
def test_a_question_without_sense_ends_with_two_and_one_clear_line(
    collection: Path, words: tuple[str, ...], said: str
) -> None:
    result = run("similar", *words, "--data_dir", str(collection))
    assert result.exit_code == 2
    assert result.output.startswith(said)


def test_the_version_that_generate_writes_is_live_and_current(place: Workplace) -> None:
    state = json.loads(run("index", "status", "--json", "--data_dir", str(place.data)).output)
    for (version,), least in ((state["versions"], 4), (state["moments"], 5)):
        assert version["live"]
        assert version["current"]
        assert version["documents"] >= least
    assert version["name"].startswith("bachata_move_embeddings_moments-")


def test_status_says_which_version_readers_see_and_which_the_current_models_write(tmp_path: Path) -> None:
    with build_resources(load_settings(data_dir=str(tmp_path)))["search"].open() as index:
        index.put(documents(2))
        index.promote()
        written = index.version
    with open_index(load_settings(data_dir=str(tmp_path)), fingerprint="earlier models") as index:
        index.put(documents(1))
    state = json.loads(run("index", "status", "--json", "--data_dir", str(tmp_path)).output)
    assert {version["name"] for version in state["versions"] if version["current"]} == {written}
    assert [(one["documents"], one["live"]) for one in state["versions"] if one["name"] == written] == [(2, True)]
    assert [(one["documents"], one["live"]) for one in state["versions"] if one["name"] != written] == [(1, False)]
    assert "written now" in run("index", "status", "--data_dir", str(tmp_path)).output


def test_prune_removes_what_readers_no_longer_see(collection: Path) -> None:
    with open_index(load_settings(data_dir=str(collection)), fingerprint="b") as index:
        index.put([document("clip_0000")])
        index.promote(force=True)
    result = run("index", "prune", "--data_dir", str(collection))
    assert result.exit_code == 0, result.output
    assert result.output.startswith("Removed: bachata_move_embeddings-")
    state = json.loads(run("index", "status", "--json", "--data_dir", str(collection)).output)
    assert [version["documents"] for version in state["versions"]] == [1]


@pytest.fixture
def with_moments(collection: Path) -> Path:
    """The same, with five moments a clip."""
    with open_index(load_settings(data_dir=str(collection)), fingerprint="a") as index:
        index.moments.put(one for i, clip in enumerate(documents(12)) for one in moments(clip, [i, i, i + 1, i + 1, i]))
        index.promote()
    return collection


def test_similar_shows_the_moments_most_like_a_part_of_a_clip(with_moments: Path) -> None:
    words = ("similar", "clip_0000", "--from", "0", "--to", "4", "--size", "3", "--data_dir", str(with_moments))
    found = json.loads(run(*words, "--json").output)
    assert [one["score"] for one in found] == sorted((one["score"] for one in found), reverse=True)
    assert all(one["end_s"] - one["start_s"] == 4 for one in found)
    assert "clip_0000" not in {one["clip_id"] for one in found}
    lines = run(*words).output.splitlines()
    assert lines[0].split() == [
        "clip",
        "move",
        "from",
        "to",
        "score",
        "lead",
        "follow",
        "interaction",
        "quality",
        "beats",
    ]
    assert [line.split()[0] for line in lines[2:5]] == [one["clip_id"] for one in found]


def test_similar_says_why_a_moment_is_alike(with_moments: Path) -> None:
    words = ("similar", "clip_0000", "--from", "4", "--size", "1", "--why", "--data_dir", str(with_moments))
    (found,) = json.loads(run(*words, "--json").output)
    assert set(found["why"]) == {"lead", "follow", "interaction"}
    shown = run(*words).output
    assert f"{found['clip_id']}, {found['start_s']:.1f} to {found['end_s']:.1f} s" in shown
    assert "  lead +" in shown


def test_a_part_that_ends_behind_its_clip_is_said_to_be_cut(
    with_moments: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for end, said in ((30.05, []), (40, ["Clip 'clip_0000' is 30.0 s long: the part ends there, not at 40 s"])):
        words = ("similar", "clip_0000", "--from", "4", "--to", str(end), "--data_dir", str(with_moments))
        assert run(*words).exit_code == 0
        assert caplog.messages == said


def test_a_part_that_ends_behind_its_song_is_said_to_be_cut(collection: Path, caplog: pytest.LogCaptureFixture) -> None:
    words = ("similar", "--song", str(SAMPLE_CLIP), "--from", "2", "--to", "90", "--data_dir", str(collection))
    assert run(*words).exit_code == 0
    assert caplog.messages == [f"{SAMPLE_CLIP}: its sound ends at 6.0 s, so the part ends there, not at 90 s"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("clip_0000", "--from", "8", "--to", "4"), "it must end later"),
        (("clip_0000", "--from", "99"), "is 30.0 s long: nothing of it is from 99"),
        (("clip_0000", "--from", "1", "--diverse"), "or of a clip without --other-song and --diverse"),
        (("clip_00", "--from", "1"), "no clip 'clip_00' in the index: did you mean"),
    ],
)
def test_a_part_that_is_none_is_one_clear_line(with_moments: Path, words: tuple[str, ...], line: str) -> None:
    result = run("similar", *words, "--data_dir", str(with_moments))
    assert result.exit_code == 2
    assert line in result.output
    assert len(result.output.splitlines()) == 1


def test_a_part_of_a_clip_without_moments_is_one_clear_line(collection: Path) -> None:
    result = run("similar", "clip_0000", "--from", "1", "--data_dir", str(collection))
    assert result.exit_code == 2
    assert result.output == (
        "Error: clip 'clip_0000' has no moments in the index: `bachata-assets generate` makes them\n"
    )
