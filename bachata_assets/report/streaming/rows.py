"""`StoredRows`: vectors in a temporary file; only those being compared are in memory."""

import tempfile
from collections.abc import Iterator

import numpy as np

PIECE = 1024
"""Number of rows in memory at once during an iteration over all."""


class StoredRows:
    """A matrix to which rows are appended, and whose rows are read like those of an array.

    Parameters
    ----------
    dimensions : length of a row
    dtype : type of its numbers
    """

    def __init__(self, dimensions: int, dtype: type[np.floating] = np.float32) -> None:
        self._file = tempfile.TemporaryFile(prefix="bachata_report_")  # noqa: SIM115  # closed when no longer referenced
        self.dimensions, self.dtype = dimensions, np.dtype(dtype)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return some rows, as an array in memory."""
        shape = (self._count, self.dimensions)
        if not self._count:
            return np.zeros(shape, self.dtype)[rows]
        # Mapped only while copying: the pages of a permanent mapping would count as memory of the process.
        return np.array(np.memmap(self._file, self.dtype, "r", shape=shape)[rows])

    def append(self, rows: np.ndarray) -> None:
        """Append rows.

        Raises
        ------
        OSError
            Names the folder of temporary files.
        """
        try:
            self._file.write(np.ascontiguousarray(rows, self.dtype).tobytes())
            self._file.flush()
        except OSError as error:
            error.filename = tempfile.gettempdir()
            raise
        self._count += len(rows)


Rows = np.ndarray | StoredRows
"""Vectors whose rows are selected by index: in memory, or stored."""


def pieces(count: int) -> Iterator[slice]:
    """Yield the slices of an iteration over `count` rows."""
    for start in range(0, count, PIECE):
        yield np.s_[start : min(start + PIECE, count)]


def chosen(rows: Rows, places: np.ndarray) -> Rows:
    """Return a copy of some of the rows."""
    if len(places) == len(rows):
        return rows
    if isinstance(rows, np.ndarray):
        return rows[places]
    found = StoredRows(rows.dimensions, rows.dtype.type)
    for some in pieces(len(places)):
        found.append(rows[places[some]])
    return found
