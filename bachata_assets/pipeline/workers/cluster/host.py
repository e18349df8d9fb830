"""`RayHost`: the actor that a machine of a Ray cluster works with.

It decodes nothing itself: its worker processes do, within the same limits and with the same environment as on one
machine. So a file cannot take the actor down, and no decoder runs in a process that may send the cluster work.
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
"""Lines of the log that are kept until somebody asks for them."""
_PREFIX = "bachata_clip_"
Content = Sequence[Any]
"""Pieces of a file, as references to Ray's objects."""


def versions_of(models: Models) -> list[str]:
    """Return what vectors depend on: each stage with its code version, that of models included."""
    return [f"{stage.name} {stage.code_version}" for stage in vector_stages(models.pose.fingerprint())]


class RayHost:
    """Makes tables on its machine; runs as an actor.

    Parameters
    ----------
    level : from which on records of the log are kept
    cache_bytes : most that clips of a bucket take here
    """

    def __init__(self, models: Models, limits: Limits, level: int, cache_bytes: float) -> None:
        if models.pose.threads == 0:
            # Ray sets it to the cores that it counts; the last bits of sound vectors depend on it.
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
        """Return why this machine would make other tables than the one that asks, or None."""
        _work_in(folder)
        differing = sorted(set(versions) - set(versions_of(self._models)))
        if differing:
            return f"it has other code or models: {', '.join(differing)} is asked for"
        try:
            self._workers.require_able()
        except SettingsError as error:
            return str(error)
        return None

    def make(
        self, clip: Clip, stage: ClipStage, tables: Mapping[str, pa.Table], folder: str, content: Content | None
    ) -> tuple[Answer, list[logging.LogRecord]]:
        """Return what the stage makes of a clip, and what was logged.

        Parameters
        ----------
        folder : that relative paths are meant in
        content : of the clip's file; None: the file is on this machine, or this machine reads the bucket
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
        """Return why this machine cannot read an object of a bucket; empty where it can."""
        try:
            opened_object(url)
        except (OSError, DiscoveryError) as error:
            return str(error)
        return ""

    def rest(self) -> list[logging.LogRecord]:
        """Remove the copies of clips; return what was logged."""
        self._copies.clear()
        return self.records()

    @contextmanager
    def _file(self, clip: Clip, content: Content | None) -> Iterator[Path]:
        """Give the file of a clip on this machine."""
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
        """Return what was logged since this was last asked."""
        return [self._records.popleft() for _ in range(len(self._records))]


class _Keep(logging.Handler):
    """Keeps records until they are asked for, but for those that are of the moment."""

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
