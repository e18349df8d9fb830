"""What becomes of a media file that is copied badly, cut, mixed up or made by somebody who means harm."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import av
import numpy as np

_MP4_PARENTS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"dinf", b"moof", b"traf", b"mvex"}
_RIFF_PARENTS = {b"RIFF", b"LIST"}
_TABLES = (b"stsz", b"stts", b"stco", b"stsc", b"stss", b"ctts", b"elst", b"tkhd", b"mdhd", b"mvhd", b"stsd", b"trun",
           b"tfhd", b"strh", b"strf", b"avih", b"idx1", b"hdlr")  # fmt: skip
"""Boxes whose content says how the media data are to be read."""


_MEANT = {b"elst", b"tkhd", b"mdhd", b"mvhd", b"strh", b"strf", b"avih"}
"""Boxes in which another number makes another clip, and a valid one: longer edits, other rates, a turned picture."""


@dataclass(frozen=True)
class Box:
    """A box of an mp4 or mov file, or a chunk of an avi file.

    Attributes
    ----------
    kind : its four letters
    start, end : bytes from the beginning of the file
    size_at : place of its length, four bytes
    parent : number of the box around it, -1 for none
    """

    kind: bytes
    start: int
    end: int
    size_at: int
    parent: int


def boxes_of(content: bytes) -> list[Box]:
    """Return all boxes of a file, those around others first."""
    found: list[Box] = []
    riff = content[:4] == b"RIFF"

    def walk(start: int, end: int, parent: int) -> None:
        while start + 8 <= end:
            kind = content[start : start + 4] if riff else content[start + 4 : start + 8]
            size_at = start + 4 if riff else start
            size = int.from_bytes(content[size_at : size_at + 4], "little" if riff else "big")
            stop = start + 8 + size + size % 2 if riff else start + (size if size >= 8 else end - start)
            found.append(Box(kind, start, min(stop, end), size_at, parent))
            if kind in (_RIFF_PARENTS if riff else _MP4_PARENTS):
                walk(start + (12 if riff else 8), min(stop, end), len(found) - 1)
            start = stop

    walk(0, len(content), -1)
    return found


def is_another_clip(original: bytes, mutated: bytes) -> bool:
    """Tell whether two files differ only in boxes whose numbers nothing else in a file contradicts."""
    if len(original) != len(mutated):
        return False
    meant = np.zeros(len(original), bool)
    for box in boxes_of(original):
        if box.kind in _MEANT:
            meant[box.start + 8 : box.end] = True
    changed = np.frombuffer(original, np.uint8) != np.frombuffer(mutated, np.uint8)
    return not (changed & ~meant).any()


@dataclass(frozen=True)
class Victim:
    """A file that is to be mutated.

    Attributes
    ----------
    boxes : its boxes
    packets : (start, end) of its pictures' data, bytes
    """

    content: bytes
    boxes: list[Box]
    packets: list[tuple[int, int]]

    @classmethod
    def of(cls, content: bytes) -> "Victim":
        """Return a file with its boxes and packets."""
        with av.open(io.BytesIO(content), "r") as clip:
            packets = [(packet.pos, packet.pos + packet.size) for packet in clip.demux(clip.streams.video[0])
                       if packet.pos is not None and packet.size]  # fmt: skip
        return cls(content, boxes_of(content), packets)

    @property
    def order(self) -> Literal["little", "big"]:
        """Byte order of its numbers."""
        return "little" if self.content[:4] == b"RIFF" else "big"


Random = np.random.Generator
Mutation = Callable[[Victim, Victim, Random], bytes]
"""A file, another one of the same form, and what chooses -> the mutated content."""


def cut_at_a_box(file: Victim, _other: Victim, random: Random) -> bytes:
    """End the file where a box begins or ends, or just behind a box's header."""
    box = file.boxes[random.integers(len(file.boxes))]
    return file.content[: random.choice([box.start, box.start + 8, box.end, (box.start + box.end) // 2])]


def cut_at_a_picture(file: Victim, _other: Victim, random: Random) -> bytes:
    """End the file before or within a picture's data."""
    start, end = file.packets[random.integers(len(file.packets))]
    return file.content[: random.integers(start, end)]


def flip_bits(file: Victim, _other: Victim, random: Random) -> bytes:
    """Flip bits anywhere."""
    return _flipped(file.content, 0, len(file.content), random)


def flip_bits_of_a_table(file: Victim, _other: Victim, random: Random) -> bytes:
    """Flip bits of a box that says how the media data are to be read."""
    tables = [box for box in file.boxes if box.kind in _TABLES]
    box = tables[random.integers(len(tables))]
    return _flipped(file.content, box.start + 8, box.end, random, most=4)


def flip_bits_of_a_picture(file: Victim, _other: Victim, random: Random) -> bytes:
    """Flip bits of one picture's data."""
    return _flipped(file.content, *file.packets[random.integers(len(file.packets))], random)


def flip_few_bits_of_a_picture(file: Victim, random: Random) -> bytes:
    """Flip 1 to 16 bits of one picture's data."""
    return _flipped(file.content, *file.packets[random.integers(len(file.packets))], random, most=16)


def swap_boxes(file: Victim, _other: Victim, random: Random) -> bytes:
    """Exchange two boxes beside one another, or any two that lie in the same box."""
    by_parent: dict[int, list[Box]] = {}
    for box in file.boxes:
        by_parent.setdefault(box.parent, []).append(box)
    pairs = [pair for family in by_parent.values() for pair in pairwise(family)]
    families = [family for family in by_parent.values() if len(family) > 2]
    if families and random.random() < 0.5:
        family = families[random.integers(len(families))]
        one, other = sorted(random.choice(len(family), 2, replace=False))
        first, second = family[one], family[other]
    else:
        first, second = pairs[random.integers(len(pairs))]
    content = file.content
    between = content[first.end : second.start]
    return (content[: first.start] + content[second.start : second.end] + between
            + content[first.start : first.end] + content[second.end :])  # fmt: skip


def splice_files(file: Victim, other: Victim, random: Random) -> bytes:
    """Go on with another file in the middle, at the same place of it or at a box's."""
    if random.random() < 0.5:
        at = int(random.integers(len(file.content)))
        return file.content[:at] + other.content[at:]
    one, two = file.boxes[random.integers(len(file.boxes))], other.boxes[random.integers(len(other.boxes))]
    return file.content[: one.start] + other.content[two.start :]


def splice_pictures(file: Victim, other: Victim, random: Random) -> bytes:
    """Put another file's pictures' data in the place of some of its own."""
    start = file.packets[random.integers(len(file.packets))][0]
    begin = other.packets[random.integers(len(other.packets))][0]
    taken = other.content[begin : begin + int(random.integers(500, 20_000))][: len(file.content) - start]
    return file.content[:start] + taken + file.content[start + len(taken) :]


def lose_pictures(file: Victim, _other: Victim, random: Random) -> bytes:
    """Overwrite all data of some pictures with zeros, as a disk does with what it cannot read."""
    first = int(random.integers(len(file.packets)))
    content = bytearray(file.content)
    for start, end in file.packets[first : first + int(random.integers(1, 8))]:
        content[start:end] = bytes(end - start)
    return bytes(content)


def lose_a_sector(file: Victim, _other: Victim, random: Random) -> bytes:
    """Overwrite 4,096 bytes anywhere with zeros."""
    start = int(random.integers(len(file.content))) // 512 * 512
    return file.content[:start] + bytes(min(4096, len(file.content) - start)) + file.content[start + 4096 :]


def lie_about_a_length(file: Victim, _other: Victim, random: Random) -> bytes:
    """Give a box another length than it has."""
    box = file.boxes[random.integers(len(file.boxes))]
    size = int.from_bytes(file.content[box.size_at : box.size_at + 4], file.order)
    near = [size // 2, size - 1, size + 1, size + 8, 2 * size]
    lies = [0, 1, 7, *near, 2**31 - 1, 2**32 - 1, int(random.integers(2**32))]
    return _with_number(file, box.size_at, lies[random.integers(len(lies))])


def lie_in_a_table(file: Victim, _other: Victim, random: Random) -> bytes:
    """Write another number anywhere into a box that says how the media data are to be read."""
    tables = [box for box in file.boxes if box.kind in _TABLES and box.end - box.start >= 16]
    box = tables[random.integers(len(tables))]
    place = box.start + 8 + 4 * int(random.integers((box.end - box.start - 8) // 4))
    now = int.from_bytes(file.content[place : place + 4], file.order)
    lies = [0, 1, now + 1, max(0, now - 1), 2 * now, now // 2, 2**31 - 1, 2**32 - 1, int(random.integers(2**32))]
    return _with_number(file, place, lies[random.integers(len(lies))])


def drop_pictures(file: Victim, _other: Victim, random: Random) -> bytes:
    """Take whole pictures out of the stream, as a program that cuts without decoding does; the times stay."""
    first = int(random.integers(1, len(file.packets)))
    dropped = range(first, first + int(random.integers(1, 8)))
    form = "avi" if file.content[:4] == b"RIFF" else "mov"
    target = io.BytesIO()
    with av.open(io.BytesIO(file.content), "r") as clip, av.open(target, "w", format=form) as out:
        streams = [*clip.streams.video[:1], *clip.streams.audio[:1]]
        copies = {stream.index: out.add_stream_from_template(stream) for stream in streams}
        count = 0
        for packet in clip.demux(streams):
            if packet.dts is None:
                continue
            is_picture = packet.stream.type == "video"
            count += is_picture
            if not (is_picture and count - 1 in dropped):
                packet.stream = copies[packet.stream.index]
                out.mux(packet)
    return target.getvalue()


MUTATIONS: Mapping[str, Mutation] = {
    "cut at a box": cut_at_a_box,
    "cut at a picture": cut_at_a_picture,
    "flipped bits anywhere": flip_bits,
    "flipped bits of a table": flip_bits_of_a_table,
    "flipped bits of a picture": flip_bits_of_a_picture,
    "swapped boxes": swap_boxes,
    "two files spliced": splice_files,
    "another file's pictures": splice_pictures,
    "pictures lost": lose_pictures,
    "a sector lost": lose_a_sector,
    "wrong length of a box": lie_about_a_length,
    "wrong number in a table": lie_in_a_table,
    "pictures dropped": drop_pictures,
}


def _flipped(content: bytes, start: int, end: int, random: Random, most: int = 256) -> bytes:
    """Return content with 1 to `most` bits flipped between two places; few as likely as many."""
    values = np.frombuffer(content, np.uint8).copy()
    count = int(2 ** random.uniform(0, np.log2(most)))
    places = random.integers(start, max(end, start + 1), count).clip(max=len(values) - 1)
    np.bitwise_xor.at(values, places, (1 << random.integers(0, 8, count)).astype(np.uint8))
    return values.tobytes()


def _with_number(file: Victim, place: int, number: int) -> bytes:
    number = min(max(number, 0), 2**32 - 1)
    return file.content[:place] + number.to_bytes(4, file.order) + file.content[place + 4 :]
