"""Everyone in a clip, as a picture and by number."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from bachata_assets.annotation import PlaceOfCouple
from bachata_assets.pose.drawing.people_picture import HEIGHT, people_picture, seen_people
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets_tests.support.clips import write_pictures
from bachata_assets_tests.support.paths import SAMPLE_CLIP


def test_an_empty_room_has_a_picture_and_nobody_in_it(estimate: CouplePoseEstimator, tmp_path: Path) -> None:
    room = write_pictures(tmp_path / "room.mp4", [np.full((180, 320, 3), 120, np.uint8)] * 20)
    seen = estimate.people(room)
    assert seen_people(seen, seen.choose(), 0.5) == []
    assert Image.open(io.BytesIO(people_picture(seen, seen.choose()))).height == HEIGHT


def test_each_person_is_described_by_number_time_and_place_in_the_videos_own_pixels(
    estimate: CouplePoseEstimator,
) -> None:
    seen = estimate.people(SAMPLE_CLIP)
    people = seen_people(seen, seen.choose(), 0.5)
    assert [(person.number, person.part) for person in people] == [(1, "the couple"), (2, "the couple")]
    couple = estimate(SAMPLE_CLIP)
    for person, who in zip(people, np.nanmean(couple.boxes[..., 0], axis=0).argsort(), strict=True):
        assert person.start_s < 0.5
        assert person.end_s > 5
        frame = int(np.abs(couple.times - person.at_s).argmin())
        assert np.abs(couple.boxes[frame, who] - person.box).max() < 0.05 * couple.height
    of_both = PlaceOfCouple((0, 0, couple.width, couple.height), people[0].at_s)
    assert seen.choose(of_both).pair == seen.choose((1, 2)).pair
