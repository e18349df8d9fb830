"""Beats are placed where librosa places them, on any music at any tempo, and without loading its beat tracker."""

import numpy as np
import pytest

from bachata_assets.music.beat_tracking import place_beats, steadied, without_stray_ends
from bachata_assets.music.onsets import HOP, frame_rate, onset_bands
from bachata_assets.music.sound import RATE, Sound
from bachata_assets.synthetic.soundtrack import RHYTHMS, render_track

STRENGTHS = {
    name: onset_bands(Sound(render_track(tempo, name, 9.0, seed=tempo, noise_db=-15.0, rate=RATE).samples)).mean(axis=0)
    for name, tempo in zip(RHYTHMS, (104, 118, 131, 147), strict=True)
}
NOISE = np.abs(np.random.default_rng(4).standard_normal(700)).astype(np.float32)
FRAME_RATE = frame_rate(Sound(np.zeros(0, np.float32)))


@pytest.mark.parametrize("strength", [*STRENGTHS.values(), NOISE], ids=[*STRENGTHS, "noise"])
@pytest.mark.parametrize("tempo", [58.0, 79.3, 104.0, 131.7, 180.0, 219.5])
def test_beats_fall_where_librosa_s_beat_tracker_puts_them(strength: np.ndarray, tempo: float) -> None:
    import librosa.beat

    _, expected = librosa.beat.beat_track(
        onset_envelope=strength, sr=RATE, hop_length=HOP, bpm=tempo, trim=False, units="frames"
    )
    placed = place_beats(strength, FRAME_RATE, tempo)
    np.testing.assert_array_equal(placed, expected)
    assert len(placed) >= 3


def test_even_clicks_are_all_found_and_one_that_is_missing_is_bridged() -> None:
    strength = np.zeros(600, np.float32)
    clicks = np.arange(20, 600, 40)
    strength[np.delete(clicks, 5)] = 1.0
    placed = place_beats(strength, 40.0, 60.0)
    assert placed[1:].tolist() == clicks[1:].tolist()
    assert abs(placed[0] - clicks[0]) <= 1  # nothing before the first beat holds it in its place


def test_without_onsets_there_are_no_beats() -> None:
    assert place_beats(np.zeros(300, np.float32), FRAME_RATE, 120.0).tolist() == []


def test_a_first_and_a_last_beat_beside_the_grid_are_dropped() -> None:
    times = np.array([0.2, 1.0, 1.5, 2.0, 2.5, 2.7])
    assert without_stray_ends(times, 0.5).tolist() == [1.0, 1.5, 2.0, 2.5]


def test_a_single_late_beat_is_put_back_on_the_grid_and_a_slow_drift_is_kept() -> None:
    even = np.arange(12) * 0.5
    late = even.copy()
    late[6] += 0.08
    assert steadied(late, 0.5) == pytest.approx(even)
    slower = np.arange(12) * 0.505
    assert steadied(slower, 0.5)[3:-3] == pytest.approx(slower[3:-3])
