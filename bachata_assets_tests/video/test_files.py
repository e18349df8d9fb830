"""What is opened as a video, and that a file's name decides nothing."""

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.music.sound import Sound, SoundError, load_sound
from bachata_assets.pipeline.failure import is_transient
from bachata_assets.report.thumbnails import thumbnail
from bachata_assets.video import probe as probing
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets.video.files import as_text, on_disk, open_media, open_regular
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import sample_frames
from bachata_assets.video.writer import VideoWriter
from bachata_assets_tests.support.clips import write_pictures
from bachata_assets_tests.support.paths import SAMPLE_CLIP


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and what anyone who connected to it said."""
    said: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                said.append(b"connected")
                connection.close()

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], said
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


NAMES = ("12:30.mp4", "tcp:127.0.0.1:PORT?.mp4", "http:127.0.0.1:PORT?.mp4", "concat:a|b.mp4", "-i.mp4", "a%03d.mp4")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_never_taken_for_a_protocol(
    name: str, listener: tuple[int, list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, said = listener
    path = Path(name.replace("PORT", str(port)))
    monkeypatch.chdir(tmp_path)
    shutil.copy(SAMPLE_CLIP, path)
    plain = probe(SAMPLE_CLIP)
    assert probe(path) == plain
    assert next(sample_frames(path))[1].shape == (plain.height, plain.width, 3)
    sound = load_sound(path)
    assert isinstance(sound, Sound)
    assert sound.duration > 1
    assert thumbnail(path, 1.0) is not None
    assert said == []


def test_a_video_is_written_under_the_name_that_it_was_given(
    listener: tuple[int, list[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, said = listener
    monkeypatch.chdir(tmp_path)
    path = Path(f"tcp:127.0.0.1:{port}?.mp4")
    with VideoWriter.open(path, (32, 32), Fraction(15), {}) as writer:
        writer.add_picture(np.zeros((32, 32, 3), np.uint8), 0.0)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert said == []


@pytest.mark.parametrize("name", [b"caf\xe9.mp4", b"caf\xe9/\xff.mp4", b"\xe9%E9 caf\xc3\xa9.mp4"])
def test_a_name_that_is_not_utf_8_is_text_and_finds_its_file(name: bytes, tmp_path: Path) -> None:
    raw = tmp_path / os.fsdecode(name)
    raw.parent.mkdir(exist_ok=True)
    write_pictures(raw, [np.zeros((32, 32, 3), np.uint8)] * 3)
    stored = Path(as_text(str(raw)))
    str(stored).encode()
    if b"%E9" in name:
        assert on_disk(stored) != raw  # nothing tells the two percent signs apart
        return
    assert on_disk(stored) == raw
    assert probe(stored).width == 32
    assert open_regular(stored).read() == raw.read_bytes()


def test_a_name_that_reads_like_an_escaped_one_is_taken_as_it_reads(tmp_path: Path) -> None:
    literal = tmp_path / "caf%E9.mp4"
    literal.write_text("literal")
    assert on_disk(literal) == literal
    assert on_disk(tmp_path / "gone%E9.mp4") == tmp_path / "gone%E9.mp4"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def unix_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "kind"), [(pipe, "a named pipe"), (unix_socket, "a socket"), (zeros, "a device"), (folder, "a folder")]
)
def test_what_is_no_regular_file_is_refused_without_waiting_for_it(
    make: Callable[[Path], None], kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.mp4"
    make(path)
    with pytest.raises(OSError, match="not a regular file") as error:
        open_regular(path)
    assert error.value.filename == str(path)
    with pytest.raises(OSError, match="not a regular file"):
        open_media(path)
    with pytest.raises(UnreadableVideoError, match=rf"x\.mp4: not a regular file \({kind}\)\. Remove it"):
        probe(path)
    with pytest.raises(SoundError, match="not a regular file"):
        load_sound(path)
    assert thumbnail(path, 0.0) is None


def test_a_link_to_itself_and_a_missing_file_are_named(tmp_path: Path) -> None:
    loop = tmp_path / "loop.mp4"
    loop.symlink_to(loop)
    with pytest.raises(UnreadableVideoError, match="not readable"):
        probe(loop)
    with pytest.raises(UnreadableVideoError, match="no such file"):
        probe(tmp_path / "none.mp4")
    with pytest.raises(FileNotFoundError):
        open_regular(tmp_path / "none.mp4")


def test_nothing_else_of_the_package_opens_media_by_itself() -> None:
    package = Path(__file__).resolve().parents[2] / "bachata_assets"
    opening = {path.name for path in package.rglob("*.py") if "av.open(" in path.read_text()}
    assert opening == {"files.py", "writer.py"}


@pytest.mark.parametrize("error", [av.error.MemoryError(12, "no"), av.error.BlockingIOError(11, "no")])
def test_too_little_memory_for_a_picture_is_no_fault_of_the_file(
    error: av.error.FFmpegError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_pictures(tmp_path / "clip.mp4", [np.zeros((48, 64, 3), np.uint8)] * 3)

    def refuse(_container: object, stream: object) -> None:
        probing.decoded(Refusing())

    class Refusing:
        size, pts = 1, 0

        def decode(self) -> None:
            raise error

    monkeypatch.setattr(probing, "first_picture", refuse)
    with pytest.raises(UnreadableVideoError, match="there is not enough memory to decode it") as said:
        probe(path)
    assert is_transient(said.value)


def test_a_video_that_is_gone_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(UnreadableVideoError, match="no such file") as said:
        probe(tmp_path / "clip.mp4")
    assert is_transient(said.value)


def remuxed(source: Path, target: Path) -> Path:
    """Put the streams of a clip, as they are, into the container that the target's name says."""
    import av

    with av.open(str(source)) as reading, av.open(str(target), "w") as writing:
        streams = {stream.index: writing.add_stream_from_template(stream) for stream in reading.streams}
        for packet in reading.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                writing.mux(packet)
    return target


def test_a_matroska_file_is_read_as_the_same_clip_in_mp4(tmp_path: Path) -> None:
    clip = remuxed(SAMPLE_CLIP, tmp_path / "x.mkv")
    assert probe(clip).width == probe(SAMPLE_CLIP).width
    pictures, expected = ([picture for _, picture in sample_frames(path, 5.0, 200)] for path in (clip, SAMPLE_CLIP))
    assert len(pictures) == len(expected)
    assert all(np.array_equal(one, other) for one, other in zip(pictures, expected, strict=True))
    heard, whole = load_sound(clip), load_sound(SAMPLE_CLIP)
    assert isinstance(heard, Sound)
    assert isinstance(whole, Sound)
    assert heard.duration == pytest.approx(whole.duration, abs=0.1)


def test_a_containers_name_and_content_have_to_agree(tmp_path: Path) -> None:
    remuxed(SAMPLE_CLIP, tmp_path / "x.mkv").rename(tmp_path / "y.mp4")
    shutil.copy(SAMPLE_CLIP, tmp_path / "z.mkv")
    with pytest.raises(
        UnreadableVideoError, match=r"y\.mp4: is not a file of type mp4, mov or avi, whatever its name says"
    ):
        probe(tmp_path / "y.mp4")
    with pytest.raises(UnreadableVideoError, match=r"z\.mkv: is not a file of type Matroska, whatever its name says"):
        probe(tmp_path / "z.mkv")


def test_a_terabyte_of_nothing_is_refused_without_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video")
    os.truncate(path, 1 << 40)
    read: list[int] = []
    pread = os.pread

    def counted(descriptor: int, size: int, place: int) -> bytes:
        read.append(place)
        return pread(descriptor, size, place)

    monkeypatch.setattr(os, "pread", counted)
    with pytest.raises(UnreadableVideoError, match=r"clip\.mp4: cannot be decoded as a video"):
        probe(path)
    assert len(read) < 10
