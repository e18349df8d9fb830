"""`PoseModels`: from frames to person boxes, from crops to keypoints.

This module compiles a model set for this machine. `exported.py` supplies the exported models, `runners.py` runs them
and chooses the device, and `tracking/` finds which persons are the couple.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from bachata_assets.inference.cpu import available_cores
from bachata_assets.inference.precision import Precision, computes_bf16, effective_precision
from bachata_assets.pose.geometry import non_maximum_suppression
from bachata_assets.pose.models.decoding import decode_boxes, form_of
from bachata_assets.pose.models.exported import exported_model
from bachata_assets.pose.models.inputs import batches, letterbox
from bachata_assets.pose.models.model_sets import ModelSet, ModelSetError, ModelSpec, load_model_set
from bachata_assets.pose.models.runners import CompiledRunner, EagerRunner, Runner, eager_device
from bachata_assets.pose.models.tiles import joined, tile_edges
from bachata_assets.pose.models.top_down import TopDown

if TYPE_CHECKING:
    import openvino

log = logging.getLogger(__name__)

DETECTOR_BATCH = 4
"""Number of frames in a detector batch on the CPU."""


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


@cache
def _core() -> "openvino.Core":
    import openvino

    return openvino.Core()


class PoseModels:
    """Detector, pose model and optional hand model of a set, compiled once for all clips.

    Create it with `PoseModels.load`. Only comparisons pass `eager_on`, a torch device to run on without an export.
    `fingerprint` changes exactly when the numbers may: with weights, config or effective precision.
    """

    def __init__(
        self,
        model_set: ModelSet,
        cache_dir: Path | None,
        precision: Precision,
        threads: int,
        streams: int = 0,
        eager_on: str | None = None,
    ) -> None:
        self.model_set = model_set
        self._device = eager_on or eager_device(model_set.device)
        self.effective_precision = model_set.computed_in(effective_precision(precision))
        if self.effective_precision == "bf16" and not computes_bf16():
            log.warning(
                "bf16 is required (BACHATA_PRECISION or the collection), but this CPU computes in f32; its keypoints "
                "differ by about 0.3 % of a body's height from those of a CPU with bf16"
            )
        self.threads = threads or available_cores()
        self._options = {
            "INFERENCE_PRECISION_HINT": self.effective_precision,
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_NUM_THREADS": self.threads,
        }
        if streams:
            self._options["NUM_STREAMS"] = streams
        self._cache_dir = cache_dir
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
        """Return the models of a set, exporting them if the cache lacks them.

        Parameters
        ----------
        model_set : str
            Name in `models.toml`.
        checkpoint_dir : Path or None
            Folder of models.toml and weights; None: the bundled one.
        cache_dir : Path or None
            Folder for exported models; None: the user's cache folder.
        precision : "auto", "f32" or "bf16"
            "auto" is bf16 if the CPU supports it, else f32.
        threads : int
            Number of cores for inference; 0: all that this process may use.
        streams : int
            Number of concurrent inferences; 0: OpenVINO's choice for the cores.
        hands : bool
            Load the set's hand model too.

        Raises
        ------
        FileNotFoundError
            The checkpoint folder or a file in it is missing; the message says how to get it.
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
        """Whether a hand model is loaded."""
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
            Minimum score of a box, 0..1.
        nms_threshold : float
            IoU above which the weaker of two boxes is dropped; at 0.6, one of two embracing dancers is lost.
        limit : int
            Maximum number of boxes per frame.
        """
        for frame_scores, frame_boxes in self._raw_detections(frames):
            seen = np.flatnonzero(frame_scores >= score_threshold)
            seen = seen[np.argsort(-frame_scores[seen], kind="stable")][:300]
            boxes, scores = frame_boxes[seen], frame_scores[seen]
            kept = non_maximum_suppression(boxes, scores, nms_threshold)[:limit]
            yield Detections(boxes[kept], scores[kept])

    def keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield the keypoints of each box, float32 (17, 3), x y px of its frame and score 0..1.

        Crop geometry and decoding are MMPose's (GetBBoxCenterScale, TopdownAffine, the model's own codec), without flip
        test.

        Parameters
        ----------
        jobs : iterable
            (frame uint8 (H, W, 3) BGR, box float (4,), x1 y1 x2 y2 in px of the frame).
        """
        return self._pose.keypoints(jobs)

    def hand_keypoints(self, jobs: Iterable[tuple[np.ndarray, np.ndarray]]) -> Iterator[np.ndarray]:
        """Yield the keypoints of each hand, float32 (21, 3), x y px of its frame and score 0..1.

        Parameters
        ----------
        jobs : iterable
            (frame uint8 (H, W, 3) BGR, box float (4,) around a hand, x1 y1 x2 y2 in px of the frame).

        Raises
        ------
        ModelSetError
            The models were loaded without a hand model.
        """
        if self._hand is None:
            raise ModelSetError(f"the model set {self.model_set.name!r} was loaded without its hand model")
        return self._hand.keypoints(jobs)

    def _read(self, spec: ModelSpec) -> tuple["EagerRunner | openvino.Model", dict[str, Any]]:
        """Return a model and the form of its outputs."""
        if self._device:
            eager = EagerRunner(spec, self._device)
            return eager, eager.form
        model = exported_model(spec, self._cache_dir)
        return model, form_of(model)

    def _runner(self, model: "EagerRunner | openvino.Model", options: dict[str, Any]) -> Runner:
        if isinstance(model, EagerRunner):
            return model
        return CompiledRunner(_core().compile_model(model, "CPU", options), self.threads + 1)

    def _top_down(self, spec: ModelSpec) -> TopDown:
        model, form = self._read(spec)
        return TopDown(self._runner(model, self._options), form, spec.input_size)

    def _raw_detections(self, frames: Iterable[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield scores (P,) and boxes (P, 4), in px of the frame, clipped to it."""
        frames = iter(frames)
        first = next(frames, None)
        if first is None:
            return
        height, width = first.shape[:2]
        tiles = tile_edges(width, height)
        tile_width = tiles[0][1] - tiles[0][0]
        detector, (input_width, input_height) = self._detector_for(upright=height > width)
        scale = min(input_width / tile_width, input_height / height)

        def inputs() -> Iterator[np.ndarray]:
            for frame in chain([first], frames):
                for left, right in tiles:
                    yield letterbox(frame[:, left:right], input_width, input_height)

        def tiled() -> Iterator[tuple[np.ndarray, np.ndarray]]:
            for batch_scores, batch_raw in detector(batched):
                for scores, raw in zip(batch_scores, batch_raw, strict=True):
                    boxes = decode_boxes(self._detector_form, raw, (input_width, input_height)) / scale
                    yield scores, np.clip(boxes, 0, np.array([tile_width, height] * 2, np.float32))

        batched = batches(inputs(), 1 if self._whole_boxes else DETECTOR_BATCH * detector.batch_factor)
        if len(tiles) == 1:
            yield from tiled()
            return
        for of_frame in zip(*[tiled()] * len(tiles), strict=True):
            yield joined(of_frame, tiles, (width, height))

    def _detector_for(self, upright: bool) -> tuple[Runner, tuple[int, int]]:
        """Return the detector for upright or wide frames, with its input size."""
        width, height = sorted(self.model_set.detector.input_size, reverse=not upright)
        if upright not in self._detectors:
            model = self._detector
            if not isinstance(model, EagerRunner):
                model = model.clone()
                model.reshape([1 if self._whole_boxes else -1, height, width, 3])
            # bf16 would round boxes in frame coordinates to several px; distances from a grid are small.
            exact = {"INFERENCE_PRECISION_HINT": "f32"} if self._whole_boxes else {}
            self._detectors[upright] = self._runner(model, self._options | exact)
        return self._detectors[upright], (width, height)
