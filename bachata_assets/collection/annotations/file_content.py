"""The content of an annotation file: its bytes, read within limits and once it is written, and its text."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bachata_assets.collection.data_dir.places import read_object
from bachata_assets.video.files import Seen, on_disk, open_regular

T = TypeVar("T")

LARGEST_FILE = 64 * 2**20
"""Maximum size of an annotation file, bytes: about 200,000 entries, which take at most 1.5 GB of memory."""
WAIT_S = 0.3
"""Time within which a file that is being written must grow, s."""
MOST_WAITS = 20
"""Maximum number of waits for a file."""
JUST_NOW_S = 2.0
"""Age below which an unusable file may still be in the process of being written, s."""
_PACKED = {b"\x1f\x8b": "compressed with gzip", b"PK\x03\x04": "a zip archive"}


class AnnotationError(ValueError):
    """The annotation file cannot be used."""


def once_written(path: str | Path, read: Callable[[], T]) -> T:
    """Return what `read` makes of a file; wait while it is unusable and grows.

    Raises
    ------
    AnnotationError
        As `read` does.
    """
    for _ in range(MOST_WAITS):
        before = _look(path)
        try:
            return read()
        except AnnotationError:
            if not before or abs(time.time() - before.mtime_ns / 1e9) > JUST_NOW_S:
                raise
            time.sleep(WAIT_S)
            if _look(path) == before:
                raise
    return read()


def read_file(path: str | Path) -> bytes:
    """Return the content of an annotation file; `path` may be the URL of an object.

    Raises
    ------
    AnnotationError
        If it is missing, cannot be read or is too large.
    """
    try:
        if "://" in str(path):
            content = read_object(str(path), LARGEST_FILE + 1)
        else:
            with open_regular(Path(path)) as file:
                content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise AnnotationError(f"Annotation file not found: {path}. Give its path with --annotations.") from None
    except OSError as error:
        said = f"Cannot read the annotation file {path}: {error.strerror or error}"
        raise AnnotationError(f"{said}. Check its permissions and the disk." if error.errno else said) from error
    if len(content) > LARGEST_FILE:
        raise AnnotationError(
            f"{path} is larger than {LARGEST_FILE // 2**20} MB, so it is not an annotation file. Give another one."
        )
    return content


def text_of(content: bytes, path: str | Path) -> str:
    """Return a file's text; bytes that are not UTF-8 become lone surrogates, which their entry reports."""
    for beginning, kind in _PACKED.items():
        if content.startswith(beginning):
            raise AnnotationError(f"{path} is {kind}, not JSON. Unpack it, and give the JSON file in it.")
    if not content.strip():
        raise AnnotationError(f'{path} is empty: expected {{"clips": [{{"clip_id": …}}, …]}}.')
    encoding = json.detect_encoding(content)  # UTF-16 and UTF-32 too, with their mark or without
    return content.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "replace")


def _look(path: str | Path) -> Seen | None:
    """Return the look of a file; None for an object in a bucket, which is always complete."""
    try:
        return Seen.of(on_disk(Path(path)).stat())
    except OSError:
        return None
