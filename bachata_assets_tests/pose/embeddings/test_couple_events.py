"""Turns, holds, dips and who initiates, of drawn couples."""

import numpy as np
import pytest

from bachata_assets.pose.embeddings.body_signals import body_signals
from bachata_assets.pose.embeddings.clock import clock_of
from bachata_assets.pose.embeddings.couple_events import couple_events
from bachata_assets.pose.embeddings.couple_signals import couple_signals
from bachata_assets.pose.embeddings.motion import joints_on_grid
from bachata_assets_tests.support.synthetic_couple import couple, dancer

TIMES = np.arange(240) / 15


def events(lead: np.ndarray, follow: np.ndarray) -> dict[str, float]:
    joints = joints_on_grid(couple(lead, follow, TIMES), clock_of(None))
    return couple_events(couple_signals(joints), body_signals(joints[:, 0]), body_signals(joints[:, 1]))


def test_turns_are_counted_of_the_one_who_turns() -> None:
    counted = events(dancer(TIMES), dancer(TIMES, at=(400, 360), turn_s=4.0))
    assert counted["lead's turns"] == 0
    # Four turns in 16 s are eight half turns in 32 beats.
    assert np.expm1(counted["follow's turns"]) == pytest.approx(2, abs=0.3)


def test_the_one_who_moves_first_initiates() -> None:
    first, later = dancer(TIMES), dancer(TIMES, at=(420, 360), phase=np.pi / 4)
    assert events(first, later)["lead initiates sway"] > 0.1
    assert events(later, first)["lead initiates sway"] < -0.1


def test_swaying_together_and_against_each_other() -> None:
    together = dancer(TIMES, at=(420, 360))
    against = dancer(TIMES, at=(420, 360), phase=np.pi)
    assert events(dancer(TIMES), together)["sway together"] > 0.95
    assert events(dancer(TIMES), against)["sway together"] < -0.95


def test_hands_that_meet_are_hand_in_hand() -> None:
    near, far = dancer(TIMES, at=(340, 360)), dancer(TIMES, at=(700, 360))
    assert events(dancer(TIMES), near)["hand in hand"] > 0.9
    assert events(dancer(TIMES), far)["hand in hand"] == 0
    assert events(dancer(TIMES), far)["open position"] == 1


def test_a_head_far_below_the_partner_s_is_a_dip() -> None:
    low = dancer(TIMES, at=(420, 360))
    low[100:140, :, 1] += 60
    assert events(dancer(TIMES), low)["follow dips"] == pytest.approx(40 / 240, abs=0.05)
    assert events(low, dancer(TIMES))["follow dips"] == 0


def test_who_shows_the_same_front() -> None:
    back = dancer(TIMES, at=(420, 360))
    mirrored_back = 2 * back[:, 11:13].mean(axis=1, keepdims=True)[..., 0] - back[..., 0]
    turned = np.stack([mirrored_back, back[..., 1]], axis=-1)
    assert events(dancer(TIMES), back)["same front"] == 1
    assert events(dancer(TIMES), turned)["opposite fronts"] == 1
