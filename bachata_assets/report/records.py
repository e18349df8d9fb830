"""`KeptRecords`: the records of all clips for the report, with their vectors on disk."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from bachata_assets.clip_record import EDGES, VECTOR_FIELDS, ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.report.neighbours import family_rows, unit_vectors
from bachata_assets.report.streaming.rows import StoredRows

_WITHOUT: dict[str, Any] = dict.fromkeys((*VECTOR_FIELDS.values(), *EDGES, "edges"))
"""Fields of a record that the report does not show."""
_AT_ONCE = 250
"""Number of records whose vectors are in memory at once."""


class KeptRecords:
    """The records of clips, and their vectors.

    Attributes
    ----------
    records : the records, without vectors
    units : family -> float32 (N, D) in the order of the records, from `neighbours.unit_vectors`
    """

    def __init__(self) -> None:
        self.records: list[ClipRecord] = []
        self.units = {family: StoredRows(size) for family, size in DIMENSIONS.items()}

    @property
    def clip_ids(self) -> list[str]:
        """Ids of the clips, in order."""
        return [record.clip_id for record in self.records]

    def through(self, records: Iterable[ClipRecord]) -> Iterator[ClipRecord]:
        """Keep records, and yield them unchanged."""
        left = iter(records)
        while some := list(islice(left, _AT_ONCE)):
            for family, rows in self.units.items():
                rows.append(unit_vectors(family_rows(some, family)))
            self.records += [replace(record, **_WITHOUT) for record in some]
            yield from some
