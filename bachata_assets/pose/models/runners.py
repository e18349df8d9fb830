"""Runners of a network: batches in, outputs in order.

OpenVINO runs exported models on the CPU; torch runs models on a CUDA device. `pose_models.py` makes the batches and
decodes the outputs.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from bachata_assets.pose.models.model_sets import ModelSetError, ModelSpec
from bachata_assets.pose.models.openmmlab_scope import own_scope

if TYPE_CHECKING:
    import openvino

Outputs = tuple[np.ndarray, ...]

log = logging.getLogger(__name__)


class Runner(Protocol):
    """Yields the outputs of batches in order.

    A batch is uint8 (N, H, W, 3); further batches are prepared while it is computed.

    Attributes
    ----------
    batch_factor : int
        Preferred batch size, as a multiple of the CPU's.
    """

    batch_factor: int

    def __call__(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        """Yield each batch's outputs."""


class CompiledRunner:
    """An exported model, compiled for the CPU; it computes several batches at the same time.

    Parameters
    ----------
    compiled : openvino.CompiledModel
        The model.
    requests : int
        Maximum number of batches in progress or waiting.
    """

    batch_factor = 1

    def __init__(self, compiled: "openvino.CompiledModel", requests: int) -> None:
        self.compiled = compiled
        self.requests = requests

    def __call__(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        """Yield each batch's outputs."""
        import openvino

        queue = openvino.AsyncInferQueue(self.compiled, self.requests)
        done: dict[int, Outputs] = {}
        queue.set_callback(_collector(done))
        given = 0
        try:
            for index, batch in enumerate(batches):
                queue.start_async({0: batch}, userdata=index)
                while given in done:
                    yield done.pop(given)
                    given += 1
        finally:
            queue.wait_all()  # a callback during Python's shutdown would abort the process
        for index in sorted(done):
            yield done.pop(index)


def _collector(done: dict[int, Outputs]) -> Callable[["openvino.InferRequest", int], None]:
    def collect(request: "openvino.InferRequest", index: int) -> None:
        done[index] = tuple(tensor.data.copy() for tensor in request.output_tensors)

    return collect


class EagerRunner:
    """A model of MMDet or MMPose that torch runs in f32; it computes one batch while the next is prepared.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    device : str
        The torch device.

    Raises
    ------
    ModelSetError
        The model is a two-stage detector, which runs only on the CPU.
    """

    batch_factor = 16

    def __init__(self, spec: ModelSpec, device: str) -> None:
        with own_scope(spec):
            from bachata_assets.pose.models.openmmlab import exportable

            network = exportable(spec)
        self.form: dict[str, Any] = network.form
        if self.form["kind"] == "boxes":
            raise ModelSetError(f'{spec.config}: two-stage detectors run on the CPU only; remove `device = "cuda"`')
        self.device = device
        self._network = network.to(device)

    def __call__(self, batches: Iterable[np.ndarray]) -> Iterator[Outputs]:
        """Yield each batch's outputs."""
        started: deque[Any] = deque()
        for batch in batches:
            started.append(self._start(batch))
            if len(started) > 1:
                yield _fetched(started.popleft())
        while started:
            yield _fetched(started.popleft())

    def _start(self, batch: np.ndarray) -> Any:
        import torch

        with torch.inference_mode():
            return self._network(torch.from_numpy(batch).to(self.device, non_blocking=True))


def _fetched(outputs: Any) -> Outputs:
    return tuple(output.float().cpu().numpy() for output in outputs)


def eager_device(wanted: str) -> str | None:
    """Return the torch device to run on, or None for exported models.

    Parameters
    ----------
    wanted : str
        Device that the model set requests, "cpu" or "cuda"; only "cuda" imports torch.
    """
    if wanted == "cpu":
        return None
    import torch

    if torch.cuda.is_available():
        return wanted
    log.warning("The model set asks for a CUDA device, but torch sees none: the exported models run on the CPU")
    return None
