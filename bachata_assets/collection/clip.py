"""`Clip`: one clip of a collection, as every stage sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bachata_assets.annotation import Annotation
from bachata_assets.video.files import Seen, on_disk

EXTERNAL = ("clip_file", "annotation")
"""Source assets of a clip: made by people, observed by the platform."""


@dataclass(frozen=True)
class Clip:
    """One present clip.

    Attributes
    ----------
    path : its video file; for a clip in a bucket, the copy that a run reads, which exists only after fetching
    video_path : the path as in documents, POSIX
    versions : external asset -> data version
    couple : number of the couple in the file, from 1
    seen : look of the file when its version was determined; None: unknown
    url : URL of the clip in a bucket; empty for a file of this machine
    """

    clip_id: str
    path: Path
    video_path: str
    annotation: Annotation
    versions: Mapping[str, str]
    couple: int = 1
    seen: Seen | None = None
    url: str = ""

    @property
    def shown(self) -> str:
        """Name of the file for messages: its URL, or its path."""
        return self.url or str(self.path)

    def is_replaced(self) -> bool:
        """Tell whether the file has been replaced; a missing file and a run's own copy count as not replaced."""
        if self.url:
            return False
        try:
            return self.seen is not None and Seen.of(on_disk(self.path).stat()) != self.seen
        except OSError:
            return False
