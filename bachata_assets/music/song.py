"""The sound of a song or of a part of it, for a search by song."""

import math
from pathlib import Path

from bachata_assets.families import Absent
from bachata_assets.music.sound import RATE, Sound, SoundError, Span, audible, decoded
from bachata_assets.video.files import open_song
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits
from bachata_assets.video.streams import codec_name, sound_is_allowed, sound_streams

ALLOWED = "give an mp3, wav, m4a, flac or ogg file, or a video"
SHORTEST = 1.0
"""Minimum length of sound for a description, s."""
SLACK_S = 0.5
"""Sound to decode beyond the limit, to see that there is more, s."""


def load_song(
    path: Path, start: float | None = None, end: float | None = None, limits: MediaLimits = DEFAULT_LIMITS
) -> Sound:
    """Return the sound of a song, or of a video, as mono at 22,050 Hz.

    Parameters
    ----------
    path : Path
        An mp3, wav, m4a, flac or ogg file, or a video in a format for clips.
    start, end : float or None
        Start and end of the part to use, s; None: those of the file.
    limits : MediaLimits
        `sound_s` is the maximum length of the part.

    Raises
    ------
    SoundError
        The sound cannot be used; the message names the file, what is wrong and what to do.
    """
    import av

    first = 0.0 if start is None else start
    last = math.inf if end is None else end
    if not (math.isfinite(first) and 0 <= first < last):
        raise SoundError(
            f"{path}: a part from {first:g} to {last:g} s is not possible; both are s from 0, the second is larger"
        )
    last = min(last, first + limits.sound_s + SLACK_S)
    try:
        with open_song(path) as container:
            streams = sound_streams(container)
            if not streams:
                raise SoundError(f"{path}: has no sound; {ALLOWED}")
            if not sound_is_allowed(streams[0]):
                raise SoundError(
                    f"{path}: its sound is coded as {codec_name(streams[0])}, which is not allowed; {ALLOWED}"
                )
        samples = decoded(path, 0, Span(first, last), open_song)[: round((last - first) * RATE)]
    except av.FFmpegError as error:
        raise SoundError(f"{path}: cannot be read as a song ({error.strerror}); {ALLOWED}") from None
    except OSError as error:
        raise SoundError(f"{path}: cannot be read ({error.strerror}); {ALLOWED}") from None
    seconds = len(samples) / RATE
    if seconds > limits.sound_s:
        raise SoundError(
            f"{path}: more than the {limits.sound_s:g} s of sound allowed; say which part counts (--from, --to), or "
            "raise BACHATA_MOST_SOUND_SECONDS"
        )
    if seconds < SHORTEST:
        said = f"{seconds:.1f} s of sound" if samples.size else "no sound"
        raise SoundError(f"{path}: holds {said} from {first:g} s on; at least {SHORTEST:g} s are needed: {ALLOWED}")
    sound = audible(path, samples)
    if isinstance(sound, Absent):
        raise SoundError(f"{path}: {sound.reason}; choose another part, or another file")
    return sound
