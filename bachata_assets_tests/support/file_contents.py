"""What the files below a folder hold, databases and tables included."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield what every file below a folder holds: raw, and a database's or a table's rows as they read."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        yield path, path.read_bytes()
        if path.suffix == ".db":
            with sqlite3.connect(path) as database:
                yield path, "\n".join(database.iterdump()).encode()
        elif path.suffix == ".parquet":
            table = pq.read_table(path)
            yield path, repr((table.schema.metadata, table.to_pylist())).encode()


def holding(folder: Path, text: str) -> set[Path]:
    """Return the files that hold a text."""
    return {path.relative_to(folder) for path, content in written(folder) if text.encode() in content}
