"""`compact`, and what every other command makes of tables in archives."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection.data_dir.archives import Archives, Entry
from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.jobs import COMPACT_JOB, run_in_process
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace

CLIP = "basic_step_1"


def run(place: Workplace, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--data_dir", str(place.data)])


def files_of_tables(place: Workplace) -> list[Path]:
    return [path for path in place.data.glob("*/*.parquet") if path.parent.name != "archives"]


def test_tables_in_archives_are_made_and_whole_for_every_command(place: Workplace) -> None:
    before = {path.relative_to(place.data): path.read_bytes() for path in files_of_tables(place)}
    clips = pd.read_parquet(place.data / "embeddings.parquet")
    result = run(place, "compact")
    assert result.exit_code == 0, result.output
    assert "keypoints: 4 tables into 1 archive\n" in result.output
    assert files_of_tables(place) == []
    assert run(place, "compact").output.startswith("Nothing to compact: ")
    result = place.generate()
    assert result.exit_code == 0, result.output
    assert "Clips: 4 made, 0 failed, 0 processed this time." in result.output
    assert run(place, "report").exit_code == 0
    pd.testing.assert_frame_equal(pd.read_parquet(place.data / "embeddings.parquet"), clips)
    verified = run(place, "verify", "--data").output
    assert f"All {len(before)} tables are whole (every byte was read)" in verified
    shutil.rmtree(place.data / ".dagster")
    repaired = run(place, "repair").output
    assert f"Tables recorded again in Dagster's log: {len(before)}" in repaired
    assert "Clips: 4 made, 0 failed, 0 processed this time." in place.generate().output
    for archive in (place.data / "archives").rglob("*.zip"):
        shutil.unpack_archive(archive, place.data)
    assert {path.relative_to(place.data): path.read_bytes() for path in files_of_tables(place)} == before


def test_what_changes_is_made_again_as_files_and_what_is_gone_leaves_the_archives(place: Workplace) -> None:
    assert run(place, "compact").exit_code == 0
    said = json.loads(place.annotations.read_text())
    for clip in said["clips"]:
        clip["difficulty"] = "advanced"
    place.annotations.write_text(json.dumps(said))
    next(place.videos.rglob(f"{CLIP}.mp4")).unlink()
    assert place.generate().exit_code == 0
    annotated = {clip["clip_id"] for clip in said["clips"] if "clip_id" in clip} or SAMPLE_CLIPS
    made = {path.relative_to(place.data).as_posix() for path in files_of_tables(place)}
    assert made == {
        f"{asset}/{one}.parquet" for one in annotated - {CLIP} for asset in ("text_embedding", "search_index")
    }
    assert set(pd.read_parquet(place.data / "embeddings.parquet")["difficulty"]) == {"advanced"}
    assert run(place, "prune", "--yes").exit_code == 0
    assert run(place, "compact").exit_code == 0
    dataset = Dataset(str(place.data))
    assert dataset.clip_ids("keypoints") == dataset.clip_ids("search_index") == SAMPLE_CLIPS - {CLIP}
    assert "Clips: 3 made, 0 failed, 0 processed this time." in place.generate().output


@pytest.mark.parametrize("is_there", [True, False])
def test_a_damaged_archive_is_named_with_its_clips_whose_tables_alone_are_made_again(
    is_there: bool, place: Workplace
) -> None:
    assert run(place, "compact").exit_code == 0
    (archive,) = (place.data / "archives" / "lead_embedding").glob("*.zip")
    if is_there:
        archive.write_bytes(archive.read_bytes()[:1000])
    else:
        archive.unlink()
    name = archive.relative_to(place.data)
    why = f"its archive {name} is {'not what was written' if is_there else 'gone'}"
    assert run(place, "verify").output.count(why) == 4
    result = place.generate()
    assert result.exit_code == 0, result.output
    for clip_id in SAMPLE_CLIPS:
        assert f"{place.data}/lead_embedding/{clip_id}.parquet is damaged ({why}): it is made again" in result.output
    assert {path.parent.name for path in files_of_tables(place)} == {"lead_embedding"}
    assert " is damaged (" not in place.generate().output


def test_repair_writes_the_index_of_a_damaged_archive_once(place: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(place, "compact").exit_code == 0
    (archive,) = (place.data / "archives" / "lead_embedding").glob("*.zip")
    archive.write_bytes(b"." * archive.stat().st_size)  # of the same size: only who reads it notices
    written, replace_index = [], Archives.replace_index

    def noted(self: Archives, entries: Mapping[str, Entry]) -> None:
        written.append((self.asset, set(entries)))
        replace_index(self, entries)

    monkeypatch.setattr(Archives, "replace_index", noted)
    result = run(place, "repair")
    assert result.output.count("is set aside: `bachata-assets generate` makes it again") == len(SAMPLE_CLIPS)
    assert written == [("lead_embedding", set())]
    assert "Clips: 4 made, 0 failed, 4 processed this time." in place.generate().output


def test_a_lost_index_is_one_line_and_repair_finds_it_again(place: Workplace) -> None:
    assert run(place, "compact").exit_code == 0
    index = place.data / "archives" / "beats" / "index.parquet"
    index.unlink()
    result = place.generate()
    assert result.exit_code == 2
    assert f"Error: {index} is damaged (it is gone, but there are archives of tables)" in result.output
    assert f"{index} was damaged or gone; tables restored from the archives: 4" in run(place, "repair").output
    assert "Clips: 4 made, 0 failed, 0 processed this time." in place.generate().output


def test_the_job_in_the_ui_does_the_same(place: Workplace) -> None:
    platform = build_platform(load_settings(data_dir=str(place.data)))
    with open_instance(str(place.data)) as instance:
        assert run_in_process(platform.definitions, instance, COMPACT_JOB) is None
    assert files_of_tables(place) == []
    assert platform.dataset.clip_ids("beats") == SAMPLE_CLIPS


def test_a_folder_without_a_collection_is_refused_and_not_made(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["compact", "--data_dir", str(tmp_path / "nowhere")])
    assert done.exit_code == 2
    assert "nowhere: holds no collection" in done.output
    assert not (tmp_path / "nowhere").exists()
