"""Dagster's history of a clip, written once more for others that are to look as if they had been made.

Straight into its SQLite files, since making 100,000 clips by runs would take hours. No tables and no files here.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from bachata_assets.orchestration.dagster_internals import SIZE


def copy_history(data_dir: Path, copies: Mapping[str, Sequence[str]], *, answers: bool = True) -> None:
    """Write every clip's events and their tags once more for each of its copies.

    Parameters
    ----------
    copies : clip id -> ids of its copies
    answers : also what was planned and the answers of the checks: most of all events
    """
    which = "" if answers else "AND dagster_event_type IN ('ASSET_MATERIALIZATION', 'ASSET_OBSERVATION')"
    with closing(_open(data_dir)) as database, database:
        database.execute("CREATE TEMP TABLE names (number INTEGER PRIMARY KEY, name TEXT)")
        for clip_id, names in copies.items():
            database.execute("DELETE FROM names")
            database.executemany("INSERT INTO names VALUES (?, ?)", list(enumerate(names, start=1)))
            events = database.execute(f"SELECT id FROM event_logs WHERE partition = ? {which}", (clip_id,)).fetchall()
            before = {event: _copy_event(database, event, clip_id) for (event,) in events}
            if answers:
                _copy_answers(database, before, clip_id)


def forget(data_dir: Path, clip_ids: Sequence[str]) -> None:
    """Take the clips' events and answers out of the history."""
    with closing(_open(data_dir)) as database, database:
        for table in ("event_logs", "asset_check_executions"):
            database.executemany(f"DELETE FROM {table} WHERE partition = ?", [(clip_id,) for clip_id in clip_ids])


def set_sizes(data_dir: Path, asset: str, sizes: Mapping[str, int]) -> None:
    """Write of which size the clips' tables of an asset are.

    Parameters
    ----------
    sizes : clip id -> size of its table, bytes
    """
    made = "SELECT id FROM event_logs WHERE asset_key = ? AND partition = ? AND dagster_event_type = ?"
    key, kind = json.dumps([asset]), "ASSET_MATERIALIZATION"
    with closing(_open(data_dir)) as database, database:
        database.executemany(
            f"UPDATE asset_event_tags SET value = ? WHERE key = ? AND event_id IN ({made})",
            [(str(size), SIZE, key, clip_id, kind) for clip_id, size in sizes.items()],
        )


def _open(data_dir: Path) -> sqlite3.Connection:
    return sqlite3.connect(data_dir / ".dagster" / "history" / "runs" / "index.db")


def _copy_event(database: sqlite3.Connection, event: int, clip_id: str) -> int:
    """Return the id before those of the copies, which come in the order of the names."""
    (last,) = database.execute("SELECT max(id) FROM event_logs").fetchone()
    database.execute(
        "INSERT INTO event_logs (id, run_id, event, dagster_event_type, timestamp, step_key, asset_key, partition) "
        "SELECT ? + number, run_id, replace(event, ?, json_quote(name)), dagster_event_type, timestamp, step_key, "
        "asset_key, name FROM event_logs, names WHERE id = ?", (last, json.dumps(clip_id), event)
    )  # fmt: skip
    database.execute(
        "INSERT INTO asset_event_tags (event_id, asset_key, key, value, event_timestamp) "
        "SELECT ? + number, asset_key, key, value, event_timestamp FROM asset_event_tags, names WHERE event_id = ?",
        (last, event),
    )
    return last


def _copy_answers(database: sqlite3.Connection, before: Mapping[int, int], clip_id: str) -> None:
    columns = (
        "asset_key, check_name, run_id, execution_status, evaluation_event_timestamp, evaluation_event_storage_id, "
        "create_timestamp"
    )
    answers = database.execute(
        "SELECT id, materialization_event_storage_id FROM asset_check_executions WHERE partition = ?", (clip_id,)
    ).fetchall()
    for answer, materialization in answers:
        database.execute(
            f"INSERT INTO asset_check_executions ({columns}, partition, evaluation_event, "
            f"materialization_event_storage_id) SELECT {columns}, name, "
            "replace(evaluation_event, ?, json_quote(name)), ? + number FROM asset_check_executions, names "
            "WHERE id = ?",
            (json.dumps(clip_id), before.get(materialization), answer),
        )  # fmt: skip
