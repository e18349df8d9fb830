"""Stick figures who dance for a few seconds, for tests of who is followed and who is chosen."""

import numpy as np

from bachata_assets.pose.skeleton import MIRRORED
from bachata_assets.pose.tracking.candidates import Candidates
from bachata_assets_tests.support.figures import person, seen

RED, BLUE, GREEN, BROWN = 10, 60, 100, 35
STEP_S = 2 / 15
SIZE = (1280, 360)
STEPS = 48
"""Length and number of the steps, and size of the pictures, px."""


def dancer(x: float, seed: int, height: float = 250.0, pace: float = 1.0) -> list[np.ndarray]:
    """Return the poses of someone who sways about x and moves arms and legs in a way of their own."""
    random = np.random.default_rng(seed)
    phases = random.uniform(0, 6, (17, 2))
    speeds = random.uniform(1.5, 4, (17, 2))
    sway = random.uniform(0, 6)
    poses = []
    for step in range(STEPS):
        time_s = step * STEP_S * pace
        pose = person(x + 8 * np.sin(2 * time_s + sway), height=height)
        pose[:, :2] += 6 * np.sin(speeds * time_s + phases) * (np.arange(17) >= 7)[:, None]
        poses.append(pose)
    return poses


def couple(x: float, seed: int, height: float = 250.0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return two who dance together: at arm's length, their hands together."""
    return dancer(x - 0.14 * height, seed, height), dancer(x + 0.14 * height, seed + 1, height)


def moved(far: float, step: int, start: int, steps: int) -> np.ndarray:
    """Return what is added to a pose (17, 3) of someone who goes `far` px to the right from step `start` on."""
    return np.array([far * np.clip((step - start) / steps, 0, 1), 0, 0], np.float32)


def frames(*people: tuple[list[np.ndarray], int]) -> list[Candidates]:
    """Return the candidates of each step: poses over time and shade of the clothes of each person."""
    return [seen(*((poses[step], 0.7, shade) for poses, shade in people)) for step in range(STEPS)]


def mirrored_beside(
    poses: list[np.ndarray], size: float = 1.0, across: float = 1280, below: float = 0
) -> list[np.ndarray]:
    """Return someone's image in a mirror beside, `size` times as large; `across` px is twice where the glass is."""
    return [(pose * [-size, size, 1] + [across, below, 0])[MIRRORED].astype(np.float32) for pose in poses]
