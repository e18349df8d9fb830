"""The table over all clips, made of records of the test's own."""

from datetime import UTC, datetime

import numpy as np
import pytest

from bachata_assets import schemas
from bachata_assets.collection import records
from bachata_assets.collection.annotation_file import Annotation
from bachata_assets.collection.records import ClipRecord, embeddings_table
from bachata_assets.families import DIMENSIONS


def record(number: int) -> ClipRecord:
    """Return a record whose vectors say its number; every second clip has no sound."""
    vectors = {family: np.full(size, number, np.float32) for family, size in DIMENSIONS.items()}
    absent = {"audio": "no sound"} if number % 2 else {}
    return ClipRecord(
        clip_id=f"clip {number}",
        video_path=f"{number}.mp4",
        annotation=Annotation(),
        quality_score=0.9,
        detection_rate=0.9,
        avg_confidence=0.9,
        frame_count=150,
        processing_time=1.0,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        vectors=vectors | dict.fromkeys(absent),
        absent=absent,
        timeline="9" * 10,
    )


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_the_table_has_a_row_for_every_record_in_their_order(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_AT_ONCE", 2)
    table = embeddings_table([record(number) for number in range(count)])
    assert table.schema.equals(schemas.embeddings)
    rows = table.to_pylist()
    assert [row["clip_id"] for row in rows] == [f"clip {number}" for number in range(count)]
    assert [row["lead_embedding"][511] for row in rows] == list(range(count))
    assert [row["audio_embedding"] is None for row in rows] == [number % 2 == 1 for number in range(count)]
