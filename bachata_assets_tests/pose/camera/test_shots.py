"""Cuts of a clip: pictures of drawn couples in drawn rooms, one after another."""

from pathlib import Path

import numpy as np
import pytest

from bachata_assets.annotation import PlaceOfCouple
from bachata_assets.pose.camera.shots import CutFinder
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.missing_frames import within_clip
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.scene import Scene, random_scene
from bachata_assets_tests.support.clips import write_pictures
from bachata_assets_tests.support.synthetic_couple import a_couple


def shot(seed: int, steps: int, figure: str = "lady_right_turn", camera: Camera | None = None) -> list[np.ndarray]:
    scene = random_scene(seed, figure, camera or Camera(320, 180), first_beat=-1.0)
    return [scene.draw(step * 2 / 15) for step in range(steps)]


def cuts(pictures: list[np.ndarray]) -> list[int]:
    finder = CutFinder()
    for step, picture in enumerate(pictures):
        finder.add(step, picture)
    return finder.found()


def test_another_room_begins_another_shot() -> None:
    assert cuts(shot(1, 10) + shot(2, 9) + shot(3, 3)) == [10, 19]


def test_so_does_another_time_before_the_same_tripod() -> None:
    pictures = shot(1, 24)
    assert cuts(pictures[:8] + [picture[:, ::-1] for picture in pictures[8:]]) == [8]


def test_dancers_who_turn_and_cross_cut_nothing() -> None:
    for seed, figure in ((1, "lady_right_turn"), (6, "cross_body_lead"), (4, "full_occlusion")):
        assert cuts(shot(seed, 30, figure)) == []


@pytest.mark.parametrize("light", [lambda p: p // 3, lambda p: np.minimum(p.astype(int) + 90, 255).astype(np.uint8)])
def test_light_that_flashes_or_goes_out_cuts_nothing(light) -> None:  # type: ignore[no-untyped-def]
    pictures = shot(1, 20)
    flash = [light(picture) if step in (8, 9) else picture for step, picture in enumerate(pictures)]
    out = [light(picture) if step >= 8 else picture for step, picture in enumerate(pictures)]
    assert cuts(flash) == []
    assert cuts(out) == []


def test_somebody_close_by_cuts_nothing() -> None:
    pictures = shot(1, 20)
    for picture in pictures[8:10]:
        picture[:, 60:260] = 40
    assert cuts(pictures) == []


def test_a_cut_is_known_at_the_end_too() -> None:
    assert cuts(shot(1, 10) + shot(2, 1)) == [10]


def test_in_the_shots_that_do_not_count_nobody_is_found() -> None:
    couple = a_couple(2.0)
    times = np.arange(50) / 15
    whole = within_clip(couple, times, 12, (0.8,))
    assert whole.frame_count == 50
    assert (whole.valid[12:42] == couple.valid).all()
    assert not whole.valid[:12].any()
    assert not whole.valid[42:].any()
    assert np.isnan(whole.keypoints[:12]).all()
    assert whole.cuts == type(whole).from_table(whole.to_table()).cuts == (0.8,)
    assert within_clip(couple, couple.times, 0, ()) is couple


@pytest.fixture(scope="module")
def cut_scenes() -> list[Scene]:
    return [random_scene(seed, "open_basic", Camera(640, 360), first_beat=-1.0) for seed in (3, 0)]


@pytest.fixture(scope="module")
def cut_clip(cut_scenes: list[Scene], tmp_path_factory: pytest.TempPathFactory) -> Path:
    pictures = [cut_scenes[index >= 17].draw(index / 15) for index in range(50)]
    return write_pictures(tmp_path_factory.mktemp("cut") / "cut.mp4", pictures)


def test_of_two_shots_the_longer_one_counts(
    estimate: CouplePoseEstimator, cut_scenes: list[Scene], cut_clip: Path
) -> None:
    couple, shown = estimate.with_pictures(cut_clip)
    assert list(couple.cuts) == pytest.approx([18 / 15], abs=0.01)
    assert couple.frame_count == 50
    assert couple.valid[18:].all()
    assert not couple.valid[:18].any()
    assert all(index >= 18 for index, _ in shown)
    truth = cut_scenes[1].truth(30 / 15).keypoints
    assert np.abs(couple.keypoints[30, :, :, :2] - truth).mean() < 15


def test_the_shot_that_an_annotation_points_at_counts(
    estimate: CouplePoseEstimator, cut_scenes: list[Scene], cut_clip: Path
) -> None:
    couple = estimate(cut_clip, said=PlaceOfCouple((0, 0, 640, 360), 0.4))
    assert couple.valid[:17].all()
    assert not couple.valid[18:].any()
    assert list(couple.cuts) == pytest.approx([18 / 15], abs=0.01)
    truth = cut_scenes[0].truth(10 / 15).keypoints
    assert np.abs(couple.keypoints[10, :, :, :2] - truth).mean() < 15
    with pytest.raises(NoCoupleError, match="at 60 s: there is no picture at that time"):
        estimate(cut_clip, said=PlaceOfCouple((0, 0, 640, 360), 60.0))
