"""Labelled frames of couples from several COCO folders, and the sampler that mixes them by given shares."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask
from mmengine.dataset import BaseDataset
from mmengine.registry import DATA_SAMPLERS, DATASETS

OUTSIDE = 255
"""Value of a label map beyond the frame's edge; 0 is the room, i + 1 is person i."""


def is_free(annotation: dict[str, Any]) -> bool:
    """Return whether a person stands free and has a clean mask (../shared/training/README.md)."""
    good: bool = (
        annotation.get("overlap", 1) < 0.15
        and not annotation.get("occluded", True)
        and annotation.get("mask_score", 0) > 0.8
    )
    return good


def labelled_frames(source: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every frame of a source with its persons.

    Parameters
    ----------
    source : `folder` with images/; `ann_file` in it; `only_clips` or `without_clips`, both optional
    """
    folder = Path(source["folder"])
    content = json.loads((folder / source.get("ann_file", "train.json")).read_text(encoding="utf-8"))
    persons: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for annotation in content["annotations"]:
        x, y, width, height = annotation["bbox"]
        person = {
            "box": np.array([x, y, x + width, y + height], np.float32),
            "keypoints": np.array(annotation["keypoints"], np.float32).reshape(17, 3),
            "rle": annotation["segmentation"],
            "free": is_free(annotation),
            "overlap": annotation.get("overlap", annotation.get("occluded_frac", 0)),
        }
        persons[annotation["image_id"]].append(person)
    only, without = source.get("only_clips"), source.get("without_clips", ())
    for image in content["images"]:
        clip = image["clip"]
        if persons[image["id"]] and clip not in without and (only is None or clip in only):
            yield {"img_path": str(folder / "images" / image["file_name"]), "persons": persons[image["id"]]}


@DATASETS.register_module()
class CoupleFrames(BaseDataset):  # type: ignore[misc]  # OpenMMLab publishes no types
    """Frames, or (frame, person) pairs, of several sources.

    Parameters
    ----------
    sources : see `labelled_frames`; `share` of each in what the sampler draws; they sum to 1
    each_person : one item a person (`target` is the person's index) instead of one a frame
    close_weight : how much oftener an item with overlapping persons is drawn
    """

    METAINFO = {"classes": ("person",)}  # noqa: RUF012  (MMEngine's own form)

    def __init__(self, sources: list[dict[str, Any]], each_person: bool, close_weight: float, **options: Any) -> None:
        self.sources, self.each_person, self.close_weight = sources, each_person, close_weight
        self.weights = np.zeros(0)
        super().__init__(**options)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the items; also sets `weights`, the chance of each."""
        items: list[dict[str, Any]] = []
        weights: list[np.ndarray] = []
        for source in self.sources:
            own = []
            for frame in labelled_frames(source):
                targets = range(len(frame["persons"])) if self.each_person else (0,)
                own += [frame | {"target": target} for target in targets]
            close = np.array([max(p["overlap"] for p in item["persons"]) > 0.3 for item in own])
            weight = np.where(close, self.close_weight, 1.0)
            weights.append(source["share"] * weight / weight.sum())
            items += own
        self.weights = np.concatenate(weights)
        return items


@DATA_SAMPLERS.register_module()
class SharesSampler:
    """Draws `length` items an epoch by the dataset's `weights`; every epoch others, the same for the same seed."""

    def __init__(self, dataset: CoupleFrames, length: int, seed: int = 0) -> None:
        self.weights, self.length, self.seed, self.epoch = dataset.weights, length, seed or 0, 0

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        return iter(rng.choice(len(self.weights), self.length, p=self.weights / self.weights.sum()).tolist())

    def __len__(self) -> int:
        return self.length

    def set_epoch(self, epoch: int) -> None:
        """Take note of the epoch; MMEngine calls it."""
        self.epoch = epoch


def load(frame: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture, uint8 (H, W, 3), and the label map, uint8 (H, W), of a frame."""
    picture = cv2.imread(frame["img_path"])
    if picture is None:
        raise FileNotFoundError(frame["img_path"])
    labels = np.zeros(picture.shape[:2], np.uint8)
    for index, person in enumerate(frame["persons"]):
        labels[pycocotools.mask.decode(person["rle"]) > 0] = index + 1
    return picture, labels
