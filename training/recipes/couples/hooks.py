"""Hooks of the trainings: speed on the CPU, and a learning rate that depends on nothing but the progress."""

from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.registry import HOOKS


@HOOKS.register_module()
class CpuSpeed(Hook):  # type: ignore[misc]  # OpenMMLab publishes no types
    """channels_last, and the backbone in bf16; heads stay f32, MMPose's compute accuracies in numpy.

    MMEngine's AmpOptimWrapper refuses the CPU.
    """

    def __init__(self, bf16: bool) -> None:
        self.bf16 = bf16

    def before_train(self, runner: Any) -> None:
        """Change the model in place."""
        model = runner.model
        model.to(memory_format=torch.channels_last)
        if self.bf16:
            forward = torch.autocast("cpu", torch.bfloat16)(model.backbone.forward)
            model.backbone.forward = lambda x: tuple(level.float() for level in forward(x))


@HOOKS.register_module()
class CosineToZero(Hook):  # type: ignore[misc]  # OpenMMLab publishes no types
    """A linear warm-up, then half a cosine to zero at the last iteration.

    It has no state, so that a training resumed with another number of epochs follows the new course.
    """

    def __init__(self, warmup: int) -> None:
        self.warmup = warmup
        self.rates: list[float] = []

    def before_train(self, runner: Any) -> None:
        """Take note of the configured learning rates."""
        self.rates = [group.setdefault("initial_lr", group["lr"]) for group in runner.optim_wrapper.param_groups]

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:  # noqa: ARG002
        """Set the learning rate."""
        progress = runner.iter / runner.max_iters
        factor = min(1.0, (runner.iter + 1) / self.warmup) * 0.5 * (1 + np.cos(np.pi * progress))
        for group, rate in zip(runner.optim_wrapper.param_groups, self.rates, strict=True):
            group["lr"] = rate * factor
