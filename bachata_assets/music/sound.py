"""The sound of a clip, decoded to mono samples on the video's clock."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bachata_assets.families import Absent
from bachata_assets.video.bitstream.avi_chunks import chunk_breaks, index_breaks
from bachata_assets.video.clock import SLACK_S, clock_origin, has_decoding_times_only, pictures_end
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import open_media
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.probe import require_readable
from bachata_assets.video.streams import codec_name, picture_stream, sound_is_allowed, sound_streams

RATE = 22050
"""Samples per second, librosa's default."""
SILENCE = 1e-4
"""Peak below which a track counts as silent (-80 dBFS)."""
QUIET = 0.02
"""Peak below which a track is amplified (-34 dBFS); the quietest of 93 clips reaches 0.39."""
LOUD = 0.5
"""Peak of a quiet track after amplification."""
CANCELLED = 0.25
"""Share of the channels' power in their mean below which they cancel one another."""
LONGEST_JUMP_S = 0.06
"""Maximum jump of the timestamps that counts as jitter, s: two AAC packets. A longer jump is missing sound. With 0.2 s,
the sound after a gap of 0.19 s in a file was too early (cosine 0.79 to the original)."""
LONGEST_LACK_S = 0.12
LONGEST_LACK = 0.02
"""Maximum sound missing at the announced end: s, and share of what is announced. 179 whole files lack 0.064 s at most,
what an encoder puts before the sound; with 0.13 s of 4 s missing, a vector had a cosine of 0.87 to the original."""
MOST_SILENCE = 0.2
"""Maximum share of the sound that may be missing between its timestamps, the same as of the pictures."""
Opener = Callable[[Path], Any]
"""Function that opens a file for decoding."""


class SoundError(ValueError):
    """The sound of a file cannot be decoded."""


@dataclass(frozen=True, repr=False)
class Sound:
    """Mono sound.

    Attributes
    ----------
    samples : np.ndarray
        float32 (n,), -1..1; sample 0 is at time 0 of the video.
    rate : int
        Samples per second.
    """

    samples: np.ndarray
    rate: int = RATE

    def __repr__(self) -> str:
        return f"Sound({self.duration:.1f} s at {self.rate} Hz)"

    @property
    def duration(self) -> float:
        """Length, s."""
        return len(self.samples) / self.rate


def load_sound(path: Path, limits: MediaLimits = DEFAULT_LIMITS) -> Sound | Absent:
    """Return the sound of a file as mono at 22,050 Hz, from the first audible audio stream.

    The sound is on the clock of the pictures (`video/clock.py`): sound that begins later is padded, and sound more than
    a second outside the pictures is dropped. The channels are averaged; if they cancel one another, because one was
    inverted, their difference is used instead. Very quiet sound is amplified.

    Returns
    -------
    Sound or Absent
        Absent, with the reason, if there is no audible audio stream or it exceeds the limit.

    Raises
    ------
    SoundError
        The file or its audio cannot be decoded.
    UnreadableVideoError
        The file cannot be read: it is missing, access is denied, or its disk does not answer.
    """
    import av

    absent = Absent("the file has no audio stream")
    try:
        with open_media(path) as container:
            count = len(container.streams.audio)
        for number in range(count):
            heard = _heard(path, number, limits)
            if isinstance(heard, Sound):
                return heard
            absent = heard if number == 0 else absent
    except UnreadableVideoError as error:
        raise SoundError(str(error)) from error
    except (av.FFmpegError, OSError) as error:
        require_readable(path)
        raise SoundError(
            f"{path}: its sound cannot be decoded ({error.strerror}); re-encode the file or remove the audio"
        ) from error
    return absent


def _heard(path: Path, number: int, limits: MediaLimits) -> Sound | Absent:
    """Return the sound of one audio stream; `number` is its index in `sound_streams`."""
    with open_media(path) as container:
        stream = sound_streams(container)[number]
        if not sound_is_allowed(stream):
            return Absent(f"its sound is coded as {codec_name(stream)}, which is not allowed")
        span = Span.of(container, path, limits)
        announced = _announced(stream, span)
        is_avi = has_decoding_times_only(container)
        is_torn = is_avi and bool(chunk_breaks(path))
        is_mixed = is_avi and not is_torn and bool(index_breaks(path))
    if is_mixed:
        raise SoundError(f"{path}: its index does not match its content; copy or export the file again")
    if span.end - span.origin > limits.sound_s:
        return Absent(
            f"the clip is {span.end - span.origin:.0f} s long, longer than the {limits.sound_s:g} s of sound allowed "
            "(BACHATA_MOST_SOUND_SECONDS)"
        )
    samples = decoded(path, number, span)
    missing = announced - samples.size / RATE
    if is_torn and missing > LONGEST_JUMP_S:
        # An avi has no timestamps, so the sound after the gap would be too early.
        raise SoundError(f"{path}: some of its sound is missing in the middle; copy or export the file again")
    if samples.size == 0:
        return Absent("there is no sound while the pictures are shown")
    if missing > max(LONGEST_LACK_S, LONGEST_LACK * announced):
        raise SoundError(
            f"{path}: its sound ends {missing:.2f} s before the end that it announces; copy or export the file again"
        )
    return audible(path, samples)


def _announced(stream: Any, span: "Span") -> float:
    """Return when the sound of a stream is to end by what the file says, s of the clip's time; 0 if it says nothing."""
    if not stream.duration:
        return 0.0
    end = float(((stream.start_time or 0) + stream.duration) * stream.time_base)
    return min(end, span.end + SLACK_S) - span.origin


def audible(path: Path, samples: np.ndarray) -> Sound | Absent:
    """Return decoded samples as sound, amplified if very quiet; Absent if there is nothing to hear.

    Parameters
    ----------
    samples : np.ndarray
        float32 (n,), n above 0.

    Raises
    ------
    SoundError
        The samples contain NaN or Inf.
    """
    if not np.isfinite(samples).all():
        raise SoundError(f"{path}: its sound contains NaN or Inf; re-encode the file")
    peak = float(np.abs(samples).max())
    if peak < SILENCE:
        return Absent("the audio is silent")
    return Sound(samples if peak >= QUIET else samples * np.float32(LOUD / peak))


class Span(NamedTuple):
    """Timestamps of the clip's time 0 and of its end, s."""

    origin: float
    end: float

    @classmethod
    def of(cls, container: Any, path: Path, limits: MediaLimits) -> "Span":
        """Return the span of a file's pictures; without pictures, the span of as much sound as the limit allows."""
        if not container.streams.video:
            return cls(0.0, limits.sound_s)
        pictures = picture_stream(container, path)
        origin = clock_origin(container, pictures)
        end = pictures_end(container, pictures)
        return cls(origin, origin + limits.sound_s if end is None else end)


def decoded(path: Path, number: int, span: Span, opened: Opener = open_media) -> np.ndarray:
    """Decode an audio stream to the mean of its channels, or to their difference if they cancel one another.

    Parameters
    ----------
    number : int
        Index of the stream in `sound_streams`.
    span : Span
        Span to keep, together with a second beyond its end.
    opened : callable
        Function that opens the file.

    Returns
    -------
    np.ndarray
        float32 (n,) at 22,050 Hz, sample 0 at the start of the span.
    """
    samples, cancelled = _decoded(path, number, span, opened)
    return _decoded(path, number, span, opened, difference=True)[0] if cancelled else samples


def _decoded(
    path: Path, number: int, span: Span, opened: Opener, *, difference: bool = False
) -> tuple[np.ndarray, bool]:
    """Decode an audio stream piece by piece, and keep only the span.

    Parameters
    ----------
    difference : bool
        Return half the difference of the two channels instead of the mean of all.

    Returns
    -------
    samples : np.ndarray
        float32 (n,) at 22,050 Hz, sample 0 at the clip's time 0.
    cancelled : bool
        Whether the channels cancel one another in the mean.
    """
    import av

    resampler = av.AudioResampler(format="flt", layout="stereo" if difference else "mono", rate=RATE)
    pieces: list[np.ndarray] = []
    balance = _Balance()
    until = span.end + SLACK_S
    offset = count = silent = late = 0
    expected: float | None = None
    latest = -math.inf

    def keep(frame: Any) -> int:
        try:
            new = [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        except av.FFmpegError:
            raise
        except ValueError:
            raise SoundError(f"{path}: its sound changes its format midway; re-encode the file") from None
        pieces.extend([(piece[::2] - piece[1::2]) / 2 for piece in new] if difference else new)
        return sum(map(len, new)) // (2 if difference else 1)

    with opened(path) as container:
        stream = sound_streams(container)[number]
        for frame in container.decode(stream):
            length = frame.samples / frame.sample_rate
            time = expected if frame.time is None else float(frame.time)
            if time is not None and time + length < span.origin - SLACK_S:
                continue
            if time is not None and time < latest:
                raise SoundError(f"{path}: the timestamps of its sound go back; copy or re-encode the file")
            latest = latest if time is None else time
            if expected is None:
                expected = time or 0.0
                if expected >= until:
                    return np.zeros(0, np.float32), False
                offset = round((expected - span.origin) * RATE)
                late = _late(stream, expected, span)
            elif time is not None and time - expected > LONGEST_JUMP_S:
                silence = max(0, round((min(time, until) - expected) * RATE))
                pieces.append(np.zeros(silence, np.float32))
                count, silent, expected = count + silence, silent + silence, time
            if offset + count >= (until - span.origin) * RATE:
                break
            # Some files' timestamps jitter; the resampler would fill such gaps with silence.
            frame.pts = None
            if not difference:
                balance.add(frame)
            count += keep(frame)
            expected += length
        keep(None)
    if silent + late > MOST_SILENCE * (count + late):
        raise SoundError(
            f"{path}: the timestamps of its sound leave {(silent + late) / RATE:.1f} of {(count + late) / RATE:.1f} s "
            "without any; copy or re-encode the file"
        )
    samples = np.concatenate([np.zeros(0, np.float32), *pieces]).astype(np.float32)
    samples = np.pad(samples, (offset, 0)) if offset > 0 else samples[-offset:]
    return samples[: round((until - span.origin) * RATE)], balance.cancels


def _late(stream: Any, first: float, span: Span) -> int:
    """Return how many samples are missing between the announced begin of a stream's sound and its first frame."""
    if stream.start_time is None:
        return 0
    missing = first - max(float(stream.start_time * stream.time_base), span.origin - SLACK_S)
    return round(missing * RATE) if missing > LONGEST_JUMP_S else 0


class _Balance:
    """How much of the power of two channels remains in their mean."""

    def __init__(self) -> None:
        self._resampler: Any = None
        self._channels = self._mean = 0.0

    def add(self, frame: Any) -> None:
        """Add an audio frame with any number of channels."""
        import av

        if len(frame.layout.channels) == 1:
            return
        self._resampler = self._resampler or av.AudioResampler("fltp", "stereo", frame.sample_rate)
        for piece in self._resampler.resample(frame):
            left, right = piece.to_ndarray()
            self._channels += float(left @ left + right @ right) / 2
            self._mean += float((left + right) @ (left + right)) / 4

    @property
    def cancels(self) -> bool:
        """Whether the channels cancel one another."""
        return self._mean < CANCELLED * self._channels
