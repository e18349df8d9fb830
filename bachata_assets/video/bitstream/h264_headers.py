"""Headers of an H.264 stream: parameter sets, and the start of slice headers.

ITU-T H.264 (08/2021) defines their syntax in 7.3.2.1, 7.3.2.2 and 7.3.3, and their legal values in 7.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_KEY_PICTURE = 5
_HEAD = 128
"""Number of bytes at the start of a slice that contain the part of its header to read."""
_P, _B, _INTRA = 0, 1, (2, 4)
"""Types of slices, modulo 5."""
_MOST_REFERENCES = 32
_END_OF_CHANGES = 3


class IllegalHeaderError(ValueError):
    """A header has an illegal value."""


class Bits:
    """Bits of a NAL unit, the highest first; reading beyond the end raises IndexError."""

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
        """Return the next number in the code of 9.1; signed numbers stay as coded."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)


@dataclass(frozen=True)
class Sequence:
    """What a sequence parameter set says about slice headers.

    Attributes
    ----------
    number_bits : bits of a picture's number (`frame_num`)
    order_bits : bits of its position in display order; 0 if that is not written
    order_deltas : number of differences of that position that are written instead, for a picture; 0 to 2
    planes : colour planes are coded separately
    frames_only : there are no single fields
    gaps_allowed : numbers may be skipped
    """

    number_bits: int
    order_bits: int
    order_deltas: int
    planes: bool
    frames_only: bool
    gaps_allowed: bool

    @classmethod
    def read(cls, unit: bytes) -> "Sequence":
        """Read a parameter set; raises IndexError if it ends too early, IllegalHeaderError if it is illegal."""
        bits = Bits(unit[1:])
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
        number_bits = bits.exp_golomb() + 4
        order, order_bits, order_deltas = bits.exp_golomb(), 0, 0
        if order == 0:
            order_bits = bits.exp_golomb() + 4
        elif order == 1:
            order_deltas = 0 if bits.take(1) else 2
            bits.exp_golomb(), bits.exp_golomb()
            for _ in range(bits.exp_golomb()):
                bits.exp_golomb()
        bits.exp_golomb()
        gaps_allowed = bool(bits.take(1))
        bits.exp_golomb(), bits.exp_golomb()
        if number_bits > 16 or order_bits > 16:
            raise IllegalHeaderError("a number of more than 16 bits")
        return cls(number_bits, order_bits, order_deltas, planes, bool(bits.take(1)), gaps_allowed)


@dataclass(frozen=True)
class PictureParameters:
    """What a picture parameter set says about slice headers.

    Attributes
    ----------
    order_of_both_fields : differences of the second field's position are written too
    references : default number of reference pictures of a slice, for each list
    redundant : slices say whether they are copies
    """

    order_of_both_fields: bool
    references: tuple[int, int]
    redundant: bool

    @classmethod
    def read(cls, unit: bytes) -> tuple[int, "PictureParameters | None"]:
        """Read a parameter set, and return its number and content; None for an unsupported order of slices."""
        bits = Bits(unit[1:])
        number = bits.exp_golomb()
        bits.exp_golomb(), bits.take(1)
        both_fields = bool(bits.take(1))
        if bits.exp_golomb():  # slice groups, which no camera writes
            return number, None
        references = bits.exp_golomb() + 1, bits.exp_golomb() + 1
        bits.take(3)
        bits.exp_golomb(), bits.exp_golomb(), bits.exp_golomb()
        bits.take(2)
        return number, cls(both_fields, references, bool(bits.take(1)))


def picture_number(unit: bytes, sequence: Sequence) -> int:
    """Return the number of a slice's picture; raises IndexError if the slice ends before it."""
    bits = Bits(unit[1:_HEAD])
    for _ in ("first macroblock", "type", "parameter set"):
        bits.exp_golomb()
    bits.take(2 if sequence.planes else 0)
    return bits.take(sequence.number_bits)


def require_legal(unit: bytes, sequence: Sequence, parameters: Mapping[int, PictureParameters | None]) -> None:
    """Check that the header of a slice refers to other pictures in a legal way.

    FFmpeg gives up an illegal slice and returns earlier memory in its place, without a report.

    Raises
    ------
    IllegalHeaderError
        The header is illegal.
    IndexError
        The header ends too early.
    """
    bits = Bits(unit[1:_HEAD])
    bits.exp_golomb()
    kind = bits.exp_golomb()
    said = parameters.get(bits.exp_golomb())
    if said is None:  # the decoder itself refuses a slice without its parameter set
        return
    bits.take(2 if sequence.planes else 0)
    number = bits.take(sequence.number_bits)
    is_field = not sequence.frames_only and bool(bits.take(1))
    bits.take(1 if is_field else 0)
    if unit[0] & 31 == _KEY_PICTURE and (number or kind % 5 not in _INTRA or bits.exp_golomb() > 65_535):
        raise IllegalHeaderError("a key picture that is none")
    bits.take(sequence.order_bits)
    both = said.order_of_both_fields and not is_field
    deltas = (1 if both else 0) if sequence.order_bits else min(sequence.order_deltas, 2 if both else 1)
    for _ in range(deltas):
        bits.exp_golomb()
    if said.redundant and bits.exp_golomb() > 127:
        raise IllegalHeaderError("number of a copy")
    _require_legal_references(bits, kind, said, 1 << (sequence.number_bits + is_field))


def _require_legal_references(bits: Bits, kind: int, said: PictureParameters, numbers: int) -> None:
    if kind > 9:
        raise IllegalHeaderError("type of a slice")
    if kind % 5 in _INTRA:
        return
    lists = 2 if kind % 5 == _B else 1
    bits.take(lists - 1)
    counts = list(said.references)
    if bits.take(1):
        counts[:lists] = [bits.exp_golomb() + 1 for _ in range(lists)]
    if max(counts[:lists]) > _MOST_REFERENCES:
        raise IllegalHeaderError("number of references")
    for count in counts[:lists]:
        if not bits.take(1):
            continue
        for _ in range(count + 1):
            change = bits.exp_golomb()
            if change == _END_OF_CHANGES:
                break
            if change > _END_OF_CHANGES or bits.exp_golomb() >= numbers:
                raise IllegalHeaderError("order of references")
        else:
            raise IllegalHeaderError("number of changed references")


def _skip_scaling(bits: Bits, size: int) -> None:
    if not bits.take(1):
        return
    last = following = 8
    for _ in range(size):
        if following:
            coded = bits.exp_golomb()
            following = (last + (-(coded // 2) if coded % 2 == 0 else coded // 2 + 1)) % 256
        last = following or last
