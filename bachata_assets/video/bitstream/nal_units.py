"""NAL units of H.264 and H.265, and bytes that no unit can contain.

If a unit's own bytes look like a start code, the encoder inserts a 3 (ITU-T H.264 (08/2021), 7.4.1; H.265 (08/2021),
7.4.2). Two zeros and a byte below 3 inside a picture are therefore damage, such as a lost sector that is read as zeros.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_NO_UNIT_HOLDS = re.compile(rb"\x00\x00[\x00-\x02]")
_SECTOR = 512
"""Number of zero bytes behind a unit that count as a lost sector. No unit ends in a zero, but some writers append a
few."""


class Followed(NamedTuple):
    """Properties of a picture that its bytes reveal.

    Attributes
    ----------
    is_broken : the picture, or one that it is predicted from, cannot show what was filmed
    is_reference : other pictures may be predicted from it
    """

    is_broken: bool
    is_reference: bool


def length_size(extradata: bytes, place: int) -> int:
    """Return the number of bytes before each unit that hold its length; 0 if units follow start codes.

    Parameters
    ----------
    extradata : bytes
        The stream's header: in mp4 and mov as in ISO/IEC 14496-15.
    place : int
        Offset of the byte in it that says so, 4 for H.264 and 21 for H.265.
    """
    return (extradata[place] & 3) + 1 if extradata[:1] == b"\x01" and len(extradata) > place + 1 else 0


def units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """Yield the units of a packet, which follow lengths or, if `length_bytes` is 0, start codes."""
    if not length_bytes:
        yield from (unit for unit in data.split(b"\x00\x00\x01")[1:] if unit)
        return
    place = 0
    while place + length_bytes < len(data):
        size = int.from_bytes(data[place : place + length_bytes], "big")
        place += length_bytes
        if size:
            yield data[place : place + size]
        place += size


def holds_foreign_bytes(unit: bytes) -> bool:
    """Tell whether a unit contains bytes that no encoder writes; a few zeros may follow it."""
    content = unit.rstrip(b"\x00")
    return len(unit) - len(content) >= _SECTOR or _NO_UNIT_HOLDS.search(content) is not None


def holds_picture(unit: bytes) -> bool:
    """Tell whether an H.265 unit contains a picture or a part of one."""
    return unit[0] >> 1 & 63 < _FIRST_OTHER


class HevcChain:
    """Follows, in decoding order, which pictures of an H.265 stream are predicted from one with foreign bytes.

    Parameters
    ----------
    extradata : bytes
        The stream's header.
    """

    def __init__(self, extradata: bytes) -> None:
        self._length_bytes = length_size(extradata, 21)
        self._broken = False

    def follow(self, packet: bytes, is_key: bool) -> Followed:
        """Return what the bytes of a picture say of it; see `ReferenceChain`."""
        pictures = list(filter(holds_picture, units(packet, self._length_bytes)))
        is_foreign = any(map(holds_foreign_bytes, pictures))
        is_reference = any(_is_reference(unit[0] >> 1 & 63) for unit in pictures)
        if is_key:
            self._broken = False
        self._broken |= is_foreign and is_reference
        return Followed(self._broken or is_foreign, is_reference)


_FIRST_OTHER = 32
"""First type of H.265 units without a picture."""
_FIRST_KEY = 16
"""First type whose pictures are always references; below it, only odd types are."""


def _is_reference(kind: int) -> bool:
    return kind >= _FIRST_KEY or kind % 2 == 1
