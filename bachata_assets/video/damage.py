"""Damaged pictures of a video: those that FFmpeg decodes in part or not at all, and those predicted from them."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bachata_assets.video.bitstream.h264 import ReferenceChain
from bachata_assets.video.bitstream.nal_units import HevcChain
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.second_decoding import SecondDecoding, second_decoding

MOST_DAMAGED = 0.2
"""Maximum share of the samples with damaged pictures; a clip with more fails."""
ONE_EACH = frozenset({"h264", "hevc", "mjpeg", "prores", "dvvideo", "dnxhd"})
"""Decoders that make one picture of every packet; with others, a packet without a picture is no damage."""

_CHAINS: dict[str, type[ReferenceChain] | type[HevcChain]] = {"h264": ReferenceChain, "hevc": HevcChain}
"""Decoder -> class that follows which pictures cannot be what was filmed."""
MOST_LACKING = 10_000
"""Maximum number of consecutive missing pictures to report; a header may announce billions."""


class Timed(NamedTuple):
    """A picture of a stream.

    Attributes
    ----------
    time_s : float
        Presentation time on the stream's own clock, s.
    frame : av.VideoFrame or None
        The decoded picture; None if it could not be decoded at all.
    intact : bool
        Whether it shows what was filmed.
    """

    time_s: float
    frame: Any
    intact: bool


@dataclass
class Damage:
    """Which samples of a video are damaged.

    Attributes
    ----------
    times : list of float
        Presentation times of the damaged samples, s.
    samples : int
        Number of all samples.
    far : int
        Number of samples that are damaged only because no picture is near in time; they do not fail a clip.
    """

    times: list[float] = field(default_factory=list)
    samples: int = 0
    far: int = 0

    def add_missing(self, begin: float, end: float, fps: float) -> None:
        """Count the samples of a span (s) at the start or end for which there is no intact picture."""
        missing = round((end - begin) * fps)
        self.samples += missing
        self.times += [begin + index / fps for index in range(missing)]

    @property
    def share(self) -> float:
        """Share of the samples that are damaged, 0..1."""
        return len(self.times) / self.samples if self.samples else 0.0

    def spans(self, fps: float) -> list[tuple[float, float]]:
        """Return the damaged times as spans (first, last), s."""
        if not self.times:
            return []
        times = np.array(self.times)
        stretches = np.split(times, np.flatnonzero(np.diff(times) > 1.5 / fps) + 1)
        return [(round(float(one[0]), 2), round(float(one[-1]), 2)) for one in stretches]

    def require_few(self, path: Path, fps: float) -> None:
        """Raise `UnreadableVideoError` if too many samples are damaged."""
        if len(self.times) - self.far > MOST_DAMAGED * self.samples:
            spans = self.spans(fps)
            where = ", ".join(f"{first:g} to {last:g} s" for first, last in spans[:3]) + (" …" if spans[3:] else "")
            raise UnreadableVideoError(path, f"is damaged: {self.share:.0%} of its pictures are not intact ({where})")


def with_damage(
    packets: Iterator[tuple[Any, bool]], *, in_order: bool = False, breaks: Sequence[int] = ()
) -> Iterator[Timed]:
    """Decode a stream's packets, and yield its pictures in order of time, with whether each is damaged.

    FFmpeg conceals what it cannot decode and marks only that picture (`is_corrupt`). It returns nothing for some
    packets, and does not report other damage, which is found elsewhere:

    - missing pictures, by the picture numbers of H.264 (`h264.py`), or by an empty place or a broken chain in an avi,
    - bytes that no encoder writes (`nal_units.py`),
    - wrong bits in H.265 and VP9 (`second_decoding.py`).

    Pictures predicted from a damaged one are wrong too: up to the next key picture, or after a B-picture up to the next
    picture of another type.

    Parameters
    ----------
    packets : iterator of (av.Packet, bool)
        Packets in the container's order, and whether the decoder must make a picture of each whatever its type.
    in_order : bool
        The container has only decoding times (`clock.has_decoding_times_only`), and each picture gets the next of them.
    breaks : sequence of int
        Offsets in the file (bytes) after which the next packet may not be the next one (`avi_chunks.py`).
    """
    from av.video.frame import PictureType

    due: list[tuple[int, float]] = []
    until: str | None = None
    refused: set[int | None] = set()
    stamps = _Stamps(in_order, breaks)
    for packet, wanted in packets:
        for stamp in stamps.follow(packet):
            heappush(due, (stamp, float(stamp * packet.time_base)))
        holds_picture = packet.pts is not None and not packet.is_discard
        frames = _frames(packet)
        # A decoder that may pass over pictures is silent about those that it cannot decode.
        is_made = wanted or stamps.is_reference
        if holds_picture and (frames is None or (is_made and packet.stream.codec_context.name in ONE_EACH)):
            heappush(due, (packet.pts, float(packet.pts * packet.time_base)))
        if frames is None:
            refused.add(packet.pts)
            stamps.give_up(packet)
        for frame in frames or ():
            # For H.265, the decoder returns incomplete pictures too.
            is_corrupt = frame.is_corrupt or frame.pts in refused or not stamps.is_confirmed(frame)
            follows_break = stamps.follows_break(frame)
            has_references = stamps.settle(frame)
            while due and frame.pts is not None and due[0][0] <= frame.pts:
                stamp, time_s = heappop(due)
                if stamp != frame.pts:
                    yield Timed(time_s, None, intact=False)
                    until = "key"
            if until and (frame.key_frame or (until == "not B" and frame.pict_type != PictureType.B)):
                until = None
            if is_corrupt:
                until = "not B" if frame.pict_type == PictureType.B and until is None else "key"
            if follows_break and not frame.key_frame:
                until = "key"
            yield Timed(frame.time, frame, intact=until is None and has_references and not follows_break)
    while due:
        yield Timed(heappop(due)[1], None, intact=False)


class _Stamps:
    """The timestamps of packets: assigns them to pictures, and finds missing pictures.

    Parameters
    ----------
    in_order, breaks
        As for `with_damage`.
    """

    def __init__(self, in_order: bool, breaks: Sequence[int]) -> None:
        self._in_order = in_order
        self._breaks = deque(breaks)
        self._after_break: set[int] = set()
        self._next: deque[int] = deque()
        self._latest: int | None = None
        self._chain: ReferenceChain | HevcChain | None = None
        self._without_references: set[int] = set()
        self.is_reference = False
        """Whether others may be predicted from the picture of the latest packet."""
        self._begun = False
        self._second: SecondDecoding | None = None

    def follow(self, packet: Any) -> range:
        """Register a packet before it is decoded, and return the timestamps of pictures that are missing before it.

        Only an avi tells: it has a place for each picture, and a lost picture leaves its place empty.
        """
        lacking = range(0)
        if self._in_order and packet.dts is not None:
            packet.pts = packet.dts
            self._next.append(packet.dts)
            begin = packet.dts if self._latest is None else self._latest + 1
            lacking = range(max(begin, packet.dts - MOST_LACKING), packet.dts)
            self._latest = packet.dts
            if self._breaks and packet.pos is not None and packet.pos > self._breaks[0]:
                self._breaks.popleft()
                self._after_break.add(packet.pts)
        context = packet.stream.codec_context
        if packet.size and packet.pts is not None and context.name in _CHAINS:
            chain = self._chain = self._chain or _CHAINS[context.name](context.extradata or b"")
            said = chain.follow(bytes(packet), packet.is_keyframe)
            if said.is_broken:
                self._without_references.add(packet.pts)
            self.is_reference = said.is_reference
        if not self._begun:
            self._begun, self._second = True, second_decoding(context)
        if self._second and (packet.size or packet.pts is None):
            self._second.follow(packet)
        return lacking

    def give_up(self, packet: Any) -> None:
        """Expect no picture from a packet."""
        if packet.pts in self._next:
            self._next.remove(packet.pts)

    def follows_break(self, frame: Any) -> bool:
        """Tell whether a picture, before it gets its timestamp, is the first after a break."""
        return frame.pts in self._after_break

    def is_confirmed(self, frame: Any) -> bool:
        """Tell whether a picture, before it gets its timestamp, is the same in the second decoding."""
        return self._second is None or self._second.agrees(frame)

    def settle(self, frame: Any) -> bool:
        """Give a picture its timestamp, and tell whether all pictures that it is predicted from are present."""
        has_references = frame.pts not in self._without_references
        if self._next:
            frame.pts = self._next.popleft()
        return has_references


def _frames(packet: Any) -> list[Any] | None:
    """Return the pictures of a packet, or None if the decoder refuses it."""
    import av

    if packet.size == 0 and packet.pts is not None:
        return None  # the decoder would take it for the end of the stream
    try:
        return list(packet.decode())
    except (av.error.InvalidDataError, av.error.ArgumentError, av.error.ExternalError, av.error.UnknownError):
        return None
