"""The beats and the audio embedding of a sample clip are those that the same versions made before."""

import numpy as np
import pytest

from bachata_assets.music import beats, embedding
from bachata_assets.music.beats import Beats, find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import Sound, load_sound
from bachata_assets_tests.support.golden import check_golden
from bachata_assets_tests.support.paths import SAMPLE


@pytest.fixture(scope="module")
def sound() -> Sound:
    loaded = load_sound(SAMPLE / "videos" / "lady_right_turn" / "lady_right_turn_1.mp4")
    assert isinstance(loaded, Sound)
    return loaded


@pytest.fixture(scope="module")
def heard(sound: Sound) -> Beats:
    return find_beats(sound)


def test_the_beats_are_those_of_their_version(heard: Beats) -> None:
    assert heard.tempo is not None
    made = {"times": heard.times, "tempo": heard.tempo, "confidence": heard.confidence, "duration": heard.duration}
    check_golden("beats", beats.VERSION, "music.beats.VERSION", made, tolerance=1e-3)


def test_the_audio_embedding_is_that_of_its_version(sound: Sound, heard: Beats) -> None:
    vector = audio_embedding(sound, heard)
    assert isinstance(vector, np.ndarray)
    made = {"vector": vector}
    check_golden("audio_embedding", embedding.VERSION, "music.embedding.VERSION", made, tolerance=1e-3)


def test_a_changed_output_names_the_version_to_raise(heard: Beats) -> None:
    assert heard.tempo is not None
    moved = {
        "times": heard.times + 0.01,
        "tempo": heard.tempo,
        "confidence": heard.confidence,
        "duration": heard.duration,
    }
    with pytest.raises(pytest.fail.Exception, match=r"outputs changed: raise music\.beats\.VERSION \(times of"):
        check_golden("beats", beats.VERSION, "music.beats.VERSION", moved, tolerance=1e-3)
