"""What `benchmarks/pose/parts.py` compares the pose stage with: the floor, MMDet's and MMPose's own APIs, rtmlib."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bachata_assets.pose.clip_frames import WORKING_SIDE
from bachata_assets.pose.models.exported import exported_model
from bachata_assets.pose.models.model_sets import ModelSet, ModelSpec
from bachata_assets.pose.models.pose_models import DETECTOR_BATCH, Detections, PoseModels
from bachata_assets.pose.models.top_down import POSE_BATCH
from bachata_assets.video.sampling import sample_frames

FIXED_BOXES = np.array([[0.3, 0.15, 0.5, 0.9], [0.45, 0.1, 0.7, 0.95]], np.float32)
"""Two persons, in shares of the picture's width and height."""
RTMLIB_INTERVAL = 10
"""Frames from one detection to the next, as in rtmlib's own example."""


class CountedModels(PoseModels):
    """Counts what is asked of the models."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.calls: Counter[str] = Counter()

    def detect(self, frames: Iterable[np.ndarray], *args: Any, **options: Any) -> Iterator[Detections]:
        """Yield what `PoseModels` does."""
        return super().detect(self._counted("detector", frames), *args, **options)

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield what `PoseModels` does."""
        return super().keypoints(self._counted("pose", jobs))

    def _counted(self, name: str, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self.calls[name] += 1
            yield item


def decode_alone(clips: list[Path]) -> int:
    """Decode every picture of the files, convert none; return how many."""
    import av

    count = 0
    for clip in clips:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            count += sum(1 for _ in container.decode(stream))
    return count


def floor(models: PoseModels, clips: list[Path], detector_calls: int, pose_calls: int) -> Callable[[], None]:
    """Return what decodes the files and, at the same time, runs the models on as many ready inputs; nothing else."""
    detector = _Bare(models, models.model_set.detector, DETECTOR_BATCH)
    pose = _Bare(models, models.model_set.pose, POSE_BATCH)

    def run() -> None:
        with ThreadPoolExecutor(1) as other:
            decoded = other.submit(decode_alone, clips)
            detector(detector_calls)
            pose(pose_calls)
            decoded.result()

    return run


class _Bare:
    """An exported model, compiled as the product does, on the same batch of inputs over and over."""

    def __init__(self, models: PoseModels, spec: ModelSpec, batch: int) -> None:
        import openvino

        width, height = spec.input_size
        model = exported_model(spec)
        model.reshape([-1, height, width, 3])
        options = {
            "INFERENCE_PRECISION_HINT": models.effective_precision,
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": models.threads,
        }
        self.queue = openvino.AsyncInferQueue(openvino.Core().compile_model(model, "CPU", options), models.threads + 1)
        self.images = np.random.default_rng(0).integers(0, 255, (batch, height, width, 3), np.uint8)

    def __call__(self, calls: int) -> None:
        for _ in range(round(calls / len(self.images))):
            self.queue.start_async({0: self.images})
        self.queue.wait_all()


def fixed_boxes_pipeline(models: PoseModels, clips: list[Path], detect_every: int = 2) -> None:
    """Decode, detect on every second picture meanwhile, and pose two fixed boxes on each: work that is the same."""
    for clip in clips:
        pictures: list[np.ndarray] = []

        def looked_at(clip: Path = clip, pictures: list[np.ndarray] = pictures) -> Iterator[np.ndarray]:
            for index, (_, picture) in enumerate(sample_frames(clip, max_side=WORKING_SIDE)):
                pictures.append(picture)
                if index % detect_every == 0:
                    yield picture

        for _ in models.detect(looked_at()):
            pass
        height, width = pictures[0].shape[:2]
        boxes = FIXED_BOXES * [width, height, width, height]
        for _ in models.keypoints((picture, box) for picture in pictures for box in boxes):
            pass


def random_set(folder: Path) -> ModelSet:
    """Write RTMDet-tiny and RTMPose-m with random weights into `folder`, and return them as a model set.

    Of the 640 x 640 that MMDet pads a wide picture to, the product sees the 640 x 384 that are not only padding.
    """
    import torch

    rtmpose = "mmpose:configs/body_2d_keypoint/rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py"
    rtmdet = "mmdet:configs/rtmdet/rtmdet_tiny_8xb32-300e_coco.py"
    model_set = ModelSet(
        "random",
        "",
        ModelSpec("detector", rtmdet, "tiny.pth", "", (640, 384), folder),
        ModelSpec("pose", rtmpose, "m.pth", "", (192, 256), folder),
    )
    torch.manual_seed(0)
    for spec, model in zip(model_set.specs(), _of_apis(model_set, weights=False), strict=True):
        torch.save({"state_dict": model.state_dict()}, spec.checkpoint_path)
    return model_set


def _of_apis(model_set: ModelSet, weights: bool = True) -> tuple[Any, Any]:
    """Return the detector and the pose model as MMDet's and MMPose's APIs make them."""
    from bachata_assets.pose.models import openmmlab_compat  # noqa: F401  # isort: skip  (before mmdet and mmpose)
    from mmdet.apis import init_detector
    from mmengine.config import Config
    from mmpose.apis import init_model

    made = []
    for spec, init in zip(model_set.specs(), (init_detector, init_model), strict=True):
        config = Config.fromfile(spec.config_path)
        config.model.backbone.pop("init_cfg", None)
        made.append(init(config, str(spec.checkpoint_path) if weights else None, device="cpu"))
    return made[0], made[1]


def through_apis(model_set: ModelSet, pictures: list[np.ndarray]) -> Callable[[], None]:
    """Return what looks at `pictures` one by one by `inference_detector` and `inference_topdown`, as the seed does.

    Two fixed boxes are posed, whatever is detected.
    """
    detector, pose = _of_apis(model_set)
    from mmdet.apis import inference_detector
    from mmpose.apis import inference_topdown
    from mmpose.utils import adapt_mmdet_pipeline

    detector.cfg = adapt_mmdet_pipeline(detector.cfg)

    def run() -> None:
        for picture in pictures:
            height, width = picture.shape[:2]
            inference_detector(detector, picture)
            inference_topdown(pose, picture, FIXED_BOXES * [width, height, width, height])

    return run


def rtmlib_tracker(model_set: ModelSet, folder: Path) -> Callable[[list[Path]], None]:
    """Return rtmlib's PoseTracker with ONNX Runtime on the set's weights, given the same 15 pictures a second."""
    from functools import partial

    from rtmlib import Custom, PoseTracker

    detector, pose = _to_onnx(model_set, folder)
    solution = partial(
        Custom,
        det_class="RTMDet",
        det=str(detector),
        det_input_size=model_set.detector.input_size[::-1],
        pose_class="RTMPose",
        pose=str(pose),
        pose_input_size=model_set.pose.input_size,
    )
    tracker = PoseTracker(solution, det_frequency=RTMLIB_INTERVAL, backend="onnxruntime")

    def run(clips: list[Path]) -> None:
        for clip in clips:
            tracker.reset()
            for _, picture in sample_frames(clip, max_side=WORKING_SIDE):
                tracker(picture)

    return run


def _to_onnx(model_set: ModelSet, folder: Path) -> tuple[Path, Path]:
    """Export both models by torch.onnx in the form that rtmlib reads: normalised NCHW in, boxes after NMS out."""
    import torch
    import torchvision

    from bachata_assets.pose.models.openmmlab import build_model

    class Detector(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = build_model(model_set.detector)
            width, height = model_set.detector.input_size
            sizes = [(height // stride, width // stride) for stride in (8, 16, 32)]
            self.points = torch.cat(self.model.bbox_head.prior_generator.grid_priors(sizes, device="cpu"))

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            scores, distances = self.model.bbox_head(self.model.neck(self.model.backbone(image)))
            score = torch.cat([level[:, 0].flatten(1) for level in scores], 1).sigmoid()[0]
            distance = torch.cat([level.flatten(2) for level in distances], 2).transpose(1, 2)[0]
            best = score.topk(300).indices
            boxes = torch.cat([self.points - distance[:, :2], self.points + distance[:, 2:]], 1)[best]
            kept = torchvision.ops.nms(boxes, score[best], 0.45)  # rtmlib's own threshold
            return torch.cat([boxes[kept], score[best][kept, None]], 1)[None]

    class Pose(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = build_model(model_set.pose)

        def forward(self, crop: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x, y = self.model.head(self.model.backbone(crop))
            return x, y

    paths = folder / "detector.onnx", folder / "pose.onnx"
    for path, model, size in zip(
        paths, (Detector(), Pose()), (model_set.detector.input_size, model_set.pose.input_size), strict=True
    ):
        torch.onnx.export(model.eval(), (torch.zeros(1, 3, size[1], size[0]),), str(path), dynamo=False)
    return paths
