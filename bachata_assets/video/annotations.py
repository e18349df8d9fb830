"""The annotation file: reading it, its fallbacks, and which entry belongs to which clip.

Which clips exist is `video/discovery.py`'s concern.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Literal


class AnnotationError(ValueError):
    """The annotation file, or an entry of it, cannot be used."""


@dataclass(frozen=True)
class Annotation:
    """What is known of a clip; the defaults are the mission's fallbacks for a clip without an entry."""

    move_label: str = "unknown"
    difficulty: str = "unknown"
    energy_level: str = "medium"
    lead_follow_roles: str = "both"
    estimated_tempo: float = 120.0
    notes: str = ""
    lead: Literal["left", "right"] | None = None
    """Side of the picture on which the leader stands in the first frame, where a person said so."""

    @property
    def data_version(self) -> str:
        """Hash of the content: changes exactly when a field does."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
