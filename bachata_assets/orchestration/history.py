"""What Dagster's event log knows of the clips: which versions were made, which failed and why, what the checks said.

Reads only; what is written is in `clip_events.py`. What a version means is in `pipeline/versions.py`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterEventType, DagsterInstance

from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration import dagster_internals
from bachata_assets.orchestration.clip_events import FAILURE
from bachata_assets.orchestration.dagster_internals import DATA_VERSION
from bachata_assets.pipeline.checks import Check, CheckedClip
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.versions import StageHistory


@dataclass
class History:
    """What is known of every stage over all clips, or over some; read once and kept level by `add`.

    Attributes
    ----------
    stages : stage -> what was made, what failed, which tables are there
    """

    instance: DagsterInstance
    stages: dict[str, StageHistory]
    _reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(
        cls,
        instance: DagsterInstance,
        dataset: Dataset,
        stages: Iterable[Stage],
        clip_ids: Sequence[str] | None = None,
    ) -> "History":
        """Return what Dagster and the data dir know, of these clips or of all at once."""

        def versions(asset: str, event_type: DagsterEventType) -> dict[str, str]:
            return dagster_internals.latest_versions(instance, asset, event_type, clip_ids)

        return cls(
            instance,
            {
                stage.name: StageHistory(
                    made=versions(stage.name, DagsterEventType.ASSET_MATERIALIZATION),
                    failed=versions(stage.name, DagsterEventType.ASSET_OBSERVATION),
                    tables=dataset.clip_ids(stage.name),
                )
                for stage in stages
            },
        )

    def reason_of(self, stage: str, clip_id: str) -> str:
        """Return why a stage of a clip failed last."""
        if (stage, clip_id) not in self._reasons:
            filter_ = dg.AssetRecordsFilter(asset_key=dg.AssetKey(stage), asset_partitions=[clip_id])
            observation = self.instance.fetch_observations(filter_, limit=1).records[0].asset_observation
            assert observation is not None  # it is where the failed version was read
            self._reasons[stage, clip_id] = str(observation.metadata[FAILURE].value)
        return self._reasons[stage, clip_id]

    def add(self, events: Iterable[dg.DagsterEvent]) -> None:
        """Take in what a run of this process has made or failed to make."""
        for event in events:
            if event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
                made = event.step_materialization_data.materialization
                self._add(made.asset_key, made.partition, made.tags or {}, None)
            elif event.event_type == DagsterEventType.ASSET_OBSERVATION:
                observed = event.asset_observation_data.asset_observation
                self._add(observed.asset_key, observed.partition, observed.tags, observed.metadata.get(FAILURE))

    def _add(self, key: dg.AssetKey, clip_id: str | None, tags: Mapping[str, str], failure: Any) -> None:
        stage = self.stages.get(key.to_user_string())
        if stage is None or clip_id is None:
            return
        version = {clip_id: tags[DATA_VERSION]} if DATA_VERSION in tags else {}
        if failure is None:
            stage.made.update(version)
            stage.tables.add(clip_id)
        else:
            stage.failed.update(version)
            self._reasons[key.to_user_string(), clip_id] = str(failure.value)


def checked_clips(
    instance: DagsterInstance, checks: Sequence[Check], clip_ids: Collection[str]
) -> Mapping[str, CheckedClip]:
    """Return what the checks last said of the clips; one query a check, and one more for its warnings."""
    found = {clip_id: CheckedClip() for clip_id in clip_ids}
    for check in checks:
        key = dg.AssetCheckKey(dg.AssetKey(check.asset), check.name)
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
    """Return the figures of clips whose latest answer is no."""
    figures: dict[str, dict[str, Any]] = {}
    if not clip_ids:
        return figures
    for clip_id, said in dagster_internals.failed_evaluations(instance, key):
        if clip_id in clip_ids:
            figures.setdefault(clip_id, said)
        if figures.keys() == clip_ids:
            break
    return figures
