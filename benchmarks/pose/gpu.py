"""What a CUDA device gives: correctness, speed at several batch sizes, one clip from end to end, memory.

    uv run python -m benchmarks.pose.gpu [--clip FILE] [--model_set bundled] [--seconds 2]

Everything is compared with the same weights run by torch on the CPU in f32. `half` is autocast to fp16, `compiled`
is torch.compile; both are of interest only from 1.5 times on. Without a CUDA device it says so and ends with 1.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.model_sets import ModelSet, ModelSpec, load_model_set
from bachata_assets.pose.models.openmmlab import exportable
from bachata_assets.pose.models.pose_models import PoseModels

BATCHES = (1, 4, 16, 64, 128, 256)
COMPILED = (16, 128)
"""Batch sizes that are measured with torch.compile, too; it takes up to a minute each."""
CLIP = Path("data/sample/videos/basic_steps/basic_step_1.mp4")


def a_second(run: Callable[[], Any], images: int, seconds: float) -> float:
    """Return how many images a second a call gets through, the copies to and from the device included."""
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    started, calls = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        run()
        calls += 1
    torch.cuda.synchronize()
    return calls * images / (time.perf_counter() - started)


def rates(spec: ModelSpec, seconds: float) -> None:
    """Print images a second by batch size: as the product runs it, in fp16, and compiled."""
    network = exportable(spec).to("cuda")
    width, height = spec.input_size
    compiled = torch.compile(network)
    print(f"| {spec.kind}, batch | f32 | half | compiled, f32 |\n|---|---|---|---|")
    for batch in BATCHES:
        images = torch.randint(0, 255, (batch, height, width, 3), dtype=torch.uint8).pin_memory()

        def run(model: Any, half: bool, images: torch.Tensor = images) -> None:
            with torch.inference_mode(), torch.autocast("cuda", torch.float16, enabled=half):
                for output in model(images.to("cuda", non_blocking=True)):
                    output.float().cpu()

        row = [
            a_second(lambda: run(network, False), batch, seconds),
            a_second(lambda: run(network, True), batch, seconds),
        ]
        row += [a_second(lambda: run(compiled, False), batch, seconds)] if batch in (16, 128) else []
        print(f"| {batch} | " + " | ".join(f"{value:.0f}" for value in row) + " |", flush=True)


def models_on(model_set: ModelSet, device: str) -> PoseModels:
    """Return the set's models run by torch on a device."""
    return PoseModels(model_set, None, "f32", threads=0, eager_on=device)


def timed(models: PoseModels, clip: Path) -> tuple[CoupleKeypoints, float]:
    """Return a clip's couple, and the seconds it took."""
    started = time.perf_counter()
    couple = CouplePoseEstimator(models)(clip)
    return couple, time.perf_counter() - started


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path, default=CLIP)
    parser.add_argument("--model_set", default="bundled")
    parser.add_argument("--seconds", type=float, default=2, help="for each rate")
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("torch sees no CUDA device")
    model_set = load_model_set(arguments.model_set)
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {model_set.name}, {arguments.clip.name}")
    cpu, cuda = models_on(model_set, "cpu"), models_on(model_set, "cuda")
    timed(cuda, arguments.clip)
    torch.cuda.reset_peak_memory_stats()
    (on_gpu, gpu_s), (on_cpu, cpu_s) = timed(cuda, arguments.clip), timed(cpu, arguments.clip)
    length = len(on_cpu.times) / 15
    print(f"one clip: {gpu_s / length:.3f} s a second of video on the GPU, {cpu_s / length:.3f} by torch on the CPU")
    print(f"memory of the GPU, most: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB")
    both = on_gpu.valid & on_cpu.valid
    heights = on_cpu.boxes[..., 3] - on_cpu.boxes[..., 1]
    off = np.linalg.norm(on_gpu.keypoints[..., :2] - on_cpu.keypoints[..., :2], axis=-1) / heights[..., None]
    shifts = 100 * off[both]
    shifts = shifts[np.isfinite(shifts)]
    print(
        f"found on both in {both.mean():.3f}, found alike in {(on_gpu.valid == on_cpu.valid).mean():.3f} of the poses; "
        f"keypoints apart by {np.median(shifts):.4f} (median), {np.quantile(shifts, 0.99):.4f} (99 %), "
        f"{shifts.max():.4f} (most) % of the body's height"
    )
    for spec in (model_set.detector, model_set.pose):
        rates(spec, arguments.seconds)


if __name__ == "__main__":
    main()
