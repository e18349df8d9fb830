"""The chain of chunks in an avi file and its index: where they break, FFmpeg goes on in silence with what it finds."""

import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from bachata_assets.video.files import open_regular

_KNOWN = re.compile(rb"\d\d[a-z]{2}|ix\d\d|JUNK|LIST|idx1")
"""Names of the chunks within a list `movi`: of a stream, of an index, padding, a list of others."""
MOST_CHUNKS = 1_000_000
"""Most chunks of a list that are looked at, in a second or two; a clip of ten minutes has 50,000."""


def chunk_breaks(path: Path) -> list[int]:
    """Return the places of an avi (bytes) at which a list of pictures and sound holds no chunk where one has to be.

    Of each list the first such place is returned. One file that goes on as another has one, and one in which chunks
    were lost. A list of which the end is missing breaks nowhere: how much is missing the number of pictures says.
    """
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        lists = list(_lists(file, end))
        return [place for start, stop in lists if (place := _break(file, start, stop, end)) is not None]


def index_breaks(path: Path) -> list[int]:
    """Return the places of an avi (bytes) at which its index names another chunk than the one that is there.

    FFmpeg may believe the index: it then takes for sound, or for a picture, what belongs to another chunk. An index
    whose first entry leads nowhere counts from a place that is not known, and is not judged.
    """
    with open_regular(path) as file:
        end = os.fstat(file.fileno()).st_size
        lists = list(_lists(file, end))
        entries = _index(file, lists[0][1] + lists[0][1] % 2, end) if lists else b""
        named = [struct.unpack_from("<4s4xII", entries, place) for place in range(0, len(entries) - 15, 16)]
        if not named:
            return []
        first, offset, size = named[0]
        bases = (lists[0][0] - 4, 0)  # of the list's content, or of the file
        base = next((base for base in bases if _header(file, base + offset) == (first, size)), None)
        if base is None:
            return []
        return [base + offset for kind, offset, size in named if _header(file, base + offset) != (kind, size)]


def _index(file: BinaryIO, place: int, end: int) -> bytes:
    """Return the entries of the index that stands behind the first list of pictures and sound, if one does."""
    while place + 8 <= end:
        kind, size = _header(file, place)
        if kind == b"idx1":
            return file.read(min(size, 16 * MOST_CHUNKS))
        if kind not in (b"JUNK", b"LIST"):
            break
        place += 8 + size + size % 2
    return b""


def _lists(file: BinaryIO, end: int) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of the content of each list `movi`; a long file has several."""
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
    """Return where the chain within a list breaks; None where it does not."""
    place = start
    for _ in range(MOST_CHUNKS):
        if place + 8 > stop:
            break
        kind, size = _header(file, place)
        if not _KNOWN.fullmatch(kind):
            return place
        following = place + 12 if kind == b"LIST" else place + 8 + size
        if size % 2 and not (following + 8 <= end and _KNOWN.fullmatch(_header(file, following)[0])):
            following += 1  # to an even place; some programs write none
        if following > stop + 1:
            return None if stop == end else place
        place = following
    return None


def _header(file: BinaryIO, place: int) -> tuple[bytes, int]:
    file.seek(place)
    header = file.read(8)
    return header[:4], int.from_bytes(header[4:], "little")
