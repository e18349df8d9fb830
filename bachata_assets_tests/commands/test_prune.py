"""`bachata-assets prune`: what is taken away of clips that are gone."""

import shutil
from uuid import uuid4

import pandas as pd
from dagster import DagsterInstance, DagsterRunStatus
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.orphaned_runs import process_tag
from bachata_assets.search.index import SearchIndex
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.empty_job import nothing
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace, report_of

LEFT = SAMPLE_CLIPS - {"basic_step_1"}


def indexed(place: Workplace) -> set[str]:
    with SearchIndex.from_settings(load_settings(data_dir=str(place.data))) as index:
        return index.ids()


def prune(place: Workplace, *words: str) -> str:
    result = CliRunner().invoke(app, ["prune", "--data_dir", str(place.data), *words])
    return f"{result.exit_code} {result.output}"


def partitions(instance: DagsterInstance) -> set[str]:
    return set(instance.get_dynamic_partitions("clips"))


def test_a_removed_file_marks_its_clip_and_pruning_takes_it_out_everywhere(place: Workplace) -> None:
    before = place.tables()
    (place.videos / "basic_steps" / "basic_step_1.mp4").unlink()
    assert place.generate().exit_code == 0
    assert place.tables() == before
    assert report_of(place.data)["summary"]["total_videos"] == 3
    assert "basic_step_1" in indexed(place)

    assert "Clips without a file, or without a couple: basic_step_1" in prune(place, "--dry-run")
    assert place.tables() == before

    assert prune(place, "--yes").startswith("0 ")
    assert indexed(place) == LEFT
    assert {name.split("/")[1] for name in place.tables()} == {f"{clip_id}.parquet" for clip_id in LEFT}
    assert {path.stem for path in (place.data / "previews").iterdir()} == LEFT
    with open_instance(str(place.data)) as instance:
        assert partitions(instance) == LEFT
    assert set(pd.read_parquet(place.data / "embeddings.parquet")["clip_id"]) == LEFT


def test_nothing_is_pruned_while_a_run_goes_on(place: Workplace) -> None:
    (place.videos / "basic_steps" / "basic_step_1.mp4").unlink()
    with open_instance(str(place.data)) as instance:
        run_id = str(uuid4())
        clips = {
            "dagster/asset_partition_range_start": "basic_step_1",
            "dagster/asset_partition_range_end": "basic_step_1",
        }
        instance.create_run_for_job(
            nothing, status=DagsterRunStatus.STARTED, tags={**clips, **process_tag(run_id)}, run_id=run_id
        )
    said = prune(place, "--yes")
    assert said.startswith("2 ")
    assert "An unfinished run uses basic_step_1" in said
    assert indexed(place) == SAMPLE_CLIPS


def test_an_unmounted_folder_prunes_nothing(place: Workplace) -> None:
    place.videos.rename(place.folder / "unmounted")
    said = prune(place, "--yes")
    assert said.startswith("2 ")
    assert "Video directory not found" in said
    assert indexed(place) == SAMPLE_CLIPS


def test_the_job_says_what_is_gone_and_removes_it_when_it_is_told_to(place: Workplace) -> None:
    (place.videos / "basic_steps" / "basic_step_1.mp4").unlink()
    platform = build_platform(load_settings(data_dir=str(place.data)))
    job = platform.definitions.resolve_job_def("prune")
    with open_instance(str(place.data)) as instance:
        assert job.execute_in_process(instance=instance).success
        assert indexed(place) == SAMPLE_CLIPS
        config = {"ops": {"remove_clips_that_are_gone": {"config": {"dry_run": False}}}}
        assert job.execute_in_process(instance=instance, run_config=config).success
        assert (indexed(place), partitions(instance)) == (LEFT, LEFT)


def test_an_emptied_folder_prunes_nothing_until_a_person_says_that_it_is_really_empty(place: Workplace) -> None:
    shutil.rmtree(place.videos)
    place.videos.mkdir()
    said = prune(place, "--yes")
    assert said.startswith("2 ")
    assert "holds no video now, but the data dir has 4 clips: is its disk mounted? Nothing was changed" in said
    assert indexed(place) == SAMPLE_CLIPS
    assert prune(place, "--yes", "--unmounted").startswith("0 ")
    assert indexed(place) == set()
    assert place.generate().exit_code == 0
