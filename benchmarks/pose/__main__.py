"""How fast poses are found, beside the floor and beside other ways, on real clips; in processor time and in wall time.

    uv run --group bench python -m benchmarks.pose --runs 5          # all, and the table of PAGE
    uv run --group bench python -m benchmarks.pose --parts floor apis  # some, the others as measured before

Every part measures its two sides in turns, `--runs` times, in one process; a ratio is the median over the runs.
Parts: floor, apis, rtmlib, generate, start, side_by_side; and `--parts long uhd`, which make a clip of ten
minutes and one of 3840 x 2160 at 60 fps.
"""

import argparse
import json
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.pose.parts import KEPT, PARTS
from benchmarks.support.machine import machine, require_idle

CLIPS = ("arm_styling_1", "combination_5", "shadow_position_1")
"""Of the 14: few boxes a picture in the first two, many in the last."""
PAGE = Path(__file__).parents[2] / "docs" / "measurements" / "performance.md"
BEGIN, END = "<!-- benchmarks/pose/__main__.py: begin -->", "<!-- benchmarks/pose/__main__.py: end -->"


def write_table(results: dict[str, list[str]]) -> None:
    """Put the rows of each part into the table of docs/measurements/performance.md."""
    page = PAGE.read_text()
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    rows = [line for name in PARTS for line in results.get(name, [])]
    table = "\n".join(["| | wall | CPU | goal |", "|---|---|---|---|", *rows])
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--clips", type=Path, default=Path("../shared/clips"))
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS)[:6])
    parser.add_argument("--busy", action="store_true", help="measure beside other work, and leave the page as it is")
    args = parser.parse_args()
    if not args.busy:
        require_idle()
    print(machine(), flush=True)
    clips = [next(args.clips.rglob(f"{name}.mp4")) for name in CLIPS]
    KEPT.mkdir(exist_ok=True)
    kept = KEPT / "results.json"
    results = json.loads(kept.read_text()) if kept.is_file() else {}
    for name in args.parts:
        more = (args.clips,) if name == "generate" else ()
        with (  # each in a new process: none finds what another has loaded
            tempfile.TemporaryDirectory() as folder,
            ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process,
        ):
            results[name] = process.submit(PARTS[name], clips, args.runs, Path(folder), *more).result()
        print("\n".join(results[name]), flush=True)
        kept.write_text(json.dumps(results))
    if not args.busy:
        write_table(results)


if __name__ == "__main__":
    main()
