"""What the default query finds: by move, difficulty and energy, with and without the words.

    uv run python -m benchmarks.retrieval.default_query

The 75 clips of one couple, each against all others, under pose constants that were fitted without the clip's family.
The sentence of a clip names its move, so only the rows without it say what movement and music find by themselves.
"""

import numpy as np

from bachata_assets.collection.dataset import Dataset
from bachata_assets.search.similarity import DEFAULT_WEIGHTS
from benchmarks.retrieval.__main__ import Evaluation, absent_of, interval, ranking
from benchmarks.support import retrieval_methods as methods
from training import footage

QUERIES = {
    "the default": DEFAULT_WEIGHTS,
    "the default without words": DEFAULT_WEIGHTS | {"text": 0.0},
    "movement alone": DEFAULT_WEIGHTS | {"text": 0.0, "audio": 0.0},
    "music alone": {"audio": 1.0},
}


def weighted(vectors: dict[str, np.ndarray], weights: dict[str, float]) -> np.ndarray:
    """Return the weighted mean (N, N) of the cosines over the families that both clips have."""
    total, known = 0.0, 0.0
    for family, weight in weights.items():
        unit = vectors[family] / np.linalg.norm(vectors[family], axis=1, keepdims=True)
        cosine = unit @ unit.T
        total = total + weight * np.nan_to_num(cosine)
        known = known + weight * np.isfinite(cosine)
    return np.asarray(total / np.maximum(known, 1e-9))


def column(name: str, count: int) -> np.ndarray:
    """Return a column of the table over the 75 clips and the 14, NaN where a clip has no vector."""
    values: list[object] = []
    for folder in ("clips_labelled", "clips"):
        table = Dataset(url=str(footage.SEEN / folder)).read_parquet("embeddings.parquet", ["clip_id", name])
        if table is None:
            raise SystemExit(f"{footage.SEEN / folder} has no table over its clips")
        values += table.sort_by("clip_id")[name].to_pylist()
    if count:
        return np.array([np.full(count, np.nan) if value is None else value for value in values], float)
    return np.array(values)


def main() -> None:
    clips = footage.load()
    evaluation = Evaluation([*clips])
    judged = evaluation.judged
    shipped = methods.as_shipped([*clips], evaluation.labels, absent_of([*clips]))
    heard, said = column("audio_embedding", 128)[judged], column("text_embedding", 384)[judged]
    labels = {"move": evaluation.labels} | {name: column(name, 0) for name in ("difficulty", "energy_level")}
    scores = {(query, label): np.full((2, len(judged)), np.nan) for query in QUERIES for label in labels}
    for held_out in evaluation.folds():
        lead, follow, together = (rows[judged] for rows in shipped(np.flatnonzero(~held_out)))
        vectors = {"text": said, "audio": heard, "lead": lead, "follow": follow, "interaction": together}
        for (query, label), into in scores.items():
            found = ranking(weighted(vectors, QUERIES[query]), labels[label][judged])
            into[:, held_out[judged]] = np.array(found)[:, held_out[judged]]
    print("| query | label | mAP | nearest |\n|---|---|---|---|")
    random = np.random.default_rng(0)
    for label, values in labels.items():
        drawn = [np.nanmean(ranking(random.random((len(judged),) * 2), values[judged]), axis=1) for _ in range(100)]
        precision, nearest = np.mean(drawn, axis=0)
        print(f"| chance | {label} | {precision:.3f} | {nearest:.3f} |")
    for (query, label), (precision, nearest) in scores.items():
        print(f"| {query} | {label} | {interval(precision)} | {interval(nearest)} |")


if __name__ == "__main__":
    main()
