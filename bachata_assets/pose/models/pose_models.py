"""`PoseModels`: frames to person boxes, crops to keypoints.

A model set is compiled here for this machine. Which persons are the couple is found in `tracking/`; exported models
come from `exported.py`; they are run, and on which device, by `runners.py`.
"""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bachata_assets.inference.cpu import available_cores
from bachata_assets.inference.precision import Precision, computes_bf16, effective_precision
from bachata_assets.pose.geometry import non_maximum_suppression
from bachata_assets.pose.models.decoding import decode_boxes, decode_keypoints, form_of
from bachata_assets.pose.models.exported import exported_model
from bachata_assets.pose.models.model_sets import ModelSet, ModelSetError, ModelSpec, load_model_set
from bachata_assets.pose.models.runners import CompiledRunner, EagerRunner, Runner, eager_device

if TYPE_CHECKING:
    import openvino

log = logging.getLogger(__name__)

PADDING_GREY = 114
"""Grey level beside a frame that does not fill the detector's input, as in RTMDet's test pipeline."""
CROP_PADDING = 1.25
"""Size of a crop, in its box's, as in MMPose's GetBBoxCenterScale."""
DETECTOR_BATCH = 4
"""Number of frames that the detector sees at once."""
POSE_BATCH = 8
"""Number of crops that the pose model sees at once."""


@dataclass(frozen=True)
class Detections:
    """Person boxes of one frame, best first.

    Attributes
    ----------
    boxes : np.ndarray
        float32 (N, 4), x1 y1 x2 y2, px of the frame.
    scores : np.ndarray
        float32 (N,), 0..1.
    """

    boxes: np.ndarray
    scores: np.ndarray


class _TopDown:
    """A model that sees crops of one size.

    Parameters
    ----------
    run : Runner
        Runs the model.
    form : dict
        What it gives out.
    size : tuple of int
        Width and height of the crops, px.
    """

    def __init__(self, run: Runner, form: dict[str, Any], size: tuple[int, int]) -> None:
        self.run = run
        self.form = form
        self.size = size

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield keypoints for each (frame, box), float32 (K, 3).

        x y are in px of that frame.
        """
        geometry: deque[np.ndarray] = deque()

        def crops() -> Iterator[np.ndarray]:
            for frame, box in jobs:
                matrix, crop = top_down_crop(frame, box, self.size)
                geometry.append(matrix)
                yield crop

        for outputs in self.run(_batches(crops(), POSE_BATCH)):
            for one in zip(*outputs, strict=True):
                matrix = geometry.popleft()
                keypoints = decode_keypoints(self.form, one, self.size)
                keypoints[:, :2] = (keypoints[:, :2] - matrix[:, 2]) / matrix[0, 0]
                yield keypoints


class PoseModels:
    """Detector, pose model and, where wanted, hand model of a set.

    They are compiled once and shared by all clips. Use `PoseModels.load`. `fingerprint` changes exactly when the
    numbers may: with weights, config, or effective precision.
    """

    def __init__(
        self, model_set: ModelSet, cache_dir: Path | None, precision: Precision, threads: int, streams: int = 0
    ) -> None:
        import openvino

        core = openvino.Core()
        self.model_set = model_set
        self.effective_precision = effective_precision(precision)
        if self.effective_precision == "bf16" and not computes_bf16():
            log.warning(
                "Asked for bf16 (BACHATA_PRECISION, or the collection's own), this CPU computes in f32: its keypoints "
                "differ by about 0.3 % of a body's height from those of a CPU with bf16"
            )
        self.threads = threads or available_cores()
        self._core = core
        self._options = {
            "INFERENCE_PRECISION_HINT": self.effective_precision,
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": self.threads,
        }
        if streams:
            self._options["NUM_STREAMS"] = streams
        self._cache_dir = cache_dir
        self._device = eager_device(model_set.device)
        self._detector, self._detector_form = self._read(model_set.detector)
        self._whole_boxes = self._detector_form["kind"] == "boxes"
        self._detectors: dict[bool, Runner] = {}
        self._pose = self._top_down(model_set.pose)
        self._hand = self._top_down(model_set.hand) if model_set.hand else None

    @classmethod
    def load(
        cls,
        model_set: str = "bundled",
        checkpoint_dir: Path | None = None,
        cache_dir: Path | None = None,
        precision: Precision = "auto",
        threads: int = 0,
        streams: int = 0,
        hands: bool = False,
    ) -> Self:
        """Return the models of a set, exported where the cache lacks them.

        Parameters
        ----------
        model_set : str
            Name in `models.toml`.
        checkpoint_dir : Path or None
            Folder of models.toml and weights; None: the one that comes with the project.
        cache_dir : Path or None
            Folder that keeps exported models; None: the user's cache folder.
        precision : "auto", "f32" or "bf16"
            "auto" is bf16 where the CPU computes it, else f32.
        threads : int
            Cores for inference; 0: all that this process may use.
        streams : int
            Inferences at the same time; 0: what OpenVINO finds best for the cores.
        hands : bool
            Load the set's hand model too.

        Raises
        ------
        FileNotFoundError
            The checkpoint folder or a file of it is missing; the message says how to get it.
        ModelSetError
            A file is damaged or does not fit.
        """
        models = load_model_set(model_set, checkpoint_dir, hands)
        return cls(models, cache_dir, precision, threads, streams)

    @property
    def fingerprint(self) -> str:
        """Hash of weights, configs and effective precision."""
        return self.model_set.fingerprint(self.effective_precision)

    @property
    def finds_hands(self) -> bool:
        """Whether a hand model was loaded."""
        return self._hand is not None

    @property
    def crop_size(self) -> tuple[int, int]:
        """Width and height of the crops that the pose model sees, px."""
        return self.model_set.pose.input_size

    def detect(
        self,
        frames: Iterable[np.ndarray],
        score_threshold: float = 0.3,
        nms_threshold: float = 0.85,
        limit: int = 20,
    ) -> Iterator[Detections]:
        """Yield the persons in each frame.

        Parameters
        ----------
        frames : iterable of np.ndarray
            uint8 (H, W, 3), BGR, all of one size.
        score_threshold : float
            Lowest score of a box, 0..1.
        nms_threshold : float
            IoU above which the weaker of two boxes is dropped; at 0.6 one of two embracing dancers is lost.
        limit : int
            Largest number of boxes in a frame.
        """
        for frame_scores, frame_boxes in self._raw_detections(frames):
            seen = np.flatnonzero(frame_scores >= score_threshold)
            seen = seen[np.argsort(-frame_scores[seen], kind="stable")][:300]
            boxes, scores = frame_boxes[seen], frame_scores[seen]
            kept = non_maximum_suppression(boxes, scores, nms_threshold)[:limit]
            yield Detections(boxes[kept], scores[kept])

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield the keypoints of each box, float32 (17, 3), x y score.

        Crop geometry and decoding are MMPose's (GetBBoxCenterScale, TopdownAffine, the model's own codec), flip test
        off.

        Parameters
        ----------
        jobs : iterable
            (frame uint8 (H, W, 3) BGR, box (4,) in px of it); keypoints are in px of that frame.
        """
        return self._pose.keypoints(jobs)

    def hand_keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield the keypoints of each hand, float32 (21, 3), x y score.

        Parameters
        ----------
        jobs : iterable
            (frame uint8 (H, W, 3) BGR, box (4,) around a hand in px of it); keypoints are in px of that frame.

        Raises
        ------
        ModelSetError
            The models were loaded without a hand model.
        """
        if self._hand is None:
            raise ModelSetError(f"the model set {self.model_set.name!r} was loaded without its hand model")
        return self._hand.keypoints(jobs)

    def _read(self, spec: ModelSpec) -> tuple["EagerRunner | openvino.Model", dict[str, Any]]:
        """Return a model, and the form of what it gives out."""
        if self._device:
            eager = EagerRunner(spec, self._device)
            return eager, eager.form
        model = exported_model(spec, self._cache_dir)
        return model, form_of(model)

    def _runner(self, model: "EagerRunner | openvino.Model", options: dict[str, Any]) -> Runner:
        if isinstance(model, EagerRunner):
            return model
        return CompiledRunner(self._core.compile_model(model, "CPU", options), self.threads + 1)

    def _top_down(self, spec: ModelSpec) -> _TopDown:
        model, form = self._read(spec)
        return _TopDown(self._runner(model, self._options), form, spec.input_size)

    def _raw_detections(self, frames: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield scores (P,) and boxes (P, 4), in px of the frame, clipped to it."""
        frames = iter(frames)
        first = next(frames, None)
        if first is None:
            return
        height, width = first.shape[:2]
        detector, (input_width, input_height) = self._detector_for(upright=height > width)
        scale = min(input_width / width, input_height / height)

        def inputs() -> Iterator[np.ndarray]:
            yield letterbox(first, input_width, input_height)
            for frame in frames:
                yield letterbox(frame, input_width, input_height)

        batches = _batches(inputs(), 1 if self._whole_boxes else DETECTOR_BATCH)
        for batch_scores, batch_raw in detector(batches):
            for scores, raw in zip(batch_scores, batch_raw, strict=True):
                boxes = decode_boxes(self._detector_form, raw, (input_width, input_height)) / scale
                yield scores, np.clip(boxes, 0, np.array([width, height, width, height], np.float32))

    def _detector_for(self, upright: bool) -> tuple[Runner, tuple[int, int]]:
        """Return the detector for upright or wide frames, with its input size."""
        width, height = sorted(self.model_set.detector.input_size, reverse=not upright)
        if upright not in self._detectors:
            model = self._detector
            if not isinstance(model, EagerRunner):
                model = model.clone()
                model.reshape([1 if self._whole_boxes else -1, height, width, 3])
            # bf16 would round boxes of whole frames to several px; distances from a grid are small.
            exact = {"INFERENCE_PRECISION_HINT": "f32"} if self._whole_boxes else {}
            self._detectors[upright] = self._runner(model, self._options | exact)
        return self._detectors[upright], (width, height)


def letterbox(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a frame scaled to fit from the top left, the rest grey.

    As in RTMDet's test pipeline.

    Parameters
    ----------
    frame : np.ndarray
        uint8 (H, W, 3), BGR.
    width, height : int
        Size of the result, px.
    """
    import cv2

    scale = min(width / frame.shape[1], height / frame.shape[0])
    size = (min(width, round(frame.shape[1] * scale)), min(height, round(frame.shape[0] * scale)))
    out = np.full((height, width, 3), PADDING_GREY, np.uint8)
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    out[: size[1], : size[0]] = cv2.resize(frame, size, interpolation=interpolation)
    return out


def top_down_crop(frame: np.ndarray, box: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the crop around a padded box, and how it came about.

    Parameters
    ----------
    frame : np.ndarray
        uint8 (H, W, 3), BGR.
    box : np.ndarray
        float (4,), x1 y1 x2 y2, px.
    size : tuple of int
        Width and height of the crop, px.

    Returns
    -------
    matrix : np.ndarray
        float64 (2, 3), from frame to crop.
    crop : np.ndarray
        uint8 (height, width, 3), BGR.
    """
    import cv2

    width, height = size
    x1, y1, x2, y2 = (float(v) for v in box)
    span = max((x2 - x1) / width, (y2 - y1) / height, 1e-3) * CROP_PADDING
    matrix = np.array(
        [[1 / span, 0, width / 2 - (x1 + x2) / 2 / span], [0, 1 / span, height / 2 - (y1 + y2) / 2 / span]]
    )
    return matrix, cv2.warpAffine(frame, matrix, size, flags=cv2.INTER_LINEAR)


def _batches(images: Iterable[np.ndarray], size: int) -> Iterator[np.ndarray]:
    batch: list[np.ndarray] = []
    for image in images:
        batch.append(image)
        if len(batch) == size:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)
