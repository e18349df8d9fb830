"""Pictures of an H.264 stream that FFmpeg shows without a report although something is missing or wrong.

They are:

- pictures predicted from a missing one, in whose place FFmpeg uses others; ITU-T H.264 (08/2021), 7.4.3 (`frame_num`),
  defines gaps,
- pictures with an illegal header (`h264_headers.py`),
- pictures with bytes that no encoder writes (`nal_units.py`).
"""

from collections.abc import Iterator

from bachata_assets.video.bitstream.h264_headers import (
    IllegalHeaderError,
    PictureParameters,
    Sequence,
    picture_number,
    require_legal,
)
from bachata_assets.video.bitstream.nal_units import Followed, holds_foreign_bytes, length_size, units

_PICTURE, _KEY_PICTURE, _SEQUENCE, _PARAMETERS = 1, 5, 7, 8


class ReferenceChain:
    """Follows the numbers of reference pictures in decoding order.

    Parameters
    ----------
    extradata : bytes
        The stream's header: in mp4 and mov as in ISO/IEC 14496-15, else with start codes, or empty.
    """

    def __init__(self, extradata: bytes) -> None:
        self._length_bytes = length_size(extradata, 4)
        self._sequence: Sequence | None = None
        self._parameters: dict[int, PictureParameters | None] = {}
        self._broken = False
        self._last: int | None = None
        for unit in _sets(extradata) if self._length_bytes else units(extradata, 0):
            self._read_set(unit)

    def follow(self, packet: bytes, is_key: bool) -> Followed:
        """Return what the bytes of a picture say of it.

        Parameters
        ----------
        packet : bytes
            All data of the picture.
        is_key : bool
            Whether it is a key picture, predicted from no other.
        """
        found = list(units(packet, self._length_bytes))
        for unit in found:
            self._read_set(unit)
        slices = [unit for unit in found if unit[0] & 31 in (_PICTURE, _KEY_PICTURE)]
        if not slices or self._sequence is None:
            self._broken &= not is_key
            return Followed(self._broken, is_reference=False)
        is_reference = bool(slices[0][0] >> 5 & 3)
        self._count(slices[0], is_reference)
        if is_key:
            self._broken = False
        is_illegal = not all(map(self._is_legal, slices))
        self._broken |= is_illegal and is_reference
        return Followed(self._broken or is_illegal, is_reference)

    def _count(self, unit: bytes, is_reference: bool) -> None:
        """Check a picture's number against the previous ones."""
        assert self._sequence is not None
        try:
            number = picture_number(unit, self._sequence)
        except IndexError:
            return
        is_next = number in (self._last, ((self._last or 0) + 1) % (1 << self._sequence.number_bits))
        if unit[0] & 31 == _PICTURE and self._last is not None and not self._sequence.gaps_allowed:
            self._broken |= not is_next
        if is_reference:
            self._last = number

    def _is_legal(self, unit: bytes) -> bool:
        assert self._sequence is not None
        if holds_foreign_bytes(unit):
            return False
        try:
            require_legal(unit, self._sequence, self._parameters)
        except IllegalHeaderError:
            return False
        except IndexError:
            return True  # the decoder tells whether the rest is enough
        return True

    def _read_set(self, unit: bytes) -> None:
        """Read a parameter set; one that cannot be read makes nothing count as wrong."""
        kind = unit[0] & 31
        try:
            if kind == _SEQUENCE:
                self._sequence = None
                self._sequence = Sequence.read(unit)
            if kind == _PARAMETERS:
                number, said = PictureParameters.read(unit)
                self._parameters[number] = said
        except (IndexError, IllegalHeaderError):
            return


def _sets(extradata: bytes) -> Iterator[bytes]:
    """Yield the sequence and picture parameter sets in the header of an mp4 or mov."""
    place = 5
    for mask in (31, 255):
        if place >= len(extradata):
            return
        count = extradata[place] & mask
        place += 1
        for _ in range(count):
            size = int.from_bytes(extradata[place : place + 2], "big")
            if size and place + 2 < len(extradata):
                yield extradata[place + 2 : place + 2 + size]
            place += 2 + size
