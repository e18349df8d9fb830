"""How long what is to be made will take."""

from pathlib import Path

import pyarrow as pa
import pytest

from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline.plan import StagePlan, clock_per_work, plan_of

STAGES = ("keypoints", "beats")


def made(dataset: Dataset, clip_id: str, at: float, keypoints: float = 8.0, beats: float = 2.0) -> None:
    for name, seconds in (("keypoints", keypoints), ("beats", beats)):
        dataset.write_table(name, clip_id, pa.table({"n": [1]}), {"seconds": seconds, "made_at": at})


def test_each_stage_takes_what_it_took_and_the_clock_what_the_machine_did_side_by_side(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    # Ten seconds of work are done in five, but for a night in which nothing was made.
    for number, at in enumerate((0, 5, 10, 15, 30_000, 30_005)):
        made(dataset, f"clip_{number}", at)
    plan = plan_of({"x": frozenset(STAGES), "y": frozenset({"beats"})}, STAGES, dataset)
    assert plan.stages == (StagePlan("keypoints", 1, 8.0), StagePlan("beats", 2, 2.0))
    assert plan.work_s == 12.0
    assert plan.clock_per_work == pytest.approx(0.5)
    assert plan.clock_s == pytest.approx(6.0)
    assert plan.judged_by == 6


def test_processor_time_is_told_where_every_stage_knows_it(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    for number, cpu in enumerate((9.0, 15.0, 12.0)):
        said = {"seconds": 8.0, "cpu_seconds": cpu, "made_at": number}
        dataset.write_table("keypoints", f"clip_{number}", pa.table({"n": [1]}), said)
        dataset.write_table("beats", f"clip_{number}", pa.table({"n": [1]}), {"seconds": 2.0, "made_at": number})
    plan = plan_of({"x": frozenset({"keypoints"}), "y": frozenset({"keypoints"})}, STAGES, dataset)
    assert plan.stages == (StagePlan("keypoints", 2, 8.0, 12.0),)
    assert plan.cpu_s == 24.0
    assert plan_of({"x": frozenset(STAGES)}, STAGES, dataset).cpu_s is None  # of an earlier version's tables


def test_where_nothing_was_made_nothing_is_known_of_the_time(tmp_path: Path) -> None:
    plan = plan_of({"x": frozenset(STAGES)}, STAGES, Dataset(str(tmp_path)))
    assert plan.stages == (StagePlan("keypoints", 1, None), StagePlan("beats", 1, None))
    assert (plan.work_s, plan.clock_s, plan.judged_by) == (0, None, 0)


def test_a_table_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    made(dataset, "a", 0)
    made(dataset, "b", 5)
    (tmp_path / "keypoints" / "b.parquet").write_bytes(b"no table")
    (tmp_path / "beats" / "a.parquet").unlink()
    plan = plan_of({"x": frozenset(STAGES)}, STAGES, dataset)
    assert [stage.each_s for stage in plan.stages] == [8.0, 2.0]
    assert plan.clock_per_work is None


def test_stages_that_nothing_lacks_are_not_named(tmp_path: Path) -> None:
    assert plan_of({"x": frozenset({"beats"})}, STAGES, Dataset(str(tmp_path))).stages[0].stage == "beats"
    assert clock_per_work([]) is None
