"""What the event logs of both databases do otherwise than Dagster's."""

from typing import TYPE_CHECKING

from dagster import DagsterEventType, EventLogEntry

from bachata_assets.orchestration.dagster_internals import SHA256, SIZE, EventLogStorage

if TYPE_CHECKING:
    _Base = EventLogStorage
else:
    _Base = object


class ClipEventLog(_Base):
    """Part of an event log's class: the tags that it finds, and what it says of checks."""

    def get_asset_tags_to_index(self, tag_keys: set[str]) -> set[str]:
        """Return the tags that can be asked for over all clips at once: Dagster's own, and what a table's file is."""
        return super().get_asset_tags_to_index(tag_keys) | (tag_keys & {SIZE, SHA256})

    def store_asset_check_event(self, event: EventLogEntry, event_id: int | None) -> None:
        """Store what a check said, and of a clip only that.

        Dagster counts a check that was planned for a partition as failed where the run failed without asking it. A clip
        that was not made has no failed checks, and keeps what they said of the table that it has.
        """
        if event.dagster_event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            planned = event.get_dagster_event().asset_check_planned_data
            if planned.partitions_subset is not None:
                return
        super().store_asset_check_event(event, event_id)  # type: ignore[misc]  # of all that keep it in SQL
