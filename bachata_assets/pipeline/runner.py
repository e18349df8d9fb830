"""The loop over clips and stages: one clip's failure never stops the others and never touches existing tables.

It yields plain events; `orchestration/clip_events.py` turns them into Dagster events.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.remarks import named
from bachata_assets.collection.videos.arrivals import Arrivals
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.families import NonFiniteVectorError
from bachata_assets.pipeline.checks import Check, Outcome
from bachata_assets.pipeline.failure import ClipError, Failure, is_transient
from bachata_assets.pipeline.stage import BatchStage, ClipStage, Made, Stage, Tables
from bachata_assets.pipeline.tools import Tools
from bachata_assets.pipeline.versions import made_version
from bachata_assets.pipeline.workers.base import InThisProcess, Timed, Workers

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageMade:
    """A table was written.

    Attributes
    ----------
    version : data version of the table
    inputs : asset -> data version of the input
    metadata : figures to show with the table
    outcomes : answers of the asset's checks
    path : path of the table
    rows : number of rows
    seconds : time that making it took, s
    size : size of the table's file, bytes
    sha256 : hash of the table's file
    files : name in the data dir -> content of a picture to show
    """

    clip_id: str
    stage: Stage
    version: str
    inputs: Mapping[str, str]
    metadata: Mapping[str, Any]
    outcomes: tuple[Outcome, ...]
    path: Path
    rows: int
    seconds: float
    size: int
    sha256: str
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class StageFailed:
    """A table could not be made; an earlier one stays.

    Attributes
    ----------
    version : the data version it would have had, None if an input is missing
    follows : it failed only because a stage that it needs has failed in this run, which has its own event
    """

    clip_id: str
    stage: Stage
    failure: Failure
    version: str | None
    outcomes: tuple[Outcome, ...] = ()
    follows: bool = False


class _InputFailedError(ClipError):
    """A stage that this one needs has failed in this run."""


Event = StageMade | StageFailed


@dataclass
class _Progress:
    """What a run has made and failed to make of one clip so far."""

    clip: Clip
    tables: dict[str, pa.Table] = field(default_factory=dict)
    decoded: dict[str, Any] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    is_here: bool = False
    why_not_here: ClipError | None = None


class Runner:
    """Runs stages over clips.

    Parameters
    ----------
    stages : the stages to run, inputs first; inputs made earlier are read from the data dir
    checks : run on every table of their asset
    workers : where the stages of one clip run; by default in this process
    arrivals : how the clips come to this machine; by default they are here
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        checks: Sequence[Check],
        tools: Tools,
        workers: Workers | None = None,
        arrivals: Arrivals | None = None,
    ) -> None:
        self._clip_stages = [stage for stage in stages if isinstance(stage, ClipStage)]
        self._batch_stages = [stage for stage in stages if isinstance(stage, BatchStage)]
        self._checks = checks
        self._tools = tools
        self._dataset = tools.dataset
        self._workers = workers or InThisProcess(tools.models)
        self._arrivals = arrivals or Arrivals()

    def run(self, clips: Sequence[Clip], *, only: Mapping[str, Set[str]] | None = None) -> Iterator[Event]:
        """Run the stages of each clip, then those that take the clips together; yield what happened.

        Parameters
        ----------
        only : clip id -> names of its stages to run; by default all. It is read when a clip's turn comes, because a
            fetched file may turn out to be a different one, or the same.
        """
        runs = [_Progress(clip) for clip in clips]

        def wanted(run: _Progress, stage: Stage) -> bool:
            return only is None or stage.name in only.get(run.clip.clip_id, ())

        def begin(run: _Progress, *, waiting: bool = False) -> None:
            if run.is_here or not (waiting or self._arrivals.is_here(run.clip)):
                return
            run.is_here = True
            try:
                run.clip = self._arrivals.take(run.clip)
            except OSError as error:
                run.why_not_here = ClipError(str(error), transient=True)
                return
            self._workers.begin(run.clip, [stage for stage in self._clip_stages if wanted(run, stage)])

        with self._arrivals, self._workers:
            files = [stage for stage in self._clip_stages if "clip_file" in stage.inputs]
            read = [run.clip for run in runs if any(wanted(run, stage) for stage in files)]
            expected = [clip for clip in read if not self._workers.fetches(clip)]
            self._arrivals.expect(expected, lambda: self._workers.ahead)
            for number, run in enumerate(runs):
                begin(run, waiting=True)
                for stage in self._clip_stages:
                    for following in runs[number + 1 : number + 1 + self._workers.ahead]:
                        begin(following)
                    if wanted(run, stage):
                        yield self._one(run, stage)
                self._arrivals.release(run.clip)
                self._log(run)
                run.decoded.clear()  # decoded tables are large, and there are many clips
        for batch_stage in self._batch_stages:
            failures: list[StageFailed] = []
            for event in self._together([run for run in runs if wanted(run, batch_stage)], batch_stage):
                failures += [event] if isinstance(event, StageFailed) and not event.follows else []
                yield event
            _log_failures(batch_stage, failures)

    def _log(self, run: _Progress) -> None:
        """Log the result of a clip; the seconds are those of its tables, as in `processing_time`."""
        first = [stage.name for stage in self._clip_stages if run.failed.keys().isdisjoint(stage.table_inputs)]
        reasons = "; ".join(dict.fromkeys(run.failed[name] for name in first if name in run.failed))
        level, state = (logging.ERROR, f"failed: {reasons}") if reasons else (logging.INFO, "made")
        extra = {"clip_done": run.clip.clip_id}
        logger.log(level, "%s: %s (%.1f s)", run.clip.clip_id, state, run.seconds, extra=extra)

    def _one(self, run: _Progress, stage: ClipStage) -> Event:
        logger.info("%s: %s", run.clip.clip_id, stage.name, extra={"live": True})
        try:
            tables = self._inputs(run, stage)
        except ClipError as error:
            return _failed(run, stage, error, None)
        return self._attempt(run, stage, tables, partial(self._workers.make, run.clip, stage, tables))

    def _together(self, runs: Sequence[_Progress], stage: BatchStage) -> Iterator[Event]:
        ready: dict[str, tuple[_Progress, Tables]] = {}
        for run in runs:
            try:
                ready[run.clip.clip_id] = (run, self._inputs(run, stage))
            except ClipError as error:
                yield _failed(run, stage, error, None)
        if not ready:
            return
        start, cpu_start = time.perf_counter(), time.process_time()
        results = self._batch(stage, [(run.clip, tables) for run, tables in ready.values()])
        seconds = (time.perf_counter() - start) / len(ready)
        alone = not isinstance(self._workers, InThisProcess)
        cpu_seconds = (time.process_time() - cpu_start) / len(ready) if alone else None
        for clip_id, (run, tables) in ready.items():

            def made(result: Made | ClipError = results[clip_id]) -> Timed:
                if isinstance(result, ClipError):
                    raise result
                return Timed(result, seconds, cpu_seconds)

            yield self._attempt(run, stage, tables, made)

    def _batch(self, stage: BatchStage, work: Sequence[tuple[Clip, Tables]]) -> dict[str, Made | ClipError]:
        try:
            return dict(stage.make_batch(work, self._tools))
        except Exception as error:
            logger.debug("%s of %d clips", stage.name, len(work), exc_info=error)
            failure = Failure.of(error)
            return {clip.clip_id: ClipError(failure.reason, transient=failure.transient) for clip, _ in work}

    def _attempt(self, run: _Progress, stage: Stage, tables: Tables, made: Callable[[], Timed]) -> Event:
        version, inputs = made_version(stage, run.clip, tables)
        try:
            if run.why_not_here and "clip_file" in stage.inputs:
                raise run.why_not_here
            timed = made()
            if "clip_file" in stage.inputs and run.clip.is_replaced():
                raise ClipError(
                    f"{run.clip.path}: it was replaced while it was being read; check it, and run the same command "
                    "again to make the new one",
                    transient=True,
                )
            return self._keep(run, stage, timed, version, inputs)
        except NonFiniteVectorError as error:
            rejected = tuple(check.rejection(str(error)) for check in self._checks if check.rejects(stage.name))
            return _failed(run, stage, error, version, rejected)
        except Exception as error:
            logger.debug("%s of %s", stage.name, run.clip.clip_id, exc_info=error)
            return _failed(run, stage, error, version)

    def _inputs(self, run: _Progress, stage: Stage) -> Tables:
        """Return the stage's input tables, from this run or from the data dir."""
        lost = [name for name in stage.table_inputs if name in run.failed]
        if lost:
            raise _InputFailedError(f"{stage.name} needs {', '.join(lost)}, which failed")
        for name in stage.table_inputs:
            if name not in run.tables:
                try:
                    run.tables[name] = self._dataset.read_table(name, run.clip.clip_id)
                except DamagedError as error:
                    self._dataset.set_aside(layout.table(name, run.clip.clip_id))
                    raise ClipError(
                        f"{error.path} is damaged ({error.why}): the next run makes it again", transient=True
                    ) from error
                except OSError as error:
                    raise ClipError(str(error), transient=is_transient(error)) from error
        return Tables({name: run.tables[name] for name in stage.table_inputs}, run.decoded)

    def _keep(self, run: _Progress, stage: Stage, timed: Timed, version: str, inputs: dict[str, str]) -> Event:
        """Check what was made, write it, and return the event."""
        made, seconds, cpu_seconds = timed
        if not made.table.schema.equals(stage.schema):
            raise ClipError(f"{stage.name} made a table whose schema differs from schemas.py: {made.table.schema}")
        outcomes = tuple(check.evaluate(run.clip, made) for check in self._checks if check.asset == stage.name)
        rejections = [str(outcome.metadata["reason"]) for outcome in outcomes if outcome.rejects]
        if rejections:
            return _failed(run, stage, ClipError("; ".join(rejections)), version, outcomes)
        provenance = {
            "clip_id": run.clip.clip_id,
            "data_version": version,
            "code_version": stage.code_version,
            "inputs": inputs,
            "seconds": round(seconds, 3),
            **({} if cpu_seconds is None else {"cpu_seconds": round(cpu_seconds, 3)}),
            "made_at": time.time(),
        }
        clip_id = run.clip.clip_id
        written = self._dataset.write_table(stage.name, clip_id, made.table, provenance)
        run.tables[stage.name] = written.table
        run.seconds += round(seconds, 3)
        made.share(stage.name, run.decoded)
        for name, content in made.files.items():
            self._dataset.write_bytes(name, content)
        return StageMade(
            clip_id,
            stage,
            version,
            inputs,
            made.metadata,
            outcomes,
            path=Path(self._dataset.table_path(stage.name, clip_id)),
            rows=made.table.num_rows,
            seconds=round(seconds, 3),
            size=written.size,
            sha256=written.sha256,
            files=made.files,
        )


def _log_failures(stage: Stage, failures: Sequence[StageFailed]) -> None:
    """Log every reason once, with its clips: an index that does not answer fails all of them for the same reason."""
    clips: dict[str, list[str]] = {}
    for failed in failures:
        clips.setdefault(failed.failure.reason, []).append(failed.clip_id)
    for reason, clip_ids in clips.items():
        logger.error("%s of %s failed: %s", stage.name, named(clip_ids), reason)


def _failed(
    run: _Progress, stage: Stage, error: Exception, version: str | None, outcomes: tuple[Outcome, ...] = ()
) -> StageFailed:
    failure = Failure.of(error)
    if run.clip.url:  # users know the clip by its URL, not by the copy that was read
        failure = replace(failure, reason=failure.reason.replace(str(run.clip.path), run.clip.url))
    run.failed[stage.name] = failure.reason
    return StageFailed(
        run.clip.clip_id, stage, failure, version, outcomes, follows=isinstance(error, _InputFailedError)
    )
