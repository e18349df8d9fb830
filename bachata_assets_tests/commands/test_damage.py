"""Damaged and lost files of a data dir: `generate` notices them, names them and makes them again, and nothing else."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection.scan import exchanged_files, known_files, scan_clips
from bachata_assets.families import DIMENSIONS
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.partitions import read_clips, register
from bachata_assets.search.index import SearchIndex
from bachata_assets.search.moments.record import moment_records
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.damage import cut, cut_all, turn_a_bit_of
from bachata_assets_tests.support.documents import read_of
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.vectors import present
from bachata_assets_tests.support.workplace import Workplace, report_of

CLIP = "basic_step_1"
REMEDY = "Check its path and its permissions."
ASSETS = (
    *("keypoints", "beats", *(f"{family}_embedding" for family in DIMENSIONS)),
    *("moments", "transitions", "search_index"),
)


def run(place: Workplace, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data_dir", str(place.data)])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def overwrite(path: Path) -> None:
    path.write_text("this was a table\n" * 100)


def values_of(path: Path) -> list[dict[str, object]]:
    """Return a table's values, a document's without what making it again changes."""
    rows: list[dict[str, object]] = pq.read_table(path).to_pylist()
    for row in rows:
        if "document" in row:
            document = json.loads(str(row["document"]))
            row["document"] = {n: v for n, v in document.items() if n not in ("processing_time", "created_at")}
    return rows


def test_a_cut_table_of_every_stage_is_named_and_made_again_and_nothing_else_is(place: Workplace) -> None:
    before = place.tables()
    values = {name: values_of(place.data / name) for name in before}
    paths = [place.data / asset / f"{CLIP}.parquet" for asset in ASSETS]
    for path, damage in zip(paths, [cut, empty, overwrite] * 4, strict=False):
        damage(path)
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert "Clips: 4, of which 3 are up to date and 1 to be made" in result.output
    for path in paths:
        assert f"{path} is damaged (" in result.output
        assert "bytes, " in result.output.partition(f"{path} is damaged (")[2].partition(")")[0]
    after = place.tables()
    assert {name for name in before if after[name] != before[name]} == {f"{asset}/{CLIP}.parquet" for asset in ASSETS}
    assert {name: values_of(place.data / name) for name in after} == values
    assert place.generate().output.count("damaged") == 0


def test_a_cut_keypoints_table_alone_is_made_again_alone(place: Workplace) -> None:
    before = place.tables()
    cut(place.data / "keypoints" / f"{CLIP}.parquet")
    assert run(place, "status").exit_code == 1
    assert place.generate().exit_code == 0
    after = place.tables()
    assert {name for name in before if after[name] != before[name]} == {f"keypoints/{CLIP}.parquet"}
    assert run(place, "status").exit_code == 0


def test_a_lost_table_that_cannot_be_made_again_is_failed_with_its_reason_until_it_is_made_and_lost_anew(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = place.data / "keypoints" / f"{CLIP}.parquet"
    table.unlink()
    monkeypatch.setenv("BACHATA_LONGEST_CLIP_SECONDS", "1")
    assert place.generate().exit_code == 1
    status = json.loads(run(place, "status", "--json").output)
    assert "BACHATA_LONGEST_CLIP_SECONDS" in status["failed"][CLIP]
    assert status["to_be_made"] == {}

    monkeypatch.delenv("BACHATA_LONGEST_CLIP_SECONDS")
    assert place.generate().exit_code == 0
    assert table.is_file()
    table.unlink()
    status = json.loads(run(place, "status", "--json").output)
    assert status["failed"] == {}
    assert status["to_be_made"] == {CLIP: ["keypoints"]}


def test_a_table_in_the_place_of_another_is_noticed_and_made_again(place: Workplace) -> None:
    names = ("lead_embedding", "beats", "search_index")
    values = {name: values_of(place.data / name / f"{CLIP}.parquet") for name in names}
    shutil.copy(place.data / "lead_embedding/lady_right_turn_1.parquet", place.data / f"lead_embedding/{CLIP}.parquet")
    shutil.copy(place.data / "keypoints" / f"{CLIP}.parquet", place.data / "beats" / f"{CLIP}.parquet")
    shutil.copy(place.data / "search_index/lady_right_turn_1.parquet", place.data / f"search_index/{CLIP}.parquet")
    assert run(place, "status").exit_code == 1
    assert place.generate().exit_code == 0
    assert {name: values_of(place.data / name / f"{CLIP}.parquet") for name in names} == values


@pytest.mark.parametrize("damage", [cut, empty, overwrite, Path.unlink])
@pytest.mark.parametrize(
    "name", ["embeddings.parquet", "embedding_generation_report.json", "embedding_generation_report.html"]
)
def test_a_damaged_report_is_made_again_without_touching_a_clip(
    place: Workplace, name: str, damage: Callable[[Path], None]
) -> None:
    before = place.tables()
    damage(place.data / name)
    result = place.generate()
    assert result.exit_code == 0
    assert "Clips: 4 made, 0 failed, 0 processed this time." in result.output
    assert place.tables() == before
    assert len(pd.read_parquet(place.data / "embeddings.parquet")) == 4
    assert report_of(place.data)["summary"]["successful"] == 4
    assert "basic_step_1" in (place.data / "embedding_generation_report.html").read_text()


def test_a_bit_that_turned_in_a_document_is_named_by_the_report_and_mended_by_generate(place: Workplace) -> None:
    path = place.data / "search_index" / f"{CLIP}.parquet"
    values = values_of(path)
    turn_a_bit_of(path)
    result = run(place, "report")
    assert result.exit_code == 1
    assert f"Error: the report could not be made: {path} is damaged (" in result.output
    assert "Wrote" not in result.output
    assert path.with_name(f"{path.name}.damaged").exists()
    assert place.generate().exit_code == 0
    assert values_of(path) == values


def test_generate_goes_on_by_itself_where_the_report_finds_a_damaged_table(place: Workplace) -> None:
    path = place.data / "search_index" / f"{CLIP}.parquet"
    turn_a_bit_of(path)
    (place.data / "embeddings.parquet").unlink()
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert "Clips: 4 made, 0 failed, 1 processed this time." in result.output
    assert set(pd.read_parquet(place.data / "embeddings.parquet")["clip_id"]) == SAMPLE_CLIPS


def test_an_input_in_which_a_bit_turned_fails_its_clip_once(place: Workplace) -> None:
    turn_a_bit_of(place.data / "keypoints" / f"{CLIP}.parquet")
    (place.data / "lead_embedding" / f"{CLIP}.parquet").unlink()
    result = place.generate()
    assert result.exit_code == 1
    assert f"keypoints/{CLIP}.parquet is damaged (" in result.output
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert run(place, "status").exit_code == 0


def test_a_clip_that_may_not_be_read_has_failed_and_says_so(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    path = next(place.videos.rglob(f"{CLIP}.mp4"))
    before = place.tables()
    os.utime(path)  # so that its content is not known any more

    def refusing(opens: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(name: str | Path, *rest: Any, **named: Any) -> Any:
            if str(name).endswith(f"/{CLIP}.mp4"):
                raise av.error.PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))  # an OSError, too
            return opens(name, *rest, **named)

        return refuse

    monkeypatch.setenv("BACHATA_WORKERS", "in_process")
    monkeypatch.setattr(os, "open", refusing(os.open))
    monkeypatch.setattr(av, "open", refusing(av.open))
    result = place.generate()
    assert result.exit_code == 1
    said = [line for line in result.output.splitlines() if line.startswith(f"  failed: {CLIP} (")]
    assert [line.partition("): ")[2] for line in said] == [f"{path}: not readable (Permission denied). {REMEDY}"]
    (failed,) = report_of(place.data)["failures"]
    assert (failed["clip_id"], failed["transient"]) == (CLIP, True)
    assert place.tables() == before  # what was made of it stays
    monkeypatch.undo()
    assert "Clips: 4 made, 0 failed, 1 processed this time." in place.generate().output


def test_a_report_that_cannot_be_written_is_said_with_the_file_and_an_exit_code(place: Workplace) -> None:
    for name in ("embeddings.parquet", "embedding_generation_report.json"):
        (place.data / name).unlink()
    (place.data / "embedding_generation_report.json").mkdir()
    result = place.generate()
    assert result.exit_code == 1
    assert "the report could not be made: " in result.output
    assert str(place.data / "embedding_generation_report.json") in result.output
    assert "Everything is in" not in result.output
    result = run(place, "report")
    assert result.exit_code == 1
    assert "Wrote" not in result.output
    (place.data / "embedding_generation_report.json").rmdir()
    assert place.generate().exit_code == 0
    assert report_of(place.data)["summary"]["successful"] == 4


def index_of(place: Workplace) -> SearchIndex:
    return SearchIndex.from_settings(load_settings(data_dir=str(place.data)))


def lose_the_folder(place: Workplace) -> None:
    shutil.rmtree(place.data / "lancedb")


def lose_documents(place: Workplace) -> None:
    with build_platform(load_settings(data_dir=str(place.data))).tools.search.open() as index:
        index.delete([CLIP, "lady_right_turn_1"])


def lose_some_moments(place: Workplace) -> None:
    with build_platform(load_settings(data_dir=str(place.data))).tools.search.open() as index:
        index.moments.delete([CLIP])


def lose_all_moments(place: Workplace) -> None:
    with build_platform(load_settings(data_dir=str(place.data))).tools.search.open() as index:
        index.moments.delete(SAMPLE_CLIPS)


def restore_an_older_copy(place: Workplace) -> None:
    """Put a document back as it was before its annotation was edited."""
    kept = place.folder / "older"
    shutil.copytree(place.data / "lancedb", kept)
    said = json.loads(place.annotations.read_text())
    for clip in said["clips"]:
        clip["difficulty"] = "advanced"
    place.annotations.write_text(json.dumps(said))
    assert place.generate().exit_code == 0
    shutil.rmtree(place.data / "lancedb")
    kept.rename(place.data / "lancedb")


def cut_its_files(place: Workplace) -> None:
    cut_all(place.data / "lancedb")


@pytest.mark.parametrize(
    "lose",
    [lose_the_folder, lose_documents, lose_some_moments, lose_all_moments, restore_an_older_copy, cut_its_files],
)
def test_what_the_index_lost_is_sent_again_without_computing_anything(
    place: Workplace, lose: Callable[[Workplace], None]
) -> None:
    lose(place)
    before = place.tables()
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert "sent again from the tables" in result.output
    assert "Clips: 4 made, 0 failed, 0 processed this time." in result.output
    assert place.tables() == before
    sent = {clip: pq.read_table(place.data / "search_index" / f"{clip}.parquet").to_pylist() for clip in SAMPLE_CLIPS}
    with index_of(place) as index:
        assert index.ids() == SAMPLE_CLIPS
        for record in index.get_all_embeddings():
            (row,) = sent[record.clip_id]
            assert record.content_hash == row["content_hash"]
            assert record.to_source() == json.loads(row["document"])
        assert index.moments.clips() == SAMPLE_CLIPS
        for clip_id, moments in index.moments.of_clips(SAMPLE_CLIPS):
            table = pq.read_table(place.data / "moments" / f"{clip_id}.parquet")
            assert [one.content_hash for one in moments] == [
                one.content_hash for one in moment_records(read_of(index, clip_id), table)
            ]
    assert "sent again" not in place.generate().output


def test_a_moments_table_that_is_damaged_where_the_index_lost_them_is_made_again(place: Workplace) -> None:
    path = place.data / "moments" / f"{CLIP}.parquet"
    values = values_of(path)
    turn_a_bit_of(path)
    lose_all_moments(place)
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert f"{path} is damaged (" in result.output
    assert values_of(path) == values
    with index_of(place) as index:
        assert index.moments.clips() == SAMPLE_CLIPS


def test_verify_says_that_moments_are_lost(place: Workplace) -> None:
    lose_some_moments(place)
    assert "1 clip without all moments" in run(place, "verify").output


def test_a_cut_index_is_one_line_with_the_remedy(place: Workplace) -> None:
    cut_all(place.data / "lancedb")
    result = run(place, "similar", CLIP)
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith(f"Error: The index in {place.data}/lancedb cannot be read or written (")
    assert line.endswith("): `bachata-assets repair` makes it again from the tables")


def test_an_index_that_looks_as_before_is_not_opened(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place.generate().exit_code == 0  # looks once at what the runs have sent

    def opened(*_: object, **__: object) -> None:
        raise AssertionError("the index was opened")

    monkeypatch.setattr("lancedb.connect", opened)
    assert place.generate().exit_code == 0


def test_an_index_that_no_longer_answers_is_no_success(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    from bachata_assets.search.elasticsearch import client

    monkeypatch.setattr(client, "BACKOFF_SECONDS", 0.01)
    monkeypatch.setattr("bachata_assets.search.index.SearchIndex.require_usable", lambda _: None)  # it answered then
    platform = build_platform(load_settings(data_dir=str(place.data)))
    version = next(stage.code_version for stage in platform.stages if stage.name == "search_index")
    monkeypatch.setenv("ELASTICSEARCH_HOST", "127.0.0.1")
    monkeypatch.setenv("ELASTICSEARCH_PORT", "9")
    monkeypatch.setattr("bachata_assets.pipeline.stages.search.DOCUMENT_VERSION", "as before")
    monkeypatch.setattr(
        "bachata_assets.pipeline.tools.SearchIndexProvider.identity", lambda _: version.partition("+")[2]
    )
    monkeypatch.setattr("bachata_assets.pipeline.stages.search.DOCUMENT_VERSION", version.partition("+")[0])
    result = place.generate()
    assert result.exit_code == 1
    assert "the index does not match the tables: Cannot connect to Elasticsearch at 127.0.0.1:9" in result.output
    assert "Clips: 4 made, 0 failed, 0 processed this time." in result.output


@pytest.mark.parametrize("asset", ["keypoints", "beats", "text_embedding", "transitions", "search_index"])
def test_the_table_of_another_clip_is_noticed_and_made_again(asset: str, place: Workplace) -> None:
    path = place.data / asset / f"{CLIP}.parquet"
    values = values_of(path)
    others = sorted(path.parent.glob("*.parquet"))
    shutil.copy(next(one for one in others if one.stat().st_size != path.stat().st_size), path)
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert f"{asset}/{CLIP}.parquet is damaged" in result.output
    assert "1 processed this time" in result.output
    assert values_of(path) == values


def test_the_table_of_another_clip_of_the_same_size_is_noticed_by_whoever_reads_everything(place: Workplace) -> None:
    name = f"beats/{CLIP}.parquet"
    other = (place.data / "beats" / "lady_right_turn_1.parquet").read_bytes()
    path = place.data / name
    size = path.stat().st_size
    # Its own footer, at the end of a table of the same size: only the content tells.
    path.write_bytes(other[: size - 8].ljust(size - 8, b"\0") + path.read_bytes()[-8:])
    said = run(place, "verify", "--data")
    assert name in said.output
    assert f"{name} was damaged" in run(place, "repair").output


def test_two_files_that_were_exchanged_under_the_same_sizes_and_times_are_noticed(place: Workplace) -> None:
    one = place.videos / "basic_steps" / "basic_step_1.mp4"
    other = place.videos / "lady_right_turn" / "lady_right_turn_1.mp4"
    longer = max(one.stat().st_size, other.stat().st_size)
    for path in (one, other):  # a box that players skip
        missing = longer + 8 - path.stat().st_size
        path.write_bytes(path.read_bytes() + missing.to_bytes(4, "big") + b"free" + bytes(missing - 8))
        os.utime(path, (1_000_000_000, 1_000_000_000))
    files = [one.read_bytes(), other.read_bytes()]
    platform = build_platform(load_settings(data_dir=str(place.data)))
    with open_instance(str(place.data)) as instance:
        register(instance, platform.dataset, scan_clips(platform.settings, platform.dataset))
        read_clips(instance, sorted(SAMPLE_CLIPS), platform.settings, platform.dataset)
    assert exchanged_files(platform.settings, platform.dataset) == []

    for path, content in zip((other, one), files, strict=True):
        path.write_bytes(content)
        os.utime(path, (1_000_000_000, 1_000_000_000))
    before = known_files(platform.dataset)
    said = run(place, "verify", "--data")
    assert said.exit_code == 1
    assert "Changed since they were read, although size and time are the same: " in said.output
    assert known_files(platform.dataset) == before
    repaired = run(place, "repair").output
    for path in (one, other):
        assert f"{path.relative_to(place.videos)} has changed since it was read" in repaired
    now = known_files(platform.dataset)
    assert now["basic_step_1"].content == before["lady_right_turn_1"].content
    assert now["lady_right_turn_1"].content == before["basic_step_1"].content
    todo = json.loads(run(place, "status", "--json").output)["to_be_made"]
    assert {clip_id for clip_id, stages in todo.items() if "keypoints" in stages} >= {"basic_step_1"}


def test_a_document_under_the_id_of_another_clip_is_sent_again(place: Workplace) -> None:
    settings = load_settings(data_dir=str(place.data))
    with build_platform(settings).tools.search.open() as index:
        before = read_of(index, CLIP)
        index.put([replace(read_of(index, "lady_right_turn_1"), clip_id=CLIP)])
        assert read_of(index, CLIP) != before
    assert "different content" in run(place, "verify", "--data").output
    result = place.generate()
    assert result.exit_code == 0
    assert "0 processed this time" in result.output
    with SearchIndex.from_settings(settings) as index:
        assert index.get_embedding_by_id(CLIP) is not None
        assert read_of(index, CLIP).move_label == before.move_label
        assert np.array_equal(present(read_of(index, CLIP).lead_embedding), present(before.lead_embedding))
