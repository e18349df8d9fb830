"""Free-standing dancers cut out of their frames by their masks, to be put over or behind others.

python -m couples.cut_outs ../shared/training work/cut_outs.npz   (from training/recipes)
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from couples.colours import recoloured
from couples.frames import labelled_frames, load

MARGIN = 3
A_CLIP = 14
"""So many of each clip at most: one couple shows in most clips."""


def cut_outs(folder: str, without_clips: tuple[str, ...]) -> list[np.ndarray]:
    """Return pictures with alpha, uint8 (h, w, 4), of the free-standing dancers of a COCO folder."""
    rng = np.random.default_rng(0)
    by_clip: dict[str, list[tuple[dict[str, Any], int]]] = defaultdict(list)
    for frame in labelled_frames({"folder": folder, "without_clips": without_clips}):
        clip = Path(frame["img_path"]).name.split("_")[0]
        by_clip[clip] += [(frame, k) for k, person in enumerate(frame["persons"]) if person["free"]]
    found = []
    for own in by_clip.values():
        for index in rng.permutation(len(own))[:A_CLIP]:
            frame, person = own[index]
            picture, labels = load(frame)
            found.append(cut_out(picture, labels == person + 1))
    return found


def cut_out(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the masked part, uint8 (h, w, 4), with a soft edge."""
    alpha = cv2.GaussianBlur(mask.astype(np.uint8) * 255, (0, 0), 0.8)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    window = np.s_[
        max(rows[0] - MARGIN, 0) : rows[-1] + MARGIN + 1, max(columns[0] - MARGIN, 0) : columns[-1] + MARGIN + 1
    ]
    return np.dstack([picture, alpha])[window]


class CutOuts:
    """A file of cut-outs, kept in memory once and shared by forked workers."""

    def __init__(self, path: str) -> None:
        with np.load(path) as stored:
            self.pixels, self.shapes, self.starts = stored["pixels"], stored["shapes"], stored["starts"]

    def draw(self, rng: np.random.Generator) -> np.ndarray:
        """Return a dancer in other colours, perhaps mirrored: uint8 (h, w, 4)."""
        index = int(rng.integers(len(self.shapes)))
        height, width = self.shapes[index]
        start = self.starts[index]
        dancer = self.pixels[start : start + height * width].reshape(height, width, 4)
        dancer = np.dstack([recoloured(dancer[..., :3], rng), dancer[..., 3]])
        return dancer[:, ::-1] if rng.random() < 0.5 else dancer


def write_cut_outs(file: Path, dancers: list[np.ndarray]) -> None:
    """Write cut-outs, uint8 (h, w, 4) each, into one .npz that `CutOuts` reads."""
    shapes = np.array([dancer.shape[:2] for dancer in dancers])
    starts = np.concatenate([[0], np.cumsum(shapes.prod(axis=1))[:-1]])
    pixels = np.concatenate([dancer.reshape(-1, 4) for dancer in dancers])
    np.savez(file, pixels=pixels, shapes=shapes, starts=starts)


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("file", type=Path)
    parser.add_argument("--without-clips", nargs="*", default=())
    arguments = parser.parse_args()
    write_cut_outs(arguments.file, cut_outs(arguments.folder, tuple(arguments.without_clips)))


if __name__ == "__main__":
    main()
