"""Documents for tests: clusters of random vectors, one seed a clip."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.clip_record import ClipRecord
from bachata_assets.families import DIMENSIONS
from bachata_assets.search import MomentRecord, SearchIndex
from bachata_assets.search.moments.record import moment_records

LABELS = ("basic_step", "lady_right_turn", "body_roll")
LEVELS = ("beginner", "intermediate", "advanced")


def vector(family: str, seed: int, spread: float = 1.0) -> np.ndarray:
    """A vector near one of three centres, the centre being the seed's."""
    center = np.random.default_rng(10_000 + seed % 3).normal(size=DIMENSIONS[family])
    noise = np.random.default_rng([seed, DIMENSIONS[family], ord(family[0])]).normal(size=DIMENSIONS[family])
    return (center + spread * noise).astype(np.float32)


def document(clip_id: str, seed: int = 0, **overrides: Any) -> ClipRecord:
    """A clip of which everything is there, unless overridden."""
    values: dict[str, Any] = {f"{family}_embedding": vector(family, seed) for family in DIMENSIONS}
    values |= {
        "clip_id": clip_id,
        "video_path": f"data/Bachata_steps/{LABELS[seed % 3]}/{clip_id}.mp4",
        "move_label": LABELS[seed % 3],
        "difficulty": LEVELS[seed % 3],
        "energy_level": "medium",
        "lead_follow_roles": "both",
        "estimated_tempo": 100.0 + seed % 40,
        "sentence": f"Dance move: {LABELS[seed % 3].replace('_', ' ')}, {LEVELS[seed % 3]} difficulty.",
        "quality_score": 0.5 + seed % 5 / 10,
        "detection_rate": 0.92,
        "frame_count": 450,
        "processing_time": 180.5,
        "version": "mmpose_v1",
        "created_at": datetime(2025, 10, 18, 12, tzinfo=UTC),
    }
    return ClipRecord(**(values | overrides))


def documents(count: int) -> list[ClipRecord]:
    """`count` clips; every seventh has no sound, every eleventh no follow."""
    made = []
    for seed in range(count):
        absent = {"audio_embedding": None} if seed % 7 == 3 else {}
        absent |= {"follow_embedding": None} if seed % 11 == 5 else {}
        made.append(document(f"clip_{seed:04d}", seed, **absent))
    return made


def moments_table(clip: ClipRecord, seeds: Sequence[int], *, in_beats: bool = True) -> pa.Table:
    """The table of a clip's moments, 4 s or 8 beats long every 2 s or 4 beats, one a seed."""
    families = ("lead", "follow", "interaction")
    rows = [
        {
            "clip_id": clip.clip_id,
            "moment": number,
            "start_s": 2.0 * number,
            "end_s": 2.0 * number + 4,
            "start_beat": 4.0 * number if in_beats else None,
            "end_beat": 4.0 * number + 8 if in_beats else None,
            "detection_rate": 0.9,
            "quality_score": 0.5 + number / 20,
            **{f"{family}_embedding": _unit(vector(family, seed, spread=0.3)) for family in families},
        }
        for number, seed in enumerate(seeds)
    ]
    return pa.Table.from_pylist(rows, schema=schemas.moments)


def moments(clip: ClipRecord, seeds: Sequence[int], *, in_beats: bool = True) -> list[MomentRecord]:
    """The documents of these moments."""
    return moment_records(clip, moments_table(clip, seeds, in_beats=in_beats))


def _unit(values: np.ndarray) -> np.ndarray:
    return np.asarray(values / np.linalg.norm(values), np.float32)


def read_of(index: SearchIndex, clip_id: str) -> ClipRecord:
    """Read a clip that a test knows to be in the index."""
    read = index.get_embedding_by_id(clip_id)
    assert read is not None, clip_id
    return read
