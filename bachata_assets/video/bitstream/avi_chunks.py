"""Breaks in the chain of chunks of an avi file, and in its index, after which FFmpeg continues without a report."""

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bachata_assets.video.files import open_regular

_KNOWN = re.compile(rb"\d\d[a-z]{2}|ix\d\d|JUNK|LIST|idx1")
"""Names of chunks in a list `movi`: stream data, indices, padding, nested lists."""
MOST_CHUNKS = 1_000_000
"""Maximum number of chunks to check in a list, in a second or two; a clip of ten minutes has 50,000."""


def chunk_breaks(path: Path) -> list[int]:
    """Return the offsets in an avi (bytes) at which a list of pictures and sound lacks an expected chunk.

    It returns the first such offset of each list. A file that continues as another file has one, and so does a file
    that lost chunks. A list without its end has none; the number of pictures tells how much is missing.
    """
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        lists = list(_lists(file, end))
        return [place for start, stop in lists if (place := _break(file, start, stop, end)) is not None]


def index_breaks(path: Path) -> list[int]:
    """Return the offsets in an avi (bytes) at which the index names another chunk than the actual one.

    FFmpeg may trust the index and take data of another chunk for sound or a picture. An index whose first entry leads
    nowhere counts from an unknown offset and is not checked.
    """
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        lists = list(_lists(file, end))
        entries = _index(file, lists[0][1] + lists[0][1] % 2, end) if lists else b""
        named = [struct.unpack_from("<4s4xII", entries, place) for place in range(0, len(entries) - 15, 16)]
        if not named:
            return []
        first, offset, size = named[0]
        bases = (lists[0][0] - 4, 0)  # start of the list's content, or of the file
        base = next((base for base in bases if _header(file, base + offset) == (first, size)), None)
        if base is None:
            return []
        return [base + offset for kind, offset, size in named if _header(file, base + offset) != (kind, size)]


def _index(file: BinaryIO, place: int, end: int) -> bytes:
    """Return the entries of the index after the first list of pictures and sound, if there is one."""
    while place + 8 <= end:
        kind, size = _header(file, place)
        if kind == b"idx1":
            return file.read(min(size, 16 * MOST_CHUNKS))
        if kind not in (b"JUNK", b"LIST"):
            break
        place += 8 + size + size % 2
    return b""


def _lists(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of the content of each list `movi`; a long file has several."""
    place = 0
    while place + 12 <= end:
        kind, size = _header(file, place)
        if kind == b"RIFF":
            place += 12
            continue
        if kind == b"LIST" and file.read(4) == b"movi":
            yield place + 12, min(place + 8 + size, end) if size else end
        place += 8 + size + size % 2


def _break(file: BinaryIO, start: int, stop: int, end: int) -> int | None:
    """Return where the chain in a list breaks, or None if it does not."""
    place = start
    for _ in range(MOST_CHUNKS):
        if place + 8 > stop:
            break
        kind, size = _header(file, place)
        if not _KNOWN.fullmatch(kind):
            return place
        following = place + 12 if kind == b"LIST" else place + 8 + size
        if size % 2 and not (following + 8 <= end and _KNOWN.fullmatch(_header(file, following)[0])):
            following += 1  # padding to an even offset, which some programs omit
        if following > stop + 1:
            return None if stop == end else place
        place = following
    return None


def _header(file: BinaryIO, place: int) -> tuple[bytes, int]:
    file.seek(place)
    header = file.read(8)
    return header[:4], int.from_bytes(header[4:], "little")
