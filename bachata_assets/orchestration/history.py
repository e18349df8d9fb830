"""What Dagster's event log knows about the clips: versions made, failures and their reasons, answers of checks.

This module only reads; `clip_events.py` writes. `pipeline/versions.py` defines versions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance

from bachata_assets.collection import layout
from bachata_assets.collection.data_dir.archives import UNKNOWN_SIZE
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.clip_events import FAILURE
from bachata_assets.orchestration.dagster_internals import DATA_VERSION, SHA256, SIZE
from bachata_assets.orchestration.resources import PLAIN, Names
from bachata_assets.pipeline.checks import Check, CheckedClip
from bachata_assets.pipeline.failure import failed_version
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import StageHistory

_LOOKS = 16
"""Number of tables to look at in parallel."""


@dataclass
class History:
    """What is known about every stage for all clips, or for some; read once and updated by `add`.

    Attributes
    ----------
    stages : stage -> what was made, what failed, which tables exist
    """

    instance: DagsterInstance
    stages: dict[str, StageHistory]
    names: Names = PLAIN
    _reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        instance: DagsterInstance,
        dataset: Dataset,
        stages: Iterable[Stage],
        clip_ids: Sequence[str] | None = None,
        names: Names = PLAIN,
    ) -> "History":
        """Return what Dagster and the data dir know about these clips, or about all."""
        found = {stage.name: _of_stage(instance, dataset, stage.name, clip_ids, names) for stage in stages}
        return cls(instance, found, names)

    @property
    def damaged(self) -> dict[str, str]:
        """Name of each damaged table -> what is wrong with it."""
        return {
            layout.table(name, clip_id): why
            for name, stage in self.stages.items()
            for clip_id, why in stage.damaged.items()
        }

    def reason_of(self, stage: str, clip_id: str) -> str:
        """Return the reason of the last failure of a stage of a clip."""
        if (stage, clip_id) not in self._reasons:
            filter_ = dg.AssetRecordsFilter(asset_key=self.names.key(stage), asset_partitions=[clip_id])
            observation = self.instance.fetch_observations(filter_, limit=1).records[0].asset_observation
            assert observation is not None  # the failed version was read from it
            self._reasons[stage, clip_id] = str(observation.metadata[FAILURE].value)
        return self._reasons[stage, clip_id]

    def add(self, events: Iterable[dg.DagsterEvent]) -> None:
        """Add what a run of this process made or failed to make."""
        for event in events:
            if event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
                made = event.step_materialization_data.materialization
                self._add(made.asset_key, made.partition, made.tags or {}, None)
            elif event.event_type == DagsterEventType.ASSET_OBSERVATION:
                observed = event.asset_observation_data.asset_observation
                self._add(observed.asset_key, observed.partition, observed.tags, observed.metadata.get(FAILURE))

    def _add(self, key: dg.AssetKey, clip_id: str | None, tags: Mapping[str, str], failure: Any) -> None:
        stage = self.stages.get(key.path[-1]) if self.names.owns(key) else None
        if stage is None or clip_id is None:
            return
        version = {clip_id: tags[DATA_VERSION]} if DATA_VERSION in tags else {}
        if failure is None:
            stage.made.update(version)
            if failed_version(stage.failed.get(clip_id, "")) == stage.made.get(clip_id):
                del stage.failed[clip_id]
            stage.tables.add(clip_id)
            stage.damaged.pop(clip_id, None)
            stage.unrecorded.discard(clip_id)
        else:
            stage.failed.update(version)
            self._reasons[key.path[-1], clip_id] = str(failure.value)


def _of_stage(
    instance: DagsterInstance, dataset: Dataset, name: str, clip_ids: Sequence[str] | None, names: Names
) -> StageHistory:
    key = names.key(name)
    recorded = dagster_internals.latest_tags(
        instance, key, DagsterEventType.ASSET_MATERIALIZATION, [DATA_VERSION, SIZE], clip_ids
    )
    history = StageHistory(
        made={clip_id: tags[DATA_VERSION] for clip_id, tags in recorded.items() if DATA_VERSION in tags},
        failed=dagster_internals.latest_versions(instance, key, DagsterEventType.ASSET_OBSERVATION, clip_ids),
        tables=set(),
    )
    sizes = dataset.table_sizes(name)
    asked = sizes if clip_ids is None else sizes.keys() & set(clip_ids)
    # A table of the recorded size is the recorded one. The provenance of any other says what it is, also if nothing
    # is recorded because Dagster's log was lost, or a run was killed after it wrote the table.
    others = [clip_id for clip_id in asked if recorded.get(clip_id, {}).get(SIZE) != str(sizes[clip_id])]
    history.tables.update(sizes.keys() - set(others))
    for clip_id, found in zip(others, _looked_at(dataset, name, others), strict=True):
        tags = recorded.get(clip_id, {})
        if isinstance(found, DamagedError):
            is_measured = SIZE in tags and sizes[clip_id] != UNKNOWN_SIZE
            expected = f"{sizes[clip_id]:,} bytes, {int(tags[SIZE]):,} were written" if is_measured else None
            history.damaged[clip_id] = expected or found.why
        elif found is not None:
            history.tables.add(clip_id)
            version = found.get("data_version", history.made.get(clip_id))
            if version is not None and (SIZE in tags or history.made.get(clip_id) != version):
                history.unrecorded.add(clip_id)
                history.made[clip_id] = version
            elif SIZE not in tags:
                history.unsized.add(clip_id)
    for clip_id in _made_after_failing(instance, key, history):
        del history.failed[clip_id]
    return history


def _made_after_failing(instance: DagsterInstance, key: dg.AssetKey, history: StageHistory) -> list[str]:
    """Return the clips without a table whose last failed version was made after that failure."""
    unclear = {
        clip_id
        for clip_id, recorded in history.failed.items()
        if clip_id not in history.tables and failed_version(recorded) == history.made.get(clip_id)
    }
    if not unclear:
        return []
    failed = dagster_internals.latest_ids(instance, key, DagsterEventType.ASSET_OBSERVATION, unclear)
    made = dagster_internals.latest_ids(instance, key, DagsterEventType.ASSET_MATERIALIZATION, unclear)
    return [clip_id for clip_id in unclear if failed.get(clip_id, 0) < made.get(clip_id, 0)]


def damaged_tables(
    instance: DagsterInstance, dataset: Dataset, stages: Iterable[Stage], names: Names = PLAIN
) -> Iterator[tuple[str, dict[str, DamagedError]]]:
    """Read every table of the data dir in full; yield each stage with the clips whose tables are damaged."""
    for stage in stages:
        hashes = _recorded_hashes(instance, dataset, stage.name, names)
        damaged = {}
        for clip_id, content in dataset.prefetched(stage.name, sorted(dataset.clip_ids(stage.name))):
            try:
                dataset.check_content(layout.table(stage.name, clip_id), hashes.get(clip_id), content)
            except FileNotFoundError:
                continue  # removed in the meantime
            except DamagedError as error:
                damaged[clip_id] = error
        yield stage.name, damaged


def set_damaged_aside(
    instance: DagsterInstance, dataset: Dataset, stages: Iterable[Stage], names: Names = PLAIN
) -> Iterator[DamagedError]:
    """Read every table of the data dir in full and set damaged ones aside; yield the error of each."""
    for asset, damaged in damaged_tables(instance, dataset, stages, names):
        if damaged:
            dataset.set_tables_aside(asset, damaged.keys())
        yield from damaged.values()


def _recorded_hashes(instance: DagsterInstance, dataset: Dataset, asset: str, names: Names) -> dict[str, str]:
    """Return clip id -> recorded hash of its table's file, for tables of the recorded size."""
    key = names.key(asset)
    recorded = dagster_internals.latest_tags(instance, key, DagsterEventType.ASSET_MATERIALIZATION, [SIZE, SHA256])
    sizes = dataset.table_sizes(asset)
    return {
        clip_id: tags[SHA256]
        for clip_id, tags in recorded.items()
        if SHA256 in tags and tags.get(SIZE) == str(sizes.get(clip_id))
    }


def _looked_at(dataset: Dataset, asset: str, clip_ids: Sequence[str]) -> list[Mapping[str, Any] | DamagedError | None]:
    """Return the provenance of each clip's table, or what is wrong with it, or None if it has gone."""

    def look(clip_id: str) -> Mapping[str, Any] | DamagedError | None:
        try:
            return dataset.provenance_at(layout.table(asset, clip_id))
        except DamagedError as error:
            return error
        except FileNotFoundError:
            return None

    with ThreadPoolExecutor(_LOOKS) as pool:  # each request to an object store is slow
        return list(pool.map(look, clip_ids))


def checked_clips(
    instance: DagsterInstance, checks: Sequence[Check], clip_ids: Collection[str], names: Names = PLAIN
) -> Mapping[str, CheckedClip]:
    """Return the last answers of the checks for the clips; one query per check, and one more for its warnings."""
    found = {clip_id: CheckedClip() for clip_id in clip_ids}
    for check in checks:
        key = dg.AssetCheckKey(names.key(check.asset), check.name)
        answers = dagster_internals.latest_answers(instance, key)
        failed = set()
        for clip_id in found.keys() & answers.keys():
            if answers[clip_id]:
                found[clip_id].passed.append(check.name)
            else:
                failed.add(clip_id)
        for clip_id, figures in _figures(instance, key, failed).items():
            found[clip_id].warnings[check.name] = figures
    return found


def _figures(instance: DagsterInstance, key: dg.AssetCheckKey, clip_ids: set[str]) -> dict[str, dict[str, Any]]:
    """Return the figures of clips that failed the latest evaluation."""
    figures: dict[str, dict[str, Any]] = {}
    if not clip_ids:
        return figures
    for clip_id, said in dagster_internals.failed_evaluations(instance, key):
        if clip_id in clip_ids:
            figures.setdefault(clip_id, said)
        if figures.keys() == clip_ids:
            break
    return figures
