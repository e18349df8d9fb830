"""The error for a video file that cannot be read."""

from pathlib import Path


class UnreadableVideoError(ValueError):
    """A file cannot be read as a video; the message names it, what is wrong and what to do.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        What is wrong, without a full stop.
    remedy : str
        What to do about it, as one sentence.
    """

    def __init__(self, path: Path, reason: str, remedy: str = "Export or copy it again, or remove it.") -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path}: {reason}. {remedy}")
