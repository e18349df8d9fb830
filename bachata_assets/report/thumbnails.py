"""Small pictures of the clips that need a look, embedded into the page."""

import base64
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bachata_assets.inference.cpu import available_cores
from bachata_assets.video.clock import clock_origin
from bachata_assets.video.display import Display
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import open_media
from bachata_assets.video.streams import picture_stream
from bachata_assets.video.tone import picture_of

WIDTH = 240
"""px; for an upright clip, the height."""
_QUALITY = 70
_AT_ONCE = 4
"""Maximum number of open videos: each holds several pictures, of 12 MB in 4K."""


def thumbnails(wanted: Mapping[str, tuple[Path, float]]) -> dict[str, str | None]:
    """Return the `thumbnail` of each clip; several at once, since one core decodes a video.

    Parameters
    ----------
    wanted : clip id -> file, and time in s
    """
    with ThreadPoolExecutor(min(_AT_ONCE, available_cores())) as pool:
        return dict(zip(wanted, pool.map(lambda one: thumbnail(*one), wanted.values()), strict=True))


def thumbnail(path: Path, time_s: float) -> str | None:
    """Return the picture shown at a time as the data URI of a JPEG, None if it cannot be decoded.

    Decoding starts at the key frame before the time, and reads only what is needed. The picture may be one or two
    frames late. Its blocks are not smoothed, which is invisible in so small a picture and halves the cost.
    """
    import av
    import cv2
    import numpy as np
    from av.video.reformatter import VideoReformatter

    try:
        with open_media(path) as container:
            stream = picture_stream(container, path)
            stream.codec_context.skip_frame = "NONREF"
            stream.codec_context.options = {"skip_loop_filter": "all"}
            origin = clock_origin(container, stream)
            container.seek(int((time_s + origin) * 1_000_000))
            shown = None
            for frame in container.decode(stream):
                shown = frame
                if frame.time is None or frame.time - origin >= time_s:
                    break
            if shown is None:
                return None
            display = Display.of(shown, stream.sample_aspect_ratio)
            scale = WIDTH / max(display.size)
            width, height = (max(1, round(side * scale)) for side in (display.width, display.height))
            picture = display.upright(picture_of(VideoReformatter(), shown, width, height, "BILINEAR"))
    except (av.error.FFmpegError, UnreadableVideoError, OSError):
        return None
    _, jpeg = cv2.imencode(".jpg", np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg.tobytes()).decode()}"
