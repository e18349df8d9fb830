"""Train RTMPose models side by side on the same augmented crops, on one GPU, within a fixed time.

    export PYTHONPATH=.:training/recipes
    python -m gpu.train_pose work/frames.npz work/gpu --seconds 480 --models t s

Each model's averaged weights are written every minute as `<model>.pth`, in the form that `models.toml` names. A call
with the same folder goes on where the last one stopped.
"""

import argparse
import copy
import logging
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from bachata_assets.pose.models.model_sets import ModelSpec, load_model_set
from gpu.augmentation import Crops
from gpu.packed import unpack

log = logging.getLogger("train_pose")

CONFIG = "mmpose:configs/body_2d_keypoint/rtmpose/coco/rtmpose-{size}_8xb256-420e_coco-256x192.py"
SPLIT_RATIO, SIGMAS, BETA = 2.0, (4.9, 5.66), 10.0
"""Of SimCC's targets and of the loss, as in the configs."""
WARM_UP = 300
"""Iterations until the full learning rate."""
WRITE_EVERY = 60
"""Seconds between two writings."""
GIVEN_UP_S = 6.0
"""Seconds for a small step after which a form is not tried further."""


@dataclass(frozen=True)
class Form:
    """How a step is computed: memory format and precision."""

    channels_last: bool
    bf16: bool


FORMS = (
    Form(channels_last=False, bf16=True),
    Form(channels_last=False, bf16=False),
    Form(channels_last=True, bf16=True),
)
"""Which of them is fastest depends on the depthwise convolutions that a card's cuDNN has."""


class Learner:
    """A model with its optimiser and its averaged weights.

    Parameters
    ----------
    size : str
        "t", "s" or "m".
    rate : float
        Learning rate.
    device : torch.device
        Where it learns.
    start : bool
        Begin with the bundled weights, which are of size t.
    """

    def __init__(self, size: str, rate: float, device: torch.device, *, start: bool) -> None:
        from bachata_assets.pose.models.openmmlab import build_model, untrained_model

        bundled = load_model_set("bundled").pose
        if start:
            model = build_model(bundled)
        else:
            model = untrained_model(_spec(bundled, size))
            model.init_weights()
        self.size, self.rate = size, rate
        self.mean, self.std = (getattr(model.data_preprocessor, name).to(device) for name in ("mean", "std"))
        self.model = model.to(device).train()
        decayed = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=rate, fused=device.type == "cuda")
        self.averaged = {name: value.detach().clone() for name, value in model.state_dict().items()}
        self.steps = 0
        self.take(FORMS[0])

    def take(self, form: Form) -> None:
        """Compute in this form from now on."""
        self.form = form
        self.memory_format = torch.channels_last if form.channels_last else torch.contiguous_format
        self.model.to(memory_format=self.memory_format)

    def learn(self, pictures: torch.Tensor, points: torch.Tensor, weights: torch.Tensor, progress: float) -> Any:
        """Do one step; return the loss, a tensor."""
        rate = self.rate * min(1.0, (self.steps + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        x = (pictures.flip(1) - self.mean) / self.std
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.form.bf16):
            along_x, along_y = self.model.head(self.model.backbone(x.contiguous(memory_format=self.memory_format)))
        loss = simcc_loss(along_x, points[..., 0], weights, SIGMAS[0])
        loss = loss + simcc_loss(along_y, points[..., 1], weights, SIGMAS[1])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 35)
        self.optimiser.step()
        self._average()
        self.steps += 1
        return loss.detach()

    def _average(self) -> None:
        """Move the averaged weights towards the present ones; fast at first."""
        momentum = max(0.001, 1 / (self.steps + 2) ** 0.8)
        state = self.model.state_dict()
        names = [name for name, value in state.items() if value.is_floating_point()]
        torch._foreach_lerp_([self.averaged[n] for n in names], [state[n] for n in names], momentum)

    def weights(self) -> dict[str, torch.Tensor]:
        """Return the averaged weights in fp16, without what the config itself gives."""
        return {
            name: value.half().cpu() if value.is_floating_point() else value.cpu()
            for name, value in self.averaged.items()
            if not name.startswith("data_preprocessor.") and not name.endswith("num_batches_tracked")
        }


def _spec(bundled: ModelSpec, size: str) -> ModelSpec:
    return replace(bundled, config=CONFIG.format(size=size))


def simcc_loss(logits: torch.Tensor, at: torch.Tensor, weights: torch.Tensor, sigma: float) -> torch.Tensor:
    """Return MMPose's KLDiscretLoss (beta 10, softmax of the labels) to Gaussian labels.

    Parameters
    ----------
    logits : torch.Tensor
        (N, K, bins), a bin is half a px.
    at : torch.Tensor
        float32 (N, K), px.
    weights : torch.Tensor
        float32 (N, K).
    sigma : float
        Width of a label, bins.
    """
    bins = torch.arange(logits.shape[-1], device=logits.device, dtype=torch.float32)
    label = torch.exp(-(((bins - (at * SPLIT_RATIO)[..., None]) / sigma) ** 2) / 2)
    told = functional.log_softmax(logits.float() * BETA, dim=-1)
    wanted = functional.softmax(label * BETA, dim=-1)
    divergence = (wanted * (wanted.clamp(min=1e-12).log() - told)).mean(dim=-1)
    return (divergence * weights).sum() / logits.shape[1]


def fastest_form(learner: Learner, crops: Crops, batch: int) -> Form:
    """Return the form in which a step takes the least time; the learner stays as it is."""
    seconds = {}
    for form in FORMS:
        trial = copy.deepcopy(learner)
        trial.take(form)
        first = _seconds(trial, crops, batch // 16, 2)
        if first < GIVEN_UP_S:
            _seconds(trial, crops, batch, 1)
            seconds[form] = _seconds(trial, crops, batch, 4)
        log.info("%s: %s s a step", form, seconds.get(form, f"{first} for a small"))
    return min(seconds, key=lambda form: seconds[form])


def _seconds(learner: Learner, crops: Crops, batch: int, steps: int) -> float:
    """Return the time of a step."""
    started = time.monotonic()
    for _ in range(steps):
        float(learner.learn(*crops.draw(batch), progress=0))
    return (time.monotonic() - started) / steps


def train(file: Path, folder: Path, seconds: float, sizes: list[str], batch: int, rate: float) -> None:
    """Train until `seconds` have passed, those of earlier calls included."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    folder.mkdir(parents=True, exist_ok=True)
    learners = [Learner(size, rate, device, start=size == "t") for size in sizes]
    crops = Crops(unpack(file), device)
    before = _resume(folder, learners)
    form = fastest_form(learners[0], crops, batch) if device.type == "cuda" else FORMS[-1]
    for learner in learners:
        learner.take(form)
    log.info("%d frames on %s", len(crops.pictures), device)
    started = written = time.monotonic()
    steps = 0
    while (elapsed := before + time.monotonic() - started) < seconds:
        drawn = crops.draw(batch)
        losses = [learner.learn(*drawn, progress=elapsed / seconds) for learner in learners]
        steps += 1
        if steps in (5, 20, 100) or time.monotonic() - written > WRITE_EVERY:
            told = " ".join(f"{learner.size} {float(loss):.4f}" for learner, loss in zip(learners, losses, strict=True))
            speed = steps * batch / (time.monotonic() - started)
            log.info("%.0f s, %d crops, %.0f a second, loss %s", elapsed, steps * batch, speed, told)
            written = time.monotonic()
            _write(folder, learners, elapsed)
    _write(folder, learners, elapsed)


def _write(folder: Path, learners: list[Learner], elapsed: float) -> None:
    for learner in learners:
        _replace(folder / f"{learner.size}.pth", {"state_dict": learner.weights()})
        state = {
            "elapsed": elapsed,
            "steps": learner.steps,
            "model": learner.model.state_dict(),
            "optimiser": learner.optimiser.state_dict(),
            "averaged": learner.averaged,
        }
        _replace(folder / "state" / f"{learner.size}.pth", state)


def _replace(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    torch.save(content, file.with_suffix(".tmp"))
    file.with_suffix(".tmp").replace(file)


def _resume(folder: Path, learners: list[Learner]) -> float:
    """Load what an earlier call left; return the seconds that it trained."""
    elapsed = 0.0
    for learner in learners:
        file = folder / "state" / f"{learner.size}.pth"
        if file.exists():
            state = torch.load(file, weights_only=True)
            learner.model.load_state_dict(state["model"])
            learner.optimiser.load_state_dict(state["optimiser"])
            learner.averaged = {k: v.to(learner.averaged[k].device) for k, v in state["averaged"].items()}
            learner.steps, elapsed = state["steps"], state["elapsed"]
    return elapsed


def main() -> None:
    """Run the training."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="written by gpu/packed.py")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=480)
    parser.add_argument("--models", nargs="+", default=["t"], choices=["t", "s", "m"])
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--rate", type=float, default=2e-3)
    arguments = parser.parse_args()
    train(arguments.file, arguments.folder, arguments.seconds, arguments.models, arguments.batch, arguments.rate)


if __name__ == "__main__":
    main()
