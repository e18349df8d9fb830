"""How much of a file is read at most: small files that announce much, and one clear message for each limit."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bachata_assets.families import Absent
from bachata_assets.music.sound import RATE, Sound, load_sound
from bachata_assets.pipeline.failure import is_transient
from bachata_assets.pipeline.tools import media_limits
from bachata_assets.settings import load_settings
from bachata_assets.video.borders import picture_region
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.limits import DEFAULT_LIMITS
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.clips import write_media

PICTURE = np.full((48, 64, 3), 90, np.uint8)


def tone(seconds: float) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)[None]


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"clip_s": 1.5}, "is 2 s long, longer than the 1.5 s allowed. Cut it, or raise BACHATA_LONGEST_CLIP_SECONDS"),
        (
            {"gap_s": 0.05},
            "shows one picture for 0 s, longer than the 0.05 s allowed. Export it again, or raise BACHATA",
        ),
        ({"frames": 29}, "has more than the 29 pictures allowed. Cut it, or raise BACHATA_MOST_FRAMES."),
        (
            {"picture_px": 3000.0},
            "its pictures of 64x48 are larger than the 0.003 megapixels allowed. Export it smaller",
        ),
    ],
)
def test_a_clip_beyond_a_limit_is_refused_in_one_message(limit: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = write_media(tmp_path / "clip.mp4", [PICTURE] * 30)
    assert len(list(sample_frames(path))) == 30
    with pytest.raises(UnreadableVideoError, match=re.escape(said)):
        list(sample_frames(path, limits=replace(DEFAULT_LIMITS, **limit)))


def test_a_picture_is_too_large_before_it_is_decoded(tmp_path: Path) -> None:
    path = write_media(tmp_path / "clip.mp4", [PICTURE] * 3)
    small = replace(DEFAULT_LIMITS, picture_px=3000.0)
    for read in (probe, picture_region):
        with pytest.raises(UnreadableVideoError, match="are larger than"):
            read(path, small)


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_picture_hours_after_the_others_is_refused_before_any_sample(suffix: str, tmp_path: Path) -> None:
    times = [index / 15 for index in range(15)] + [36_000.0]
    path = write_media(tmp_path / f"clip{suffix}", [PICTURE] * 16, times=times)
    assert path.stat().st_size < 40_000
    with pytest.raises(UnreadableVideoError, match="shows one picture for 35999 s, longer than the 10 s allowed"):
        next(sample_frames(path))


def test_sound_is_kept_to_the_time_of_the_pictures(tmp_path: Path) -> None:
    long = load_sound(write_media(tmp_path / "long.mov", [PICTURE] * 30, [tone(60.0)]))
    assert isinstance(long, Sound)
    assert long.duration == pytest.approx(3.0, abs=0.1)  # the pictures' two seconds, and one more
    late = write_media(tmp_path / "late.mov", [PICTURE] * 30, [tone(2.0)], sound_start_s=20_000.0)
    assert load_sound(late) == Absent("there is no sound while the pictures are shown")


def test_more_sound_than_the_limit_is_not_described(tmp_path: Path) -> None:
    path = write_media(tmp_path / "clip.mov", [PICTURE] * 30, [tone(2.0)])
    assert load_sound(path, replace(DEFAULT_LIMITS, sound_s=1.0)) == Absent(
        "the clip is 2 s long, longer than the 1 s of sound allowed (BACHATA_MOST_SOUND_SECONDS)"
    )


def test_settings_set_every_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    assert media_limits(load_settings()) == DEFAULT_LIMITS
    for name, value in {
        "LONGEST_CLIP_SECONDS": "1",
        "LARGEST_PICTURE_MEGAPIXELS": "2",
        "LONGEST_GAP_SECONDS": "3",
        "MOST_FRAMES": "4",
        "MOST_SOUND_SECONDS": "5",
    }.items():
        monkeypatch.setenv(f"BACHATA_{name}", value)
    limits = media_limits(load_settings())
    assert (limits.clip_s, limits.picture_px, limits.gap_s, limits.frames, limits.sound_s) == (1, 2e6, 3, 4, 5)


def test_a_header_that_announces_more_than_memory_holds_is_the_files_own_fault(tmp_path: Path) -> None:
    path = write_media(tmp_path / "clip.mp4", [PICTURE] * 15)
    content = bytearray(path.read_bytes())
    entries = content.index(b"stts") + 8  # ISO/IEC 14496-12, 8.6.1.2
    content[entries : entries + 4] = b"\xff" * 4
    path.write_bytes(content)
    with pytest.raises(UnreadableVideoError, match="announces more than memory can hold") as error:
        probe(path)
    assert not is_transient(error.value)
