"""`StoredRows`: vectors in a temporary file, of which only those are in memory that are being compared."""

import tempfile
from collections.abc import Iterator

import numpy as np

PIECE = 1024
"""Number of rows that are in memory at once where all are gone through."""


class StoredRows:
    """A matrix to whose end rows are put, and of which rows are read as of an array.

    Parameters
    ----------
    dimensions : length of a row
    dtype : of its numbers
    """

    def __init__(self, dimensions: int, dtype: type[np.floating] = np.float32) -> None:
        self._file = tempfile.TemporaryFile(prefix="bachata_report_")  # noqa: SIM115  # closed when nobody has it any more
        self.dimensions, self.dtype = dimensions, np.dtype(dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return some rows, as an array in memory."""
        shape = (self._count, self.dimensions)
        if not self._count:
            return np.zeros(shape, self.dtype)[rows]
        # Mapped for as long as it takes to copy them: pages of a mapping that stays count as memory of the process.
        return np.array(np.memmap(self._file, self.dtype, "r", shape=shape)[rows])

    def append(self, rows: np.ndarray) -> None:
        """Put rows to the end.

        Raises
        ------
        OSError
            Naming the folder of temporary files.
        """
        try:
            self._file.write(np.ascontiguousarray(rows, self.dtype).tobytes())
            self._file.flush()
        except OSError as error:
            error.filename = tempfile.gettempdir()
            raise
        self._count += len(rows)


Rows = np.ndarray | StoredRows
"""Vectors, of which rows are taken by numbers: in memory, or stored."""


def pieces(count: int) -> Iterator[slice]:
    """Yield which rows are taken at once where all of so many are gone through."""
    for start in range(0, count, PIECE):
        yield np.s_[start : min(start + PIECE, count)]


def chosen(rows: Rows, places: np.ndarray) -> Rows:
    """Return some of the rows as rows of their own."""
    if len(places) == len(rows):
        return rows
    if isinstance(rows, np.ndarray):
        return rows[places]
    found = StoredRows(rows.dimensions, rows.dtype.type)
    for some in pieces(len(places)):
        found.append(rows[places[some]])
    return found
