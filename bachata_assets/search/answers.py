"""`Answer`: a clip that answers a question, with the document fields that people look at, and `Answers`, a list."""

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar

from bachata_assets.clip_record import DOCUMENT_FIELDS, trusted_tempo

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True, repr=False)
class Answer:
    """A clip, or a part of one, that answers a question.

    Attributes
    ----------
    score : how well it answers, 0..1
    """

    clip_id: str
    score: float
    video_path: str
    move_label: str
    difficulty: str
    energy_level: str
    estimated_tempo: float
    quality_score: float
    heard_tempo: float | None = None
    heard_tempo_confidence: float | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.clip_id!r}, {self.move_label}, score {self.score:.3f})"

    @property
    def tempo(self) -> float:
        """The heard tempo where it is trusted, else the annotated one, beats per minute."""
        return trusted_tempo(self.heard_tempo, self.heard_tempo_confidence) or self.estimated_tempo

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: the answer's own fields, then those of the document."""
        values = asdict(self)
        return {name: value for name, value in values.items() if name not in SHOWN_FIELDS} | {
            name: values[name] for name in SHOWN_FIELDS
        }

    def to_row(self) -> dict[str, Any]:
        """Return plain values for a table row; each family's score has a column such as `score_lead`."""
        values = self.to_dict()
        scores = values.pop("scores", {})
        return values | {f"score_{family}": score for family, score in scores.items()}


SHOWN_FIELDS = tuple(one.name for one in fields(Answer) if one.name in DOCUMENT_FIELDS and one.name != "clip_id")
"""Fields of the document that an `Answer` carries."""

A = TypeVar("A", bound=Answer)


class Answers(list[A]):
    """Answers to a question, best first."""

    def to_pandas(self) -> "pd.DataFrame":
        """Return a table with one row per answer, see `Answer.to_row`."""
        import pandas as pd

        rows = [one.to_row() for one in self]
        return pd.DataFrame(rows, columns=None if rows else ["clip_id", "score", *SHOWN_FIELDS])
