"""A collection of many clips, made in seconds of one that is made: files linked, tables and Dagster's history copied.

A copy has its source's annotation, answers of the checks or failure, and its document and moments with noise half as
long as their vectors: so no two are the same.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets.collection import layout, registry
from bachata_assets.collection.dataset import provenance_of
from bachata_assets.families import DIMENSIONS
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.resources import PARTITIONS
from bachata_assets.settings import load_settings
from benchmarks.support.history import copy_history, forget

FAILED_SHARE = 0.01
"""Of the copies, where the source has failed clips."""
READ = ("keypoints", "beats", "moments", "search_index")
"""Stages whose tables the report reads."""


def multiply(source: Path, folder: Path, count: int, moments: int | None = None) -> Platform:
    """Write a collection of `count` copies of the clips of a made one.

    Parameters
    ----------
    source : a data dir that `generate` has brought up to date with its clips
    folder : gets `videos/`, `annotations.json` and `data/`
    moments : number of moments of each copy; None: as many as its source has
    """
    data, videos, annotations = folder / "data", folder / "videos", folder / "annotations.json"
    shutil.copytree(source, data, ignore=shutil.ignore_patterns("lancedb", "previews", "*.log"))
    remembered = json.loads((source / "collection.json").read_text())
    shutil.copytree(remembered["video_dir"], videos, ignore=shutil.ignore_patterns("*.json"))
    settings = load_settings(video_dir=videos, annotations=annotations, data_dir=str(data))
    platform = build_platform(settings)
    known = registry.from_table(platform.dataset.read_parquet(layout.REGISTRY))
    copies = _names(known, set(platform.dataset.clip_ids("search_index")), count)
    files = {}
    for clip_id, names in copies.items():
        original = videos / known[clip_id].path
        for name in names:
            path = known[clip_id].path.with_name(f"{name}{original.suffix}")
            os.link(original, videos / path)
            files[name] = replace(known[clip_id], clip_id=name, path=path)
        original.unlink()
    platform.dataset.write_parquet(layout.REGISTRY, registry.to_table(files), {})
    _copy_entries(Path(remembered["annotations"]), annotations, copies)
    _copy_tables(platform, copies, moments)
    with open_instance(str(data)) as instance:
        instance.add_dynamic_partitions(PARTITIONS, list(files))
    copy_history(data, copies)
    forget(data, list(copies))
    return platform


def _names(known: dict[str, Any], made: set[str], count: int) -> dict[str, list[str]]:
    """Return the copies' names for each clip."""
    failed = [clip_id for clip_id in known if clip_id not in made]
    bad = round(count * FAILED_SHARE) if failed else 0
    shares = [(sorted(made), count - bad), (failed, bad)]
    names: dict[str, list[str]] = {clip_id: [] for clip_id in known}
    for clip_ids, share in shares:
        for number in range(share):
            clip_id = clip_ids[number % len(clip_ids)]
            names[clip_id].append(f"{clip_id}_{number:06}")
    return names


def _copy_entries(source: Path, target: Path, copies: dict[str, list[str]]) -> None:
    entries = {entry["clip_id"]: entry for entry in json.loads(source.read_text())["clips"]}
    copied = [
        {name: value for name, value in entries[clip_id].items() if name != "video_path"} | {"clip_id": copy}
        for clip_id, names in copies.items()
        for copy in names
        if clip_id in entries
    ]
    target.write_text(json.dumps({"clips": copied}))


def _copy_tables(platform: Platform, copies: dict[str, list[str]], moments: int | None) -> None:
    """Write the tables that the report reads, documents and moments with vectors of their own; link the others.

    A table that says another clip's id is taken for damaged.
    """
    rng = np.random.default_rng(0)
    for stage in platform.stages:
        for clip_id in set(copies) & set(platform.dataset.clip_ids(stage.name)):
            path = Path(platform.dataset.table_path(stage.name, clip_id))
            table = platform.dataset.read_table(stage.name, clip_id)
            for name in copies[clip_id]:
                if stage.name not in READ:
                    os.link(path, path.with_name(f"{name}.parquet"))
                    continue
                copied = table
                if stage.name == "moments":
                    copied = _noisy_moments(table, name, moments or table.num_rows, rng)
                elif stage.name == "search_index":
                    (row,) = table.to_pylist()
                    made = {**row, "clip_id": name, "document": _noisy(row["document"], name, rng)}
                    copied = pa.Table.from_pylist([made], schema=stage.schema)
                provenance = {**provenance_of(table), "clip_id": name}
                platform.dataset.write_table(stage.name, name, copied, provenance)
            path.unlink()


def _noisy(document: str, clip_id: str, rng: np.random.Generator) -> str:
    content = json.loads(document) | {"clip_id": clip_id}
    for family in DIMENSIONS:
        vector = content[f"{family}_embedding"]
        if vector is not None:
            content[f"{family}_embedding"] = _with_noise(vector, rng).tolist()
    return json.dumps(content)


def _noisy_moments(table: pa.Table, clip_id: str, count: int, rng: np.random.Generator) -> pa.Table:
    """Return so many moments of a copy, 4 s long and 2 s apart: those of its source, in turns."""
    rows = [dict(row) for row in table.to_pylist()]
    made = []
    for number in range(count):
        row = {**rows[number % len(rows)], "clip_id": clip_id, "moment": number}
        row |= {"start_s": 2.0 * number, "end_s": 2.0 * number + 4}
        if row["start_beat"] is not None:
            row |= {"start_beat": 4.0 * number, "end_beat": 4.0 * number + 8}
        for name, value in row.items():
            if name.endswith("_embedding") and value is not None:
                row[name] = _with_noise(value, rng)
        made.append(row)
    return pa.Table.from_pylist(made, schema=table.schema)


def _with_noise(vector: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    noise = rng.normal(size=len(vector)) * (0.5 * np.linalg.norm(vector) / np.sqrt(len(vector)))
    return np.asarray(np.asarray(vector) + noise, np.float32)
