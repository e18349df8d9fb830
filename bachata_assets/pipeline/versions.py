"""Data versions: what a table was made from, and which tables must be made again.

A data version is the hash of a stage's code version and of its inputs' data versions, down to the clip's file and its
annotation entry. So the expected version of a table is known in advance, and a table is up to date exactly if it has
that version. The model set's fingerprint is part of the code version of `keypoints`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import provenance_of
from bachata_assets.pipeline.failure import failed_version, was_transient
from bachata_assets.pipeline.stage import Stage, Tables


def data_version(code_version: str, inputs: Mapping[str, str]) -> str:
    """Return the version of the table that this code makes from these inputs (asset -> data version)."""
    content = json.dumps([code_version, sorted(inputs.items())])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def expected_versions(stages: Sequence[Stage], external: Mapping[str, str]) -> dict[str, str]:
    """Return the data version that every stage of a clip should have.

    Parameters
    ----------
    stages : the stages, inputs first
    external : `clip_file` and `annotation` -> data version
    """
    versions = dict(external)
    for stage in stages:
        inputs = {name: versions[name] for name in stage.inputs}
        versions[stage.name] = data_version(stage.code_version, inputs)
    return versions


def made_version(stage: Stage, clip: Clip, tables: Tables) -> tuple[str, dict[str, str]]:
    """Return the data version of a table made from these tables, and those of its inputs."""
    inputs = {
        name: provenance_of(tables[name])["data_version"] if name in tables else clip.versions[name]
        for name in stage.inputs
    }
    return data_version(stage.code_version, inputs), inputs


@dataclass
class StageHistory:
    """What is known about one stage for all clips.

    Attributes
    ----------
    made : clip id -> data version of what was made last
    failed : clip id -> `Failure.recorded` of the last failure, unless the same version was made after it
    tables : clips with an intact table
    damaged : clip id -> what is wrong with its table
    unrecorded : clips with an intact table that is not the one recorded last
    unsized : clips whose table is presumably the recorded one: an older version recorded no size
    """

    made: dict[str, str]
    failed: dict[str, str]
    tables: set[str]
    damaged: dict[str, str] = field(default_factory=dict)
    unrecorded: set[str] = field(default_factory=set)
    unsized: set[str] = field(default_factory=set)

    def is_current(self, clip_id: str, version: str) -> bool:
        """Tell whether the clip's table is intact and has this version."""
        return self.made.get(clip_id) == version and clip_id in self.tables

    def has_failed(self, clip_id: str, version: str) -> bool:
        """Tell whether the last attempt was at this version and failed, and there is no table of it."""
        return failed_version(self.failed.get(clip_id, "")) == version and not self.is_current(clip_id, version)

    def is_transient(self, clip_id: str) -> bool:
        """Tell whether trying again may help after the last failure."""
        return was_transient(self.failed.get(clip_id, ""))


def outdated(
    stages: Sequence[Stage], clips: Mapping[str, Mapping[str, str]], history: Mapping[str, StageHistory]
) -> dict[str, frozenset[str]]:
    """Return the missing or stale stages of every clip; leave out clips that are up to date.

    Parameters
    ----------
    clips : clip id -> data versions of its external assets
    history : stage -> what is known about it
    """
    plan = {}
    for clip_id, external in clips.items():
        versions = expected_versions(stages, external)
        todo = frozenset(s.name for s in stages if not history[s.name].is_current(clip_id, versions[s.name]))
        if todo:
            plan[clip_id] = todo
    return plan


@dataclass(frozen=True)
class Batch:
    """Clips that one run can take: with the same stages, and adjacent partition keys."""

    stages: frozenset[str]
    clip_ids: tuple[str, ...]


def batches(plan: Mapping[str, frozenset[str]], keys: Iterable[str], at_most: int) -> list[Batch]:
    """Group what has to be made into runs.

    A Dagster run takes a contiguous range of keys. So a clip that is up to date ends a batch: if it were part of a run
    that fails, Dagster would show it as failed.

    Parameters
    ----------
    keys : all partition keys in order
    at_most : maximum number of clips in a batch
    """
    made: list[Batch] = []
    open_batch: list[str] = []
    stages: frozenset[str] = frozenset()
    for key in keys:
        wanted = plan.get(key, frozenset())
        if open_batch and (wanted != stages or len(open_batch) == at_most):
            made.append(Batch(stages, tuple(open_batch)))
            open_batch = []
        if wanted:
            open_batch.append(key)
            stages = wanted
    if open_batch:
        made.append(Batch(stages, tuple(open_batch)))
    return made
