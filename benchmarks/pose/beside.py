"""Two real couples in one picture, or one beside its mirror image: whether one couple is kept, as if it were alone.

    uv run python -m benchmarks.pose.beside

The first five seconds of two clips are written side by side, at one height. The couple that the platform chooses is
compared with the same part of the picture alone.
"""

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.video.sampling import sample_frames
from bachata_assets.video.writer import VideoWriter
from bachata_assets_tests.support.paths import REAL_CLIPS
from benchmarks.pose.camera import cosines, same_lead

SECONDS = 5.0
FPS = 15
HEIGHT = 720
PAIRS = (
    ("basic_step_1", "combination_5"),
    ("cross_body_lead_1", "forward_backward_3"),
    ("shadow_position_1", "arm_styling_1"),
    ("lady_left_turn_2", "basic_step_2"),
    ("hammerlock_2", "cross_body_lead_4"),
    ("basic_step_1", None),
    ("combination_5", None),
    ("cross_body_lead_4", None),
)
"""Left and right clip; None: the mirror image of the left one."""


def pictures(name: str) -> list[np.ndarray]:
    """Return the first seconds of a clip, uint8 (HEIGHT, W, 3) BGR."""
    (path,) = (REAL_CLIPS / "Bachata_steps").rglob(f"{name}.mp4")
    shown = []
    for time_s, picture in sample_frames(path, FPS):
        if time_s > SECONDS:
            break
        width = round(picture.shape[1] * HEIGHT / picture.shape[0] / 2) * 2
        shown.append(cv2.resize(picture, (width, HEIGHT), interpolation=cv2.INTER_AREA))
    return shown


def write(path: Path, shown: list[np.ndarray]) -> None:
    """Write pictures as a clip."""
    size = (shown[0].shape[1], HEIGHT)
    with VideoWriter.open(path, size, Fraction(FPS), {"crf": "20", "preset": "veryfast"}, threads=1) as writer:
        for index, picture in enumerate(shown):
            writer.add_picture(picture, index / FPS)


def on_the_left(couple: CoupleKeypoints, middle: float) -> np.ndarray:
    """Return how often the dancers found are left of the middle, share of the boxes of each dancer (2,)."""
    centers = couple.boxes[..., [0, 2]].mean(axis=-1)
    return np.array([(centers[couple.valid[:, who], who] < middle).mean() for who in (0, 1)])


def row(estimate: CouplePoseEstimator, left: str, right: str | None, file: Path) -> str:
    """Return the table's row of two clips."""
    one = pictures(left)
    other = pictures(right) if right else [picture[:, ::-1] for picture in one]
    write(file, [np.hstack(pair) for pair in zip(one, other, strict=False)])
    both = estimate(file)
    middle = one[0].shape[1]
    share = on_the_left(both, middle)
    is_left = share.mean() > 0.5
    count = min(len(one), len(other))
    write(file, (one if is_left else other)[:count])
    alone = estimate(file)
    kept = (share if is_left else 1 - share).min()
    shift = np.array([0 if is_left else middle, 0, 0])
    moved = CoupleKeypoints(**{**both.__dict__, "keypoints": both.keypoints - shift})
    likeness = ", ".join(f"{cosine:.2f}" for cosine in cosines(alone, both))
    name = f"{left} beside {right or 'its mirror image'}"
    which = "left" if is_left else "right"
    found = f"{both.detection_rate:.2f} ({alone.detection_rate:.2f})"
    lead = "yes" if same_lead(alone, moved) else "no"
    return f"| {name} | {which}: {kept:.2f} | {both.couple_confidence:.2f} | {found} | {lead} | {likeness} |"


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    estimate = CouplePoseEstimator(PoseModels.load())
    print("| | the couple taken, and its share of the poses | confidence | both found (alone) | lead as alone", end=" ")
    print("| cosine to the clip alone: lead, follow, interaction |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for left, right in PAIRS:
            print(row(estimate, left, right, Path(folder) / "beside.mp4"), flush=True)


if __name__ == "__main__":
    main()
