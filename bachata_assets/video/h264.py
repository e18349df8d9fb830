"""Pictures that are missing whole from an H.264 stream: FFmpeg goes on from others without a word.

What is read of a stream is in ITU-T H.264 (08/2021), 7.3.2.1 and 7.3.3, and what a gap is in 7.4.3 (`frame_num`).
"""

from collections.abc import Iterator

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_PICTURE, _KEY_PICTURE, _SEQUENCE = 1, 5, 7
_HEAD = 64
"""Bytes of a picture's data in which its number lies."""


class ReferenceChain:
    """Follows the numbers of the pictures that others are predicted from, in the order of decoding.

    Parameters
    ----------
    extradata : bytes
        The stream's own header: of mp4 and mov in the form of ISO/IEC 14496-15, else with start codes or empty.
    """

    def __init__(self, extradata: bytes) -> None:
        self._length_size = (extradata[4] & 3) + 1 if extradata[:1] == b"\x01" and len(extradata) > 8 else 0
        self._bits = 0
        self._gaps_allowed = self._planes = self._broken = False
        self._last: int | None = None
        if self._length_size:
            size = int.from_bytes(extradata[6:8], "big")
            self._read_sequence(extradata[8 : 8 + size])
        else:
            for unit in self._units(extradata):
                self._take(unit)

    def is_broken(self, packet: bytes, is_key: bool) -> bool:
        """Tell whether a picture, or one that it is predicted from, refers to one that is missing.

        Parameters
        ----------
        packet : bytes
            All data of the picture.
        is_key : bool
            Whether it is predicted from no other.
        """
        for unit in self._units(packet):
            if self._take(unit):
                break
        if is_key:
            self._broken = False
        return self._broken

    def _units(self, data: bytes) -> Iterator[bytes]:
        """Yield the NAL units of a packet, of long ones the beginning."""
        if not self._length_size:
            yield from (unit for unit in data.split(b"\x00\x00\x01")[1:] if unit)
            return
        place = 0
        while place + self._length_size < len(data):
            size = int.from_bytes(data[place : place + self._length_size], "big")
            place += self._length_size
            if size:
                yield data[place : place + min(size, 4096)]
            place += size

    def _take(self, unit: bytes) -> bool:
        """Take a unit into account; tell whether it belongs to a picture."""
        kind, is_reference = unit[0] & 31, bool(unit[0] >> 5 & 3)
        if kind == _SEQUENCE:
            self._read_sequence(unit)
        if kind not in (_PICTURE, _KEY_PICTURE) or not self._bits:
            return False
        bits = _Bits(unit[1:_HEAD])
        try:
            for _ in ("first macroblock", "type", "parameter set"):
                bits.exp_golomb()
            bits.take(2 if self._planes else 0)
            number = bits.take(self._bits)
        except IndexError:
            return True
        if kind == _PICTURE and self._last is not None and not self._gaps_allowed:
            self._broken |= number not in (self._last, (self._last + 1) % (1 << self._bits))
        if is_reference:
            self._last = number
        return True

    def _read_sequence(self, unit: bytes) -> None:
        """Read how pictures are numbered; of what cannot be read, none is taken for missing."""
        bits = _Bits(unit[1:])
        try:
            self._bits, self._planes, self._gaps_allowed = _numbering(bits)
        except IndexError:
            self._bits = 0


class _Bits:
    """Bits of a NAL unit, first the highest; reading beyond the end raises IndexError."""

    def __init__(self, data: bytes) -> None:
        plain = data.replace(b"\x00\x00\x03", b"\x00\x00")
        self._value, self._left = int.from_bytes(plain, "big"), 8 * len(plain)

    def take(self, count: int) -> int:
        """Return the next bits as a number."""
        if count > self._left:
            raise IndexError("no bits left")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def exp_golomb(self) -> int:
        """Return the next number in the code of 9.1; signed ones as they are coded."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


def _numbering(bits: _Bits) -> tuple[int, bool, bool]:
    """Return number of bits of a picture's number, whether planes of colour are apart, whether gaps are allowed."""
    profile = bits.take(8)
    bits.take(16)
    bits.exp_golomb()
    planes = False
    if profile in _HIGH_PROFILES:
        form = bits.exp_golomb()
        planes = form == 3 and bool(bits.take(1))
        bits.exp_golomb(), bits.exp_golomb(), bits.take(1)
        if bits.take(1):
            for index in range(12 if form == 3 else 8):
                _skip_scaling(bits, 16 if index < 6 else 64)
    count = bits.exp_golomb() + 4
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.take(1), bits.exp_golomb(), bits.exp_golomb()
        for _ in range(bits.exp_golomb()):
            bits.exp_golomb()
    bits.exp_golomb()
    return (count if count <= 16 else 0), planes, bool(bits.take(1))


def _skip_scaling(bits: _Bits, size: int) -> None:
    if not bits.take(1):
        return
    last = following = 8
    for _ in range(size):
        if following:
            coded = bits.exp_golomb()
            following = (last + (-(coded // 2) if coded % 2 == 0 else coded // 2 + 1)) % 256
        last = following or last
