"""`RayHost`: the actor on a machine of a Ray cluster.

It decodes nothing itself: its worker processes do, with the same limits and environment as on a single machine. So a
file cannot crash the actor, and no decoder runs in a process that may send work to the cluster.
"""

import logging
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.videos.discovery import DiscoveryError
from bachata_assets.pipeline.stage import ClipStage, Tables
from bachata_assets.pipeline.stages import vector_stages
from bachata_assets.pipeline.tools import Models
from bachata_assets.pipeline.workers.answers import Answer
from bachata_assets.pipeline.workers.base import Timed
from bachata_assets.pipeline.workers.cluster.connection import remove_left
from bachata_assets.pipeline.workers.cluster.copies import Copies, opened_object
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets.pipeline.workers.processes import WorkerProcesses
from bachata_assets.settings import SettingsError

MOST_RECORDS = 1000
"""Number of log records kept until they are fetched."""
_PREFIX = "bachata_clip_"
Content = Sequence[Any]
"""Pieces of a file, as references to Ray's objects."""


def versions_of(models: Models) -> list[str]:
    """Return the versions that vectors depend on: each stage with its code version, including models."""
    return [f"{stage.name} {stage.code_version}" for stage in vector_stages(models.pose.fingerprint())]


class RayHost:
    """Makes tables on its machine; runs as an actor.

    Parameters
    ----------
    level : lowest level of log records to keep
    cache_bytes : disk space for clips of a bucket
    """

    def __init__(self, models: Models, limits: Limits, level: int, cache_bytes: float) -> None:
        if models.pose.threads == 0:
            # Ray sets it to its count of cores, on which the last bits of sound vectors depend.
            os.environ.pop("OMP_NUM_THREADS", None)
        remove_left(Path(tempfile.gettempdir()), _PREFIX)
        self._models = models
        self._workers = WorkerProcesses(models, limits)
        self._copies = Copies(cache_bytes)
        self._records: deque[logging.LogRecord] = deque(maxlen=MOST_RECORDS)
        log = logging.getLogger("bachata_assets")
        log.handlers, log.propagate = [_Keep(self._records)], False
        log.setLevel(level)

    def refusal(self, versions: Sequence[str], folder: str) -> str | None:
        """Return why this machine would make other tables than the caller's, or None."""
        _work_in(folder)
        differing = sorted(set(versions) - set(versions_of(self._models)))
        if differing:
            return f"it has other code or models; required: {', '.join(differing)}"
        try:
            self._workers.require_able()
        except SettingsError as error:
            return str(error)
        return None

    def make(
        self, clip: Clip, stage: ClipStage, tables: Mapping[str, pa.Table], folder: str, content: Content | None
    ) -> tuple[Answer, list[logging.LogRecord]]:
        """Return the result of the stage for a clip, and the log records.

        Parameters
        ----------
        folder : folder of relative paths
        content : content of the clip's file; None: the file is on this machine, or this machine reads the bucket
        """
        _work_in(folder)
        path = clip.path

        def make() -> Timed:
            nonlocal path
            with self._file(clip, content) as path:
                return self._workers.make(replace(clip, path=path), stage, Tables(tables))

        answer = Answer.of(make)
        if answer.failure and path != clip.path:
            reason = answer.failure.reason.replace(str(path), str(clip.path))
            reason = reason.replace(str(path.parent), str(clip.path.parent))
            answer = replace(answer, failure=replace(answer.failure, reason=reason))
        return answer, self.records()

    def why_not_read(self, url: str) -> str:
        """Return why this machine cannot read an object of a bucket; empty if it can."""
        try:
            opened_object(url)
        except (OSError, DiscoveryError) as error:
            return str(error)
        return ""

    def rest(self) -> list[logging.LogRecord]:
        """Remove the copies of clips; return the log records."""
        self._copies.clear()
        return self.records()

    @contextmanager
    def _file(self, clip: Clip, content: Content | None) -> Iterator[Path]:
        """Yield the file of a clip on this machine."""
        if content is not None:
            with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}_") as place:
                path = Path(place) / clip.path.name
                _write(path, content)
                yield path
        elif clip.url and not clip.path.exists():
            with self._copies.file(clip) as path:
                yield path
        else:
            yield clip.path

    def records(self) -> list[logging.LogRecord]:
        """Return the log records since the last call."""
        return [self._records.popleft() for _ in range(len(self._records))]


class _Keep(logging.Handler):
    """Keeps log records, except live ones, until they are fetched."""

    def __init__(self, kept: deque[logging.LogRecord]) -> None:
        super().__init__()
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        if not getattr(record, "live", False):
            record.msg, record.args, record.exc_info = record.getMessage(), None, None  # so that it can be pickled
            self._kept.append(record)


def _work_in(folder: str) -> None:
    if folder and Path(folder).is_dir():
        os.chdir(folder)


def _write(path: Path, content: Content) -> None:
    import ray

    with path.open("wb") as file:
        for piece in content:
            part: Any = ray.get(piece)
            file.write(part)
