"""Indexing, searching and streaming of many clips, on both backends, in one run.

    uv run python -m benchmarks.search --n 20000 [--table embeddings.parquet]

Clips are those of `--table` (a collection's `embeddings` table; without one, 150 random centres) plus noise, so that
each has a cluster of near neighbours. Elasticsearch is the tests' own node of 9.1.0. What is compared:

- documents/s of one `put` of all, and of a `put` and of the client's own `index` for each document by itself;
- time of `find_similar` over all five families, and how many of the true ten nearest it finds;
- memory while `get_all_embeddings` streams.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import pyarrow.parquet as pq

from bachata_assets.families import DIMENSIONS
from bachata_assets.search import ClipRecord, SearchIndex, open_index
from bachata_assets.search.similarity import DEFAULT_WEIGHTS
from bachata_assets.settings import Settings
from bachata_assets_tests.support.elasticsearch_node import Node
from benchmarks.support.search_backends import print_table

Vectors = dict[str, np.ndarray]
LEVELS = ("beginner", "intermediate", "advanced")


def centers(table: Path | None, rng: np.random.Generator) -> Vectors:
    """Return real vectors, family -> float32 (C, D), or random ones."""
    if table is None:
        return {family: rng.normal(size=(150, size)).astype(np.float32) for family, size in DIMENSIONS.items()}
    columns = pq.read_table(table)
    found = {}
    for family in DIMENSIONS:
        present = columns.column(f"{family}_embedding").drop_null()
        found[family] = np.array(present.to_pylist(), np.float32)
    return found


def collection(around: Vectors, count: int, rng: np.random.Generator) -> Vectors:
    """Return `count` clips around the centres, one centre a clip; the noise is half as long as its centre."""
    made, near = {}, rng.integers(0, 1_000_000, count)
    for family, center in around.items():
        vectors = center[near % len(center)]
        noise = rng.normal(size=vectors.shape).astype(np.float32)
        noise *= 0.5 * np.linalg.norm(vectors, axis=1, keepdims=True) / np.sqrt(vectors.shape[1])
        made[family] = vectors + noise
    return made


def documents(vectors: Vectors, rows: range) -> Iterator[ClipRecord]:
    """Yield made-up clips of the vectors' rows."""
    for row in rows:
        yield ClipRecord(
            clip_id=f"clip_{row:07d}",
            video_path=f"videos/{row % 30}/clip_{row:07d}.mp4",
            **{f"{family}_embedding": vectors[family][row] for family in DIMENSIONS},
            move_label=f"move_{row % 30}",
            difficulty=LEVELS[row % 3],
            energy_level="medium",
            lead_follow_roles="both",
            estimated_tempo=100.0 + row % 60,
            quality_score=0.87,
            detection_rate=0.92,
            frame_count=225,
            processing_time=3.2,
            version="benchmark",
            created_at=datetime(2025, 10, 18, tzinfo=UTC),
        )


def exact_neighbours(vectors: Vectors, row: int) -> set[str]:
    """Return the ten nearest clips by the definition, in double precision."""
    total = np.zeros(len(vectors["lead"]))
    for family, weight in DEFAULT_WEIGHTS.items():
        matrix, query = vectors[family], vectors[family][row].astype(float)
        total += weight * (matrix @ query) / np.linalg.norm(matrix, axis=1) / np.linalg.norm(query)
    total[row] = -np.inf
    return {f"clip_{found:07d}" for found in np.argpartition(-total, 10)[:10]}


def cpu_seconds(server: Node | None) -> float:
    """Return the processor time that this process and the server used so far; other programs' load hardly matters."""
    processes = [psutil.Process()]
    if server is not None and server.process is not None:
        processes += psutil.Process(server.process.pid).children(recursive=True)
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def measure(name: str, settings: Settings, vectors: Vectors, queries: int, server: Node | None) -> dict[str, str]:
    """Return a row of the table: what one backend needs to write, find and read all clips."""
    count, alone = len(vectors["lead"]), range(100)
    row: dict[str, str] = {"backend": name, "clips": f"{count:,}"}
    with open_index(settings, fingerprint="benchmark") as index:
        index.put(documents(vectors, range(100)))  # wakes the server up
        begin = time.perf_counter()
        for document in documents(vectors, alone):
            index.put([document])
        one_by_one = len(alone) / (time.perf_counter() - begin)
        begin = time.perf_counter()
        errors = [result.error for result in index.put(documents(vectors, range(count))) if result.error]
        assert not errors, errors[:3]
        bulk = count / (time.perf_counter() - begin)
        row |= {"bulk, docs/s": f"{bulk:,.0f}", "put one by one": f"{one_by_one:,.0f} ({bulk / one_by_one:.0f}x)"}
        index.promote()
        row["KB/clip"] = f"{index.status().versions[0].bytes / count / 1000:.1f}"
        row |= search(index, vectors, queries, server)
        row |= stream(index, count)
    if server is not None:
        print(f"The client's own `index`, one by one, without refresh: {plain_index(server, vectors):,.0f} docs/s")
    return row


def plain_index(node: Node, vectors: Vectors) -> float:
    """Return documents/s of the official client's `index`, one document a request, without refresh."""
    settings = node.settings(elasticsearch_index="one-by-one")
    with open_index(settings, fingerprint="benchmark") as index, node.client() as client:
        index.put(documents(vectors, range(100)))
        begin = time.perf_counter()
        for document in documents(vectors, range(200)):
            client.index(index=index.version, id=document.clip_id, document=document.to_source())
        return 200 / (time.perf_counter() - begin)


def search(index: SearchIndex, vectors: Vectors, queries: int, server: Node | None) -> dict[str, str]:
    """Return latency, processor time and recall of nearest-neighbour queries."""
    rows = np.random.default_rng(7).integers(0, len(vectors["lead"]), queries)
    questions = [{family: vectors[family][row] for family in DIMENSIONS} for row in rows]
    for question in questions:  # lets the server compile what it does often
        index.find_similar(vectors=question, size=11)
    seconds, answers, used = [], [], cpu_seconds(server)
    for question in questions:
        begin = time.perf_counter()
        answers.append({match.clip_id for match in index.find_similar(vectors=question, size=11)})
        seconds.append(time.perf_counter() - begin)
    used = (cpu_seconds(server) - used) / queries * 1000
    recall = [len(exact_neighbours(vectors, row) & found) / 10 for row, found in zip(rows, answers, strict=True)]
    p50, p95 = np.percentile(seconds, [50, 95]) * 1000
    times = {"p50, ms": f"{p50:.0f}", "p95, ms": f"{p95:.0f}", "CPU, ms": f"{used:.0f}"}
    return {**times, "recall@10": f"{np.mean(recall):.3f}"}


def stream(index: SearchIndex, count: int) -> dict[str, str]:
    """Return how fast all clips are read, and what memory grows by meanwhile."""
    process, begin, peak, first = psutil.Process(), time.perf_counter(), 0, 0
    read = 0
    for read, _ in enumerate(index.get_all_embeddings(), 1):
        if read % 500 == 0:
            peak = max(peak, process.memory_info().rss)
            first = first or peak
    assert read == count
    return {
        "stream, docs/s": f"{count / (time.perf_counter() - begin):,.0f}",
        "memory growth, MB": f"{(peak - first) / 1e6:.0f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=20_000)
    parser.add_argument("--table", type=Path, help="embeddings table of a collection")
    parser.add_argument("--embedded_only", action="store_true", help="leave Elasticsearch out")
    parser.add_argument("--queries", type=int, default=100)
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    vectors = collection(centers(arguments.table, rng), arguments.n, rng)
    print_table(
        lambda name, settings, node: [measure(name, settings, vectors, arguments.queries, node)],
        embedded_only=arguments.embedded_only,
    )


if __name__ == "__main__":
    main()
