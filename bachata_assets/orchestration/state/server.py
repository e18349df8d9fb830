"""The PostgreSQL server of Dagster's state: checks before use, its few connections, and its error messages.

Messages of the driver are never shown: they may contain parts of the URL.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cached_property
from typing import Any, TypeVar

import psycopg2
import sqlalchemy
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError

from bachata_assets.orchestration.state.errors import StateError
from bachata_assets.settings.servers import PostgresSettings

logger = logging.getLogger(__name__)

OLDEST = 13
"""Oldest supported major version; the tests use 15."""
KEPT, MOST = 2, 8
"""Number of connections that a process keeps, and its maximum number."""
CONNECT_S = 10
"""Time limit for connecting, s."""
PATIENCE_S = 120.0
"""Time that a run waits for a lost server, s: for a restart, or for another server to take over."""
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0
"""First and longest time between two attempts to connect, s; it doubles each time."""
ANSWERS_S = 60
"""Time after which the system probes a silent connection, s."""
NAME = "bachata_assets"
"""Name of this package's connections in the server's list."""
CUT = (DBAPIError, psycopg2.OperationalError, psycopg2.InterfaceError)
"""Errors of a cut connection; the driver's own where SQLAlchemy changes how it commits."""
CUTS = 3
"""Number of attempts at an operation whose connection is cut."""
_Answer = TypeVar("_Answer")


class StateServer:
    """A schema of a PostgreSQL database, and this process's connections to it.

    Parameters
    ----------
    settings : must contain an address

    Attributes
    ----------
    lost : why this process gave up on the server, None while it answers
    """

    def __init__(self, settings: PostgresSettings) -> None:
        assert settings.postgres_url is not None
        self.schema = settings.postgres_schema
        self._given = make_url(settings.postgres_url.get_secret_value())
        self.lost: StateError | None = None

    @property
    def place(self) -> str:
        """The database in words, without user and password."""
        host = self._given.host or self._given.query.get("host") or "this machine"
        return f"{self._given.database} at {host}:{self._given.port or self._given.query.get('port') or 5432}"

    @cached_property
    def url(self) -> URL:
        """The URL for connections, with options that select the schema and detect a lost server."""
        options = f"{self._given.query.get('options', '')} -csearch_path={self.schema}".strip()
        asked: dict[str, Any] = {"keepalives_idle": str(ANSWERS_S), "connect_timeout": str(CONNECT_S)}
        asked |= {"application_name": NAME}
        return self._given.set(
            drivername="postgresql+psycopg2", query={**asked, **self._given.query, "options": options}
        )

    @cached_property
    def engine(self) -> Engine:
        """The connections of this process, for runs, events and schedules together."""
        return sqlalchemy.create_engine(
            self.url,
            isolation_level="AUTOCOMMIT",
            pool_size=KEPT,
            max_overflow=MOST - KEPT,
            pool_pre_ping=True,  # replaces a connection that a restart of the server has cut
        )

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Connect, create the schema if needed, and keep other processes from creating tables in it meanwhile.

        Raises
        ------
        StateError
            Says which setting is wrong, and what to do.
        """
        try:
            connection = psycopg2.connect(self.url.set(drivername="postgresql").render_as_string(hide_password=False))
        except psycopg2.Error as error:
            raise StateError(self._why_refused(str(error))) from None
        with closing(connection):
            connection.autocommit = True
            require_version(connection.server_version, self.place)
            with connection.cursor() as cursor:
                self._require_letters(cursor)
                cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", (f"bachata_assets/{self.schema}",))
                self._require_schema(cursor)
            yield

    def _require_letters(self, cursor: psycopg2.extensions.cursor) -> None:
        cursor.execute("SHOW server_encoding")
        ((encoding,),) = cursor.fetchall()
        if encoding != "UTF8":
            raise StateError(
                f"BACHATA_POSTGRES_URL: the database {self.place} stores text as {encoding}, which lacks letters of "
                "clips' names: create one with `createdb --encoding UTF8 --template template0`"
            )

    def _require_schema(self, cursor: psycopg2.extensions.cursor) -> None:
        cursor.execute(
            "SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = %s", (self.schema,)
        )
        found = cursor.fetchall()
        may_write = bool(found) and found[0][0]
        if not found:
            try:
                cursor.execute(f'CREATE SCHEMA "{self.schema}"')  # its name is letters, digits and _ only
                may_write = True
            except psycopg2.errors.InsufficientPrivilege:
                may_write = False
        if not may_write:
            raise StateError(
                f"BACHATA_POSTGRES_SCHEMA: the user of BACHATA_POSTGRES_URL may not write into {self.schema} of "
                f"{self.place}: let an administrator `CREATE SCHEMA {self.schema} AUTHORIZATION` that user"
            )

    def _why_refused(self, said: str) -> str:
        """Return what is wrong with the address, judging by the messages of the server and the driver."""
        for words, problem in _REFUSALS.items():
            if words in said:
                return f"BACHATA_POSTGRES_URL: {problem.format(place=self.place, database=self._given.database)}"
        return (
            f"BACHATA_POSTGRES_URL: cannot connect to {self.place}: start PostgreSQL, or correct the address. "
            "Without the setting, the state is kept in files of the data dir"
        )

    def failure(self, error: Exception) -> StateError:
        """Return an error for the user about what the server could not do."""
        kind = type(getattr(error, "orig", error)).__name__
        return StateError(
            f"BACHATA_POSTGRES_URL: the database {self.place} failed ({kind}): its log says more. What was made is kept"
        )

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Yield a connection; wait for a lost server.

        Raises
        ------
        StateError
            If the server does not come back.
        """
        connection = self._connect()
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self) -> Connection:
        until = time.monotonic() + (0.0 if self.lost else PATIENCE_S)
        wait_s, waiting = FIRST_WAIT_S, False
        while True:
            try:
                connection = self.engine.connect()
            except DBAPIError as error:
                if time.monotonic() >= until:
                    self.lost = StateError(
                        f"BACHATA_POSTGRES_URL: the connection to {self.place} was lost and did not come back within "
                        f"{PATIENCE_S:g} s. What was made is kept: start it, and run the same command again"
                    )
                    raise self.lost from error
                if not waiting:
                    logger.warning("The database %s does not answer: waiting up to %g s", self.place, PATIENCE_S)
                waiting = True
            else:
                if waiting:
                    logger.warning("The database %s answers again", self.place)
                self.lost = None
                return connection
            time.sleep(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def again_if_cut(self, call: Callable[[], _Answer]) -> _Answer:
        """Repeat a call during which the server was lost.

        What it had written by then is written twice: of two equal events, the later one counts.
        """
        for _ in range(CUTS - 1):
            try:
                return call()
            except CUT as error:
                if not _is_cut(error):
                    raise
                logger.warning("The connection to %s was lost during a write: trying again", self.place)
        return call()

    def limit_statements(self, milliseconds: int) -> None:
        """End statements that take longer than this: no user of a web page waits for them any more."""

        @sqlalchemy.event.listens_for(self.engine, "connect")
        def limit(connection: Any, _record: object) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET statement_timeout = %s", (milliseconds,))


def _is_cut(error: Exception) -> bool:
    """Tell whether an error means that the server is gone or shutting down, which has a code of class 57P."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or str(getattr(error.orig, "pgcode", "")).startswith("57P")
    return True


def require_version(number: int, place: str) -> None:
    """Refuse a server that is too old.

    Parameters
    ----------
    number : in PostgreSQL's form, 150008 for 15.8

    Raises
    ------
    StateError
    """
    if number < 10_000 * OLDEST:
        name = f"{number // 10_000}.{number // 100 % 100 if number < 100_000 else number % 10_000}"
        raise StateError(
            f"BACHATA_POSTGRES_URL: the server of {place} is PostgreSQL {name}, which is too old: {OLDEST} or newer "
            "is needed"
        )


_REFUSALS: Mapping[str, str] = {
    "password authentication failed": (
        "{place} refuses the user or the password: correct them (in a password, write @ as %40 and / as %2F)"
    ),
    "no password supplied": "{place} requires a password: postgresql://USER:PASSWORD@HOST:PORT/NAME",
    "no pg_hba.conf entry": (
        "{place} does not let this user in from this machine: add a line for it to the server's pg_hba.conf, or try "
        "?sslmode=require at the end of the address"
    ),
    "could not translate host name": "the host of {place} is unknown: correct its name",
    "does not exist": (
        "{place} has no such database or user: create them with `createuser --pwprompt USER` and "
        "`createdb --owner USER --encoding UTF8 --template template0 {database}`"
    ),
    "too many clients": "{place} has no connection left: raise max_connections of the server",
    "remaining connection slots": "{place} has no connection left: raise max_connections of the server",
    "SSL": "{place} cannot be reached by TLS as the address says: correct its sslmode and sslrootcert",
    "certificate": "{place} cannot be reached by TLS as the address says: correct its sslmode and sslrootcert",
    "invalid": "it has a part that PostgreSQL does not know: correct the part after the ?",
}
"""Part of a refusal in English -> what is wrong, and the remedy."""
