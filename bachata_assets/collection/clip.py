"""`Clip`: one clip of a collection, as every stage sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bachata_assets.annotation import Annotation
from bachata_assets.video.files import Seen, on_disk

EXTERNAL = ("clip_file", "annotation")
"""Assets that a clip begins with: made by people, observed by the platform."""


@dataclass(frozen=True)
class Clip:
    """One clip that is there now.

    Attributes
    ----------
    path : its video file; for a clip in a bucket, the copy that a run reads, and before it is fetched no file
    video_path : the path as documents state it, POSIX
    versions : external asset -> data version
    couple : number of the couple in the file, from 1
    seen : what the file looked like when its version was found out; None: that is not known
    url : where it lies in a bucket; empty for a file of this machine
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
        """What people call the file: its URL, or its path."""
        return self.url or str(self.path)

    def is_replaced(self) -> bool:
        """Tell whether the file is another one by now; one that is gone is not, nor is the copy that a run fetched."""
        if self.url:
            return False
        try:
            return self.seen is not None and Seen.of(on_disk(self.path).stat()) != self.seen
        except OSError:
            return False
