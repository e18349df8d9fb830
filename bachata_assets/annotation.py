"""`Annotation`: what a person said about a clip, with the specification's fallbacks for the rest."""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

SLOWEST, FASTEST = 40, 300
"""Range of plausible tempi, beats per minute: bachata counted at half and at double speed."""
LONGEST_LABEL = 200
LONGEST_NOTES = 10_000
"""Maximum number of characters of a label and of the notes; Elasticsearch refuses keywords above 32,766 bytes."""
LEAD_SAID, COUPLE_SAID, SWAPPED_SAID = "-lead-", "-couple-", "-swapped-"
"""Prefixes, in the data version of a file, of what a person said about its dancers."""
MOST = 1_000_000
"""Maximum number in `couple` and `swapped_at`: of a person, a pixel or a second."""
MOST_SWAPS = 200
"""Maximum number of times in `swapped_at`."""
NO_COUPLE = "none"
"""Value of `couple` for a clip without a couple."""


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("contains the character NUL")
    return text


@dataclass(frozen=True)
class PlaceOfCouple:
    """Place of the couple at one time.

    Attributes
    ----------
    box : tuple of float
        x1 y1 x2 y2, px of the video as a player shows it.
    at_s : float
        The time, s from the first picture.
    """

    box: tuple[float, float, float, float]
    at_s: float = 0.0


SaidCouple = Literal["left", "middle", "right"] | PlaceOfCouple | tuple[int, int]
"""Which couple is meant: by its side, by its place, or by the numbers of the two people."""


def _couple(said: Any) -> Any:
    """Return the value of `couple`, the lower number first."""
    if said is None or isinstance(said, PlaceOfCouple):
        return said
    if isinstance(said, str) and said.strip() in ("left", "middle", "right", NO_COUPLE):
        return said.strip()
    if isinstance(said, dict) and "box" in said and not said.keys() - {"box", "at_s"}:
        box, at_s = said["box"], said.get("at_s", 0.0)
        if _are_numbers(box, 4) and _are_numbers([at_s], 1) and box[0] < box[2] and box[1] < box[3] and at_s >= 0:
            return PlaceOfCouple((box[0], box[1], box[2], box[3]), at_s)
    if _are_numbers(said, 2) and all(isinstance(number, int) and number > 0 for number in said) and said[0] != said[1]:
        return tuple(sorted(said))
    raise ValueError(
        'must be "left", "middle", "right", {"box": [x0, y0, x1, y1], "at_s": 2.0} or two people\'s numbers, as '
        '[1, 2]; "none" if there is no couple'
    )


def _swapped_at(said: Any) -> Any:
    """Return the times in ascending order without repeats."""
    is_list = isinstance(said, list | tuple) and len(said) <= MOST_SWAPS
    if is_list and _are_numbers(said, len(said)) and all(time_s >= 0 for time_s in said):
        return tuple(sorted({float(time_s) for time_s in said}))
    raise ValueError(f"must be a list of at most {MOST_SWAPS} times, s from the first picture, as [3.2, 5]")


def _are_numbers(values: Any, count: int) -> bool:
    return (
        isinstance(values, list | tuple)
        and len(values) == count
        and all(isinstance(v, int | float) and not isinstance(v, bool) and -MOST <= v <= MOST for v in values)
    )


Label = Annotated[str, Field(max_length=LONGEST_LABEL), AfterValidator(_without_nul)]
Notes = Annotated[str, Field(max_length=LONGEST_NOTES), AfterValidator(_without_nul)]


class Annotation(BaseModel):
    """One clip's annotation; the defaults are the specification's fallbacks."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    move_label: Label = "unknown"
    difficulty: Label = "unknown"
    energy_level: Label = "medium"
    lead_follow_roles: Label = "both"
    estimated_tempo: float = Field(
        default=120.0, ge=SLOWEST, le=FASTEST, allow_inf_nan=False, description="beats per minute"
    )
    notes: Notes = ""
    lead: Literal["left", "right"] | None = Field(
        default=None, description="side of the picture on which the lead stands in the first frame, said by a person"
    )
    couple: Annotated[SaidCouple | Literal["none"] | None, BeforeValidator(_couple)] = Field(
        default=None,
        description="which couple is meant where there are several people, or that there is none, said by a person",
    )
    swapped_at: Annotated[tuple[float, ...], BeforeValidator(_swapped_at)] = Field(
        default=(),
        description="times from which on the two dancers have to be exchanged, s from the first picture, said by a "
        "person",
    )

    @property
    def video_version(self) -> str:
        """What the annotation says about the video itself, as part of its data version; empty if nothing."""
        lead = f"{LEAD_SAID}{self.lead}" if self.lead else ""
        couple = f"{COUPLE_SAID}{self._digest_of('couple')}" if self.couple else ""
        return lead + couple + (f"{SWAPPED_SAID}{self._digest_of('swapped_at')}" if self.swapped_at else "")

    def _digest_of(self, name: str) -> str:
        return _digest(self.model_dump(include={name}))[:8]

    @property
    def shows_no_couple(self) -> bool:
        """Whether the annotation says that the clip shows no couple."""
        return self.couple == NO_COUPLE

    @property
    def data_version(self) -> str:
        """Hash of the fields that were set, except `swapped_at`, which concerns only the video.

        An explicit fallback value changes it too.
        """
        return _digest(self.model_dump(exclude_unset=True, exclude={"swapped_at"}))[:16]


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
