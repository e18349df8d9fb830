"""Two runs that want the same clip at the same time, as when `generate` is called while `dagster dev` is at work."""

import multiprocessing
from dataclasses import replace
from threading import Barrier
from typing import Any

import pyarrow.parquet as pq

from bachata_assets.collection.clip import Clip
from bachata_assets.commands.status import collection_status
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.jobs import PROCESS_JOB
from bachata_assets.orchestration.run_requests import run_tags
from bachata_assets.pipeline.stage import ClipStage, Made, Stage, Tables
from bachata_assets.pipeline.versions import Batch
from bachata_assets.search.index import SearchIndex
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.paths import SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace

CLIP = "basic_step_1"
MADE = ("interaction_embedding", "search_index")


def in_step(stage: Stage, together: Barrier) -> Stage:
    """Return the stage, that begins when both runs are in it."""
    assert isinstance(stage, ClipStage)
    make = stage.make

    def wait_and_make(clip: Clip, tables: Tables, tools: Any) -> Made:
        together.wait()
        return make(clip, tables, tools)

    return replace(stage, make=wait_and_make)


def run(place: Workplace, together: Barrier) -> None:
    """Make what is missing of the clip, in a process of its own; its exit code says whether the run succeeded."""
    settings = load_settings(data_dir=str(place.data))
    stages = [in_step(stage, together) if stage.name == MADE[0] else stage for stage in build_platform(settings).stages]
    job = build_platform(settings, stages=stages).definitions.resolve_job_def(PROCESS_JOB)
    with open_instance(str(place.data)) as instance:
        tags = run_tags(Batch(frozenset(MADE), (CLIP,)))
        raise SystemExit(not job.execute_in_process(instance=instance, tags=tags, raise_on_error=False).success)


def test_two_runs_of_one_clip_both_end_well_and_leave_its_tables_and_its_document_whole(place: Workplace) -> None:
    paths = [place.data / name / f"{CLIP}.parquet" for name in MADE]
    vector = pq.read_table(paths[0]).column("vector")
    for path in paths:
        path.unlink()
    spawn = multiprocessing.get_context("spawn")
    together = spawn.Barrier(2, timeout=200)
    both = [spawn.Process(target=run, args=(place, together)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]

    settings = load_settings(data_dir=str(place.data))
    _, status = collection_status(build_platform(settings))
    assert {clip.clip_id for clip in status.made} == SAMPLE_CLIPS
    assert pq.read_table(paths[0]).column("vector").equals(vector)
    assert not list(place.data.rglob("*.tmp"))
    with SearchIndex.from_settings(settings) as index:
        assert index.ids() == SAMPLE_CLIPS
        assert index.count() == len(SAMPLE_CLIPS)
