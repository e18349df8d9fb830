"""The exported models: their numbers against MMDet's and MMPose's own, and their cache."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import pytest
import torch

from bachata_assets.pose.models.decoding import form_of
from bachata_assets.pose.models.exported import exported_model
from bachata_assets.pose.models.inputs import letterbox
from bachata_assets.pose.models.model_sets import ModelSetError, ModelSpec, load_model_set
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.pose.models.runners import CompiledRunner, eager_device
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.paths import SAMPLE_CLIP


def frame_of(path: Path) -> np.ndarray:
    return next(picture for time_s, picture in sample_frames(path) if time_s > 1.0)


@pytest.fixture(params=["sample", "real"])
def frame(request: pytest.FixtureRequest) -> np.ndarray:
    return frame_of(SAMPLE_CLIP if request.param == "sample" else request.getfixturevalue("real_clip"))


def alone(spec: ModelSpec, folder: Path) -> ModelSpec:
    """Return a model whose weights have no export beside them."""
    shutil.copy(spec.checkpoint_path, folder)
    return replace(spec, folder=folder, checkpoint=spec.checkpoint_path.name)


def property_of(models: PoseModels, name: str) -> object:
    """Return a property of the compiled pose model."""
    assert isinstance(models._pose.run, CompiledRunner)
    return models._pose.run.compiled.get_property(name)


def test_keypoints_equal_those_of_mmposes_own_pipeline(models: PoseModels, frame: np.ndarray) -> None:
    from bachata_assets.pose.models.openmmlab import build_model  # isort: skip
    from mmengine.config import Config
    from mmpose.apis import inference_topdown

    spec = models.model_set.pose
    model = build_model(spec)
    model.cfg = Config.fromfile(spec.config_path)
    model.test_cfg = {"flip_test": False}
    model.dataset_meta = {"dataset_name": "coco"}
    height, width = frame.shape[:2]
    boxes = np.array([[0.3, 0.15, 0.5, 0.9], [0.45, 0.1, 0.7, 0.95]]) * [width, height, width, height]
    ours = np.stack(list(models.keypoints((frame, box) for box in boxes)))
    theirs = [result.pred_instances for result in inference_topdown(model, frame, boxes)]
    for mine, eager in zip(ours, theirs, strict=True):
        assert np.abs(mine[:, :2] - eager.keypoints[0]).max() < 0.5
        assert np.abs(mine[:, 2] - np.clip(eager.keypoint_scores[0], 0, 1)).max() < 1e-3


def test_boxes_equal_those_of_mmdets_own_head(models: PoseModels, frame: np.ndarray) -> None:
    from bachata_assets.pose.models.openmmlab import build_model  # isort: skip
    from mmdet.structures import DetDataSample

    spec = models.model_set.detector
    model = build_model(spec)
    model.bbox_head.test_cfg.nms.iou_threshold = 0.85
    width, height = spec.input_size
    scale = min(width / frame.shape[1], height / frame.shape[0])
    sample = DetDataSample(
        metainfo={"img_shape": (height, width), "scale_factor": (scale, scale), "ori_shape": frame.shape[:2]}
    )
    image = torch.from_numpy(letterbox(frame, width, height)).permute(2, 0, 1)
    with torch.inference_mode():
        eager = model.test_step({"inputs": [image], "data_samples": [sample]})[0].pred_instances
    ours = next(models.detect([frame], score_threshold=0.3))
    limit = np.array([frame.shape[1], frame.shape[0]] * 2)
    theirs = np.clip(eager.bboxes[eager.scores >= 0.3].numpy(), 0, limit)
    assert len(ours.boxes) == len(theirs) >= 2
    assert np.abs(ours.boxes - theirs).max() < 0.5
    assert np.abs(ours.scores - eager.scores[eager.scores >= 0.3].numpy()).max() < 1e-3


def test_with_a_warm_cache_nothing_of_torch_is_imported(models: PoseModels, cache_dir: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from bachata_assets.pose.models.pose_models import PoseModels; "
        f"print(PoseModels.load(cache_dir=Path({str(cache_dir)!r}), precision='f32').fingerprint); "
        "print([name for name in ('torch', 'mmdet', 'mmpose', 'mmengine') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split("\n")[:2] == [models.fingerprint, "[]"]


@pytest.mark.parametrize("kind", ["detector", "pose"])
def test_the_exports_beside_the_bundled_weights_are_of_them_and_of_this_code(kind: str, tmp_path: Path) -> None:
    spec: ModelSpec = getattr(load_model_set(), kind)
    beside = exported_model(spec, tmp_path)
    assert not any(tmp_path.iterdir()), "run: python -m scripts.export_bundled_models"
    ours, now = (
        openvino.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        for model in (beside, exported_model(alone(spec, tmp_path), tmp_path))
    )
    width, height = spec.input_size
    images = np.random.default_rng(0).integers(0, 255, (2, height, width, 3), np.uint8)
    for one, other in zip(ours(images).values(), now(images).values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)
    assert form_of(beside) == form_of(exported_model(alone(spec, tmp_path), tmp_path))


def test_a_damaged_cache_is_rebuilt(tmp_path: Path) -> None:
    spec = alone(load_model_set().detector, tmp_path)
    exported_model(spec, tmp_path)
    binary = next((tmp_path / "models").glob("rtmdet*/model.bin"))
    content = binary.read_bytes()
    binary.write_bytes(content[:1000] + b"\0\0\0\0" + content[1004:])
    exported_model(spec, tmp_path)
    assert binary.read_bytes() == content
    assert not list((tmp_path / "models").glob("*.partial"))


TWO_AT_ONCE = """
import sys, types, time
from dataclasses import replace
from pathlib import Path
import torch

class Tiny(torch.nn.Module):
    form = {"kind": "simcc", "split_ratio": 2.0}

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 4, 1)

    def forward(self, crops):
        return (self.layer(crops.permute(0, 3, 1, 2).float()),)

def exportable(spec):
    with Path(sys.argv[1], "exports").open("a") as file:
        file.write("x")
    time.sleep(1)  # the other process comes to the lock meanwhile
    return Tiny()

# Stands for MMPose, which takes long to import.
module = types.ModuleType("bachata_assets.pose.models.openmmlab")
module.exportable = exportable
sys.modules[module.__name__] = module
from bachata_assets.pose.models.exported import exported_model
from bachata_assets.pose.models.model_sets import load_model_set

print("ready", flush=True)
sys.stdin.readline()
spec = replace(load_model_set().pose, folder=Path(sys.argv[1]))
print(exported_model(spec, Path(sys.argv[1])).input(0).partial_shape)
"""


def test_two_processes_that_need_an_export_at_once_make_it_once(tmp_path: Path) -> None:
    alone(load_model_set().pose, tmp_path)
    command = [sys.executable, "-c", TWO_AT_ONCE, str(tmp_path)]
    both = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[0] for process in both] == ["[?,256,192,3]\n"] * 2
    assert [process.returncode for process in both] == [0, 0]
    assert (tmp_path / "exports").read_text() == "x"
    assert not list(tmp_path.glob("models/*.partial"))


@pytest.mark.parametrize("computed", [False, True])
def test_a_cpu_without_bf16_says_that_it_computes_in_f32(
    cache_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, computed: bool
) -> None:
    monkeypatch.setattr("bachata_assets.pose.models.pose_models.computes_bf16", lambda: computed)
    PoseModels.load(cache_dir=cache_dir, precision="bf16")
    assert ("this CPU computes in f32" in caplog.text) is not computed


def test_precision_is_part_of_the_fingerprint(models: PoseModels, cache_dir: Path) -> None:
    other = PoseModels.load(cache_dir=cache_dir, precision="bf16")
    assert models.effective_precision == "f32"
    assert other.fingerprint != models.fingerprint


def test_a_checkpoint_that_runs_code_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    from bachata_assets.pose.models.openmmlab import build_model

    class Hostile:
        def __reduce__(self) -> tuple[Callable[..., Any], tuple[Path]]:
            return (Path.touch, (tmp_path / "ran",))

    torch.save({"state_dict": Hostile()}, tmp_path / "hostile.pth")
    bundled = load_model_set().pose
    spec = ModelSpec("pose", bundled.config, "hostile.pth", "", bundled.input_size, tmp_path)
    with pytest.raises(ModelSetError, match=r"hostile\.pth: refused"):
        build_model(spec)
    assert not (tmp_path / "ran").exists()


def test_by_torch_itself_boxes_and_keypoints_are_the_same(models: PoseModels, frame: np.ndarray) -> None:
    # Stands for a CUDA device: the same path, on torch's CPU device.
    eager = PoseModels(models.model_set, None, "f32", threads=2, eager_on="cpu")
    frames = [frame, frame[::-1].copy(), frame, frame, frame]  # more than one batch
    for ours, exported in zip(eager.detect(frames), models.detect(frames), strict=True):
        assert np.abs(ours.boxes - exported.boxes).max(initial=0) < 0.5
        assert np.abs(ours.scores - exported.scores).max(initial=0) < 1e-3
    jobs = [(frame, box) for box in next(models.detect([frame])).boxes] * 5
    assert eager._pose.run.batch_factor > models._pose.run.batch_factor
    for pose, exported_pose in zip(eager.keypoints(jobs), models.keypoints(jobs), strict=True):
        assert np.abs(pose[:, :2] - exported_pose[:, :2]).max() < 0.5
        assert np.abs(pose[:, 2] - exported_pose[:, 2]).max() < 1e-3


def test_the_set_asks_for_cuda_and_torch_says_whether_there_is_one(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert eager_device("cpu") is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert eager_device("cuda") == "cuda"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert eager_device("cuda") is None
    assert "the exported models run on the CPU" in caplog.text


def test_cores_and_streams_reach_openvino_and_change_no_number(
    models: PoseModels, cache_dir: Path, frame: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    limited = PoseModels.load(cache_dir=cache_dir, precision="f32", threads=1, streams=1)
    assert [property_of(limited, name) for name in ("INFERENCE_NUM_THREADS", "NUM_STREAMS")] == [1, 1]
    box = np.array([100, 50, 300, 350], np.float32)
    ours, theirs = (next(one.keypoints([(frame, box)])) for one in (limited, models))
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0}, raising=False)  # as in a container of one core
    by_default = PoseModels.load(cache_dir=cache_dir, precision="f32")
    assert property_of(by_default, "INFERENCE_NUM_THREADS") == 1
