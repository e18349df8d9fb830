"""One clock for pictures and sound, wherever a file's own clock begins."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from bachata_assets.music.beats import find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import RATE, Sound, load_sound
from bachata_assets.synthetic.soundtrack import render_track
from bachata_assets.video.damage import Damage
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.clips import write_media

SECONDS = 6


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    track = render_track(125, seconds=SECONDS)
    at = np.arange(SECONDS * RATE) * track.rate / RATE
    return np.interp(at, np.arange(len(track.samples)), track.samples)[None]


def with_flash(at_s: float) -> list[np.ndarray]:
    pictures = [np.zeros((48, 64, 3), np.uint8) for _ in range(SECONDS * 15)]
    pictures[round(at_s * 15)][:] = 255
    return pictures


def flash_and_click(path: Path) -> tuple[float, float]:
    flash = max(sample_frames(path), key=lambda sample: sample[1].mean())[0]
    sound = load_sound(path)
    assert isinstance(sound, Sound)
    return flash, float(np.abs(sound.samples).argmax() / RATE)


@pytest.mark.parametrize("start_s", [0.0, 0.3, 1.5, 600.0, 3600.0])
def test_a_file_that_starts_late_is_described_as_if_it_did_not(
    start_s: float, music: np.ndarray, tmp_path: Path
) -> None:
    click = np.zeros_like(music)
    click[:, 4 * RATE : 4 * RATE + 50] = 0.8
    path = write_media(tmp_path / "clip.mov", with_flash(4.0), [click], start_s=start_s)
    assert flash_and_click(path) == pytest.approx((4.0, 4.0), abs=0.01)
    original = write_media(tmp_path / "original.mov", with_flash(4.0), [music])
    late = write_media(tmp_path / "late.mov", with_flash(4.0), [music], start_s=start_s)
    one, other = (load_sound(file) for file in (original, late))
    vectors = [audio_embedding(sound, find_beats(sound)) for sound in (one, other)]
    assert all(isinstance(vector, np.ndarray) for vector in vectors)
    assert float(np.prod(np.array(vectors), axis=0).sum()) >= 0.99
    assert find_beats(other).times[0] < 1.0


@pytest.mark.parametrize(
    ("pictures_at", "sound_at", "expected"),
    [
        (0.0, 0.5, (4.0, 4.5)),  # sound that begins later waits
        (0.5, 0.0, (4.5, 4.0)),  # pictures that begin soon after the sound, too
        (100.0, 100.5, (4.0, 4.5)),
        (3.0, 0.0, (4.0, 1.0)),  # sound long before the pictures is not waited for
        (7.0, 6.5, (4.0, 3.5)),
    ],
)
def test_what_begins_later_stays_later(
    pictures_at: float, sound_at: float, expected: tuple[float, float], tmp_path: Path
) -> None:
    click = np.zeros((1, SECONDS * RATE))
    click[:, 4 * RATE : 4 * RATE + 50] = 0.8
    path = write_media(tmp_path / "clip.mov", with_flash(4.0), [click], start_s=pictures_at, sound_start_s=sound_at)
    assert flash_and_click(path) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("between", ["0", "3"])
def test_an_avi_which_says_no_presentation_times_shows_its_pictures_in_their_order(
    between: str, tmp_path: Path
) -> None:
    pictures = [np.full((64, 96, 3), 10 + 10 * index, np.uint8) for index in range(24)]
    write_media(tmp_path / "clip.mp4", pictures, options={"bf": between, "b-pyramid": "normal"})
    path = tmp_path / "clip.avi"
    with av.open(str(tmp_path / "clip.mp4")) as clip, av.open(str(path), "w") as out:
        source = clip.streams.video[0]
        copy = out.add_stream_from_template(source)
        copy.time_base = Fraction(1, 15)
        start_codes = BitStreamFilterContext("h264_mp4toannexb", source, copy)
        for packet in clip.demux(source):
            for part in start_codes.filter(packet) if packet.size else []:
                part.stream = copy
                out.mux(part)
    damage = Damage()
    samples = list(sample_frames(path, damage=damage))
    assert damage.times == []
    assert [round(time_s * 15) for time_s, _ in samples] == list(range(24))
    assert np.abs([picture.mean() - 10 - 10 * index for index, (_, picture) in enumerate(samples)]).max() < 5
