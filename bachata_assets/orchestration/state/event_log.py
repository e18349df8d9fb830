"""How the event logs of both databases differ from Dagster's."""

from typing import TYPE_CHECKING

from dagster import DagsterEventType, EventLogEntry

from bachata_assets.orchestration.dagster_internals import SHA256, SIZE, EventLogStorage

if TYPE_CHECKING:
    _Base = EventLogStorage
else:
    _Base = object


class ClipEventLog(_Base):
    """Mixin of an event log: the tags that it indexes, and how it stores checks."""

    def get_asset_tags_to_index(self, tag_keys: set[str]) -> set[str]:
        """Return the tags that can be queried for all clips at once: Dagster's own, and those of a table's file."""
        return super().get_asset_tags_to_index(tag_keys) | (tag_keys & {SIZE, SHA256})

    def store_asset_check_event(self, event: EventLogEntry, event_id: int | None) -> None:
        """Store the answer of a check; for a clip, nothing else.

        Dagster counts a check planned for a partition as failed if the run failed before the check ran. A clip that was
        not made has no failed checks, and keeps their answers about its existing table.
        """
        if event.dagster_event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            planned = event.get_dagster_event().asset_check_planned_data
            if planned.partitions_subset is not None:
                return
        super().store_asset_check_event(event, event_id)  # type: ignore[misc]  # of every SQL event log
