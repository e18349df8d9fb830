"""Finding what can follow one of many clips, beside the clips that are like it, on both backends in one run.

    uv run python -m benchmarks.search.following --n 20000 [--transitions data/real/transitions]

Clips are made up as in `benchmarks.search`. Their beginnings and endings are those of `--transitions` (a collection's
tables; without them, 150 random pairs) plus noise. What is printed: time of `find_next`, of `find_chain` over six clips
and of `find_similar` for the same clips, and how many of the true ten beginnings `find_next` finds.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bachata_assets.clip_record import EDGE_DIMENSIONS, EDGES, ClipRecord
from bachata_assets.search import SearchIndex, open_index
from bachata_assets.settings import Settings
from bachata_assets_tests.support.edges import FACTS
from benchmarks.search.__main__ import Vectors, centers, collection, documents
from benchmarks.support.search_backends import print_table

AT_ONCE = 1000
"""Number of clips whose vectors of all five families are held in memory."""
SAID = json.dumps({side: FACTS.to_dict() | {"absent_reason": None} for side in EDGES})
"""Facts of both edges; they do not count in the order."""


def edges(tables: Path | None, count: int, rng: np.random.Generator) -> Vectors:
    """Return side -> float32 (count, 64) around real or random ones; both of a clip around those of one clip."""
    if tables is None:
        around = {side: rng.normal(size=(150, EDGE_DIMENSIONS)).astype(np.float32) for side in EDGES}
    else:
        rows = [row for path in sorted(tables.glob("*.parquet")) for row in pq.read_table(path).to_pylist()]
        whole = [row for row in rows if all(row[side] for side in EDGES)]
        around = {side: np.array([row[side] for row in whole], np.float32) for side in EDGES}
    return collection(around, count, rng)


def clips(sides: Vectors, rng: np.random.Generator) -> Iterator[ClipRecord]:
    """Yield clips that begin and end so."""
    around, count = centers(None, rng), len(sides["ending"])
    for start in range(0, count, AT_ONCE):
        rows = range(start, min(start + AT_ONCE, count))
        for row, clip in zip(rows, documents(collection(around, len(rows), rng), range(len(rows))), strict=True):
            yield replace(clip, clip_id=f"clip_{row:07d}", edges=SAID, **{side: sides[side][row] for side in EDGES})


def measure(name: str, settings: Settings, sides: Vectors, queries: int) -> list[dict[str, str]]:
    """Return the rows of one backend: one for each question."""
    count = len(sides["ending"])
    asked = np.random.default_rng(7).integers(0, count, queries)
    with open_index(settings, fingerprint="benchmark") as index:
        errors = [result.error for result in index.put(clips(sides, np.random.default_rng(1))) if result.error]
        assert not errors, errors[:3]
        index.promote()
        questions: dict[str, Callable[[str], object]] = {
            "find_similar": index.find_similar,
            "find_next": index.find_next,
            "find_chain": index.find_chain,
        }
        rows = [
            {"backend": name, "clips": f"{count:,}", "question": question} | timed(ask, asked)
            for question, ask in questions.items()
        ]
        rows[1]["recall@10"] = f"{recall(index, sides, asked):.3f}"
    return rows


def timed(ask: Callable[[str], object], asked: np.ndarray) -> dict[str, str]:
    """Return the times of a question; the first round lets the server compile what it does often."""
    for _ in range(2):
        seconds = []
        for row in asked:
            begin = time.perf_counter()
            ask(f"clip_{row:07d}")
            seconds.append(time.perf_counter() - begin)
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    return {"p50, ms": f"{p50:.0f}", "p95, ms": f"{p95:.0f}", "recall@10": ""}


def recall(index: SearchIndex, sides: Vectors, asked: np.ndarray) -> float:
    """Return the share of the ten nearest beginnings, by the definition, that are found."""
    beginnings = sides["beginning"] / np.linalg.norm(sides["beginning"], axis=1, keepdims=True)
    shares = []
    for row in asked:
        cosines = beginnings @ sides["ending"][row]
        cosines[row] = -np.inf
        nearest = {f"clip_{found:07d}" for found in np.argpartition(-cosines, 10)[:10]}
        shares.append(len(nearest & {one.clip_id for one in index.find_next(f"clip_{row:07d}")}) / 10)
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=20_000, help="number of clips")
    parser.add_argument("--transitions", type=Path, help="folder of the `transitions` tables of a collection")
    parser.add_argument("--embedded_only", action="store_true", help="leave Elasticsearch out")
    parser.add_argument("--queries", type=int, default=50)
    given = parser.parse_args()
    sides = edges(given.transitions, given.n, np.random.default_rng(0))
    print_table(
        lambda name, settings, _: measure(name, settings, sides, given.queries), embedded_only=given.embedded_only
    )


if __name__ == "__main__":
    main()
