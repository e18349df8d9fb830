"""`repair`: a damaged or lost state is made whole again from the tables, and nothing is computed for it."""

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection import scan
from bachata_assets.collection.data_dir.places import ABANDONED_S
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets_tests.support.damage import cut, cut_all, turn_a_bit_of
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace, report_of

CLIP = "basic_step_1"


def run(place: Workplace, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data_dir", str(place.data)])


def check_that_all_is_up_to_date(place: Workplace, before: dict[str, int]) -> None:
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert "Clips: 4 made, 0 failed, 0 processed this time." in result.output
    assert place.tables() == before
    assert run(place, "status").exit_code == 0


def cut_the_registry(place: Workplace) -> Path:
    cut(place.data / "clips.parquet")
    return place.data / "clips.parquet"


def write_another_table_over_the_registry(place: Workplace) -> Path:
    shutil.copy(place.data / "beats" / f"{CLIP}.parquet", place.data / "clips.parquet")
    return place.data / "clips.parquet"


def write_noise_over_the_event_log(place: Workplace) -> Path:
    path = place.data / ".dagster" / "history" / "runs" / "index.db"
    path.write_bytes(b"noise " * 5000)
    return path


def cut_the_event_log(place: Workplace) -> Path:
    path = place.data / ".dagster" / "history" / "runs" / "index.db"
    cut(path)
    return path


def write_noise_over_the_runs(place: Workplace) -> Path:
    path = place.data / ".dagster" / "history" / "runs.db"
    path.write_bytes(b"noise " * 5000)
    return path


def leave_two_versions(place: Workplace) -> Path:
    """Leave what two processes left that made a state at once, before one waited for the other."""
    path = place.data / ".dagster" / "history" / "runs.db"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO alembic_version VALUES ('another')")
    return path


def break_the_configuration(place: Workplace) -> Path:
    path = place.data / ".dagster" / "dagster.yaml"
    path.write_text("storage: {{{")
    return path


def write_a_list_as_configuration(place: Workplace) -> Path:
    path = place.data / ".dagster" / "dagster.yaml"
    path.write_text("- a\n- b\n")
    return path


@pytest.mark.parametrize(
    "damage",
    [
        cut_the_registry,
        write_another_table_over_the_registry,
        write_noise_over_the_event_log,
        cut_the_event_log,
        write_noise_over_the_runs,
        leave_two_versions,
        break_the_configuration,
        write_a_list_as_configuration,
    ],
)
def test_damage_is_one_line_that_names_file_and_remedy_and_repair_mends_it(
    place: Workplace, damage: Callable[[Workplace], Path]
) -> None:
    before = place.tables()
    path = damage(place)
    for words in (["status"], ["report"], ["prune", "--yes"] if path.name != "clips.parquet" else ["prune"]):
        result = run(place, *words)
        if words[0] == "prune" and path.name != "clips.parquet":
            continue  # nothing is to be removed, so the state is not asked
        assert result.exit_code == 2, result.output
        (line,) = result.output.splitlines()
        assert line.startswith(f"Error: {path} is damaged (")
        assert "`bachata-assets repair`" in line
    result = place.generate()
    assert result.exit_code == 2
    assert result.output.splitlines()[-1].startswith(f"Error: {path} is damaged (")
    result = run(place, "repair")
    assert result.exit_code == 0, result.output
    assert "damaged and is set aside" in result.output
    check_that_all_is_up_to_date(place, before)


def test_damaged_facts_are_found_again_with_the_folders_given(place: Workplace) -> None:
    before, facts = place.tables(), Dataset(str(place.data)).collection()
    cut(place.data / "collection.json")
    assert run(place, "status").exit_code == 2
    result = run(place, "repair")
    assert result.exit_code == 2
    assert "say where the clips are: `bachata-assets repair --video_dir … --annotations …`" in result.output
    result = run(place, "repair", "--video_dir", str(place.videos), "--annotations", str(place.annotations))
    assert result.exit_code == 0, result.output
    assert f"Precision of the poses, according to their tables: {facts['precision']}" in result.output
    found = Dataset(str(place.data)).collection()
    assert {name: found[name] for name in ("video_dir", "annotations", "precision")} == {
        name: facts[name] for name in ("video_dir", "annotations", "precision")
    }
    check_that_all_is_up_to_date(place, before)


def test_a_data_dir_without_its_facts_keeps_the_precision_of_its_tables(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, precision = place.tables(), Dataset(str(place.data)).collection()["precision"]
    (place.data / "collection.json").unlink()
    monkeypatch.setenv("BACHATA_PRECISION", "f32" if precision == "bf16" else "bf16")
    check_that_all_is_up_to_date(place, before)
    assert Dataset(str(place.data)).collection()["precision"] == precision


@pytest.mark.parametrize("command", ["repair", "generate"])
def test_a_lost_history_costs_no_computing_and_is_written_again(place: Workplace, command: str) -> None:
    before, checks = place.tables(), report_of(place.data)["checks"]
    shutil.rmtree(place.data / ".dagster")
    if command == "repair":
        result = run(place, "repair")
        assert "Tables recorded again in Dagster's log: 40" in result.output
        assert result.exit_code == 0
    check_that_all_is_up_to_date(place, before)
    assert run(place, "report").exit_code == 0
    assert report_of(place.data)["checks"] == checks  # what the checks said of the clips is known again
    with open_instance(str(place.data)) as instance:
        assert set(instance.get_dynamic_partitions("clips")) == SAMPLE_CLIPS
        for asset in ("keypoints", "beats", "audio_embedding", "text_embedding", "search_index"):
            assert instance.get_materialized_partitions(dg.AssetKey(asset)) == SAMPLE_CLIPS
        event = instance.get_latest_materialization_event(dg.AssetKey("beats"))
        beats = event and event.asset_materialization
        assert beats
        assert beats.metadata["tempo"].value == pytest.approx(
            {"basic_step_1": 120, "cross_body_lead_1": 140, "forward_backward_1": 112, "lady_right_turn_1": 132}[
                str(beats.partition)
            ],
            rel=0.02,
        )
        tags = beats.tags or {}
        assert tags["dagster/input_event_pointer/clip_file"] != "NULL"
        keypoints = instance.get_latest_materialization_event(dg.AssetKey("keypoints"))
        assert keypoints
        assert keypoints.asset_materialization
        assert "preview" in keypoints.asset_materialization.metadata
        assert not end_orphans(instance)


def test_what_only_looks_takes_no_lost_registry_for_an_empty_one(place: Workplace) -> None:
    (place.data / "clips.parquet").unlink()
    report = (place.data / "embedding_generation_report.json").read_bytes()
    for command in ("status", "report"):
        result = run(place, command)
        assert result.exit_code == 2
        (line,) = result.output.splitlines()
        assert line.startswith(f"Error: {place.data}/clips.parquet is damaged (it is gone, but there are tables")
    assert (place.data / "embedding_generation_report.json").read_bytes() == report


def test_everything_but_the_tables_is_lost_and_nothing_is_computed(place: Workplace) -> None:
    before = place.tables()
    for path in place.data.iterdir():
        if path.is_dir() and path.name not in ("previews", "lancedb", ".dagster"):
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    result = run(place, "repair", "--video_dir", str(place.videos), "--annotations", str(place.annotations))
    assert result.exit_code == 0, result.output
    assert "Clips restored from the tables: 4" in result.output
    assert "Documents sent again to the index: 4" in result.output
    check_that_all_is_up_to_date(place, before)
    assert set(report_of(place.data)["checks"]) == SAMPLE_CLIPS


def test_a_renamed_and_a_gone_clip_keep_their_ids_when_the_registry_is_lost(place: Workplace) -> None:
    turned = next(place.videos.rglob("lady_right_turn_1.mp4"))
    turned.rename(turned.with_name("turns.mp4"))
    assert place.generate().exit_code == 0
    gone = next(place.videos.rglob("cross_body_lead_1.mp4"))
    gone.rename(place.folder / "kept.mp4")
    assert place.generate().exit_code == 0
    before, files = place.tables(), scan.known_files(Dataset(str(place.data)))
    cut(place.data / "clips.parquet")
    assert run(place, "repair").exit_code == 0
    found = scan.known_files(Dataset(str(place.data)))
    assert found.keys() == files.keys() == SAMPLE_CLIPS
    assert found["lady_right_turn_1"].path == files["lady_right_turn_1"].path
    assert found["lady_right_turn_1"].renamed
    assert {i: (file.content, file.present) for i, file in found.items()} == {
        i: (file.content, file.present) for i, file in files.items()
    }
    result = place.generate()
    assert "Clips: 3 made, 0 failed, 0 processed this time." in result.output
    assert place.tables() == before


def test_repair_sets_damaged_tables_aside_and_generate_makes_them(place: Workplace) -> None:
    cut(place.data / "beats" / f"{CLIP}.parquet")
    turn_a_bit_of(place.data / "keypoints" / f"{CLIP}.parquet")
    assert place.generate().exit_code == 0  # the size of one is right: only reading it tells
    verified = run(place, "verify", "--data", "--json")
    tables = next(finding for finding in json.loads(verified.output) if "tables are" in finding["what"])
    assert verified.exit_code == 1
    assert tables["state"] == "problem"
    assert f"1 of 40 tables are damaged: {place.data}/keypoints/{CLIP}.parquet (" in tables["what"]
    result = run(place, "repair")
    assert f"{place.data}/keypoints/{CLIP}.parquet was damaged (" in result.output
    assert (place.data / "keypoints" / f"{CLIP}.parquet.damaged").exists()
    result = place.generate()
    assert result.exit_code == 0
    assert "1 processed this time" in result.output


def test_repair_fills_an_index_of_which_a_sample_would_not_tell(place: Workplace) -> None:
    cut_all(place.data / "lancedb")
    assert "Documents sent again to the index: 4" in run(place, "repair").output
    assert run(place, "similar", CLIP).exit_code == 0


def test_repair_of_a_whole_data_dir_changes_nothing(place: Workplace) -> None:
    before = place.tables()
    result = run(place, "repair")
    assert result.output.splitlines() == [
        "Tables recorded again in Dagster's log: 0",
        "Documents sent again to the index: 0",
        "Mended. `bachata-assets generate` makes what is missing.",
    ]
    check_that_all_is_up_to_date(place, before)


def test_repair_removes_the_half_written_files_of_killed_processes_alone(place: Workplace) -> None:
    left = [place.data / "beats" / "turn_1.parquet.0123abcd.tmp", place.data / "clips.parquet.89efcdab.tmp"]
    kept = [place.data / "beats" / "turn_1.parquet.4567abcd.tmp", place.data / "notes.tmp"]
    for path in (*left, *kept):
        path.write_bytes(b"half")
    for path in (*left, place.data / "notes.tmp"):
        os.utime(path, (time.time() - 2 * ABANDONED_S,) * 2)
    assert "Half-written files of processes that were killed, removed: 2" in run(place, "repair").output
    assert [path.exists() for path in (*left, *kept)] == [False, False, True, True]


def test_a_dagster_home_of_ones_own_is_not_moved(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    home = place.folder / "home"
    (place.data / ".dagster").rename(home)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    (home / "history" / "runs.db").write_bytes(b"noise " * 5000)
    result = run(place, "repair")
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: {home}/history/runs.db is damaged (")
    assert line.endswith("mend or move it: it is in your own DAGSTER_HOME")
    assert home.is_dir()
