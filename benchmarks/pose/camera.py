"""What a moving camera does to the vectors: windows with known motion over real clips that a tripod filmed.

    uv run python -m benchmarks.pose.camera                  # all 14 clips, six seconds of each
    uv run python -m benchmarks.pose.camera --clips dip_1 basic_step_1

Each clip is written once through a window that stands still and once for each motion. Of a motion it prints the
cosines of lead, follow and interaction vector to the still ones, whether the lead is the same, and how far the
estimated motion is from the true one: the median over frames and places, in % of the motion's own range. The first
column is the measure for the others: what a window that stands still elsewhere changes by itself.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from bachata_assets.families import Absent
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings import dancer_embedding, interaction_embedding
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.geometry import stabilised
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.no_couple import NoCoupleError
from bachata_assets.video.sampling import sample_frames
from bachata_assets.video.writer import VideoWriter
from bachata_assets_tests.support.paths import REAL_CLIPS

SECONDS = 6.0
FPS = 30
MARGIN_X, MARGIN_Y = 90, 30
"""How far the window stays from the edges of a picture of 1,280 x 720, px."""

Window = tuple[float, float, float]
"""Place of the window's middle beside the picture's, x y in px, and its zoom."""


def tremor(time: float) -> np.ndarray:
    """Return the shake of a hand, x y px: 8 px at 5 to 8 Hz."""
    return 4 * np.array([np.sin(33 * time) + np.sin(47 * time + 1), np.sin(37 * time + 2) + np.sin(51 * time + 3)])


def sway(time: float) -> Window:
    """Return 70 px to each side in 2 s, with a tremor."""
    x, y = np.array([70 * np.sin(np.pi * time), 12 * np.sin(2.1 * time)]) + tremor(time)
    return float(x), float(y), 1.0


def tremble(time: float) -> Window:
    """Return the tremor alone."""
    x, y = tremor(time)
    return float(x), float(y), 1.0


MOTIONS: dict[str, Callable[[float], Window]] = {
    "none, 12 px aside": lambda _time: (12.0, 5.0, 1.0),
    "sway": sway,
    "pan": lambda time: (150 * time / SECONDS - 75, 0.0, 1.0),
    "tremble": tremble,
    "zoom to 1.2": lambda time: (0.0, 0.0, 1 + 0.2 * time / SECONDS),
    "zoom to 1.4": lambda time: (0.0, 0.0, 1 + 0.4 * time / SECONDS),
}


def still(_time: float) -> Window:
    """Return the window that does not move."""
    return 0.0, 0.0, 1.0


def matrix(window: Window, picture: tuple[int, int], size: tuple[int, int]) -> np.ndarray:
    """Return the 3x3 matrix from the picture (width, height) to the window (width, height)."""
    x, y, zoom = window
    middle = np.array(picture) / 2 + np.array([x, y]) * picture[1] / 720
    shift = np.array(size) / 2 - zoom * middle
    return np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]], [0, 0, 1]])


class Filmed:
    """The beginning of a clip, to be written through windows.

    Parameters
    ----------
    path : Path
        The clip.
    """

    def __init__(self, path: Path) -> None:
        self.frames = []
        for time, picture in sample_frames(path, FPS):
            if time > SECONDS:
                break
            self.frames.append((time, picture))
        height, width = self.frames[0][1].shape[:2]
        self.picture = (width, height)
        margins = np.array([MARGIN_X, MARGIN_Y]) * height / 720
        across, down = ((np.array(self.picture) - 2 * margins) // 2 * 2).astype(int).tolist()
        self.size = (across, down)

    def write(self, path: Path, motion: Callable[[float], Window]) -> None:
        """Write what the window shows."""
        # With several threads x264 writes other bytes each time.
        options = {"crf": "20", "preset": "veryfast"}
        with VideoWriter.open(path, self.size, Fraction(FPS), options, threads=1) as writer:
            for time, picture in self.frames:
                to_window = matrix(motion(time), self.picture, self.size)[:2]
                shown = cv2.warpAffine(picture, to_window, self.size, borderMode=cv2.BORDER_REPLICATE)
                writer.add_picture(shown, time)

    def off(self, couple: CoupleKeypoints, motion: Callable[[float], Window]) -> float:
        """Return how far the estimated motion is from the true one, median, in its range (1 px where there is none)."""
        start = matrix(motion(float(couple.times[0])), self.picture, self.size)
        places = np.array([[x, y] for x in (0.2, 0.5, 0.8) for y in (0.2, 0.5, 0.8)]) * self.size
        true = []
        for time in couple.times:
            whole = start @ np.linalg.inv(matrix(motion(float(time)), self.picture, self.size))
            true.append(places @ whole[:2, :2].T + whole[:2, 2])
        there = np.array(true)
        found = np.repeat(places[None].astype(float), len(there), axis=0)
        if couple.camera is not None:
            found = stabilised(found, couple.camera)
        moved = np.linalg.norm(there - places, axis=-1)
        return float(np.median(np.linalg.norm(found - there, axis=-1)) / max(1.0, moved.max()))


def vectors(couple: CoupleKeypoints) -> list[np.ndarray | Absent]:
    """Return the lead, follow and interaction vector."""
    return [
        dancer_embedding(couple, "lead", None),
        dancer_embedding(couple, "follow", None),
        interaction_embedding(couple, None),
    ]


def cosines(one: CoupleKeypoints, other: CoupleKeypoints) -> list[float]:
    """Return the cosines of the three vectors, NaN where one is absent."""
    found = []
    for a, b in zip(vectors(one), vectors(other), strict=True):
        if isinstance(a, Absent) or isinstance(b, Absent):
            found.append(np.nan)
        else:
            found.append(float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
    return found


def same_lead(one: CoupleKeypoints, other: CoupleKeypoints) -> bool:
    """Tell whether the lead of one is nearer to the other's lead than to its follow, in the still window."""
    count = min(len(one.times), len(other.times))
    places = [np.nanmean(couple.keypoints[:count, :, :, 0], axis=2) for couple in (one, other)]
    straight, crossed = (np.nanmean(np.abs(places[0] - second)) for second in (places[1], places[1][:, ::-1]))
    return bool(straight < crossed)


def in_still_window(couple: CoupleKeypoints) -> CoupleKeypoints:
    """Return a couple where a camera that stands still would show it, for `same_lead`."""
    if couple.camera is None:
        return couple
    return replace(couple, keypoints=stabilised(couple.keypoints.astype(float), couple.camera))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", nargs="*", metavar="CLIP", help="names of files, without their ending")
    arguments = parser.parse_args()
    estimate = CouplePoseEstimator(PoseModels.load())
    paths = sorted((REAL_CLIPS / "Bachata_steps").rglob("*.mp4"), key=lambda path: path.stem)
    print("| clip | " + " | ".join(MOTIONS) + " |\n" + "|---" * (len(MOTIONS) + 1) + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            if arguments.clips and path.stem not in arguments.clips:
                continue
            filmed = Filmed(path)
            file = Path(folder) / "window.mp4"
            filmed.write(file, still)
            try:
                before = estimate(file)
            except NoCoupleError:
                print(f"| {path.stem} | no couple in the window that stands still |", flush=True)
                continue
            row = []
            for motion in MOTIONS.values():
                filmed.write(file, motion)
                try:
                    couple = estimate(file)
                except NoCoupleError:
                    row.append("no couple")
                    continue
                other = "" if same_lead(before, in_still_window(couple)) else ", another lead"
                told = ", ".join(f"{cosine:.2f}" for cosine in cosines(before, couple))
                row.append(f"{told}; {100 * filmed.off(couple, motion):.0f} %{other}")
            print(f"| {path.stem} | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
