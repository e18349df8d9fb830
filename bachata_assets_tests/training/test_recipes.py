"""The trainings in training/recipes: keypoints and boxes stay on their dancers, shares hold, a run gives weights."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pycocotools.mask
import pytest
import torch

from bachata_assets.pose.models import openmmlab_compat  # noqa: F401  (before mmdet and mmpose)
from bachata_assets.pose.models.model_sets import ModelSpec
from bachata_assets.pose.skeleton import MIRRORED
from bachata_assets_tests.support.marked_dancer import BOX, COLOURS, marked_dancer
from bachata_assets_tests.support.paths import PROJECT

RECIPES = PROJECT / "training" / "recipes"
sys.path.insert(0, str(RECIPES))

from couples import detector_frames, frames, pose_crops, rendered  # noqa: E402
from couples.cut_outs import cut_outs, write_cut_outs  # noqa: E402
from mmengine.config import Config  # noqa: E402


def encoded(mask: np.ndarray) -> dict[str, Any]:
    return pycocotools.mask.encode(np.asfortranarray(mask.astype(np.uint8)))


def in_one_process(*calls: list[Any]) -> None:
    """Run scripts of the recipes one after the other in one new process: MMDet and MMPose load slowly."""
    words = [[str(word) for word in call] for call in calls]
    code = f"import runpy, sys\nfor sys.argv in {words}:\n    runpy.run_path(sys.argv[0], run_name='__main__')"
    environment = {**os.environ, "PYTHONPATH": str(RECIPES)}
    subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env=environment, check=True, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A COCO folder of drawn couples in which everyone counts as standing free, and their cut-outs."""
    folder = tmp_path_factory.mktemp("drawn")
    rendered.write_folder(folder, scenes=2)
    content = json.loads((folder / "train.json").read_text())
    for annotation in content["annotations"]:
        annotation |= {"overlap": 0.0, "occluded": False, "mask_score": 1.0}
    (folder / "train.json").write_text(json.dumps(content))
    write_cut_outs(folder / "cut_outs.npz", cut_outs(str(folder), ()))
    return folder


@pytest.fixture
def marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A frame of one person: a green box with a disc of another colour at each keypoint; and no change of colours."""
    for module in (pose_crops, detector_frames):
        monkeypatch.setattr(module, "relit", lambda picture, _: picture)
        monkeypatch.setattr(module, "degraded", lambda picture, _: picture)
    picture, keypoints = marked_dancer()
    cv2.imwrite(str(tmp_path / "frame.png"), picture)
    person = {
        "box": np.array(BOX, np.float32),
        "keypoints": keypoints,
        "rle": encoded(np.asarray(picture.any(axis=-1))),
        "free": True,
        "overlap": 0.0,
    }
    return {"img_path": str(tmp_path / "frame.png"), "persons": [person], "target": 0}


def test_keypoints_stay_on_their_joints_and_change_sides_when_mirrored(
    folder: Path, marked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pose_crops, "_cover", lambda crop, rng: None)
    crop = pose_crops.CoupleCrop((192, 256), str(folder / "cut_outs.npz"), new_room=0.0, alone=0.0)
    np.random.seed(0)
    mirrored = []
    for _ in range(30):
        result = crop.transform(marked)
        points, visible = result["transformed_keypoints"][0], result["keypoints_visible"][0] > 0
        within = visible & (points > 3).all(axis=1) & (points < np.array([189, 253])).all(axis=1)
        x, y = points[within].round().astype(int).T
        seen = result["img"][y, x].astype(int)
        off = [np.abs(seen - COLOURS[order][within].astype(int)).max() for order in (np.arange(17), np.array(MIRRORED))]
        assert min(off) < 60
        mirrored.append(off[1] < off[0])
    assert 5 < sum(mirrored) < 25


def test_boxes_stay_around_their_dancers(folder: Path, marked: dict[str, Any]) -> None:
    canvas = detector_frames.CoupleCanvas((320, 192), str(folder / "cut_outs.npz"), moved=0.7, new_room=0.0, more=0.0)
    np.random.seed(0)
    for _ in range(30):
        result = canvas.transform(marked)
        (box,) = result["gt_bboxes"].tensor.numpy()
        person = (np.ptp(result["img"], axis=-1) > 60).astype(np.uint8)
        x, y, width, height = cv2.boundingRect(person)
        assert np.abs(box - [x, y, x + width, y + height]).max() < 2.5


def test_a_dancer_put_before_others_gets_a_box_and_hides_theirs(folder: Path, marked: dict[str, Any]) -> None:
    canvas = detector_frames.CoupleCanvas((320, 192), str(folder / "cut_outs.npz"), moved=0.7, new_room=0.0, more=1.0)
    np.random.seed(1)
    counts = [len(canvas.transform(marked)["gt_bboxes"]) for _ in range(40)]
    assert max(counts) > 2
    assert min(counts) >= 1


def test_the_sampler_keeps_the_shares(folder: Path) -> None:
    clips = {label["clip"] for label in json.loads((folder / "train.json").read_text())["images"]}
    first, second = sorted(clips)
    sources = [
        {"folder": str(folder), "only_clips": [first], "share": 0.8},
        {"folder": str(folder), "without_clips": [first], "share": 0.2},
    ]
    dataset = frames.CoupleFrames(sources, each_person=True, close_weight=1.0, pipeline=[])
    drawn = [dataset.get_data_info(i)["img_path"] for i in frames.SharesSampler(dataset, 2000)]
    assert np.mean([second in path for path in drawn]) == pytest.approx(0.2, abs=0.04)


def test_a_training_goes_on_where_it_stopped_and_gives_weights_that_the_product_loads(
    folder: Path, tmp_path: Path
) -> None:
    config = Config.fromfile(RECIPES / "rtmpose-t_couples.py")
    config.train_cfg.max_epochs = 1
    config.train_dataloader |= {"batch_size": 2, "num_workers": 0, "persistent_workers": False}
    config.train_dataloader.sampler.length = 4
    config.train_dataloader.dataset.sources = [{"folder": str(folder), "share": 1.0}]
    config.train_dataloader.dataset.pipeline[0].cut_outs = str(folder / "cut_outs.npz")
    config.dump(tmp_path / "short.py")
    weights = tmp_path / "pose.pth"
    train = [RECIPES / "train.py", tmp_path / "short.py", tmp_path / "run"]
    in_one_process(
        train, [*train, "--options", "train_cfg.max_epochs=2"], [RECIPES / "slim.py", tmp_path / "run", weights]
    )
    assert sorted(path.name for path in (tmp_path / "run").glob("epoch_*.pth")) == ["epoch_1.pth", "epoch_2.pth"]
    resumed = torch.load(tmp_path / "run" / "epoch_2.pth", weights_only=False)["meta"]
    assert (resumed["epoch"], resumed["iter"]) == (2, 4)
    from bachata_assets.pose.models.openmmlab import build_model  # isort: skip

    name = "mmpose:configs/body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py"
    build_model(ModelSpec("pose", name, weights.name, "", (192, 256), tmp_path))
