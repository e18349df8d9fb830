"""Asking with what is not in the collection: songs in every form, videos, sentences; nothing of them is kept."""

import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets import embed_song, embed_text, embed_video
from bachata_assets.music.beats import find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.song import load_song
from bachata_assets.music.sound import RATE, SoundError, load_sound
from bachata_assets.pipeline.examples import ExampleError
from bachata_assets.search import ClipRecord, SearchConfig, SearchIndex
from bachata_assets.search.index import open_index
from bachata_assets.settings import Settings
from bachata_assets.synthetic.soundtrack import render_track
from bachata_assets.video.files import open_media, open_song
from bachata_assets.video.limits import MediaLimits
from bachata_assets_tests.support.documents import document
from bachata_assets_tests.support.paths import SAMPLE
from bachata_assets_tests.support.songs import CODECS, write_song
from bachata_assets_tests.support.workplace import Workplace


@pytest.fixture(scope="module")
def track() -> np.ndarray:
    return render_track(126, seconds=14).samples


@pytest.mark.parametrize("suffix", CODECS)
def test_a_song_of_any_form_has_its_tempo_and_its_sound(tmp_path: Path, track: np.ndarray, suffix: str) -> None:
    song = embed_song(write_song(tmp_path / f"song.{suffix}", track))
    assert song.tempo == pytest.approx(126, rel=0.005)
    assert song.is_song
    assert song.keys() == {"audio"}
    plain = write_song(tmp_path / "plain.wav", track)
    cosine = float(song["audio"] @ embed_song(plain)["audio"])
    assert cosine > 0.9


def test_the_sound_of_a_video_asks_as_its_clip_would(tmp_path: Path) -> None:
    path = SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4"
    sound = load_sound(path)
    beats = find_beats(sound)
    song = embed_song(path)
    assert song.tempo == pytest.approx(beats.tempo, rel=0.005)
    expected = audio_embedding(sound, beats)
    assert float(song["audio"] @ np.asarray(expected)) > 0.95


def test_a_part_of_a_song_is_what_lies_between_its_ends(tmp_path: Path) -> None:
    slow, fast = (render_track(tempo, seconds=10).samples for tempo in (104, 140))
    path = write_song(tmp_path / "two.flac", np.concatenate([slow, fast]))
    assert embed_song(path, end=9.5).tempo == pytest.approx(104, rel=0.01)
    assert embed_song(path, start=10.5).tempo == pytest.approx(140, rel=0.01)
    part = load_song(path, 2.0, 3.5)
    assert part.duration == pytest.approx(1.5, abs=1e-3)
    whole = load_song(path)
    np.testing.assert_allclose(part.samples, whole.samples[2 * RATE :][: len(part.samples)], atol=0.02)


def test_a_cover_picture_hinders_nobody(tmp_path: Path, track: np.ndarray) -> None:
    plain = write_song(tmp_path / "plain.mp3", track)
    covered = tmp_path / "covered.mp3"
    with av.open(str(plain)) as source, av.open(str(covered), "w", format="mp3") as out:
        sound = out.add_stream_from_template(source.streams.audio[0])
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 99, np.uint8), format="rgb24")
        for packet in cover.encode(frame):
            out.mux(packet)
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                out.mux(packet)
    assert embed_song(covered).tempo == pytest.approx(126, rel=0.005)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("gone.mp3", None, "gone.mp3: cannot be read (No such file or directory); give an mp3, wav, m4a, flac or ogg"),
        ("empty.mp3", b"", "empty.mp3: cannot be read as a song"),
        ("text.flac", b"no music at all" * 100, "text.flac: holds no sound from 0 s on"),
        ("list.m3u8", b"#EXTM3U\nhttp://127.0.0.1/x.mp3\n", "list.m3u8: cannot be read as a song"),
        ("list.mp3", b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n", "list.mp3: "),
    ],
)
def test_what_is_no_song_is_named_in_one_line(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(ExampleError) as refused:
        embed_song(tmp_path / name)
    assert str(refused.value).removeprefix(f"{tmp_path}/").startswith(said)
    assert "\n" not in str(refused.value)


def test_silence_too_little_and_too_much_are_named(tmp_path: Path, track: np.ndarray) -> None:
    path = write_song(tmp_path / "song.wav", track)
    parts: list[tuple[dict[str, float], str]] = [
        ({"start": 13.5}, r"holds 0\.\d s of sound from 13\.5 s on; at least 1 s are needed"),
        ({"start": 60}, "holds no sound from 60 s on"),
        ({"start": 5, "end": 5}, "a part from 5 to 5 s is not possible"),
        ({"start": -1}, "a part from -1"),
        ({"most_sound_seconds": 3.0}, r"more than the 3 s of sound allowed; say which part counts \(--from, --to\)"),
    ]
    for part, said in parts:
        with pytest.raises(ExampleError, match=said):
            embed_song(path, **part)
    with pytest.raises(SoundError, match="silent"):
        load_song(write_song(tmp_path / "still.wav", np.zeros(3 * 44100)))
    assert load_song(path, end=2.5, limits=MediaLimits(sound_s=3.0)).duration == pytest.approx(2.5, abs=0.01)


def test_no_clip_is_opened_as_a_song_and_no_song_as_another_container(tmp_path: Path, track: np.ndarray) -> None:
    song = write_song(tmp_path / "song.mp3", track[:44100])
    with pytest.raises(av.FFmpegError):
        open_media(song)
    wav = write_song(tmp_path / "song.wav", track[:44100])
    wav.rename(tmp_path / "wav.flac")
    with pytest.raises(av.FFmpegError):
        open_song(tmp_path / "wav.flac")


def test_a_sentence_becomes_its_vector_and_its_words() -> None:
    asked = embed_text("a slow dip")
    assert asked["text"].shape == (384,)
    assert asked.words == ("slow", "slows", "dip", "dips")


def test_a_song_is_read_in_a_worker_process(tmp_path: Path, track: np.ndarray) -> None:
    """In a script of its own, since a worker process imports it."""
    path = write_song(tmp_path / "song.ogg", track)
    script = tmp_path / "ask.py"
    script.write_text(
        "import sys\n"
        "from bachata_assets import embed_song\n"
        "if __name__ == '__main__':\n"
        f"    song = embed_song({str(path)!r}, workers='processes', clip_seconds=300)\n"
        "    print(round(song.tempo), song['audio'].shape, 'av' in sys.modules)\n"
        "    try:\n"
        f"        embed_song({str(tmp_path / 'gone.mp3')!r}, workers='processes')\n"
        "    except ValueError as error:\n"
        "        print(error)\n"
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300, check=True)
    lines = ran.stdout.splitlines()
    assert lines[0] == "126 (128,) False"
    assert "gone.mp3: cannot be read (No such file or directory)" in lines[1]


def test_a_video_asks_as_its_clip_would_and_nothing_of_it_is_kept(place: Workplace) -> None:
    clip = next(place.videos.rglob("*.mp4"))
    before = sorted(path for path in place.data.rglob("*") if path.is_file())
    asked = embed_video(clip, data_dir=str(place.data))
    assert sorted(path for path in place.data.rglob("*") if path.is_file()) == before
    settings = Settings(_env_file=None, data_dir=str(place.data))
    with open_index(settings) as index:
        stored = index.get_embedding_by_id(clip.stem)
        assert isinstance(stored, ClipRecord)
        for family, vector in asked.items():
            # A worker process, where the clip was made, multiplies in one thread: sums end otherwise in the last bits.
            np.testing.assert_allclose(vector, stored.vectors[family], rtol=0, atol=1e-6)
        assert asked.tempo == pytest.approx(stored.heard_tempo, abs=0.01)
        assert index.find_similar(vectors=asked, by="everything")[0].clip_id == clip.stem


def test_what_is_no_video_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "song.mp3").write_bytes(b"x")
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    (tmp_path / "film.mkv").write_bytes(b"x")
    for name, said in [
        ("song.mp3", "this file type is not accepted as a video; convert it to mp4"),
        ("film.mkv", "this file type is not accepted as a video; set BACHATA_MATROSKA=true, or convert it to mp4"),
        ("gone.mp4", "cannot be read (No such file or directory)"),
        ("broken.mp4", ""),
    ]:
        with pytest.raises(ExampleError) as refused:
            embed_video(tmp_path / name, data_dir=str(tmp_path / "data"))
        assert f"{tmp_path / name}: {said}" in str(refused.value)
    assert not (tmp_path / "data").exists()


def test_a_song_finds_the_clips_to_its_recording_first(tmp_path: Path, track: np.ndarray) -> None:
    song = embed_song(write_song(tmp_path / "song.wav", track), start=2)
    whole = embed_song(tmp_path / "song.wav")
    said = {"heard_tempo": 126.0, "heard_tempo_confidence": 0.9}
    with SearchIndex(SearchConfig(data_dir=str(tmp_path)), fingerprint="songs") as index:
        index.put(
            [
                document("to_it", 1, audio_embedding=whole["audio"], **said),
                document("of_its_tempo", 2, **said),
                document("faster", 3, audio_embedding=whole["audio"], heard_tempo=140.0, heard_tempo_confidence=0.9),
            ]
        )
        assert [match.clip_id for match in index.find_similar(vectors=song)] == ["to_it", "of_its_tempo"]
        assert [match.clip_id for match in index.find_similar(vectors=song, other_song=True)] == ["of_its_tempo"]
