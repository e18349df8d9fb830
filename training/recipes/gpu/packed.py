"""Labelled frames of several COCO folders in one small file, to be carried to a machine with a GPU.

PYTHONPATH=.:training/recipes python -m gpu.packed work/frames.npz --drawn work/rendered
"""

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask
from couples.frames import OUTSIDE, is_free

HEIGHT, WIDTH = 288, 512
SOURCES = ("first", "second", "drawn")
"""The collection with one couple, the one with other couples, and drawn couples."""
SECOND = ("c012", "c013", "c015", "c025", "c028", "c059", "c134")
HELD_OUT = ("c026", "c083")
"""Clips of rooms and couples that a training is judged by."""


@dataclass(frozen=True)
class Frames:
    """Frames with their persons.

    Attributes
    ----------
    pictures : np.ndarray
        uint8 (F, 3, 288, 512), BGR; narrower frames are padded on the right.
    labels : np.ndarray
        uint8 (F, 288, 512): 0 the room, k + 1 person k of the frame, 255 beyond the frame.
    frame, person : np.ndarray
        int64 (P,): frame of each person, and its number there.
    boxes : np.ndarray
        float32 (P, 4), x1 y1 x2 y2, px.
    keypoints : np.ndarray
        float32 (P, 17, 3), x y px and visibility; 0 is not labelled.
    free : np.ndarray
        bool (P,): stands free and has a clean mask.
    close : np.ndarray
        bool (P,): overlaps with another person of the frame.
    source : np.ndarray
        int64 (P,), index in `SOURCES`.
    """

    pictures: np.ndarray
    labels: np.ndarray
    frame: np.ndarray
    person: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray
    free: np.ndarray
    close: np.ndarray
    source: np.ndarray


def pack(file: Path, real: Path, drawn: Path | None, quality: int) -> None:
    """Write the frames of `real` without the held-out clips, and of `drawn`, as WebP pictures and RLE masks."""
    columns: dict[str, list[Any]] = defaultdict(list)
    pictures: list[bytes] = []
    for folder in (real, drawn) if drawn else (real,):
        content = json.loads((folder / "train.json").read_text(encoding="utf-8"))
        persons: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for annotation in content["annotations"]:
            persons[annotation["image_id"]].append(annotation)
        for image in content["images"]:
            clip, own = image["clip"], persons[image["id"]]
            if not own or clip in HELD_OUT:
                continue
            source = 2 if folder == drawn else int(clip in SECOND)
            close = max(a.get("overlap", a.get("occluded_frac", 0)) for a in own) > 0.3
            for number, annotation in enumerate(own):
                x, y, width, height = annotation["bbox"]
                columns["frame"].append(len(pictures))
                columns["person"].append(number)
                columns["boxes"].append([x, y, x + width, y + height])
                columns["keypoints"].append(np.reshape(annotation["keypoints"], (17, 3)))
                columns["free"].append(is_free(annotation))
                columns["close"].append(close)
                columns["source"].append(source)
                columns["rles"].append(annotation["segmentation"]["counts"])
            picture = np.asarray(cv2.imread(str(folder / "images" / image["file_name"])))
            pictures.append(cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes())
    rles = columns.pop("rles")
    np.savez_compressed(
        file,
        allow_pickle=False,
        pictures=np.frombuffer(b"".join(pictures), np.uint8),
        picture_ends=np.cumsum([len(p) for p in pictures]),
        rles=np.frombuffer("".join(rles).encode(), np.uint8),
        rle_ends=np.cumsum([len(rle) for rle in rles]),
        **{name: np.array(columns[name], kind) for name, kind in _TYPES.items()},
    )


_TYPES = {
    "frame": np.int64,
    "person": np.int64,
    "boxes": np.float32,
    "keypoints": np.float32,
    "free": bool,
    "close": bool,
    "source": np.int64,
}


def unpack(file: Path) -> Frames:
    """Return the frames of a file written by `pack`, decoded."""
    with np.load(file) as stored:
        content = dict(stored)
    codes = np.split(content["pictures"], content["picture_ends"][:-1])
    pictures = np.zeros((len(codes), 3, HEIGHT, WIDTH), np.uint8)
    labels = np.full((len(codes), HEIGHT, WIDTH), OUTSIDE, np.uint8)

    def decode(index: int) -> None:
        picture = np.asarray(cv2.imdecode(codes[index], cv2.IMREAD_COLOR))
        height, width = picture.shape[:2]
        pictures[index, :, :height, :width] = picture.transpose(2, 0, 1)
        labels[index, :height, :width] = 0

    with ThreadPool() as pool:
        pool.map(decode, range(len(codes)))
    rles = np.split(content["rles"], content["rle_ends"][:-1])
    for rle, frame, person in zip(rles, content["frame"], content["person"], strict=True):
        width = int((labels[frame, 0] != OUTSIDE).sum())
        mask = pycocotools.mask.decode({"size": [HEIGHT, width], "counts": rle.tobytes()})
        labels[frame, :, :width][mask > 0] = person + 1
    return Frames(pictures, labels, **{name: content[name] for name in _TYPES})


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--real", type=Path, default=Path("../shared/training"))
    parser.add_argument("--drawn", type=Path, help="folder of couples/rendered.py")
    parser.add_argument("--quality", type=int, default=75, help="of the WebP pictures")
    arguments = parser.parse_args()
    pack(arguments.file, arguments.real, arguments.drawn, arguments.quality)


if __name__ == "__main__":
    main()
