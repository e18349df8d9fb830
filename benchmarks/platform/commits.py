"""Two commits in turns, A B A B: whether a change made something slower or take more memory.

    uv run python -m benchmarks.platform.commits 427f40f HEAD --runs 3                 # `generate` on the 14 clips
    uv run python -m benchmarks.platform.commits main HEAD --of poses --most 1.15      # fails when it is slower

Both run in the environment of this one, each from its own files, after a first round that does not count. A ratio is
of two runs that follow one another: median, smallest and largest.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bachata_assets_tests.support.paths import PROJECT
from benchmarks.support.figures import spread
from benchmarks.support.machine import commit_id, machine, require_idle
from benchmarks.support.processes import Used, used_by

POSES = (
    "import sys; from pathlib import Path; from bachata_assets.pose.estimator import CouplePoseEstimator; "
    "from bachata_assets.pose.models.pose_models import PoseModels; estimate = CouplePoseEstimator(PoseModels.load()); "
    "[estimate(clip) for clip in sorted(Path(sys.argv[1]).rglob('*.mp4'))[::5]]"
)
"""The pose stage alone, on every fifth clip."""


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """Give the files of a commit."""
    place = folder / commit_id(commit).rstrip("+")
    git = ["git", "-C", str(PROJECT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", "--force", str(place), commit], check=True)
    try:
        yield place
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True)


def command(of: str, videos: Path, annotations: Path, data: Path) -> list[str]:
    """Return what is timed, by the path of the data dir that it makes."""
    if of == "poses":
        return [sys.executable, "-c", POSES, str(videos)]
    generate = [sys.executable, "-m", "bachata_assets.cli", "generate", "--video_dir", str(videos)]
    return [*generate, "--annotations", str(annotations), "--data_dir", str(data)]


def measured(places: Sequence[Path], runs: int, of: str, videos: Path, annotations: Path) -> list[list[Used]]:
    """Return what each place's runs took; the first round is left out."""
    used: list[list[Used]] = [[] for _ in places]
    for run in range(runs + 1):
        for place, so_far in zip(places, used, strict=True):
            with tempfile.TemporaryDirectory() as data:
                words = command(of, videos, annotations, Path(data) / "data")
                one = used_by(words, folder=place, environment={"PYTHONPATH": str(place)})
            if run:
                so_far.append(one)
    return used


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="what git calls the one commit")
    parser.add_argument("after", help="and the other")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--of", choices=["generate", "poses"], default="generate")
    parser.add_argument("--videos", type=Path, default=Path("../shared/clips/Bachata_steps"))
    parser.add_argument("--annotations", type=Path, default=Path("../shared/clips/bachata_annotations.json"))
    parser.add_argument("--most", type=float, help="fail when the median of the wall times' ratios is above this")
    parser.add_argument("--busy", action="store_true", help="measure on a machine that has other work, too")
    given = parser.parse_args()
    if not given.busy:
        require_idle()
    said = machine(given.before, given.after)
    with (
        tempfile.TemporaryDirectory() as folder,
        checked_out(given.before, Path(folder) / "before") as before,
        checked_out(given.after, Path(folder) / "after") as after,
    ):
        paths = given.videos.absolute(), given.annotations.absolute()
        first, second = measured((before, after), given.runs, given.of, *paths)
    print(f"{said}\n\n| {given.of} | {given.before} | {given.after} | ratio |\n|---|---|---|---|")
    kinds = (("s", 0, 1.0, 1), ("CPU s of all processes", 1, 1.0, 1), ("peak of all processes, MiB", 2, 2.0**20, 0))
    ratios = {}
    for name, at, unit, digits in kinds:
        sides = [[one[at] / unit for one in used] for used in (first, second)]
        ratios[name] = [b / a for a, b in zip(*sides, strict=True)]
        cells = [*(spread(side, digits) for side in sides), spread(ratios[name], 2)]
        print(f"| {name} | {' | '.join(cells)} |")
    if given.most and statistics.median(ratios["s"]) > given.most:
        raise SystemExit(f"{given.after} takes more than {given.most:g} times as long as {given.before}")


if __name__ == "__main__":
    main()
