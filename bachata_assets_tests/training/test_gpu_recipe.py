"""The GPU recipe, on torch's CPU device: keypoints stay on their joints, a run goes on and gives weights."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from bachata_assets.pose.models.model_sets import ModelSpec
from bachata_assets.pose.models.openmmlab import build_model
from bachata_assets.pose.skeleton import MIRRORED
from bachata_assets_tests.support.marked_dancer import BOX, COLOURS, marked_dancer
from bachata_assets_tests.support.paths import PROJECT

sys.path.insert(0, str(PROJECT / "training" / "recipes"))

from couples import rendered
from gpu import augmentation, packed, train_pose

CPU = torch.device("cpu")


@pytest.fixture
def marked() -> packed.Frames:
    """One frame of one person: a green box with a disc of another colour at each keypoint."""
    picture, keypoints = marked_dancer()
    x1, y1, x2, y2 = BOX
    labels = np.zeros((1, packed.HEIGHT, packed.WIDTH), np.uint8)
    labels[:, y1:y2, x1:x2] = 1
    return packed.Frames(
        pictures=picture.transpose(2, 0, 1)[None].copy(),
        labels=labels,
        frame=np.zeros(1, np.int64),
        person=np.zeros(1, np.int64),
        boxes=np.array([BOX], np.float32),
        keypoints=keypoints[None],
        free=np.ones(1, bool),
        close=np.zeros(1, bool),
        source=np.zeros(1, np.int64),
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn")
    rendered.write_folder(folder, scenes=2)
    content = json.loads((folder / "train.json").read_text())
    for annotation in content["annotations"]:
        annotation |= {"overlap": 0.0, "occluded": False, "mask_score": 1.0}
    (folder / "train.json").write_text(json.dumps(content))
    packed.pack(folder / "frames.npz", folder, None, quality=90)
    return folder / "frames.npz"


def test_keypoints_stay_on_their_joints_and_change_sides_when_mirrored(
    marked: packed.Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(augmentation, "relit", lambda pictures: pictures)
    monkeypatch.setattr(augmentation, "degraded", lambda pictures: pictures)
    for chance in ("NEW_ROOM", "COVERED"):
        monkeypatch.setattr(augmentation, chance, 0.0)
    torch.manual_seed(0)
    pictures, points, weights = (x.numpy() for x in augmentation.Crops(marked, CPU).draw(40))
    mirrored, hidden = [], 0
    for picture, at, weight in zip(pictures, points, weights, strict=True):
        within = (weight > 0) & (at > 3).all(axis=1) & (at < np.array([189, 253])).all(axis=1)
        x, y = at[within].round().astype(int).T
        seen = picture[:, y, x].T
        off = [np.abs(seen - COLOURS[order][within].astype(int)).max() for order in (np.arange(17), np.array(MIRRORED))]
        assert min(off) < 60
        mirrored.append(off[1] < off[0])
        hidden += int((weight == 0).sum())
    assert 8 < sum(mirrored) < 32
    assert hidden > 0


def test_a_new_room_leaves_the_dancer_and_another_comes_before_or_behind(
    marked: packed.Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("relit", "degraded", "recoloured"):
        monkeypatch.setattr(augmentation, name, lambda pictures: pictures)
    for chance, value in (("NEW_ROOM", 1.0), ("COVERED", 0.0), ("TRUNCATED", 0.0), ("ALONE", 1.0)):
        monkeypatch.setattr(augmentation, chance, value)
    torch.manual_seed(0)
    pictures, points, weights = (x.numpy() for x in augmentation.Crops(marked, CPU).draw(40))
    kept = []
    for picture, at, weight in zip(pictures, points, weights, strict=True):
        within = (weight > 0) & (at > 3).all(axis=1) & (at < np.array([189, 253])).all(axis=1)
        x, y = at[within].round().astype(int).T
        off = np.abs(picture[:, y, x].T[:, None] - COLOURS[None].astype(int)).max(axis=-1).min(axis=1)
        kept.append((off < 60).mean())
    assert np.mean(kept) > 0.85
    assert (pictures[:, :, 0, 0].std(axis=0) > 30).all()  # the corners show the rooms


def test_packed_frames_come_back_with_their_masks(file: Path) -> None:
    frames = packed.unpack(file)
    assert frames.pictures.shape[1:] == (3, packed.HEIGHT, packed.WIDTH)
    assert len(frames.pictures) == 6
    for index, (frame, person) in enumerate(zip(frames.frame, frames.person, strict=True)):
        y, x = np.nonzero(frames.labels[frame] == person + 1)
        x1, y1, x2, y2 = frames.boxes[index]
        assert x1 - 3 <= x.min()
        assert x.max() <= x2 + 3
        assert y1 - 3 <= y.min()
        assert y.max() <= y2 + 3


def test_the_loss_is_least_where_the_label_is_and_leaves_out_what_is_not_seen() -> None:
    bins = torch.arange(384.0)
    at, seen = torch.full((1, 17), 80.0), torch.ones(1, 17)

    def loss(peak: float, weights: torch.Tensor) -> float:
        logits = torch.exp(-(((bins - 2 * peak) / 4.9) ** 2) / 2).expand(1, 17, -1)
        return float(train_pose.simcc_loss(logits, at, weights, 4.9))

    assert loss(80, seen) == pytest.approx(0, abs=1e-6)
    assert loss(81, seen) < loss(85, seen) < loss(120, seen)
    assert loss(120, torch.zeros(1, 17)) == 0


def test_a_training_goes_on_where_it_stopped_and_gives_weights_that_the_product_loads(
    file: Path, tmp_path: Path
) -> None:
    train_pose.train(file, tmp_path, seconds=0.5, sizes=["t"], batch=4, rate=1e-3)
    before = torch.load(tmp_path / "state" / "t.pth", weights_only=True)
    train_pose.train(file, tmp_path, seconds=before["elapsed"] + 0.5, sizes=["t"], batch=4, rate=1e-3)
    after = torch.load(tmp_path / "state" / "t.pth", weights_only=True)
    assert 0 < before["steps"] < after["steps"]
    assert before["elapsed"] < after["elapsed"]
    build_model(ModelSpec("pose", train_pose.CONFIG.format(size="t"), "t.pth", "", (192, 256), tmp_path))
