"""What a person said about a clip, with the specification's fallbacks for what nobody said."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLOWEST, FASTEST = 40, 300
"""Range of a tempo that may be meant, beats per minute: bachata counted in halves, and counted double."""
LONGEST_LABEL = 200
LONGEST_NOTES = 10_000
"""Most characters of a label and of the notes; Elasticsearch refuses a keyword of more than 32,766 bytes."""


def _without_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds the character NUL")
    return text


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
        default=None, description="side of the picture on which the leader stands in the first frame, said by a person"
    )

    @property
    def data_version(self) -> str:
        """Hash of the fields that were set; saying a fallback outright changes it too."""
        content = json.dumps(self.model_dump(exclude_unset=True), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
