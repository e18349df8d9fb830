"""Real files encoded and framed otherwise, through the whole product: whether each finds its original first.

    uv run python -m benchmarks.retrieval.reencoded_files              # 8 versions of each of the 14 real clips
    uv run python -m benchmarks.retrieval.reencoded_files --clips 6    # the 6 smallest files

Each version is a new H.264 + AAC file; pose model, beats and measurements then work on it as on any clip. The
original is looked for among the 14 originals and the 75 clips of `../shared/clips_labelled`. The constants are fitted
on those 75, so that they never saw the clips they are judged on.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from bachata_assets.families import Absent
from bachata_assets.music.beats import find_beats
from bachata_assets.music.sound import Sound, load_sound
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings import dancer_embedding, interaction_embedding, measurements
from bachata_assets.pose.embeddings.clock import BeatTimes
from bachata_assets.pose.embeddings.constants import Constants
from bachata_assets.pose.embeddings.vectors import expected_vector
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.paths import REAL_CLIPS
from benchmarks.support.retrieval_methods import similarity
from training import footage
from training.pose_constants import constants_of

CLIPS = REAL_CLIPS / "Bachata_steps"
CRF = "26"
"""Of H.264: a strong compression, as of clips that were sent on."""

Picture = np.ndarray


@dataclass(frozen=True)
class Version:
    """How a file is written anew."""

    name: str
    picture: Callable[[Picture], Picture] = lambda picture: picture
    fps: int = 30


def framed(
    scale: float, right: float = 0.0, down: float = 0.0, around: int = cv2.BORDER_CONSTANT
) -> Callable[[Picture], Picture]:
    """Return what zooms about the middle and shifts by shares of the picture.

    Parameters
    ----------
    around : what is shown where nothing was filmed: black, or BORDER_REPLICATE, the room's edge drawn out
    """

    def frame(picture: Picture) -> Picture:
        height, width = picture.shape[:2]
        x, y = (1 - scale) / 2 + right, (1 - scale) / 2 + down
        placed = np.array([[scale, 0, x * width], [0, scale, y * height]])
        return cv2.warpAffine(picture, placed, (width, height), borderMode=around)

    return frame


def cropped(share: float) -> Callable[[Picture], Picture]:
    """Return what loses `share` of width and height, half at each edge; the picture becomes smaller."""

    def crop(picture: Picture) -> Picture:
        height, width = (int(size * share / 2) for size in picture.shape[:2])
        return picture[height : picture.shape[0] - height, width : picture.shape[1] - width]

    return crop


VERSIONS = (
    Version("24 fps", fps=24),
    Version("30 fps", fps=30),
    Version("60 fps", fps=60),
    Version("zoom 0.7, edges drawn out", framed(0.7, around=cv2.BORDER_REPLICATE)),
    Version("zoom 0.7, black around", framed(0.7)),
    Version("zoom 1.3", framed(1.3)),
    Version("shifted 10 % right, 5 % down", framed(1.0, 0.10, 0.05)),
    Version("cropped by 10 %", cropped(0.10)),
)


def write_version(source: Path, target: Path, version: Version) -> None:
    """Write `source` anew: its pictures at `version.fps` by presentation time, its first sound as AAC."""
    with av.open(str(target), "w") as output:
        video = output.add_stream("libx264", rate=Fraction(version.fps), options={"crf": CRF, "preset": "veryfast"})
        video.pix_fmt = "yuv420p"
        audio = output.add_stream("aac", rate=44100)
        for index, (_, picture) in enumerate(sample_frames(source, fps=version.fps)):
            changed = version.picture(picture)
            even = np.ascontiguousarray(changed[: changed.shape[0] // 2 * 2, : changed.shape[1] // 2 * 2])
            if index == 0:
                video.height, video.width = even.shape[:2]
            output.mux(video.encode(av.VideoFrame.from_ndarray(even, format="bgr24")))
        output.mux(video.encode())
        sound = load_sound(source)
        if isinstance(sound, Sound):
            frame = av.AudioFrame.from_ndarray(sound.samples[None], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = sound.rate, 0
            output.mux(audio.encode(frame))
        output.mux(audio.encode())


def vectors(couple: CoupleKeypoints, beats: BeatTimes | None, constants: dict[str, Constants]) -> list[np.ndarray]:
    """Return the lead, follow and interaction vectors (1, D), NaN where the product has none."""
    shipped = [
        *(dancer_embedding(couple, role, beats) for role in ("lead", "follow")),
        interaction_embedding(couple, beats),
    ]
    stated, exchanged = (_fitted(order, beats, constants) for order in (couple, couple.swapped()))
    partners = (shipped[1], shipped[0], shipped[2])
    return [
        np.full((1, len(one)), np.nan)
        if isinstance(has, Absent)
        else (one if isinstance(partner, Absent) else expected_vector(one, other, couple.role_confidence))[None]
        for has, partner, one, other in zip(shipped, partners, stated, exchanged, strict=True)
    ]


def _fitted(couple: CoupleKeypoints, beats: BeatTimes | None, constants: dict[str, Constants]) -> list[np.ndarray]:
    dancers = (measurements.measure_dancer(couple, role, beats) for role in ("lead", "follow"))
    together = constants["couple"].vector(measurements.measure_couple(couple, beats))
    return [*(constants["dancer"].vector(measured) for measured in dancers), together]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=14, help="how many are written anew, the smallest files first")
    args = parser.parse_args()
    estimate, others = CouplePoseEstimator(PoseModels.load()), [clip for clip in footage.load() if clip.of_the_149]
    constants = constants_of(others)
    paths = sorted(CLIPS.rglob("*.mp4"), key=lambda path: path.stat().st_size)

    def embedded(path: Path) -> list[np.ndarray]:
        return vectors(estimate(path), find_beats(load_sound(path)), constants)

    rows = [embedded(path) for path in paths] + [vectors(clip.couple, clip.beats, constants) for clip in others]
    gallery = [np.concatenate(family) for family in zip(*rows, strict=True)]
    print("Rank of the original (cosine to it; to the nearest other clip).\n")
    print(f"| clip | {' | '.join(version.name for version in VERSIONS)} |\n|{'---|' * (len(VERSIONS) + 1)}")
    first = np.zeros(len(VERSIONS), int)
    for index, path in enumerate(paths[: args.clips]):
        cells = []
        for column, version in enumerate(VERSIONS):
            with tempfile.TemporaryDirectory() as folder:
                target = Path(folder) / path.name
                write_version(path, target, version)
                similar = similarity(embedded(target), gallery)[0]
            rank = int((similar > similar[index]).sum()) + 1
            first[column] += rank == 1
            cells.append(f"{rank} ({similar[index]:.2f}; {np.delete(similar, index).max():.2f})")
        print(f"| {path.stem} | {' | '.join(cells)} |", flush=True)
    print(f"| found first, of {args.clips} | {' | '.join(map(str, first))} |")


if __name__ == "__main__":
    main()
