"""What a person said about a clip, with the specification's fallbacks for what nobody said."""

import hashlib
import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Annotation(BaseModel):
    """One clip's annotation; the defaults are the specification's fallbacks."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    move_label: str = "unknown"
    difficulty: str = "unknown"
    energy_level: str = "medium"
    lead_follow_roles: str = "both"
    estimated_tempo: float = Field(default=120.0, gt=0, allow_inf_nan=False, description="beats per minute")
    notes: str = ""
    lead: Literal["left", "right"] | None = Field(
        default=None, description="side of the picture on which the leader stands in the first frame, said by a person"
    )

    @property
    def data_version(self) -> str:
        """Hash of the fields that were set; saying a fallback outright changes it too."""
        content = json.dumps(self.model_dump(exclude_unset=True), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:16]
