"""The storage that dagster.yaml names: PostgreSQL if the settings give an address, else files of the data dir."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from dagster import DagsterInstance
from sqlalchemy.exc import DBAPIError

from bachata_assets.orchestration.dagster_internals import DagsterStorage
from bachata_assets.orchestration.state.sqlite import OpenSqliteStorage
from bachata_assets.settings import state_settings
from bachata_assets.settings.servers import PostgresSettings

if TYPE_CHECKING:
    from bachata_assets.orchestration.state.server import StateServer

MODULE, CLASS = __name__, "StateStorage"

_GIVEN: ContextVar[PostgresSettings | None] = ContextVar("given", default=None)


class StateStorage(OpenSqliteStorage):
    """Dagster's state, in the place that the settings name.

    The URL of a database is not in dagster.yaml: Dagster passes that file to the processes of its runs, readable by all
    users of the machine.
    """

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> DagsterStorage:  # type: ignore[override]
        """Return the storage: that of the settings, else the files that dagster.yaml names."""
        settings = _GIVEN.get() or state_settings()
        if settings.postgres_url is None:
            return cls.from_local(inst_data=inst_data, **config_value)
        from bachata_assets.orchestration.state.postgres import PostgresStorage
        from bachata_assets.orchestration.state.server import StateServer

        return PostgresStorage(StateServer(settings), inst_data)


@contextmanager
def settings_given(settings: PostgresSettings | None) -> Iterator[None]:
    """Make states that are opened meanwhile use these settings; None: those of the process."""
    token = _GIVEN.set(settings)
    try:
        yield
    finally:
        _GIVEN.reset(token)


def server_of(instance: DagsterInstance) -> "StateServer | None":
    """Return the server of an instance's state, None if the state is in files or in another storage."""
    return getattr(instance.run_storage, "server", None)


@contextmanager
def server_named(instance: DagsterInstance) -> Iterator[None]:
    """Turn errors caused by the state's server into a `StateError` that names it."""
    server = server_of(instance)
    try:
        yield
    except Exception as error:
        if server is None:
            raise
        if server.lost:
            raise server.lost from error
        import psycopg2

        if isinstance(error, (DBAPIError, psycopg2.Error)):
            raise server.failure(error) from error
        raise
