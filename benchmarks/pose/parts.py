"""The parts of `benchmarks.pose`: each measures two sides in turns, and returns rows of the table.

Apart from the program, since each runs in a new process, which finds functions by the name of their module.
"""

import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bachata_assets.pose.estimator import CouplePoseEstimator
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.video.probe import probe
from bachata_assets.video.sampling import SAMPLING_RATE, sample_frames
from benchmarks.pose.long_clips import enlarge, loop
from benchmarks.support.figures import spread
from benchmarks.support.pose_contenders import (
    CountedModels,
    fixed_boxes_pipeline,
    floor,
    random_set,
    rtmlib_tracker,
    through_apis,
)
from benchmarks.support.processes import used_by

API_FRAMES = 8
KEPT = Path(tempfile.gettempdir()) / "bachata_assets_pose_benchmark"
"""Results of each part, and the exported models with random weights."""

Sides = dict[str, list[tuple[float, float]]]
"""Name -> (wall s, CPU s) of each run."""


def in_turns(runs: int, sides: dict[str, Callable[[], object]]) -> Sides:
    """Measure each side once a run, one after the other, after a first round that does not count."""
    measured: Sides = {name: [] for name in sides}
    for run in range(runs + 1):
        for name, work in sides.items():
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            if run:
                measured[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return measured


def of_processes(runs: int, commands: dict[str, list[list[str]]]) -> tuple[Sides, int]:
    """Measure commands, those of one name side by side; return also the most memory of all their processes, bytes."""
    measured: Sides = {name: [] for name in commands}
    peak = 0
    for _ in range(runs):
        for name, together in commands.items():
            used = used_by(*together)
            peak = max(peak, used.peak_bytes)
            measured[name].append((used.wall_s, used.cpu_s))
    return measured, peak


def against_floor(clips: list[Path], runs: int, _folder: Path) -> list[str]:
    """Return rows: the pose stage against decoding and its networks' calls alone, and against the fewest that would do.

    The fewest: the detector on every third picture, and two poses a picture.
    """
    models = CountedModels.load()
    estimate = CouplePoseEstimator(models)
    for clip in clips:
        estimate(clip)
    calls = dict(models.calls)
    seconds = length(clips)
    sides = in_turns(
        runs,
        {
            "pose stage": lambda: [estimate(clip) for clip in clips],
            "floor": floor(models, clips, calls["detector"], calls["pose"]),
            "fewest": floor(models, clips, round(seconds * SAMPLING_RATE / 3), round(seconds * SAMPLING_RATE * 2)),
        },
    )
    took = sides["pose stage"]
    return [
        row("pose stage over the floor", sides, "pose stage", "floor", ""),
        row(
            "pose stage over a detector's look at every third picture and two poses a picture",
            sides,
            "pose stage",
            "fewest",
            "<= 1.35",
        ),
        f"| pose stage, s a second of video | {spread([w / seconds for w, _ in took])} "
        f"| {spread([c / seconds for _, c in took])} | |",
        f"| cores kept busy by the pose stage | {spread([c / w for w, c in took], 2)} of {models.threads} | | |",
        f"| calls a second of video | detector {calls['detector'] / seconds:.1f}, pose {calls['pose'] / seconds:.1f} "
        "| | |",
    ]


def against_apis(clips: list[Path], runs: int, folder: Path) -> list[str]:
    """Compare with the seed's way on a few pictures, and with ours on one clip, reckoned up to all of the clips.

    The APIs pose two fixed boxes a picture; where it says "both", so do we.
    """
    pictures = [p for k, (_, p) in enumerate(sample_frames(clips[0])) if k % 10 == 0][:API_FRAMES]
    share = API_FRAMES / (length(clips) * 15)
    random = random_set(folder)
    bundled, big = PoseModels.load(), PoseModels(random, KEPT, "auto", 0)
    estimate = CouplePoseEstimator(bundled)
    sides = in_turns(
        runs,
        {
            "bundled": lambda: [estimate(clip) for clip in clips],
            "bundled, two boxes": lambda: fixed_boxes_pipeline(bundled, clips[:1]),
            "tiny + m": lambda: fixed_boxes_pipeline(big, clips[:1]),
            "APIs, tiny + m": through_apis(random, pictures),
            "APIs, bundled": through_apis(bundled.model_set, pictures),
        },
    )
    one_of_all = length(clips[:1]) / length(clips)
    shares = {"APIs, tiny + m": share, "APIs, bundled": share, "tiny + m": one_of_all, "bundled, two boxes": one_of_all}
    for name, part in shares.items():
        sides[name] = [(wall / part, cpu / part) for wall, cpu in sides[name]]
    return [
        row("APIs with RTMDet-tiny 640 + RTMPose-m over the pose stage", sides, "APIs, tiny + m", "bundled", ">= 40"),
        row("APIs with `bundled`, two boxes, over the whole pose stage", sides, "APIs, bundled", "bundled", ""),
        row("APIs over ours, both `bundled` with two boxes", sides, "APIs, bundled", "bundled, two boxes", ">= 10"),
        row("APIs over ours, both RTMDet-tiny 640 + RTMPose-m", sides, "APIs, tiny + m", "tiny + m", ">= 20"),
    ]


def against_rtmlib(clips: list[Path], runs: int, folder: Path) -> list[str]:
    """Return rows: the pose stage against rtmlib's tracker on the same files."""
    models = PoseModels.load()
    estimate, track = CouplePoseEstimator(models), rtmlib_tracker(models.model_set, folder)
    sides = in_turns(runs, {"bundled": lambda: [estimate(clip) for clip in clips], "rtmlib": lambda: track(clips)})
    return [row("rtmlib (ONNX Runtime, `bundled`) over the pose stage", sides, "rtmlib", "bundled", ">= 2")]


def whole_generate(_clips: list[Path], runs: int, folder: Path, root: Path) -> list[str]:
    """Return rows: `generate` on the 14 real clips, each run with a data dir of its own."""
    sides: Sides = {"generate": []}
    peak = 0
    for run in range(runs):
        command = [sys.executable, "-m", "bachata_assets.cli", "generate", "--video_dir", str(root / "Bachata_steps")]
        command += ["--annotations", str(root / "bachata_annotations.json"), "--data_dir", str(folder / f"data{run}")]
        measured, of_run = of_processes(1, {"generate": [command]})
        sides["generate"] += measured["generate"]
        peak = max(peak, of_run)
    seconds = length(list(root.rglob("*.mp4")))
    wall, cpu = zip(*sides["generate"], strict=True)
    return [
        f"| `generate`, 14 clips, s a second of video | {spread([w / seconds for w in wall])} "
        f"| {spread([c / seconds for c in cpu])} | <= 0.25 |",
        f"| peak memory of `generate`, all processes, MiB | {peak / 2**20:.0f} | | <= 2048 |",
    ]


def cold_start(clips: list[Path], runs: int, _folder: Path) -> list[str]:
    """Return rows: a new process to its first keypoints, on this machine and on one where nothing has run yet."""
    code = (
        "import itertools, sys\n"
        "from bachata_assets.pose.tracking.candidates import find_candidates\n"
        "from bachata_assets.pose.models.pose_models import PoseModels\n"
        "from bachata_assets.video.sampling import sample_frames\n"
        "frames = (picture for _, picture in itertools.islice(sample_frames(sys.argv[1], max_side=640), 1))\n"
        "assert len(next(find_candidates(PoseModels.load(), frames))) > 0\n"
        "assert 'torch' not in sys.modules\n"
    )
    command = [sys.executable, "-c", code, str(clips[0])]
    nothing_kept = 'XDG_CACHE_HOME=$(mktemp -d) PYTHONPYCACHEPREFIX=$(mktemp -d) exec "$0" "$@"'
    sides, _ = of_processes(runs, {"again": [command], "first": [["sh", "-c", nothing_kept, *command]]})
    rows = []
    for what, side, goal in (("", "again", 1), (" on a fresh machine (no export, no bytecode)", "first", 12)):
        wall, cpu = zip(*sides[side], strict=True)
        rows.append(
            f"| start of the process to the first keypoints{what}, s | {spread(wall)} | {spread(cpu)} | <= {goal} |"
        )
    return rows


def side_by_side(clips: list[Path], runs: int, _folder: Path) -> list[str]:
    """Return rows: two processes with the pose stage at once against one."""
    command = [sys.executable, "-c", f"{LOAD}[estimate(Path(clip)) for clip in sys.argv[1:]]", *map(str, clips)]
    sides, _ = of_processes(runs, {"one": [command], "two": [command, command]})
    return [row("two processes side by side over one alone", sides, "two", "one", "about 2")]


LOAD = (
    "import sys; from pathlib import Path; from bachata_assets.pose.estimator import CouplePoseEstimator; "
    "from bachata_assets.pose.models.pose_models import PoseModels; estimate = CouplePoseEstimator(PoseModels.load()); "
)


def ten_minutes(clips: list[Path], runs: int, folder: Path) -> list[str]:
    """Return rows: the pose stage on one clip of ten minutes."""
    long = folder / "long.mp4"
    loop(clips[0], long, math.ceil(600 / probe(clips[0]).duration_s))
    return one_clip("one clip of ten minutes", long, runs)


def ultra_high_definition(clips: list[Path], runs: int, _folder: Path) -> list[str]:
    """Return rows: the pose stage on one clip of 3840 x 2160."""
    uhd = KEPT / "uhd.mp4"
    if not uhd.exists():
        enlarge(clips[0], uhd)
    return one_clip("one clip of 3840 x 2160 at 60 fps", uhd, runs)


def one_clip(what: str, clip: Path, runs: int) -> list[str]:
    """Measure the pose stage on one clip in processes of its own."""
    sides, peak = of_processes(runs, {what: [[sys.executable, "-c", f"{LOAD}estimate(Path(sys.argv[1]))", str(clip)]]})
    wall, cpu = zip(*sides[what], strict=True)
    seconds = length([clip])
    return [
        f"| {what} ({seconds:.0f} s): pose stage, s a second of video | {spread([w / seconds for w in wall])} "
        f"| {spread([c / seconds for c in cpu])} | |",
        f"| its peak memory, MiB | {peak / 2**20:.0f} | | <= 2048 |",
    ]


def length(clips: Sequence[Path]) -> float:
    """Return how long the clips last together, s."""
    return sum(probe(clip).duration_s for clip in clips)


def row(label: str, sides: Sides, over: str, under: str, goal: str) -> str:
    """Return a row: wall and processor time of one side over another's."""
    ratios = [[a[k] / b[k] for a, b in zip(sides[over], sides[under], strict=True)] for k in (0, 1)]
    return f"| {label} | {spread(ratios[0], 2)} | {spread(ratios[1], 2)} | {goal} |"


PARTS: dict[str, Callable[..., list[str]]] = {
    "floor": against_floor,
    "apis": against_apis,
    "rtmlib": against_rtmlib,
    "generate": whole_generate,
    "start": cold_start,
    "side_by_side": side_by_side,
    "long": ten_minutes,
    "uhd": ultra_high_definition,
}
