"""`Filters`: conditions on clips, read from Python values or text and translated for each backend."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bachata_assets.clip_record import DOCUMENT_FIELDS, TRUSTED_CONFIDENCE, VECTOR_FIELDS
from bachata_assets.search.errors import QueryError


@dataclass(frozen=True)
class Filters:
    """Conditions on the clips of an answer; all of them must hold.

    Attributes
    ----------
    move_label, difficulty, energy_level : labels, one of which the clip must have; empty: any
    min_tempo, max_tempo : bounds of the clip's tempo (`ClipRecord.tempo`), beats per minute, inclusive
    min_quality : minimum quality score, 0..1, inclusive; it also excludes clips without any movement vector
    near_tempo : tempo of a song, beats per minute; the clip's tempo, its double or its half must be within 4 % of it
    """

    move_label: tuple[str, ...] = ()
    difficulty: tuple[str, ...] = ()
    energy_level: tuple[str, ...] = ()
    min_tempo: float | None = None
    max_tempo: float | None = None
    min_quality: float | None = None
    near_tempo: float | None = None

    @classmethod
    def of(cls, given: "Filters | Mapping[str, Any] | None") -> "Filters":
        """Return the filters that a mapping describes.

        Parameters
        ----------
        given : attribute -> value; a single label may replace a tuple; `tempo` -> (lowest, highest) sets both bounds,
            either of which may be None. None: no conditions

        Raises
        ------
        QueryError
            A key or value is invalid; the message names it.

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
            elif name in NUMBERS:
                values[name] = _number(name, value)
            else:
                allowed = ", ".join((*LABELS, "tempo", *NUMBERS))
                raise QueryError(f"filters: no filter {name!r}; choose from {allowed}")
        return cls(**values)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> "Filters":
        """Return the filters that command-line texts describe.

        Parameters
        ----------
        texts : such as `difficulty=beginner,advanced`, `tempo=100..130`, `near_tempo=128` or `min_quality=0.6`; a range
            may omit either end

        Raises
        ------
        QueryError
            A text cannot be read; the message names it.
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

    @property
    def names_tempo(self) -> bool:
        """Whether a condition limits the tempo."""
        return any(bound is not None for bound in (self.min_tempo, self.max_tempo, self.near_tempo))

    def to_elasticsearch(self) -> list[dict[str, Any]]:
        """Return the clauses of an Elasticsearch filter context."""
        clauses: list[dict[str, Any]] = [
            {"terms": {name: list(getattr(self, name))}} for name in LABELS if getattr(self, name)
        ]
        for ranges in self._tempi():
            heard = [{"bool": {"filter": [IS_HEARD, {"range": {"heard_tempo": tempo}}]}} for tempo in ranges]
            said = [
                {"bool": {"filter": [{"range": {"estimated_tempo": tempo}}], "must_not": [IS_HEARD]}}
                for tempo in ranges
            ]
            clauses.append({"bool": {"should": [*heard, *said]}})
        if self.min_quality is not None:
            clauses.append({"range": {"quality_score": {"gte": self.min_quality}}})
            clauses.append({"bool": {"should": [{"exists": {"field": field}} for field in MOVEMENT]}})
        return clauses

    def to_sql(self, fields: Collection[str] = DOCUMENT_FIELDS) -> str | None:
        """Return the WHERE clause for LanceDB, or None without conditions.

        Parameters
        ----------
        fields : columns of the table; a table of an earlier version lacks some
        """
        clauses = [
            f"{name} IN ({', '.join(map(sql_string, getattr(self, name)))})" for name in LABELS if getattr(self, name)
        ]
        signs = {"gte": ">=", "lte": "<="}

        def within(field: str, ranges: list[dict[str, float]]) -> str:
            every = (" AND ".join(f"{field} {signs[end]} {bound!r}" for end, bound in one.items()) for one in ranges)
            return " OR ".join(f"({one})" for one in every)

        for ranges in self._tempi():
            heard, said = within("heard_tempo", ranges), within("estimated_tempo", ranges)
            both = f"({IS_HEARD_SQL} AND ({heard})) OR (({IS_NOT_HEARD_SQL}) AND ({said}))"
            clauses.append(f"({both if 'heard_tempo' in fields else said})")
        if self.min_quality is not None:
            clauses.append(f"quality_score >= {self.min_quality!r}")
            clauses.append(f"({' OR '.join(f'{field} IS NOT NULL' for field in MOVEMENT)})")
        return " AND ".join(clauses) or None

    def _tempi(self) -> list[list[dict[str, float]]]:
        """Return the tempo conditions, each a list of ranges, one of which must hold the tempo."""
        conditions = []
        if self.min_tempo is not None or self.max_tempo is not None:
            conditions.append([_bounds(self.min_tempo, self.max_tempo)])
        if self.near_tempo is not None:
            tempi = (self.near_tempo / 2, self.near_tempo, 2 * self.near_tempo)
            conditions.append([_bounds(one * (1 - TEMPO_TOLERANCE), one * (1 + TEMPO_TOLERANCE)) for one in tempi])
        return conditions


LABELS = tuple(one.name for one in fields(Filters) if one.name in DOCUMENT_FIELDS)
"""Filters by a label of the document; the other filters bound a number."""

NUMBERS = ("min_tempo", "max_tempo", "near_tempo", "min_quality")
"""Filters by a number."""

TEMPO_TOLERANCE = 0.04
"""Maximum relative difference between a clip's tempo and the tempo of a song that it fits."""

MOVEMENT = tuple(VECTOR_FIELDS[family] for family in ("lead", "follow", "interaction"))
"""Movement vectors. `min_quality` requires one, because the score rates how well a couple is seen, not for how long."""


IS_HEARD = {"range": {"heard_tempo_confidence": {"gte": TRUSTED_CONFIDENCE}}}
IS_HEARD_SQL = f"heard_tempo_confidence >= {TRUSTED_CONFIDENCE}"
IS_NOT_HEARD_SQL = f"heard_tempo_confidence IS NULL OR heard_tempo_confidence < {TRUSTED_CONFIDENCE}"
"""Whether the clip's tempo is heard and trusted, as in `ClipRecord.tempo`, for each backend."""


def sql_string(value: str) -> str:
    """Return a string as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def _bounds(lowest: float | None, highest: float | None) -> dict[str, float]:
    return {sign: bound for sign, bound in (("gte", lowest), ("lte", highest)) if bound is not None}


def _pair(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise QueryError(f"filters: tempo must be a pair (lowest, highest), is {value!r}")
    return value[0], value[1]


def _number(name: str, value: Any) -> float | None:
    try:
        number = None if value is None else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if number is not None and not math.isfinite(number):  # each backend would raise an error of its own
        raise QueryError(f"filters: {name} must be a number, is {value!r}")
    return number
