"""Damaged pictures are left out and told of; many fail the clip."""

from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.video.bitstream.avi_chunks import chunk_breaks
from bachata_assets.video.bitstream.h264 import ReferenceChain
from bachata_assets.video.borders import picture_region
from bachata_assets.video.damage import Damage
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.clips import moving, write_media

COUNT = 60
KEY_EVERY = 15


def write_damaged(path: Path, damaged: dict[int, str]) -> Path:
    """Write four seconds with a key picture each; number of a picture -> what becomes of its bytes."""
    options = {"g": str(KEY_EVERY), "sc_threshold": "0", "qp": "18"}
    write_media(path, [moving(index) for index in range(COUNT)], options=options)
    content = np.fromfile(path, np.uint8)
    with av.open(str(path)) as source:
        places = [(packet.pos, packet.size) for packet in source.demux(source.streams.video[0]) if packet.size]
    for number, how in damaged.items():
        start, size = places[number]
        assert start is not None
        if how == "flipped":
            content[start + np.random.default_rng(0).integers(size // 4, size, 200)] ^= 0x55
        else:  # nothing that is left can be decoded
            content[start : start + size] = 255
    content.tofile(path)
    return path


@pytest.mark.parametrize("how", ["flipped", "lost"])
def test_a_damaged_picture_is_left_out_with_all_that_is_predicted_from_it(how: str, tmp_path: Path) -> None:
    path = write_damaged(tmp_path / "clip.mp4", {24: how})
    damage = Damage()
    samples = list(sample_frames(path, damage=damage))
    assert [round(time_s * 15) for time_s in damage.times] == list(range(24, 30))
    assert (damage.samples, damage.share) == (COUNT, 6 / COUNT)
    assert damage.spans(15.0) == [(1.6, 1.93)]
    assert len(samples) == COUNT
    errors = [np.abs(picture.astype(int) - moving(index)).mean() for index, (_, picture) in enumerate(samples)]
    assert max(errors[:24] + errors[30:]) < 6
    for index in range(24, 30):  # the last intact picture stands
        assert np.array_equal(samples[index][1], samples[23][1])


@pytest.mark.parametrize("suffix", [".avi", ".mov"])
def test_an_mjpeg_picture_with_wrong_bits_is_damaged_alone(suffix: str, tmp_path: Path) -> None:
    path = write_media(tmp_path / f"clip{suffix}", [moving(index) for index in range(COUNT)], codec="mjpeg")
    content = np.fromfile(path, np.uint8)
    with av.open(str(path)) as source:
        places = [(packet.pos, packet.size) for packet in source.demux(source.streams.video[0]) if packet.size]
    start, size = places[24]
    assert start is not None
    content[start + size // 2 : start + size // 2 + 40 : 3] ^= 0x14
    content.tofile(path)
    damage = Damage()
    assert len(list(sample_frames(path, damage=damage))) == COUNT
    assert [round(time_s * 15) for time_s in damage.times] == [24]


def test_a_damaged_first_picture_leaves_the_clip_to_begin_with_the_next_key_picture(tmp_path: Path) -> None:
    path = write_damaged(tmp_path / "clip.mp4", {0: "flipped"})
    assert probe(path).width == 160
    assert picture_region(path) == (0, 0, 160, 96)
    with pytest.raises(UnreadableVideoError, match=r"is damaged: 25% of its pictures are not intact \(0 to 0\.93 s\)"):
        list(sample_frames(path))


def test_a_clip_of_which_much_is_damaged_fails_by_name(tmp_path: Path) -> None:
    path = write_damaged(tmp_path / "clip.mp4", {16: "flipped", 48: "lost"})
    with pytest.raises(
        UnreadableVideoError, match=r"clip\.mp4: is damaged: 43% .* \(1\.07 to 1\.93 s, 3\.2 to 3\.93 s\)"
    ):
        list(sample_frames(path))


def test_an_intact_clip_has_no_damage_whatever_pictures_are_spared(tmp_path: Path) -> None:
    path = write_damaged(tmp_path / "clip.mp4", {})
    for fps in (15.0, 5.0, 2.0):
        damage = Damage()
        list(sample_frames(path, fps, damage=damage))
        assert damage.times == []


def cut(path: Path, kept: int) -> Path:
    """End an avi before the picture of this number."""
    write_media(path, [moving(index) for index in range(COUNT)], codec="mjpeg")
    with av.open(str(path)) as source:
        places = [packet.pos for packet in source.demux(source.streams.video[0]) if packet.size]
    assert places[kept] is not None
    path.write_bytes(path.read_bytes()[: (places[kept] or 0) - 8])
    return path


def test_what_a_cut_takes_away_is_damaged_though_all_that_is_left_is_whole(tmp_path: Path) -> None:
    damage = Damage()
    samples = list(sample_frames(cut(tmp_path / "clip.avi", 55), damage=damage))
    assert len(samples) == 55
    assert [round(time_s * 15) for time_s in damage.times] == list(range(55, 60))
    assert damage.share == 5 / COUNT
    with pytest.raises(UnreadableVideoError, match=r"is damaged: 22% .* \(3\.13 to 3\.93 s\)"):
        list(sample_frames(cut(tmp_path / "half.avi", 47)))


def without(path: Path, dropped: int) -> Path:
    """Write the moving pictures, each second one of type B, and take one out of the stream."""
    whole = path.with_stem("whole")
    options = {"g": str(KEY_EVERY), "sc_threshold": "0", "qp": "18", "bf": "1", "b_strategy": "0", "b-pyramid": "none"}
    write_media(whole, [moving(index) for index in range(COUNT)], options=options)
    with av.open(str(whole), "r") as source, av.open(str(path), "w") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.pts is not None and round(packet.pts * packet.time_base * 15) != dropped:
                packet.stream = copy
                out.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_a_picture_that_is_missing_whole_damages_all_that_is_predicted_from_it(suffix: str, tmp_path: Path) -> None:
    damage = Damage()
    list(sample_frames(without(tmp_path / f"clip{suffix}", 25), damage=damage))
    assert [round(time_s * 15) for time_s in damage.times] == list(range(24, 30))


@pytest.mark.parametrize(
    ("codec", "dropped", "damaged"),
    [
        ("mpeg4", {25, 26}, [25, 26, 27, 28, 29]),
        ("mpeg4", {24}, [24, 25, 26, 27, 28, 29]),
        ("mjpeg", {25, 26}, [25, 26]),
    ],
)
def test_an_empty_place_of_an_avi_is_a_picture_that_is_missing(
    codec: str, dropped: set[int], damaged: range, tmp_path: Path
) -> None:
    whole, path = tmp_path / "whole.avi", tmp_path / "clip.avi"
    with av.open(str(whole), "w") as out:
        stream = out.add_stream(codec, rate=15, options={"g": str(KEY_EVERY), "sc_threshold": "1000000000"})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = moving(0).shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        for index in range(COUNT):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(moving(index), "bgr24")))
        out.mux(stream.encode())
    with av.open(str(whole), "r") as source, av.open(str(path), "w") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None and packet.dts not in dropped:
                packet.stream = copy
                out.mux(packet)
    for file, expected in ((whole, range(0)), (path, damaged)):
        found = Damage()
        assert len(list(sample_frames(file, damage=found))) == COUNT
        assert [round(time_s * 15) for time_s in found.times] == list(expected)


def test_an_avi_that_goes_on_as_another_one_is_damaged_where_it_does(tmp_path: Path) -> None:
    contents = []
    for number, step in enumerate((1, -1)):
        path = write_media(tmp_path / f"{number}.avi", [moving(index) for index in range(COUNT)[::step]], codec="mjpeg")
        assert chunk_breaks(path) == []
        contents.append(path.read_bytes())
    third = len(contents[0]) // 3
    spliced = tmp_path / "spliced.avi"
    spliced.write_bytes(contents[0][:third] + contents[1][third:])
    (place,) = chunk_breaks(spliced)
    assert third < place < third + 10_000
    damage = Damage()
    list(sample_frames(spliced, damage=damage))
    assert [round(time_s * 15) for time_s in damage.times] == [15, 16]


@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("announced", ["the length", "nothing", "too much"])
def test_a_whole_chain_of_chunks_breaks_nowhere_however_it_is_written(
    announced: str, padded: bool, tmp_path: Path
) -> None:
    chunks = b""
    for number in range(20):
        content = bytes(100 + number)
        chunks += b"00dc" + len(content).to_bytes(4, "little") + content + bytes(padded and number % 2)
        chunks += b"LIST" + (4).to_bytes(4, "little") + b"rec " + b"ix00" + bytes(4)
    length = {"the length": len(chunks) + 4, "nothing": 0, "too much": 2**31}[announced]
    path = tmp_path / "clip.avi"
    path.write_bytes(b"RIFF" + bytes(4) + b"AVI LIST" + length.to_bytes(4, "little") + b"movi" + chunks)
    assert chunk_breaks(path) == []
    lost = chunks[:2000] + bytes(200) + chunks[2200:]
    path.write_bytes(b"RIFF" + bytes(4) + b"AVI LIST" + length.to_bytes(4, "little") + b"movi" + lost)
    assert len(chunk_breaks(path)) == 1
    path.write_bytes(b"")
    assert chunk_breaks(path) == []


def test_a_missing_picture_that_no_other_is_predicted_from_damages_nothing(tmp_path: Path) -> None:
    damage = Damage()
    list(sample_frames(without(tmp_path / "clip.mp4", 26), damage=damage))
    assert damage.times == []


def test_the_numbers_of_pictures_are_read_with_start_codes_too(tmp_path: Path) -> None:
    path = without(tmp_path / "clip.mp4", 25)
    with av.open(str(path), "r") as source, av.open(str(tmp_path / "clip.h264"), "w", format="h264") as out:
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    with av.open(str(tmp_path / "clip.h264"), "r") as source:
        chain = ReferenceChain(b"")
        broken = [chain.follow(bytes(each), each.is_keyframe).is_broken for each in source.demux() if each.size]
    assert sum(broken) == 5
