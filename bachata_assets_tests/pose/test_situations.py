"""Each situation in which a tracker takes the two dancers for one another, as a drawn clip with exact truth.

More seeds and longer clips: `benchmarks/pose/couple.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.synthetic.camera import Camera
from bachata_assets.synthetic.clip_writer import write_clip
from bachata_assets.synthetic.people import Walker
from bachata_assets.synthetic.scene import Mirror, Scene, random_scene
from bachata_assets.synthetic.truth import ClipTruth

VISIBLE = 0.3
"""Share of a dancer's outline in sight from which the dancer counts as visible."""


def scene(figure: str, first_beat: float = 0.0, seed: int = 0) -> Scene:
    return random_scene(seed, figure, Camera(640, 360), first_beat=first_beat)


SITUATIONS = {
    "crossing": (scene("cross_body_lead", -0.8, seed=6), 2.4),
    "turn": (scene("lady_right_turn", -1.2), 2.4),
    "full_occlusion": (scene("full_occlusion", -1.4, seed=1), 4.2),
    "third_person": (replace(scene("open_basic"), others=(Walker(x=-1.4, z=0.8, speed=1.2),)), 2.4),
    "third_person_at_crossing": (
        replace(scene("cross_body_lead", -1.0), others=(Walker(x=-2.0, z=0.8, speed=1.2),)),
        3.0,
    ),
    "mirror": (replace(scene("lady_left_turn", -1.2), mirror=Mirror()), 2.4),
}


@dataclass(frozen=True)
class Seen:
    """What was found of a drawn clip, beside its truth at the same times."""

    couple: CoupleKeypoints
    truth: ClipTruth

    @property
    def visible(self) -> np.ndarray:
        """Bool (T, 2): enough of the dancer is in sight."""
        return self.truth.visible_fraction[:, :2] > VISIBLE

    def errors(self, order: slice = np.s_[:]) -> np.ndarray:
        """Return each dancer's mean keypoint error (T, 2), in body heights, in the roles' order or exchanged."""
        height = np.median(self.truth.boxes[:, :2, 3] - self.truth.boxes[:, :2, 1])
        off = self.couple.keypoints[:, order, :, :2] - self.truth.keypoints[:, :2]
        return np.linalg.norm(off, axis=-1).mean(axis=-1) / height


@pytest.fixture(scope="session")
def watch(estimate: CouplePoseEstimator, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Seen]:
    """Draw a situation and find the couple in it, once for all tests."""
    seen: dict[str, Seen] = {}

    def watched(name: str) -> Seen:
        if name not in seen:
            drawn, seconds = SITUATIONS[name]
            path = tmp_path_factory.mktemp("situations") / f"{name}.mp4"
            truth = write_clip(path, drawn, None, seconds, fps=Fraction(15))
            seen[name] = Seen(estimate(path), truth)
        return seen[name]

    return watched


@pytest.mark.parametrize("name", SITUATIONS)
def test_both_keep_their_identities_and_the_lead_leads(watch: Callable[[str], Seen], name: str) -> None:
    seen = watch(name)
    both = seen.couple.valid.all(axis=1) & seen.visible.all(axis=1)
    assert both.mean() > (0.45 if name == "full_occlusion" else 0.9)
    right, exchanged = seen.errors()[both].mean(axis=1), seen.errors(np.s_[::-1])[both].mean(axis=1)
    assert (right < exchanged).all()


@pytest.mark.parametrize("name", SITUATIONS)
def test_whoever_is_in_sight_is_found_where_they_stand(watch: Callable[[str], Seen], name: str) -> None:
    seen = watch(name)
    assert (seen.couple.valid | ~seen.visible).mean() > 0.95
    off = seen.errors()[seen.couple.valid & seen.visible]
    assert off.mean() < (0.08 if name == "full_occlusion" else 0.06)
    assert off.max() < 0.3  # nobody else's body


def test_one_stays_while_the_other_is_hidden_for_a_second(watch: Callable[[str], Seen]) -> None:
    seen = watch("full_occlusion")
    hidden = ~seen.visible.all(axis=1)
    assert hidden.sum() >= 15
    assert (seen.couple.valid | ~seen.visible)[hidden].all()


def test_a_place_where_identities_are_not_certain_is_flagged_and_a_plain_crossing_is_not(
    watch: Callable[[str], Seen],
) -> None:
    truth = watch("third_person_at_crossing").truth
    lead, follow = truth.keypoints[:, :2, :, 0].mean(axis=-1).T
    crossed = truth.times[np.flatnonzero(np.diff(np.sign(lead - follow)))[0]]
    walker = truth.keypoints[:, 2, :, 0].mean(axis=-1)
    over = truth.times[np.minimum(np.abs(walker - lead), np.abs(walker - follow)) < 25]
    at_crossing, at_walker = watch("third_person_at_crossing").couple.identity_switches
    assert abs(at_crossing - crossed) < 0.7
    assert np.abs(over - at_walker).min() < 0.5
    for name in ("crossing", "third_person", "turn", "mirror"):
        assert watch(name).couple.identity_switches == ()
