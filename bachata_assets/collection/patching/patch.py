"""`Patch`: changes of annotations, as the report page writes them; untrusted until checked.

docs/report.md describes the format, with an example.
"""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bachata_assets.annotation import Annotation
from bachata_assets.clip_record import ID_BYTES
from bachata_assets.collection.annotations import lenient_json
from bachata_assets.video.files import open_regular

FORMAT = "bachata-annotations-patch"
"""Value of `format` in every patch."""
LARGEST_FILE = 16 * 2**20
"""Maximum size of a patch, bytes."""
MOST_CHANGES = 100_000
"""Maximum number of clips in a patch."""


class PatchError(ValueError):
    """A patch cannot be used; the message says why, and nothing of it is applied."""


def stated(values: dict[str, Any]) -> dict[str, Any]:
    """Return checked fields of an annotation as plain JSON values, as a file contains them.

    None, an empty text and an empty list become None: the field is missing.

    Raises
    ------
    ValidationError
        A value cannot be used.
    """
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    said = Annotation.model_validate(given).model_dump(mode="json", include=set(given))
    return {name: None if said.get(name) in (None, "", []) else said[name] for name in values}


class Change(BaseModel):
    """The changes of one clip.

    Attributes
    ----------
    set : field of the annotation -> its new value; None: remove the field, so that its fallback applies
    was : field -> the value seen when it was changed; if the file has another one now, nothing is applied
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip_id: str = Field(min_length=1, max_length=ID_BYTES)
    set: dict[str, Any] = Field(min_length=1)
    was: dict[str, Any] = Field(default_factory=dict)

    @field_validator("set", "was")
    @classmethod
    def _of_an_annotation(cls, values: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(values.keys() - Annotation.model_fields.keys())
        if unknown:
            raise ValueError(f"{unknown[0][:80]!r} is not a field of an annotation")
        return stated(values)


class Patch(BaseModel):
    """The changes of a collection's annotations."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["bachata-annotations-patch"]
    version: Literal[1]
    made_at: str = Field(default="", max_length=40)
    changes: tuple[Change, ...] = Field(max_length=MOST_CHANGES)

    @model_validator(mode="after")
    def _each_clip_once(self) -> "Patch":
        seen = set()
        for change in self.changes:
            if change.clip_id in seen:
                raise ValueError(f"clip {change.clip_id[:80]!r} occurs more than once")
            seen.add(change.clip_id)
        return self


def load_patch(path: Path) -> Patch:
    """Read a patch from a file.

    Raises
    ------
    PatchError
        It is missing, too large, not JSON or not a patch; the message names the first thing that is wrong.
    """
    try:
        with open_regular(path) as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise PatchError(f"Cannot read the patch {path}: {error.strerror}") from error
    return read_patch(content, str(path))


def read_patch(content: bytes, name: str) -> Patch:
    """Read the content of a patch; messages use the given name for it.

    Raises
    ------
    PatchError
        As in `load_patch`.
    """
    if len(content) > LARGEST_FILE:
        raise PatchError(f"{name} is larger than {LARGEST_FILE // 2**20} MB, so it is not a patch")
    try:
        return Patch.model_validate(lenient_json.loads(content.decode("utf-8-sig")))
    except RecursionError:
        raise PatchError(f"{name} is nested too deeply, so it is not a patch") from None
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part)[:40] for part in wrong["loc"]) or "the whole"
        why = wrong["msg"].removeprefix("Value error, ")[:300]
        raise PatchError(f"{name} is not a patch: {place}: {why}") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise PatchError(f"{name} is not valid JSON: {error}") from None
