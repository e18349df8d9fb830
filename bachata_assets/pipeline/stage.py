"""What a stage of a clip's life is: the words in which `assets/` describes them and `pipeline/runner.py` runs them.

Nothing here knows Dagster.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from bachata_assets.collection.annotation_file import Annotation

if TYPE_CHECKING:
    from bachata_assets.orchestration.tools import Tools

EXTERNAL = ("clip_file", "annotation")
"""What a clip begins with: made outside, observed here."""

Tables = Mapping[str, pa.Table]


@dataclass(frozen=True)
class Clip:
    """One clip as every stage sees it."""

    clip_id: str
    path: Path
    video_path: str
    """The path as the documents say it, POSIX."""
    annotation: Annotation
    versions: Mapping[str, str]
    """External asset -> data version."""


@dataclass(frozen=True)
class Made:
    """What a stage made of a clip: its table, what the UI shows beside it, and files for a person (name -> content)."""

    table: pa.Table
    metadata: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


class Markdown(str):
    """Metadata that the UI shows as Markdown."""

    __slots__ = ()


class ClipError(Exception):
    """A stage cannot make its table for this clip; the message is for people.

    Parameters
    ----------
    passing : the reason is not in the clip, so trying again may help
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        super().__init__(message)
        self.passing = passing


@dataclass(frozen=True)
class Stage:
    """One table a clip: what it is made from and by what.

    Attributes
    ----------
    name : of the asset, and of the folder of its tables
    inputs : names of the assets it is made from
    schema : of its table
    code_version : changes when the same inputs would give another table
    make : clip, input tables, tools -> Made; or `make_batch`, for a stage that is cheaper over many clips at once
    ahead : takes no tables and all cores, so it is begun for the next clip while the rest is made of this one
    """

    name: str
    inputs: tuple[str, ...]
    schema: pa.Schema
    code_version: str
    description: str
    group: str
    kinds: tuple[str, ...]
    make: "Callable[[Clip, Tables, Tools], Made] | None" = None
    make_batch: "Callable[[Sequence[tuple[Clip, Tables]], Tools], Iterable[tuple[str, Made | ClipError]]] | None" = None
    ahead: bool = False

    @property
    def table_inputs(self) -> tuple[str, ...]:
        """Inputs that are tables, made here."""
        return tuple(name for name in self.inputs if name not in EXTERNAL)
