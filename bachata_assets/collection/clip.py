"""`Clip`: one clip of a collection, as every stage sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bachata_assets.annotation import Annotation

EXTERNAL = ("clip_file", "annotation")
"""Assets that a clip begins with: made by people, observed by the platform."""


@dataclass(frozen=True)
class Clip:
    """One clip that is there now.

    Attributes
    ----------
    path : its video file
    video_path : the path as documents state it, POSIX
    versions : external asset -> data version
    couple : number of the couple in the file, from 1
    """

    clip_id: str
    path: Path
    video_path: str
    annotation: Annotation
    versions: Mapping[str, str]
    couple: int = 1
