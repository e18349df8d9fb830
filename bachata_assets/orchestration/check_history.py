"""What the checks said of every clip, from Dagster's history. The checks themselves are in `pipeline/checks.py`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster import DagsterInstance
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from bachata_assets.pipeline.checks import Check


@dataclass
class Checked:
    """The latest answers of all checks for one clip.

    Attributes
    ----------
    passed : names of the checks that the clip passes
    warnings : name of a check that it does not pass -> the figures, and the remedy
    """

    passed: list[str] = field(default_factory=list)
    warnings: dict[str, dict[str, Any]] = field(default_factory=dict)


def checked_clips(
    instance: DagsterInstance, checks: Sequence[Check], clip_ids: Collection[str]
) -> Mapping[str, Checked]:
    """Return what the checks last said of the clips; one query a check, and one more for its warnings."""
    found = {clip_id: Checked() for clip_id in clip_ids}
    for check in checks:
        key = dg.AssetCheckKey(dg.AssetKey(check.asset), check.name)
        failed = set()
        for info in instance.event_log_storage.get_asset_check_partition_info([key]):
            if info.partition_key not in found:
                continue
            if info.latest_execution_status == Status.SUCCEEDED:
                found[info.partition_key].passed.append(check.name)
            else:
                failed.add(info.partition_key)
        for clip_id, figures in _figures(instance, key, failed).items():
            found[clip_id].warnings[check.name] = figures
    return found


def _figures(instance: DagsterInstance, key: dg.AssetCheckKey, clip_ids: set[str]) -> dict[str, dict[str, Any]]:
    """Return what a check said of clips whose latest answer is no."""
    figures: dict[str, dict[str, Any]] = {}
    cursor = None
    while clip_ids - figures.keys():
        records = instance.event_log_storage.get_asset_check_execution_history(
            key, limit=1000, cursor=cursor, status={Status.FAILED}
        )
        if not records:
            break
        for record in records:
            if record.partition in clip_ids and record.event and record.event.dagster_event:
                metadata = record.event.dagster_event.asset_check_evaluation_data.metadata
                figures.setdefault(record.partition, {name: value.value for name, value in metadata.items()})
        cursor = records[-1].id
    return figures
