"""`Filters`: conditions on clips, read from Python values or texts and written for each backend."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bachata_assets.clip_record import DOCUMENT_FIELDS, VECTOR_FIELDS
from bachata_assets.search.errors import QueryError


@dataclass(frozen=True)
class Filters:
    """Conditions on the clips of an answer, which must all hold.

    Attributes
    ----------
    move_label, difficulty, energy_level : the clip must have one of these labels; empty: any
    min_tempo, max_tempo : beats per minute, both inclusive
    min_quality : 0..1, inclusive; a clip without any vector of movement is too short or too empty to be good
    """

    move_label: tuple[str, ...] = ()
    difficulty: tuple[str, ...] = ()
    energy_level: tuple[str, ...] = ()
    min_tempo: float | None = None
    max_tempo: float | None = None
    min_quality: float | None = None

    @classmethod
    def of(cls, given: "Filters | Mapping[str, Any] | None") -> "Filters":
        """Return the filters that a mapping describes.

        Parameters
        ----------
        given : attribute -> value, where a single label may stand for a tuple; `tempo` -> (lowest, highest) sets both
            bounds, of which either may be None. None: no conditions

        Raises
        ------
        QueryError
            Naming the key or value that cannot be used.

        Examples
        --------
        >>> Filters.of({"difficulty": "beginner", "tempo": (100, None)}) == Filters(
        ...     difficulty=("beginner",), min_tempo=100.0
        ... )
        True
        """
        if isinstance(given, Filters):
            return given
        values: dict[str, Any] = {}
        for name, value in (given or {}).items():
            if name in LABELS:
                values[name] = (value,) if isinstance(value, str) else tuple(value)
            elif name == "tempo":
                low, high = _pair(value)
                values |= {"min_tempo": _number(name, low), "max_tempo": _number(name, high)}
            elif name in ("min_tempo", "max_tempo", "min_quality"):
                values[name] = _number(name, value)
            else:
                allowed = ", ".join((*LABELS, "tempo", "min_tempo", "max_tempo", "min_quality"))
                raise QueryError(f"filters: no filter {name!r}; there are {allowed}")
        return cls(**values)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Filters":
        """Return the filters that texts of the command line describe.

        Parameters
        ----------
        texts : each as `difficulty=beginner,advanced`, `tempo=100..130` or `min_quality=0.6`; in a range either end
            may be left out

        Raises
        ------
        QueryError
            Saying which text cannot be read.
        """
        values: dict[str, Any] = {}
        for text in texts:
            name, separator, value = (part.strip() for part in text.partition("="))
            if not separator or not value:
                raise QueryError(f"filters: cannot read {text!r}; write difficulty=beginner or tempo=100..130")
            if name in LABELS:
                values[name] = (*values.get(name, ()), *(part.strip() for part in value.split(",")))
            elif name == "tempo":
                low, dots, high = value.partition("..")
                if not dots:
                    raise QueryError(f"filters: cannot read {text!r}; a tempo range is written tempo=100..130")
                values[name] = (low or None, high or None)
            else:
                values[name] = value
        return cls.of(values)

    def to_elasticsearch(self) -> list[dict[str, Any]]:
        """Return the clauses of a filter context of Elasticsearch."""
        clauses: list[dict[str, Any]] = [
            {"terms": {name: list(getattr(self, name))}} for name in LABELS if getattr(self, name)
        ]
        for field, bounds in self._bounds().items():
            clauses.append({"range": {field: bounds}})
        if self.min_quality is not None:
            clauses.append({"bool": {"should": [{"exists": {"field": field}} for field in MOVEMENT]}})
        return clauses

    def to_sql(self) -> str | None:
        """Return the WHERE clause of LanceDB, None when there is no condition."""
        clauses = [
            f"{name} IN ({', '.join(map(sql_string, getattr(self, name)))})" for name in LABELS if getattr(self, name)
        ]
        signs = {"gte": ">=", "lte": "<="}
        for field, bounds in self._bounds().items():
            clauses += [f"{field} {signs[bound]} {value!r}" for bound, value in bounds.items()]
        if self.min_quality is not None:
            clauses.append(f"({' OR '.join(f'{field} IS NOT NULL' for field in MOVEMENT)})")
        return " AND ".join(clauses) or None

    def _bounds(self) -> dict[str, dict[str, float]]:
        tempo = {"gte": self.min_tempo, "lte": self.max_tempo}
        bounds = {"estimated_tempo": tempo, "quality_score": {"gte": self.min_quality}}
        present = {field: {k: v for k, v in ends.items() if v is not None} for field, ends in bounds.items()}
        return {field: ends for field, ends in present.items() if ends}


LABELS = tuple(one.name for one in fields(Filters) if one.name in DOCUMENT_FIELDS)
"""Fields of the document that a clip may be chosen by; the other filters are bounds of a number."""


MOVEMENT = tuple(VECTOR_FIELDS[family] for family in ("lead", "follow", "interaction"))
"""Fields of the document that describe how a couple moves; quality says how well it is seen, not for how long."""


def sql_string(value: str) -> str:
    """Return a text as a SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise QueryError(f"filters: tempo must be a pair (lowest, highest), is {value!r}")
    return value[0], value[1]


def _number(name: str, value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError) as error:
        raise QueryError(f"filters: {name} must be a number, is {value!r}") from error
