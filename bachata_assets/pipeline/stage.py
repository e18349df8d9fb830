"""The types of a stage: `stages/` defines stages with them, `runner.py` runs them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyarrow as pa

from bachata_assets.collection.clip import EXTERNAL, Clip
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.tools import Models, Tools

T = TypeVar("T")
Figures = Mapping[str, Any]
"""Figures to show with a table."""


class Tables(Mapping[str, pa.Table]):
    """Input tables of a stage, by asset; each is decoded once, however many stages use it.

    Parameters
    ----------
    decoded : asset -> its decoded table; shared by all stages with the same tables
    """

    def __init__(self, tables: Mapping[str, pa.Table], decoded: dict[str, Any] | None = None) -> None:
        self._tables = tables
        self._decoded = {} if decoded is None else decoded

    def __getitem__(self, asset: str) -> pa.Table:
        return self._tables[asset]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def decoded(self, asset: str, decode: Callable[[pa.Table], T]) -> T:
        """Return an asset's table, decoded by `decode`."""
        if asset not in self._decoded:
            self._decoded[asset] = decode(self[asset])
        found: T = self._decoded[asset]
        return found


@dataclass(frozen=True)
class Made:
    """The result of a stage for a clip.

    Attributes
    ----------
    metadata : figures to show with the table
    files : name in the data dir -> content of a picture to show
    """

    table: pa.Table
    metadata: Figures = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    _decoded: list[Any] = field(default_factory=list, repr=False, compare=False)

    def decoded(self, decode: Callable[[pa.Table], T]) -> T:
        """Return the table, decoded by `decode`; decoded once, since several checks use it."""
        if not self._decoded:
            self._decoded.append(decode(self.table))
        found: T = self._decoded[0]
        return found

    def share(self, asset: str, decoded: dict[str, Any]) -> None:
        """Share the decoded table, if there is one, with the stages that take it as an input."""
        decoded.pop(asset, None)
        if self._decoded:
            decoded[asset] = self._decoded[0]


def _no_figures(_table: pa.Table) -> Figures:
    return {}


@dataclass(frozen=True)
class Stage:
    """One table per clip and its inputs; a `ClipStage` or a `BatchStage` adds the function that makes it.

    Attributes
    ----------
    name : name of the asset, and of the folder of its tables
    inputs : names of the assets it is made from
    schema : schema of its table
    code_version : changes when the same inputs would give another table
    description : description of the asset in the UI
    group : group of the asset in the UI
    kinds : kinds of the asset in the UI
    figures : its table -> the figures that `Made.metadata` had when it was made
    """

    name: str
    inputs: tuple[str, ...]
    schema: pa.Schema
    code_version: str
    description: str
    group: str
    kinds: tuple[str, ...]
    figures: Callable[[pa.Table], Figures] = field(default=_no_figures, kw_only=True)

    @property
    def table_inputs(self) -> tuple[str, ...]:
        """Inputs that are tables, made by other stages."""
        return tuple(name for name in self.inputs if name not in EXTERNAL)


@dataclass(frozen=True)
class ClipStage(Stage):
    """A stage that makes one clip's table at a time.

    Attributes
    ----------
    make : clip, input tables, models -> what was made; can be pickled if it reads files
    reads_files : reads data from outside (pictures, sound, text), so it may run in a worker process
    prefetch : takes no tables and uses all cores, so it starts for the next clip while the rest of this one is made
    """

    make: Callable[[Clip, Tables, Models], Made]
    reads_files: bool = False
    prefetch: bool = False


@dataclass(frozen=True)
class BatchStage(Stage):
    """A stage that is cheaper for many clips at once.

    Attributes
    ----------
    make_batch : clips with their input tables, tools -> clip id and what was made, or why not
    """

    make_batch: Callable[[Sequence[tuple[Clip, Tables]], Tools], Iterable[tuple[str, Made | ClipError]]]
