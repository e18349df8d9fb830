"""Damage of which FFmpeg says nothing: what no encoder writes, headers that cannot be, an index of other pieces."""

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.music.sound import Sound, SoundError, load_sound
from bachata_assets.video.bitstream.avi_chunks import chunk_breaks, index_breaks
from bachata_assets.video.bitstream.h264 import ReferenceChain
from bachata_assets.video.bitstream.h264_headers import IllegalHeaderError, PictureParameters, Sequence, require_legal
from bachata_assets.video.bitstream.nal_units import HevcChain, holds_foreign_bytes
from bachata_assets.video.damage import Damage
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.clips import moving, write_media

COUNT = 60
KEY_EVERY = 15
OPTIONS = {
    "libx264": {"g": str(KEY_EVERY), "sc_threshold": "0", "qp": "18"},
    "libvpx-vp9": {
        "g": str(KEY_EVERY),
        "keyint_min": str(KEY_EVERY),
        "deadline": "realtime",
        "cpu-used": "8",
        "lag-in-frames": "0",
    },
    "libx265": {
        "x265-params": f"keyint={KEY_EVERY}:min-keyint={KEY_EVERY}:scenecut=0:open-gop=0:bframes=0:qp=18:log-level=none"
    },
}
"""Encoder -> options with which every 15th picture is a key picture, each other predicted from the one before."""


def written(
    path: Path, codec: str, rate: int = 15, picture: Callable[[int], np.ndarray] = moving
) -> list[tuple[int, int]]:
    """Write four seconds; return (place, size) of the data of each picture."""
    count = 4 * rate
    times = [index / rate for index in range(count)]
    write_media(path, [picture(index) for index in range(count)], codec=codec, options=OPTIONS[codec], times=times)
    with av.open(str(path)) as source:
        return [(packet.pos or 0, packet.size) for packet in source.demux(source.streams.video[0]) if packet.size]


def noisy(index: int) -> np.ndarray:
    """A picture that takes some thousand bytes, more than a sector of a disk."""
    noise = np.random.default_rng(index).integers(-20, 20, moving(index).shape)
    return (moving(index) + noise).clip(0, 255).astype(np.uint8)


def damaged_pictures(path: Path) -> list[int]:
    damage = Damage()
    list(sample_frames(path, damage=damage))
    return [round(time_s * 15) for time_s in damage.times]


@pytest.mark.parametrize(("codec", "suffix"), [*((codec, ".mp4") for codec in OPTIONS), ("libx264", ".avi")])
def test_a_sector_of_zeros_in_a_picture_damages_all_that_is_predicted_from_it(
    codec: str, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"clip{suffix}"
    place, size = written(path, codec)[24]
    assert damaged_pictures(path) == []
    content = bytearray(path.read_bytes())
    middle = place + size // 2
    content[middle : middle + size // 4] = bytes(size // 4)
    path.write_bytes(content)
    assert damaged_pictures(path) == list(range(24, 30))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_picture_whose_end_is_a_sector_of_zeros_damages_all_that_is_predicted_from_it(
    codec: str, tmp_path: Path
) -> None:
    path = tmp_path / "clip.mp4"
    place, size = written(path, codec, picture=noisy)[24]
    assert size > 1000
    content = bytearray(path.read_bytes())
    content[place + size - 600 : place + size] = bytes(600)
    path.write_bytes(content)
    assert damaged_pictures(path) == list(range(24, 30))


def test_a_picture_of_h264_that_says_it_is_a_key_picture_is_none(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, _ = written(path, "libx264", rate=30)[49]  # no sample shows it, others are predicted from it
    assert damaged_pictures(path) == []
    content = bytearray(path.read_bytes())
    assert content[place + 4] & 31 == 1
    content[place + 4] ^= 4  # now it is 5: a picture that is predicted from no other
    path.write_bytes(content)
    assert damaged_pictures(path) == list(range(25, 30))


def test_a_reference_that_no_sample_shows_and_that_cannot_be_decoded_damages_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, _ = written(path, "libx264", rate=30)[49]
    content = bytearray(path.read_bytes())
    assert content[place + 5] >> 1 == 0b1001101  # macroblock 0, type 5, parameter set 0; then its number, 4
    content[place + 5 : place + 7] = 0b1_00110_00100_0100_0.to_bytes(2, "big")  # parameter set 3, which is not there
    path.write_bytes(content)
    assert damaged_pictures(path) == list(range(25, 30))


def test_a_picture_of_h265_that_ends_in_the_middle_of_its_blocks_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, size = written(path, "libx265")[24]
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for at in rng.integers(place + 8, place + size, 200):
        content[at] |= 0x55  # no byte becomes zero, so nothing is foreign
    path.write_bytes(content)
    assert damaged_pictures(path) == list(range(24, 30))


def test_a_picture_of_h265_that_is_refused_and_shown_all_the_same_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, size = written(path, "libx265")[24]
    whole = path.read_bytes()
    for seed in range(40):
        content = bytearray(whole)
        for at in np.random.default_rng(seed).integers(place + 8, place + size, 3):
            content[at] |= 0x55
        path.write_bytes(content)
        if refused_and_shown(path) == (1, COUNT):
            break
    else:
        pytest.fail("no such picture: look for one with other bits")
    assert damaged_pictures(path) == list(range(24, 30))


def test_a_single_wrong_bit_of_h265_damages_all_that_is_predicted_from_it(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, size = written(path, "libx265")[24]
    whole = path.read_bytes()
    silent = 0
    for at in range(place + size // 3, place + size // 3 + 12):
        content = bytearray(whole)
        content[at] ^= 8
        path.write_bytes(content)
        silent += refused_and_shown(path) == (0, COUNT)
        assert damaged_pictures(path) == list(range(24, 30))
    assert silent == 12  # FFmpeg says nothing of any of them


def test_a_wrong_bit_of_vp9_damages_all_that_is_predicted_from_it(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, size = written(path, "libvpx-vp9")[24]
    assert damaged_pictures(path) == []
    whole = path.read_bytes()
    noticed = []
    for at in range(place + size // 3, place + size // 3 + 12):
        content = bytearray(whole)
        content[at] ^= 8
        path.write_bytes(content)
        assert refused_and_shown(path) == (0, COUNT)  # FFmpeg says nothing of any of them
        noticed.append(damaged_pictures(path))
    assert noticed.count(list(range(24, 30))) >= 9  # some bits change nothing
    assert noticed.count(list(range(24, 30))) + noticed.count([]) == 12


def refused_and_shown(path: Path) -> tuple[int, int]:
    refused = shown = 0
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for packet in source.demux(stream):
            try:
                shown += len(packet.decode())
            except av.error.InvalidDataError:
                refused += 1
    return refused, shown


def test_a_picture_of_h264_whose_header_cannot_be_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    place, size = written(path, "libx264")[24]
    content = path.read_bytes()
    illegal = next(
        flipped for flipped in flips(content, place + 5) if is_illegal(path, flipped[place + 4 : place + size])
    )
    path.write_bytes(illegal)
    assert damaged_pictures(path) == list(range(24, 30))


def flips(content: bytes, start: int) -> list[bytes]:
    """Return the content with each of the 160 bits behind a place flipped."""
    found = []
    for bit in range(160):
        changed = bytearray(content)
        changed[start + bit // 8] ^= 128 >> bit % 8
        found.append(bytes(changed))
    return found


def is_illegal(path: Path, unit: bytes) -> bool:
    with av.open(str(path)) as source:
        extradata = source.streams.video[0].codec_context.extradata or b""
    size = int.from_bytes(extradata[6:8], "big")
    sequence = Sequence.read(extradata[8 : 8 + size])
    number, parameters = PictureParameters.read(extradata[8 + size + 3 :])
    try:
        require_legal(unit, sequence, {number: parameters})
    except IllegalHeaderError:
        return True
    except IndexError:
        return False
    return False


def test_bytes_are_foreign_where_an_encoder_would_have_put_a_three_between() -> None:
    assert [holds_foreign_bytes(b"\x41\x9a" + inner + b"\x80") for inner in (b"\0\0\0", b"\0\0\1", b"\0\0\2")] == [
        True
    ] * 3
    assert not holds_foreign_bytes(b"\x41\x9a\0\0\x03\0\x80")
    assert not holds_foreign_bytes(b"\x41\x9a\x80\0\0\0")  # zeros may follow a unit
    assert holds_foreign_bytes(b"\x41\x9a\x80" + bytes(512))


def test_foreign_bytes_are_told_between_start_codes_too(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    written(path, "libx264")
    with av.open(str(path)) as source:
        packets = [(bytes(packet), packet.is_keyframe) for packet in source.demux() if packet.size]
    content, is_key = packets[24]
    packets[24] = (content[:60] + bytes(30) + content[90:], is_key)
    chain = ReferenceChain(b"")
    broken = [chain.follow(content, is_key).is_broken for content, is_key in packets]
    assert [number for number, is_broken in enumerate(broken) if is_broken] == list(range(24, 30))


def test_a_picture_that_no_other_is_predicted_from_is_damaged_alone() -> None:
    header = bytes(21) + b"\x03" + b"\0"
    chain = HevcChain(b"\x01" + header[1:])
    units = {"alone": bytes([0 << 1, 1]), "reference": bytes([1 << 1, 1]), "key": bytes([19 << 1, 1])}

    def packet(kind: str, content: bytes) -> bytes:
        unit = units[kind] + content
        return len(unit).to_bytes(4, "big") + unit

    sound, foreign = b"\x11\x80", b"\x11\0\0\0\x80"
    seen = [
        ("key", sound),
        ("alone", foreign),
        ("reference", sound),
        ("reference", foreign),
        ("alone", sound),
        ("key", sound),
    ]
    broken = [chain.follow(packet(kind, content), kind == "key").is_broken for kind, content in seen]
    assert broken == [False, True, False, True, True, False]


@pytest.mark.parametrize(
    "extradata", [b"", b"\x01", b"\x01" * 9, b"\x01d\0\x1f\xff\xe1\0\x18", bytes(40), b"\xff" * 60]
)
def test_a_header_of_the_stream_that_cannot_be_read_makes_nothing_damaged(extradata: bytes) -> None:
    packet = b"\0\0\0\x05\x41\x9a\x24\x6c\x41"
    assert not ReferenceChain(extradata).follow(packet, is_key=False).is_broken
    assert not HevcChain(extradata).follow(packet, is_key=False).is_broken


def test_an_avi_whose_index_names_other_pieces_has_no_sound_and_is_damaged_there(tmp_path: Path) -> None:
    path = tmp_path / "clip.avi"
    tone = np.sin(np.arange(4 * 22050) / 5)[None] * 0.5
    write_media(path, [moving(index) for index in range(COUNT)], [tone], codec="mjpeg")
    assert isinstance(load_sound(path), Sound)
    assert index_breaks(path) == []
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"01wb")
    content[entry + 14] ^= 2  # of the length of a piece: 131,072 more bytes
    path.write_bytes(content)
    assert len(index_breaks(path)) == 1
    assert chunk_breaks(path) == []
    with pytest.raises(SoundError, match=r"clip\.avi: its index does not match its content"):
        load_sound(path)


@pytest.mark.parametrize("base", ["the list", "the file"])
def test_an_index_that_counts_from_either_place_is_whole(base: str, tmp_path: Path) -> None:
    chunks, entries = b"", b""
    start = 12 + 12
    for number in range(5):
        at = len(chunks) + 4 + (start - 4 if base == "the file" else 0)
        content = bytes(10 + 2 * number)
        entries += b"00dc" + bytes(4) + at.to_bytes(4, "little") + len(content).to_bytes(4, "little")
        chunks += b"00dc" + len(content).to_bytes(4, "little") + content
    whole = b"RIFF" + bytes(4) + b"AVI LIST" + (len(chunks) + 4).to_bytes(4, "little") + b"movi" + chunks
    path = tmp_path / "clip.avi"
    path.write_bytes(whole + b"idx1" + len(entries).to_bytes(4, "little") + entries)
    assert index_breaks(path) == []
    wrong = entries[:28] + (99).to_bytes(4, "little") + entries[32:]
    path.write_bytes(whole + b"idx1" + len(entries).to_bytes(4, "little") + wrong)
    assert len(index_breaks(path)) == 1
    path.write_bytes(whole + b"idx1" + len(entries).to_bytes(4, "little") + b"01wb" + wrong[4:])
    assert index_breaks(path) == []  # from where it counts is not known
    path.write_bytes(whole)
    assert index_breaks(path) == []
