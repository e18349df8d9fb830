"""Drawn couples as keypoints, without their pictures: any amount of motion, for the encoder of `retrieval.py`."""

from itertools import product

import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.synthetic.body import coco_points
from bachata_assets.synthetic.figures import FIGURES
from bachata_assets.synthetic.scene import Scene, random_scene

FPS = 15.0
JITTER = 0.008
"""Deviation of a pose model's error, in heights of the picture."""


def rendered_couples(seeds: int, seconds: float = 12.0) -> list[CoupleKeypoints]:
    """Return a couple for each figure and seed; bodies, sides, tempo and camera are drawn by lot."""
    return [rendered_couple(random_scene(seed, figure), seconds) for figure, seed in product(FIGURES, range(seeds))]


def rendered_couple(scene: Scene, seconds: float) -> CoupleKeypoints:
    """Return the lead and the follow of a scene as a pose model with a little jitter would find them."""
    times, camera = np.arange(round(seconds * FPS)) / FPS, scene.camera
    joints = np.array([[coco_points(joints) for _, joints in scene.people(float(time))] for time in times])
    points = camera.project(joints)[..., :2]
    points += np.random.default_rng(0).normal(0, JITTER * camera.height, points.shape)
    valid = np.ones(points.shape[:2], bool)
    return CoupleKeypoints(
        times=times,
        boxes=np.concatenate([points.min(axis=2), points.max(axis=2)], axis=-1).astype(np.float32),
        keypoints=np.concatenate([points, np.ones((*points.shape[:-1], 1))], axis=-1).astype(np.float32),
        valid=valid,
        interpolated=np.zeros_like(valid),
        occlusion_recovery=np.zeros_like(valid),
        track_ids=(0, 1),
        fps=FPS,
        width=camera.width,
        height=camera.height,
        role_confidence=1.0,
    )
