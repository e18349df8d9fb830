"""Beats and tempo: exact on music of known tempo, right about octaves, honest about what is no music."""

import mir_eval
import numpy as np
import pytest

from bachata_assets.families import Absent
from bachata_assets.music.beats import Beats, find_beats
from bachata_assets.music.sound import RATE, Sound, load_sound
from bachata_assets.synthetic.sample import CLIPS, SampleClip
from bachata_assets.synthetic.soundtrack import render_track
from bachata_assets.synthetic.truth import load_truths
from bachata_assets_tests.support.paths import SAMPLE


def heard(tempo: float, rhythm: str, noise_db: float | None = None, seconds: float = 15.0) -> tuple[Beats, np.ndarray]:
    track = render_track(tempo, rhythm, seconds, first_beat=0.31, seed=int(tempo), noise_db=noise_db, rate=RATE)
    return find_beats(Sound(track.samples)), track.beats


@pytest.mark.parametrize(
    ("tempo", "rhythm", "noise_db"),
    [
        (80, "derecho", None),
        (86, "majao", -10.0),
        (97, "bolero", -10.0),
        (113, "mambo", -10.0),
        (125, "derecho", 0.0),
        (138, "majao", 0.0),
        (152, "bolero", -10.0),
        (167, "derecho", -10.0),
        (180, "mambo", None),
    ],
)
def test_tempo_and_beats_of_known_music_are_found(tempo: float, rhythm: str, noise_db: float | None) -> None:
    beats, truth = heard(tempo, rhythm, noise_db)
    assert beats.tempo == pytest.approx(tempo, rel=0.02)
    assert mir_eval.beat.f_measure(truth, beats.times) >= 0.9
    assert beats.trusted


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.clip_id)
def test_the_sample_clips_are_heard_at_their_true_tempo_and_beats(clip: SampleClip) -> None:
    beats = find_beats(load_sound(SAMPLE / clip.video_path))
    truth = load_truths(SAMPLE / "truth.npz")[clip.clip_id]
    assert beats.tempo == pytest.approx(float(truth.tempo), rel=0.02)
    assert mir_eval.beat.f_measure(truth.beats, beats.times) >= 0.9


def test_a_beat_an_eighth_later_moves_every_beat_by_as_much() -> None:
    track = render_track(120, "majao", 10.0, rate=RATE)
    shift = round(0.13 * RATE)
    early, late = (find_beats(Sound(np.pad(track.samples, (pad, 0)))) for pad in (0, shift))
    moved = late.times[1:-1, None] - (early.times + 0.13)
    assert np.abs(moved).min(axis=1).max() < 0.03


def test_loudness_changes_no_beat() -> None:
    track = render_track(118, "derecho", 8.0, rate=RATE)
    loud, soft = (find_beats(Sound(track.samples * gain)) for gain in (1.0, 0.01))
    np.testing.assert_allclose(soft.times, loud.times, atol=0.02)


def test_noise_alone_is_not_trusted() -> None:
    noise = np.random.default_rng(1).standard_normal(12 * RATE).astype(np.float32) * 0.1
    assert not find_beats(Sound(noise)).trusted


def test_without_sound_there_are_no_beats_and_the_reason_is_kept() -> None:
    beats = find_beats(Absent("the audio is silent"))
    assert beats.reason == "the audio is silent"
    assert len(beats.times) == 0
    assert beats.tempo is None
    assert not beats.trusted


def test_a_moment_of_sound_is_too_short_for_a_tempo() -> None:
    beats = find_beats(Sound(render_track(120, seconds=1.0, rate=RATE).samples))
    assert beats.reason == "1.0 s of sound are too short for a tempo"
    assert beats.duration == 1.0


@pytest.mark.parametrize("beats", [Beats(np.array([0.4, 0.9, 1.4, 1.9]), 120.0, 0.8, 2.2), Beats(reason="silent")])
def test_beats_survive_their_table(beats: Beats) -> None:
    again = Beats.from_table(beats.to_table())
    np.testing.assert_array_equal(again.times, beats.times)
    assert (again.tempo, again.confidence, again.duration, again.reason) == (
        beats.tempo,
        beats.confidence,
        beats.duration,
        beats.reason,
    )
    assert again.trusted == beats.trusted
