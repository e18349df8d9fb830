"""Dagster's state in PostgreSQL, for runs on many machines: `dagster-postgres` with a few persistent connections.

Dagster's own classes connect for each statement, and give up on a server that does not answer within six seconds.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from dagster import EventLogEntry
from dagster_postgres import PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage
from sqlalchemy.engine import Connection

from bachata_assets.orchestration.dagster_internals import DagsterStorage
from bachata_assets.orchestration.state.event_log import ClipEventLog
from bachata_assets.orchestration.state.server import StateServer


class Runs(PostgresRunStorage):
    """Runs, and the daemons' heartbeats."""

    def __init__(self, server: StateServer) -> None:
        self.server = server
        super().__init__(server.url.render_as_string(hide_password=False))
        self._engine = server.engine

    def connect(self) -> AbstractContextManager[Connection]:
        """Return a connection; a server that is gone is waited for."""
        return self.server.connection()

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Leave the connections as they are."""

    def handle_run_event(self, *args: Any, **kwargs: Any) -> None:
        """Store what an event says about its run."""
        self.server.again_if_cut(lambda: super(Runs, self).handle_run_event(*args, **kwargs))

    def add_run_tags(self, run_id: str, new_tags: Any) -> None:
        """Write tags of a run."""
        self.server.again_if_cut(lambda: super(Runs, self).add_run_tags(run_id, new_tags))


class Events(ClipEventLog, PostgresEventLogStorage):
    """The event log."""

    def __init__(self, server: StateServer) -> None:
        self.server = server
        super().__init__(server.url.render_as_string(hide_password=False))
        self._engine = server.engine

    def _connect(self) -> AbstractContextManager[Connection]:
        return self.server.connection()

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:  # noqa: ARG002
        """Limit the statements of a page to this time; keep the number of connections."""
        self.server.limit_statements(statement_timeout)

    def dispose(self) -> None:
        """Close the connections of all three."""
        super().dispose()
        self.server.engine.dispose()

    def store_event(self, event: EventLogEntry) -> None:
        """Store an event."""
        self.server.again_if_cut(lambda: super(Events, self).store_event(event))

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events of one kind."""
        self.server.again_if_cut(lambda: super(Events, self).store_event_batch(events))


class Schedules(PostgresScheduleStorage):
    """Sensors and schedules, and their ticks."""

    def __init__(self, server: StateServer) -> None:
        self.server = server
        super().__init__(server.url.render_as_string(hide_password=False))
        self._engine = server.engine

    def connect(self, _run_id: str | None = None) -> AbstractContextManager[Connection]:
        """Return a connection; a server that is gone is waited for."""
        return self.server.connection()

    def optimize_for_webserver(self, statement_timeout: int, pool_recycle: int, max_overflow: int) -> None:
        """Leave the connections as they are."""


class PostgresStorage(DagsterStorage):
    """All of Dagster's state, in one schema of a database.

    Raises
    ------
    StateError
        If the database cannot be used.
    """

    def __init__(self, server: StateServer, inst_data: Any = None) -> None:
        self.inst_data = inst_data
        with server.opening():
            self._runs, self._events, self._schedules = Runs(server), Events(server), Schedules(server)
        super().__init__()  # type: ignore[no-untyped-call]  # Dagster's

    @property
    def run_storage(self) -> Runs:
        """The runs."""
        return self._runs

    @property
    def event_log_storage(self) -> Events:
        """The event log."""
        return self._events

    @property
    def schedule_storage(self) -> Schedules:
        """Sensors and schedules."""
        return self._schedules
