"""A closer look at people who are small in the picture."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bachata_assets.pose.clip_frames import ClipFrames
from bachata_assets.pose.closer import closer_look
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.tracking.activity import ActivityMap
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets.pose.tracking.parameters import DEFAULTS
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.clip_writer import write_clip
from bachata_assets.synthetic.scene import random_scene
from bachata_assets.video.display import Region
from bachata_assets_tests.support.clips import write_pictures
from bachata_assets_tests.support.figures import person, seen

SIZE = (640, 360)


def region(candidates: Candidates, moves: tuple[int, int, int, int]) -> Region | None:
    """Return where to look again in a clip in which a place x1 y1 x2 y2 changes."""
    activity = ActivityMap()
    left, top, right, bottom = moves
    for index in range(12):
        picture = np.full((360, 640, 3), 90, np.uint8)
        picture[top:bottom, left:right] = 60 * (index % 3)
        activity.add(picture)
    return closer_look([candidates] * 12, activity, SIZE, DEFAULTS.closer)


def test_large_people_are_not_looked_at_again() -> None:
    assert region(seen((person(300, height=240), 0.8, 0)), (250, 60, 400, 300)) is None


@pytest.mark.parametrize("found", [seen(), seen((person(300, top=120, height=120), 0.8, 0))])
def test_small_people_are_looked_at_where_they_move(found: Candidates) -> None:
    closer = region(found, (250, 120, 400, 240))
    assert closer is not None
    assert closer.left < 220
    assert closer.right > 430
    assert 90 < closer.top < 120
    assert 240 < closer.bottom < 270
    assert closer.size[0] > 1.7 * closer.size[1]


def test_people_of_a_whole_floor_are_looked_at_in_a_strip_of_which_tiles_are_shown() -> None:
    closer = region(seen(), (20, 120, 620, 280))
    assert closer is not None
    assert closer.size[0] >= 2.4 * closer.size[1]


def test_where_everything_changes_nothing_is_gained() -> None:
    assert region(seen(), (0, 0, 640, 360)) is None
    assert region(seen(), (0, 0, 1, 1)) is None


def test_the_part_is_as_large_as_the_video_has_it(tmp_path: Path) -> None:
    picture = np.tile(np.linspace(30, 250, 1280).astype(np.uint8)[None, :, None], (720, 1, 3))
    frames = ClipFrames(write_pictures(tmp_path / "large.mp4", [picture] * 4))
    assert next(iter(frames))[1].shape == (360, 640, 3)
    frames.look_at(Region(100, 90, 420, 270))
    assert frames.region == Region(200, 180, 840, 540)
    (_, picture), *_ = frames
    assert picture.shape == (360, 640, 3)
    assert np.abs(picture[:, :, 0].mean(axis=0) - (30 + np.linspace(200, 840, 640) * 220 / 1280)).max() < 9


def test_of_two_small_couples_one_is_found_and_kept(estimate: CouplePoseEstimator, tmp_path: Path) -> None:
    camera = Camera(640, 360, distance=7.5, fill=0.36)
    scene = random_scene(1, "basic_step", camera, first_beat=-1.0)
    other = replace(random_scene(2, "basic_step", camera, first_beat=-1.0).couple, x=1.2, z=0.2)
    scene = replace(scene, couple=replace(scene.couple, x=-1.15), others=(other,))
    truth = write_clip(tmp_path / "two.mp4", scene, None, 4.0, fps=Fraction(15))
    couple = estimate(tmp_path / "two.mp4")
    assert couple.detection_rate > 0.95
    height = np.median(truth.boxes[..., 3] - truth.boxes[..., 1])
    off = np.linalg.norm(couple.keypoints[:, :, None, :, :2] - truth.keypoints[:, None], axis=-1).mean(axis=-1) / height
    who = np.where(couple.valid, off.argmin(axis=-1), -1)
    assert (who == [0, 1]).all(axis=1).mean() > 0.95  # lead and follow of one couple, in order
    assert couple.couples_seen == 2
