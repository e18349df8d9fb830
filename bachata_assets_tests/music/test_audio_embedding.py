"""The audio embedding: 128 live, named, finite numbers that follow the music and not the recording."""

import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest

from bachata_assets.families import Absent, NonFiniteVectorError
from bachata_assets.music import embedding
from bachata_assets.music.beats import Beats, find_beats
from bachata_assets.music.embedding import audio_embedding, audio_features, feature_names
from bachata_assets.music.sound import RATE, Sound, load_sound
from bachata_assets.synthetic.soundtrack import RHYTHMS, render_track
from bachata_assets_tests.support.paths import REAL_CLIPS


def music(tempo: float = 120, rhythm: str = "derecho", seed: int = 0, seconds: float = 10.0) -> Sound:
    return Sound(render_track(tempo, rhythm, seconds, seed=seed, noise_db=-25.0, rate=RATE).samples)


def embedded(sound: Sound) -> np.ndarray:
    vector = audio_embedding(sound, find_beats(sound))
    assert isinstance(vector, np.ndarray)
    return vector


def test_a_vector_has_128_finite_numbers_and_length_1() -> None:
    vector = embedded(music())
    assert vector.dtype == np.float32
    assert vector.shape == (128,)
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_every_dimension_has_a_name_of_its_own_and_is_computed_under_it() -> None:
    sound = music()
    assert len(set(feature_names())) == 128
    assert set(audio_features(sound, find_beats(sound))) == set(feature_names())


def test_every_dimension_is_live() -> None:
    vectors = np.stack([embedded(music(t, r, seed=t)) for t, r in zip((104, 120, 133, 148), RHYTHMS, strict=True)])
    dead = [name for name, spread in zip(feature_names(), vectors.std(axis=0), strict=True) if spread < 1e-4]
    assert dead == []


def test_the_same_sound_gives_the_same_bits() -> None:
    np.testing.assert_array_equal(embedded(music()), embedded(music()))


def test_loudness_and_length_change_little_and_another_rhythm_much() -> None:
    sound = music(seconds=14.0)
    vector = embedded(sound)
    assert vector @ embedded(Sound(sound.samples * 0.05)) > 0.98
    assert vector @ embedded(Sound(sound.samples[: 9 * RATE])) > vector @ embedded(music(140, "bolero", seed=3)) + 0.05


def test_a_noisy_room_changes_the_vector_less_than_another_rhythm() -> None:
    sound = music()
    noise = np.random.default_rng(3).standard_normal(len(sound.samples)).astype(np.float32)
    noisy = Sound(sound.samples + 0.1 * sound.samples.std() * noise)
    vector = embedded(sound)
    assert vector @ embedded(noisy) > 0.8
    assert vector @ embedded(noisy) > vector @ embedded(music(120, "majao", seed=5))


def test_the_tempo_dimension_follows_the_tempo() -> None:
    index = feature_names().index("tempo.octaves")
    slow, fast = (embedded(music(tempo))[index] for tempo in (105, 145))
    assert slow < fast


def test_without_beats_what_needs_them_is_usual_and_the_rest_stays() -> None:
    sound = music()
    vector = audio_embedding(sound, Beats(reason="none"))
    assert isinstance(vector, np.ndarray)
    by_name = dict(zip(feature_names(), vector, strict=True))
    assert by_name["tempo.octaves"] == 0
    assert by_name["rhythm.syncopation"] == 0
    assert by_name["mfcc.1.mean"] != 0


def test_no_sound_and_too_short_a_sound_are_absent_with_the_reason() -> None:
    absent = Absent("the file has no audio stream")
    assert audio_embedding(absent, Beats()) is absent
    assert audio_embedding(Sound(np.ones(RATE // 2, np.float32)), Beats()) == Absent("0.5 s of sound are too short")


def test_a_feature_that_is_not_finite_rejects_the_vector_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = music()
    beats = find_beats(sound)
    features = audio_features(sound, beats) | {"mfcc.3.mean": float("nan"), "tempo.octaves": float("inf")}
    monkeypatch.setattr(embedding, "audio_features", lambda *_: features)
    with pytest.raises(NonFiniteVectorError, match=r"mfcc\.3\.mean = nan, tempo\.octaves = inf"):
        audio_embedding(sound, beats)


@pytest.mark.skipif(not REAL_CLIPS.is_dir(), reason="../shared/clips is not there")
def test_real_clips_are_spread_out() -> None:
    paths = sorted(REAL_CLIPS.rglob("*.mp4"))[:8]
    sounds = [load_sound(path) for path in paths]
    vectors = [embedded(sound) for sound in sounds if isinstance(sound, Sound)]
    assert len(vectors) == len(paths)
    assert np.mean([a @ b for a, b in combinations(vectors, 2)]) < 0.3


def test_importing_the_music_library_imports_no_heavy_library() -> None:
    script = (
        "import sys, bachata_assets.music.embedding, bachata_assets.synthetic.sample\n"
        "print([m for m in ('librosa', 'scipy', 'numba', 'av', 'cv2', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
