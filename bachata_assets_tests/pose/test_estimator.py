"""The couple found in whole clips, real and drawn."""

from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from bachata_assets.annotation import PlaceOfCouple, SaidCouple
from bachata_assets.pose.clip_frames import ClipFrames, EndedError
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.scene import random_scene
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets_tests.support.clips import write_pictures
from bachata_assets_tests.support.figures import box_of


@pytest.fixture(scope="module")
def real_couple(estimate: CouplePoseEstimator, real_clip: Path) -> CoupleKeypoints:
    return estimate(real_clip)


def test_a_real_turn_keeps_both_dancers_and_their_roles(real_couple: CoupleKeypoints) -> None:
    couple = real_couple
    assert couple.frame_count == 57  # 3.75 s
    assert np.allclose(np.diff(couple.times), 1 / 15)
    assert couple.detection_rate > 0.95
    assert couple.quality_score > 0.8
    assert (couple.width, couple.height) == (1280, 720)
    lead_x, follow_x = couple.boxes[7, :, [0, 2]].mean(axis=0)
    assert lead_x < follow_x  # ../shared/clips/README.md: the lead is on the left
    assert couple.role_confidence > 0.8
    assert couple.identity_switches == ()


def test_the_table_holds_what_was_estimated(real_couple: CoupleKeypoints) -> None:
    again = CoupleKeypoints.from_table(real_couple.to_table())
    assert np.allclose(again.keypoints, real_couple.keypoints, equal_nan=True)
    assert again.summary() == real_couple.summary()


def test_pose_and_box_agree_in_the_videos_own_pixels(real_couple: CoupleKeypoints) -> None:
    couple = real_couple
    both = couple.valid.all(axis=1)
    middle = (couple.boxes[both, :, :2] + couple.boxes[both, :, 2:]) / 2
    of_pose = box_of(couple.keypoints[both])
    height = couple.boxes[both, :, 3] - couple.boxes[both, :, 1]
    away = np.linalg.norm((of_pose[..., :2] + of_pose[..., 2:]) / 2 - middle, axis=-1) / height
    assert np.median(away) < 0.05


def test_from_where_a_person_says_so_the_dancers_are_exchanged(
    estimate: CouplePoseEstimator, real_clip: Path, real_couple: CoupleKeypoints
) -> None:
    wrong = estimate(real_clip, "left", swapped_at=(2.0,))
    before = wrong.times < 1.9
    after = wrong.times > 2.1
    assert np.allclose(wrong.boxes[before], real_couple.boxes[before], atol=2, equal_nan=True)
    assert np.allclose(wrong.boxes[after][:, ::-1], real_couple.boxes[after], atol=2, equal_nan=True)
    assert wrong.identity_switches == ()  # a person has looked there


def test_an_empty_room_has_no_couple(estimate: CouplePoseEstimator, tmp_path: Path) -> None:
    path = write_pictures(tmp_path / "room.mp4", [np.full((180, 320, 3), 120, np.uint8)] * 20)
    with pytest.raises(NoCoupleError, match=r"room\.mp4: nobody found in 20 frames\. Check"):
        estimate(path)


def test_one_dancer_alone_is_no_couple(estimate: CouplePoseEstimator, tmp_path: Path) -> None:
    scene = random_scene(0, "open_basic", Camera(640, 360), angle=0.0, turn_per_beat=0.0)
    room = scene.draw(0.0)[:, :1]
    pictures = [scene.draw(t / 15) for t in range(20)]
    middle = int(scene.truth(0.0).boxes[:2, [0, 2]].mean())
    alone = [np.concatenate([p[:, :middle], np.repeat(room, 640 - middle, axis=1)], axis=1) for p in pictures]
    with pytest.raises(NoCoupleError, match=r"alone\.mp4: only one person found in 20 frames, and no partner\. Check"):
        estimate(write_pictures(tmp_path / "alone.mp4", alone))


@pytest.mark.parametrize(
    ("degrees", "said"),
    [
        (90, r"the video is shown on its side\. Turn it by 270 degrees clockwise .* -vf transpose=2"),
        (180, r"the video is shown upside down\. Turn it by 180 degrees clockwise .* -vf hflip,vflip"),
        (270, r"the video is shown on its side\. Turn it by 90 degrees clockwise .* -vf transpose=1"),
    ],
)
def test_a_video_that_was_filmed_with_the_phone_turned_says_how_to_turn_it(
    estimate: CouplePoseEstimator, real_clip: Path, tmp_path: Path, degrees: int, said: str
) -> None:
    pictures = [picture for _, picture in ClipFrames(real_clip)][:30]
    turned = [np.ascontiguousarray(np.rot90(picture, -degrees // 90)) for picture in pictures]
    with pytest.raises(NoCoupleError, match=said):
        estimate(write_pictures(tmp_path / "turned.mp4", turned))


def test_beside_an_equal_mirror_image_the_side_is_unsure_until_a_person_says_it(
    estimate: CouplePoseEstimator, real_clip: Path, tmp_path: Path
) -> None:
    pictures = [picture for _, picture in ClipFrames(real_clip)][:40]
    clip = write_pictures(tmp_path / "mirror.mp4", [np.hstack([one, one[:, ::-1]]) for one in pictures])
    unsaid = estimate(clip)
    assert unsaid.mirror_images == 2
    assert unsaid.couple_confidence <= 0.5
    box = PlaceOfCouple((unsaid.width // 2, 0, unsaid.width, unsaid.height), 1.0)
    sides: list[tuple[SaidCouple, bool]] = [("left", True), ("right", False), ((1, 2), True), (box, False)]
    for said, is_left in sides:
        couple = estimate(clip, said=said)
        assert couple.detection_rate > 0.9
        assert couple.couple_confidence == 1
        assert (np.nanmax(couple.boxes[..., 0]) < couple.width / 2) == is_left
        assert (np.nanmin(couple.boxes[..., 2]) > couple.width / 2) == (not is_left)


def test_a_named_couple_that_is_not_there_is_never_another_one(estimate: CouplePoseEstimator, real_clip: Path) -> None:
    with pytest.raises(NoCoupleError, match=r'"couple": \[1, 7\] in the annotation: there is no number 7, .*--people'):
        estimate(real_clip, said=(1, 7))


def test_a_clip_shorter_than_a_look_is_read(estimate: CouplePoseEstimator, real_clip: Path, tmp_path: Path) -> None:
    picture = next(iter(ClipFrames(real_clip)))[1]
    couple = estimate(write_pictures(tmp_path / "one.mp4", [picture]))
    assert couple.frame_count == 1
    assert couple.valid.all()


def test_whoever_waits_is_told_how_much_is_done(estimate: CouplePoseEstimator, real_clip: Path) -> None:
    shares: list[float] = []
    estimate.with_pictures(real_clip, watch=shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.05
    assert 0.6 < shares[-1] <= 1


def test_black_borders_change_nothing_but_the_place(
    estimate: CouplePoseEstimator, real_clip: Path, real_couple: CoupleKeypoints, tmp_path: Path
) -> None:
    inside = [picture for _, picture in ClipFrames(real_clip)]
    height, width = inside[0].shape[:2]
    bordered = [np.pad(picture, ((100, 60), (160, 40), (0, 0))) for picture in inside]
    couple, pictures = estimate.with_pictures(write_pictures(tmp_path / "bordered.mp4", bordered))
    assert (couple.width, couple.height) == (width + 200, height + 160)
    assert couple.detection_rate == real_couple.detection_rate
    to_own = width / real_couple.width
    expected = real_couple.keypoints[..., :2] * to_own + [160, 100]
    certain = (couple.keypoints[..., 2] > 0.5) & (real_couple.keypoints[..., 2] > 0.5)
    away = np.linalg.norm(couple.keypoints[..., :2] - expected, axis=-1)[certain]
    assert certain.mean() > 0.5
    assert np.median(away) < 1.5
    assert np.abs(np.nanmedian(couple.boxes - (real_couple.boxes * to_own + [160, 100, 160, 100]), axis=0)).max() < 2
    for index, picture in pictures:
        assert np.abs(np.subtract(picture.shape, bordered[index].shape)).max() <= 2
        as_large = cv2.resize(bordered[index], picture.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(picture.astype(int) - as_large).mean() < 4


def test_a_clip_that_nobody_waits_for_is_left(estimate: CouplePoseEstimator, real_clip: Path) -> None:
    ended = Event()
    ended.set()
    with pytest.raises(EndedError, match=real_clip.stem):
        estimate.with_pictures(real_clip, ended=ended)


def test_a_text_file_is_unreadable(estimate: CouplePoseEstimator, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(UnreadableVideoError, match=r"text\.mp4"):
        estimate(tmp_path / "text.mp4")


def test_frames_beyond_the_memory_budget_are_decoded_again(tmp_path: Path) -> None:
    pictures = [np.full((96, 160, 3), 5 * i, np.uint8) for i in range(20)]
    path = write_pictures(tmp_path / "clip.mp4", pictures)
    kept, decoded = ClipFrames(path), ClipFrames(path, budget=5 * pictures[0].nbytes)
    for frames in (kept, decoded):
        first, second = list(frames), list(frames)
        assert len(first) == 20
        assert all(a[0] == b[0] and (a[1] == b[1]).all() for a, b in zip(first, second, strict=True))
    assert kept._kept is not None
    assert decoded._kept is None
