"""Drawn couples: the truth is where the picture shows it, on the beat, and the committed collection is what it says."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from bachata_assets.pose.skeleton import WRISTS
from bachata_assets.synthetic.appearance import Appearance
from bachata_assets.synthetic.body import Body
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.clip_writer import frame_times, write_clip
from bachata_assets.synthetic.figures import FIGURES, Moment
from bachata_assets.synthetic.people import Couple, Dancer, Walker
from bachata_assets.synthetic.sample import CLIPS, SampleClip
from bachata_assets.synthetic.scene import SEEN, Mirror, Scene, random_scene
from bachata_assets.synthetic.soundtrack import RHYTHMS, render_track
from bachata_assets.synthetic.truth import load_truths
from bachata_assets_tests.support.paths import SAMPLE

MAGENTA = (255, 0, 255)
GREEN = (0, 255, 0)


def small_scene(figure: str = "basic_step", **couple: float) -> Scene:
    return random_scene(3, figure, Camera(320, 180), **({"angle": 0.2, "x": 0.0, "turn_per_beat": 0.0} | couple))


@pytest.mark.parametrize("figure", FIGURES)
def test_a_wrist_that_is_seen_has_its_dancers_skin_colour_at_its_keypoint(figure: str) -> None:
    lead, follow = (
        Dancer(Body(height=h), Appearance(skin=skin, sleeves="none", legs="trousers"))
        for h, skin in ((1.8, MAGENTA), (1.66, GREEN))
    )
    scene = Scene(Couple(lead, follow, figure=FIGURES[figure], angle=0.4), camera=Camera(640, 360))
    seen = 0
    for time in (0.3, 1.4, 2.6):
        picture, truth = scene.render(time)
        for person, (strong, weak) in enumerate((((0, 2), 1), ((1,), 0))):
            for joint in WRISTS:
                if truth.visibility[person, joint] == SEEN:
                    x, y = truth.keypoints[person, joint].astype(int)
                    pixel = picture[y, x].astype(int)
                    assert pixel[list(strong)].min() > pixel[weak] + 60
                    seen += 1
    assert seen >= 2


def test_boxes_hold_every_keypoint_and_fit_the_drawn_person() -> None:
    truth = small_scene("lady_right_turn").truth(2.0)
    for points, box in zip(truth.keypoints, truth.boxes, strict=True):
        low, high = points.min(axis=0), points.max(axis=0)
        assert (low >= box[:2]).all()
        assert (high <= box[2:]).all()
        margin = 0.12 * (box[3] - box[1])
        assert (low - box[:2] < margin).all()
        assert (box[2:] - high < margin).all()


def test_the_lead_is_taller_and_stands_where_the_angle_says() -> None:
    for angle, lead_is_left in ((0.2, True), (np.pi + 0.2, False)):
        scene = small_scene("open_basic", angle=angle)
        (_, lead), (_, follow) = scene.people(1.0)
        assert lead["head"][1] > follow["head"][1]
        x = scene.truth(1.0).keypoints[..., 0].mean(axis=1)
        assert (x[0] < x[1]) == lead_is_left


def test_feet_stand_still_on_the_beat_and_step_between() -> None:
    couple = Couple(tempo=120.0, first_beat=0.0)

    def lead_ankles(beat: float) -> np.ndarray:
        joints = couple.joints(beat / 2)[0]
        return np.array([joints["left_ankle"], joints["right_ankle"]])

    for beat in range(8):
        assert np.abs(lead_ankles(beat + 0.1) - lead_ankles(beat + 0.02)).max() < 0.02
    assert np.abs(lead_ankles(2.0) - lead_ankles(1.0)).max() > 0.15


def test_the_hip_of_the_tapping_side_is_up_on_4_and_8() -> None:
    couple = Couple(tempo=120.0, first_beat=0.0)
    for beat, side in ((3, 1), (7, -1)):
        lead, follow = couple.joints(beat / 2)
        assert side * (lead["right_hip"] - lead["left_hip"])[1] > 0.02
        assert side * (follow["left_hip"] - follow["right_hip"])[1] > 0.02


def test_in_closed_hold_his_left_holds_her_right_and_his_right_is_on_her_back() -> None:
    couple = Couple(angle=0.0)
    for time in np.arange(0.3, 4.0, 0.4):
        lead, follow = couple.joints(time)
        assert np.linalg.norm(lead["left_wrist"] - follow["right_wrist"]) < 0.1
        behind = (lead["right_wrist"] - follow["neck"]) @ follow["forward"]
        assert behind < -0.02


@pytest.mark.parametrize(("figure", "turns"), [("lady_right_turn", -1), ("lady_left_turn", 1), ("basic_step", 0)])
def test_the_follow_turns_once_in_eight_beats_in_the_named_direction(figure: str, turns: int) -> None:
    couple = Couple(figure=FIGURES[figure], tempo=120.0, first_beat=0.0)
    forwards = [couple.joints(beat / 2)[1]["forward"] for beat in np.arange(0, 8.01, 0.25)]
    headings = np.unwrap([np.arctan2(f[2], f[0]) for f in forwards])
    assert headings[-1] - headings[0] == pytest.approx(turns * 2 * np.pi, abs=0.05)


def test_in_the_full_occlusion_one_dancer_is_hidden_for_a_second_and_then_seen_again() -> None:
    scene = small_scene("full_occlusion", angle=0.0, tempo=120.0, first_beat=0.0)
    hidden = [scene.truth(time).visible_fraction.min() < 0.15 for time in (3.2, 3.7, 4.2)]
    assert all(hidden)
    assert scene.truth(7.5).visible_fraction.min() > 0.6


def test_who_walks_by_is_a_third_person_with_a_role_of_its_own() -> None:
    scene = replace(small_scene(), others=(Walker(x=-1.5, z=-1.0),))
    truth = scene.truth(1.4)
    assert truth.roles == ("lead", "follow", "other")
    assert truth.keypoints.shape == (3, 17, 2)
    assert truth.visible_fraction[2] > 0.95
    assert scene.truth(2.4).keypoints[2, 0, 0] > truth.keypoints[2, 0, 0]


def test_a_mirror_shows_the_dancers_again_and_changes_no_truth() -> None:
    plain = small_scene()
    mirrored = replace(plain, mirror=Mirror())
    picture, truth = mirrored.render(1.0)
    expected = plain.truth(1.0)
    np.testing.assert_array_equal(truth.keypoints, expected.keypoints)
    np.testing.assert_array_equal(truth.boxes, expected.boxes)
    assert (np.abs(picture.astype(int) - plain.draw(1.0)).max(axis=-1) > 40).mean() > 0.005


def test_the_same_seed_draws_the_same_picture_and_another_one_another() -> None:
    first, again = (random_scene(5, camera=Camera(160, 90)).draw(0.7) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (random_scene(6, camera=Camera(160, 90)).draw(0.7) != first).mean() > 0.5


@pytest.mark.parametrize("rhythm", RHYTHMS)
def test_music_begins_on_its_first_beat_and_attacks_on_every_beat(rhythm: str) -> None:
    track = render_track(120.0, rhythm, 6.0, first_beat=0.25)
    np.testing.assert_allclose(np.diff(track.beats), 0.5)
    assert track.beats[0] == 0.25
    assert np.abs(track.samples[: round(0.25 * track.rate)]).max() == 0
    for beat in track.beats:
        start, width = round(beat * track.rate), round(0.012 * track.rate)
        before, after = track.samples[start - width : start], track.samples[start : start + width]
        assert np.square(after).mean() > 2 * np.square(before).mean()


def test_noise_is_as_loud_as_asked() -> None:
    clean, noisy = (render_track(110, seconds=4.0, noise_db=db) for db in (None, 0.0))
    gain = (clean.samples @ noisy.samples) / (clean.samples @ clean.samples)
    noise = noisy.samples - gain * clean.samples
    assert np.square(noise).mean() / np.square(gain * clean.samples).mean() == pytest.approx(1, rel=0.05)


def test_a_written_clip_has_its_frames_its_times_and_its_sound(tmp_path: Path) -> None:
    path, scene = tmp_path / "clip.mp4", small_scene()
    track = render_track(scene.couple.tempo, seconds=1.0)
    truth = write_clip(path, scene, track, 1.0, fps=Fraction(30000, 1001))
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        times = [frame.time for frame in frames]
        assert len(container.streams.audio) == 1
    np.testing.assert_allclose(times, truth.times, atol=1e-4)
    drawn = scene.draw(float(truth.times[-1])).astype(float)
    assert np.abs(frames[-1].to_ndarray(format="bgr24") - drawn).mean() < 8


def test_the_same_clip_is_written_to_the_same_bytes(tmp_path: Path) -> None:
    scene, track = small_scene(), render_track(120, seconds=0.4)
    for name in ("a.mp4", "b.mp4"):
        write_clip(tmp_path / name, scene, track, 0.4)
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_clip_that_cannot_be_drawn_leaves_no_file(tmp_path: Path) -> None:
    def broken(beat: float) -> Moment:
        raise ZeroDivisionError

    scene = Scene(Couple(figure=broken))
    with pytest.raises(ZeroDivisionError):
        write_clip(tmp_path / "clip.mp4", scene, None, 0.2)
    assert list(tmp_path.iterdir()) == []


def test_the_committed_collection_is_complete_and_small() -> None:
    files = [path for path in SAMPLE.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 2_000_000
    entries = json.loads((SAMPLE / "annotations.json").read_text())["clips"]
    assert entries == [clip.annotation() for clip in CLIPS]
    assert {SAMPLE / entry["video_path"] for entry in entries} == {f for f in files if f.suffix == ".mp4"}


@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.clip_id)
def test_the_committed_truth_and_video_are_what_is_rendered_today(clip: SampleClip) -> None:
    truth = load_truths(SAMPLE / "truth.npz")[clip.clip_id]
    scene, frame = clip.scene(), int(0.6 * len(truth.times))
    np.testing.assert_allclose(truth.times, frame_times(clip.seconds, Fraction(clip.fps)))
    picture, moment = scene.render(float(truth.times[frame]))
    np.testing.assert_allclose(truth.keypoints[frame], moment.keypoints, atol=0.01)
    np.testing.assert_allclose(truth.boxes[frame], moment.boxes, atol=0.01)
    np.testing.assert_allclose(truth.beats, [b for b in clip.track().beats if b < clip.seconds])
    assert truth.lead_side == ("left" if np.cos(clip.angle) > 0 else "right")
    with av.open(str(SAMPLE / clip.video_path)) as container:
        pictures = [f for i, f in enumerate(container.decode(video=0)) if i == frame]
    assert np.abs(pictures[0].to_ndarray(format="bgr24").astype(float) - picture).mean() < 8
