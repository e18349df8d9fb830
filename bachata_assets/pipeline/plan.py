"""An estimate of the time for everything to be made, from the times of the tables made before.

The provenance of each table says how long the work took (`seconds`), how much processor time it took (`cpu_seconds`;
earlier tables lack it) and when the table was made, which shows how much work this machine does in parallel.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError

MOST_CLIPS = 200
"""Maximum number of clips whose tables are read for their times."""
PAUSE = 5.0
"""Multiple of the usual time between two clips that counts as a pause."""
FEWEST_GAPS = 3
"""Minimum number of times between clips for an estimate of the elapsed time."""


@dataclass(frozen=True)
class StagePlan:
    """What one stage has to make.

    Attributes
    ----------
    clips : number of clips
    each_s : median work for one, s; None if no table has it
    each_cpu_s : median processor time of all cores for one, s; None if no table has it
    """

    stage: str
    clips: int
    each_s: float | None
    each_cpu_s: float | None = None

    @property
    def work_s(self) -> float:
        """Work for all of them, s; 0 if unknown."""
        return self.clips * (self.each_s or 0.0)


@dataclass(frozen=True)
class Plan:
    """What has to be made, stage by stage, inputs first.

    Attributes
    ----------
    clock_per_work : elapsed time per second of work, from the clips made last; None if unknown
    judged_by : number of clips whose tables were read
    """

    stages: tuple[StagePlan, ...]
    clock_per_work: float | None
    judged_by: int

    @property
    def work_s(self) -> float:
        """Work for everything, s."""
        return sum(stage.work_s for stage in self.stages)

    @property
    def cpu_s(self) -> float | None:
        """Processor time for everything, s; None if that of a stage is unknown."""
        each = [(stage.clips, stage.each_cpu_s) for stage in self.stages]
        return None if any(one is None for _, one in each) else sum(clips * (one or 0.0) for clips, one in each)

    @property
    def clock_s(self) -> float | None:
        """Elapsed time for everything, s; None if unknown."""
        return None if self.clock_per_work is None else self.work_s * self.clock_per_work


def plan_of(todo: Mapping[str, frozenset[str]], names: Sequence[str], dataset: Dataset) -> Plan:
    """Return an estimate of the time for everything to be made.

    Parameters
    ----------
    todo : clip id -> stages that are missing or stale
    names : names of all stages, inputs first
    """
    asked = sorted(dataset.clip_ids("keypoints"))[-MOST_CLIPS:]
    made = [[_provenance(dataset, name, clip_id) for clip_id in asked] for name in names]
    by_stage = dict(zip(names, made, strict=True))
    wanted = {name: sum(name in stages for stages in todo.values()) for name in names}
    stages = tuple(
        StagePlan(name, wanted[name], _usual(by_stage[name], "seconds"), _usual(by_stage[name], "cpu_seconds"))
        for name in names
        if wanted[name]
    )
    whole = [[one for one in of_clip if one] for of_clip in zip(*made, strict=True)]
    return Plan(stages, clock_per_work([one for one in whole if len(one) > 1]), len(asked))


def clock_per_work(clips: Sequence[Sequence[Mapping[str, Any]]]) -> float | None:
    """Return the elapsed time per second of work, from clips made one after the other; None if too few.

    Parameters
    ----------
    clips : for each clip, the provenance of its tables
    """
    # Documents are sent for many clips at once, so the time of a clip's last table is not the time when it was done.
    done = sorted((statistics.median(one["made_at"] for one in of_clip), of_clip) for of_clip in clips if of_clip)
    gaps = [(later[0] - earlier[0], sum(one["seconds"] for one in later[1])) for earlier, later in pairwise(done)]
    gaps = [(gap, work) for gap, work in gaps if work > 0]
    if len(gaps) < FEWEST_GAPS:
        return None
    usual = statistics.median(gap for gap, _ in gaps)
    counted = [(gap, work) for gap, work in gaps if gap <= PAUSE * usual]
    return sum(gap for gap, _ in counted) / sum(work for _, work in counted)


def _usual(made: Sequence[Mapping[str, Any] | None], name: str) -> float | None:
    """Return the median of a figure of some tables; None if none has it."""
    values = [one[name] for one in made if one and name in one]
    return statistics.median(values) if values else None


def _provenance(dataset: Dataset, asset: str, clip_id: str) -> dict[str, Any] | None:
    try:
        found = dataset.provenance_at(layout.table(asset, clip_id))
    except (DamagedError, FileNotFoundError):
        return None
    return found if {"seconds", "made_at"} <= found.keys() else None
