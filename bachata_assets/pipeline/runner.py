"""The loop over clips and stages: one clip's failure never stops the others and never touches what is there.

It says what happened as plain events; `orchestration/clip_events.py` turns them into Dagster's.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa

from bachata_assets.collection.dataset import provenance_of
from bachata_assets.families import NonFiniteVectorError
from bachata_assets.orchestration.tools import Tools
from bachata_assets.pipeline.checks import Check, Outcome
from bachata_assets.pipeline.prefetch import Ahead, Timed
from bachata_assets.pipeline.retries import is_passing
from bachata_assets.pipeline.stage import Clip, ClipError, Made, Stage, Tables
from bachata_assets.pipeline.versions import data_version

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageMade:
    """A table was written."""

    clip_id: str
    stage: Stage
    version: str
    inputs: Mapping[str, str]
    metadata: Mapping[str, Any]
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class StageFailed:
    """A table could not be made; what was there before stays."""

    clip_id: str
    stage: Stage
    reason: str
    version: str | None
    """The data version it would have had, None when an input is missing."""
    passing: bool = False
    """Trying again may help, though nothing has changed."""
    outcomes: tuple[Outcome, ...] = ()


Event = StageMade | StageFailed


@dataclass
class _Progress:
    """What this run made and lost of one clip so far."""

    clip: Clip
    tables: dict[str, pa.Table] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def process(
    clips: Sequence[Clip],
    stages: Sequence[Stage],
    checks: Sequence[Check],
    tools: Tools,
    *,
    only: Mapping[str, Set[str]] | None = None,
) -> Iterator[Event]:
    """Run the stages over the clips, each clip's own first, then those that take the clips together.

    Parameters
    ----------
    stages : those to run, in an order in which inputs come first; inputs made earlier are read from the dataset
    only : clip id -> names of the stages to run of it; all of them when it is not given
    """
    runs = [_Progress(clip) for clip in clips]

    def wanted(run: _Progress, stage: Stage) -> bool:
        return only is None or stage.name in only.get(run.clip.clip_id, ())

    with Ahead(tools) as ahead:
        for run, following in zip_longest(runs, runs[1:]):
            start = time.perf_counter()
            for other in filter(None, (run, following)):
                for stage in stages:
                    if stage.ahead and wanted(other, stage):
                        ahead.begin(other.clip, stage)
            for stage in stages:
                if stage.make and wanted(run, stage):
                    yield from _one(run, stage, checks, tools, ahead)
            _say_done(run, stages, time.perf_counter() - start)
    for stage in stages:
        if stage.make_batch:
            yield from _together([run for run in runs if wanted(run, stage)], stage, checks, tools)


def _say_done(run: _Progress, stages: Sequence[Stage], seconds: float) -> None:
    first = [stage.name for stage in stages if run.failed.keys().isdisjoint(stage.table_inputs)]
    reasons = "; ".join(dict.fromkeys(run.failed[name] for name in first if name in run.failed))
    state = f"failed: {reasons}" if reasons else "made"
    said = {"clip_done": run.clip.clip_id}
    logger.info("%s: %s (%.1f s)", run.clip.clip_id, state, seconds, extra=said)


def _one(run: _Progress, stage: Stage, checks: Sequence[Check], tools: Tools, ahead: Ahead) -> Iterator[Event]:
    try:
        tables = _inputs(run, stage, tools)
    except ClipError as error:
        yield _failed(run, stage, error, None)
        return
    yield _attempt(run, stage, tables, partial(ahead.make, run.clip, stage, tables), checks, tools)


def _together(runs: Sequence[_Progress], stage: Stage, checks: Sequence[Check], tools: Tools) -> Iterator[Event]:
    assert stage.make_batch is not None
    ready: dict[str, tuple[_Progress, Tables]] = {}
    for run in runs:
        try:
            ready[run.clip.clip_id] = (run, _inputs(run, stage, tools))
        except ClipError as error:
            yield _failed(run, stage, error, None)
    if not ready:
        return
    start = time.perf_counter()
    results = _batch(stage, [(run.clip, tables) for run, tables in ready.values()], tools)
    seconds = (time.perf_counter() - start) / len(ready)
    for clip_id, (run, tables) in ready.items():

        def made(result: Made | ClipError = results[clip_id]) -> Timed:
            if isinstance(result, ClipError):
                raise result
            return result, seconds

        yield _attempt(run, stage, tables, made, checks, tools)


def _batch(stage: Stage, work: Sequence[tuple[Clip, Tables]], tools: Tools) -> dict[str, Made | ClipError]:
    assert stage.make_batch is not None
    try:
        return dict(stage.make_batch(work, tools))
    except Exception as error:
        logger.exception("%s failed for %d clips", stage.name, len(work))
        return {clip.clip_id: ClipError(_say(error), passing=is_passing(error)) for clip, _ in work}


def _attempt(
    run: _Progress,
    stage: Stage,
    tables: Tables,
    made: Callable[[], Timed],
    checks: Sequence[Check],
    tools: Tools,
) -> Event:
    version, inputs = _version(run, stage, tables)
    try:
        return _keep(run, stage, *made(), version, inputs, checks, tools)
    except NonFiniteVectorError as error:
        rejected = tuple(check.rejection(str(error)) for check in checks if check.rejects(stage.name))
        return _failed(run, stage, error, version, rejected)
    except Exception as error:
        logger.debug("%s of %s", stage.name, run.clip.clip_id, exc_info=error)
        return _failed(run, stage, error, version)


def _inputs(run: _Progress, stage: Stage, tools: Tools) -> Tables:
    """Return the stage's input tables, from this run or from the dataset."""
    lost = [name for name in stage.table_inputs if name in run.failed]
    if lost:
        raise ClipError(f"{stage.name} needs {', '.join(lost)}, which failed")
    for name in stage.table_inputs:
        if name not in run.tables:
            try:
                run.tables[name] = tools.dataset.read_table(name, run.clip.clip_id)
            except (OSError, pa.ArrowException) as error:
                raise ClipError(str(error), passing=is_passing(error)) from error
    return {name: run.tables[name] for name in stage.table_inputs}


def _version(run: _Progress, stage: Stage, tables: Tables) -> tuple[str, dict[str, str]]:
    """Return the data version of what is made now, and those of its inputs."""
    inputs = {
        name: provenance_of(tables[name])["data_version"] if name in tables else run.clip.versions[name]
        for name in stage.inputs
    }
    return data_version(stage.code_version, inputs), inputs


def _keep(
    run: _Progress,
    stage: Stage,
    made: Made,
    seconds: float,
    version: str,
    inputs: dict[str, str],
    checks: Sequence[Check],
    tools: Tools,
) -> Event:
    """Check what was made, write it, and say so."""
    if not made.table.schema.equals(stage.schema):
        raise ClipError(f"{stage.name} made a table of another schema than schemas.py says: {made.table.schema}")
    outcomes = tuple(check.evaluate(run.clip, made) for check in checks if check.asset == stage.name)
    rejections = [str(outcome.metadata["reason"]) for outcome in outcomes if outcome.rejects]
    if rejections:
        return _failed(run, stage, ClipError("; ".join(rejections)), version, outcomes)
    provenance = {
        "data_version": version,
        "code_version": stage.code_version,
        "inputs": inputs,
        "seconds": round(seconds, 3),
        "made_at": time.time(),
    }
    clip_id = run.clip.clip_id
    run.tables[stage.name] = tools.dataset.write_table(stage.name, clip_id, made.table, provenance)
    for name, content in made.files.items():
        tools.dataset.write_bytes(name, content)
    metadata = {
        **made.metadata,
        "path": Path(tools.dataset.table_path(stage.name, clip_id)),
        "dagster/row_count": made.table.num_rows,
        "seconds": provenance["seconds"],
    }
    return StageMade(clip_id, stage, version, inputs, metadata, outcomes)


def _failed(
    run: _Progress, stage: Stage, error: Exception, version: str | None, outcomes: tuple[Outcome, ...] = ()
) -> StageFailed:
    reason = run.failed[stage.name] = _say(error)
    return StageFailed(run.clip.clip_id, stage, reason, version, is_passing(error), outcomes)


def _say(error: Exception) -> str:
    return str(error) if str(error) else type(error).__name__
