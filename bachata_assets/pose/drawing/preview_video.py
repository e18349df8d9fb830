"""The preview video of a clip, with skeletons, the names of the roles and sound.

`preview_picture.py` makes a picture; `skeletons.py` draws the skeletons.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.pose.couple_keypoints import ROLES, CoupleKeypoints
from bachata_assets.pose.drawing.skeletons import OUTLINE, ROLE_COLOURS, SWITCH_COLOUR, draw_couple, write
from bachata_assets.pose.skeleton import FACE
from bachata_assets.video.clock import clock_origin
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import open_media
from bachata_assets.video.sampling import sample_frames
from bachata_assets.video.streams import picture_stream, sound_is_allowed, sound_streams
from bachata_assets.video.writer import VideoWriter

LONGER_SIDE = 1280
"""Maximum longer side of the frames, px; larger ones are scaled down."""
TEXT = 1 / 55
"""Height of capital letters, frame widths."""
FAST = {"preset": "veryfast"}
"""Options of the x264 encoder."""
SWITCH_SHOWN_S = 0.5
"""Time before and after a suspected identity switch in which the video shows it, s."""
CLOCK = 90_000
"""Ticks per second of the video's timestamps."""


def write_preview_video(video: Path, couple: CoupleKeypoints, out: Path) -> None:
    """Write an mp4 of a clip with what was found, at 15 frames per second.

    The video is H.264; the sound, if any, is AAC.

    Parameters
    ----------
    video : Path
        The clip.
    couple : CoupleKeypoints
        The dancers found in it.
    out : Path
        File to write.

    Raises
    ------
    UnreadableVideoError
        The clip is missing or cannot be decoded.
    """
    pictures = _pictures(video, couple)
    first = next(pictures)
    height, width = first.shape[:2]
    rate = Fraction(couple.fps).limit_denominator(1000)
    with VideoWriter.open(out, (width, height), rate, FAST, time_base=Fraction(1, CLOCK)) as writer:
        _add_sound(writer, video, float(couple.times[-1]))
        for time_s, picture in zip(couple.times, chain([first], pictures), strict=True):
            writer.add_picture(picture, float(time_s))


def _pictures(video: Path, couple: CoupleKeypoints) -> Iterator[np.ndarray]:
    """Yield the frames of the preview video, uint8 (H, W, 3) BGR, with even sides."""
    for frame, (_, picture) in enumerate(sample_frames(video, couple.fps, LONGER_SIDE)):
        height, width = (side // 2 * 2 for side in picture.shape[:2])
        scale = picture.shape[0] / couple.height
        shown = picture[:height, :width].copy()
        draw_couple(shown, couple, frame, scale)
        size = max(7, round(TEXT * width))
        for who, role in enumerate(ROLES):
            if couple.valid[frame, who]:
                _name(shown, role, couple.keypoints[frame, who] * scale, size)
        yield np.concatenate([shown, _caption(couple, frame, width, size)])


def _name(picture: np.ndarray, role: str, joints: np.ndarray, size: int) -> None:
    """Write a role above the head of a dancer with joints (17, 3)."""
    x, y = joints[FACE, 0].mean(), joints[FACE, 1].min() - 1.5 * size
    write(
        picture,
        role,
        (round(float(x)) - size * len(role) // 2, max(size + 2, round(float(y)))),
        size,
        ROLE_COLOURS[role],
    )


def _caption(couple: CoupleKeypoints, frame: int, width: int, size: int) -> np.ndarray:
    """Return a caption with what is known about a frame, as a picture to put beneath it."""
    band = np.full((round(4.5 * size) // 2 * 2, width, 3), OUTLINE, np.uint8)
    time_s = couple.times[frame]
    crossing = any(abs(time_s - switch) <= SWITCH_SHOWN_S for switch in couple.identity_switches)
    first = f"{time_s:5.1f} s    quality {couple.quality_score:.2f}    who leads: {couple.role_confidence:.0%} sure"
    left, line = size, round(1.8 * size)
    write(band, first, (left, line), size)
    if crossing:
        write(band, "identities may have crossed", (round(width * 0.62), line), size, SWITCH_COLOUR)
    for who, role in enumerate(ROLES):
        place = (left + who * width // 2, round(3.6 * size))
        write(band, f"{role}: {_state(couple, frame, who)}", place, size, ROLE_COLOURS[role])
    return band


def _state(couple: CoupleKeypoints, frame: int, who: int) -> str:
    """Return how a dancer was found in a frame."""
    if not couple.valid[frame, who]:
        return "not found"
    how = "seen"
    if couple.interpolated[frame, who]:
        how = "bridged"
    elif couple.occlusion_recovery[frame, who]:
        how = "behind the partner"
    return f"{how} {couple.keypoints[frame, who, :, 2].mean():.2f}"


def _add_sound(writer: VideoWriter, video: Path, last_s: float) -> None:
    """Add the clip's sound up to its last frame, on the frames' clock; a clip without sound stays silent."""
    import av

    try:
        with open_media(video) as container:
            stream = next(filter(sound_is_allowed, sound_streams(container)), None)
            if stream is None:
                return
            writer.open_sound(stream.rate, "stereo")
            resampler: Any = av.AudioResampler("fltp", "stereo", stream.rate)
            origin = clock_origin(container, picture_stream(container, video))
            for decoded in chain(container.decode(stream), [None]):
                for sound in resampler.resample(decoded):
                    if 0 <= sound.time - origin <= last_s:
                        writer.add_sound(sound.to_ndarray(), sound.time - origin)
    except av.error.FFmpegError as error:
        raise UnreadableVideoError(video, f"its sound cannot be decoded ({error.strerror})") from error
