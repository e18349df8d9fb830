"""Small pictures for the page, from clips that are there, turned, or broken."""

import base64
import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from bachata_assets.report.thumbnails import WIDTH, thumbnail, thumbnails

RATE = 15


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Four seconds of grey that brightens by 4 of 255 a frame, one key frame at the start."""
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=RATE, options={"g": "600", "bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 480, 270, "yuv420p"
        for number in range(4 * RATE):
            picture = np.full((270, 480, 3), 4 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


def opened(uri: str | None) -> Image.Image:
    assert uri
    kind, content = uri.split(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


@pytest.mark.parametrize("time_s", [0.0, 1.0, 2.5, 3.5])
def test_the_picture_is_of_the_time_asked_for_or_just_after(clip: Path, time_s: float) -> None:
    picture = opened(thumbnail(clip, time_s))
    assert picture.size == (WIDTH, 135)
    shown = np.asarray(picture.convert("L")).mean() / 4
    assert time_s * RATE - 1 <= shown <= time_s * RATE + 3


def test_beyond_the_end_the_last_picture_is_shown(clip: Path) -> None:
    assert np.asarray(opened(thumbnail(clip, 60.0)).convert("L")).mean() / 4 > 4 * RATE - 5


def test_a_broken_file_and_one_that_is_gone_have_no_picture(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    assert thumbnail(tmp_path / "broken.mp4", 1.0) is None
    assert thumbnail(tmp_path / "gone.mp4", 1.0) is None


def test_many_at_once_are_each_of_their_own_clip_and_time(clip: Path, tmp_path: Path) -> None:
    wanted = {f"at {time_s}": (clip, time_s) for time_s in (3.0, 0.5, 2.0, 1.0, 0.0)}
    wanted["gone"] = (tmp_path / "gone.mp4", 0.0)
    found = thumbnails(wanted)
    assert found == {name: thumbnail(*one) for name, one in wanted.items()}
    assert len(set(found.values())) == 6
    assert found["gone"] is None
