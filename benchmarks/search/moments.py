"""Finding one of many moments, on both backends, in one run.

    uv run python -m benchmarks.search.moments --n 500000 --tables data/real/moments

Moments are those of `--tables` (a collection's `moments` tables; without them, 600 random centres) plus noise, so that
each has near neighbours; eight of them are a clip. What is printed: documents/s of one `put`, size, time of
`find_moments` for a vector of each family, by all three families and by the lead alone, and how many of the true ten
nearest it finds.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bachata_assets.families import DIMENSIONS
from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.search import MomentRecord, open_index
from bachata_assets.settings import Settings
from benchmarks.search.__main__ import Vectors, collection
from benchmarks.support.search_backends import print_table

A_CLIP = 8
"""Number of moments of a clip."""
SECONDS = 4.0
BY = {"move": dict.fromkeys(FAMILIES, 1.0), "lead": {"lead": 1.0}}


def centers(tables: Path | None, rng: np.random.Generator) -> Vectors:
    """Return real vectors of moments in which everyone is seen, family -> float32 (C, D), or random ones."""
    if tables is None:
        return {family: rng.normal(size=(600, DIMENSIONS[family])).astype(np.float32) for family in FAMILIES}
    names = [f"{family}_embedding" for family in FAMILIES]
    rows = [row for path in sorted(tables.glob("*.parquet")) for row in pq.read_table(path, columns=names).to_pylist()]
    whole = [row for row in rows if all(row[name] for name in names)]
    return {
        family: np.array([row[name] for row in whole], np.float32) for family, name in zip(FAMILIES, names, strict=True)
    }


def documents(vectors: Vectors) -> Iterator[MomentRecord]:
    """Yield made-up moments of the vectors' rows."""
    for row in range(len(vectors["lead"])):
        clip, moment = divmod(row, A_CLIP)
        yield MomentRecord(
            moment_id=f"clip_{clip:06d}#{moment}",
            clip_id=f"clip_{clip:06d}",
            moment=moment,
            moments=A_CLIP,
            start_s=moment * SECONDS,
            end_s=(moment + 1) * SECONDS,
            start_beat=None,
            end_beat=None,
            **{f"{family}_embedding": vectors[family][row] for family in FAMILIES},
            video_path=f"videos/{clip % 30}/clip_{clip:06d}.mp4",
            move_label=f"move_{clip % 30}",
            difficulty=("beginner", "intermediate", "advanced")[clip % 3],
            energy_level="medium",
            lead_follow_roles="both",
            estimated_tempo=100.0 + clip % 60,
            heard_tempo=None,
            heard_tempo_confidence=None,
            frame_count=480,
            quality_score=0.87,
            detection_rate=0.92,
        )


def exact_neighbours(vectors: Vectors, weights: dict[str, float], row: int) -> set[str]:
    """Return the ten nearest moments by the definition."""
    total = np.zeros(len(vectors["lead"]))
    for family, weight in weights.items():
        matrix, query = vectors[family], vectors[family][row]
        total += weight * (matrix @ query) / np.linalg.norm(matrix, axis=1) / np.linalg.norm(query)
    return {f"clip_{found // A_CLIP:06d}#{found % A_CLIP}" for found in np.argpartition(-total, 10)[:10]}


def measure(name: str, settings: Settings, vectors: Vectors, queries: int) -> list[dict[str, str]]:
    """Return the rows of the table of one backend: one for each way to ask."""
    count, rows = len(vectors["lead"]), []
    asked = np.random.default_rng(7).integers(0, count, queries)
    with open_index(settings, fingerprint="benchmark") as index:
        begin = time.perf_counter()
        refused = [error for error in index.moments.put(documents(vectors)).values() if error]
        assert not refused, refused[:3]
        rate = count / (time.perf_counter() - begin)
        size = next(iter(index.moments.status().versions)).bytes / count / 1000
        for by, weights in BY.items():
            questions = [{family: vectors[family][row] for family in FAMILIES} for row in asked]
            for question in questions:  # lets the server compile what it does often
                index.find_moments(vectors=question, weights=weights, per_clip=A_CLIP)
            seconds, shares = [], []
            for row, question in zip(asked, questions, strict=True):
                begin = time.perf_counter()
                found = index.find_moments(vectors=question, weights=weights, per_clip=A_CLIP)
                seconds.append(time.perf_counter() - begin)
                names = {f"{one.clip_id}#{one.moment}" for one in found}
                shares.append(len(names & exact_neighbours(vectors, weights, row)) / 10)
            p50, p95 = np.percentile(seconds, [50, 95]) * 1000
            rows.append(
                {"backend": name, "moments": f"{count:,}", "put, docs/s": f"{rate:,.0f}", "KB/moment": f"{size:.1f}"}
                | {"by": by, "p50, ms": f"{p50:.0f}", "p95, ms": f"{p95:.0f}", "recall@10": f"{np.mean(shares):.3f}"}
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=40_000)
    parser.add_argument("--tables", type=Path, help="folder of the `moments` tables of a collection")
    parser.add_argument("--embedded_only", action="store_true", help="leave Elasticsearch out")
    parser.add_argument("--queries", type=int, default=50)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    vectors = collection(centers(arguments.tables, rng), arguments.n, rng)
    print_table(
        lambda name, settings, _: measure(name, settings, vectors, arguments.queries),
        embedded_only=arguments.embedded_only,
    )


if __name__ == "__main__":
    main()
