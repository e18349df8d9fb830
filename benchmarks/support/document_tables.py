"""Documents of many clips as the search stage writes them, each with vectors of its own."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bachata_assets import schemas
from bachata_assets.annotation import Annotation
from bachata_assets.collection import layout
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import PROVENANCE_KEY
from bachata_assets_tests.support.documents import document


def clip_of(clip_id: str) -> Clip:
    """Return a clip that has an id and nothing else."""
    return Clip(clip_id, Path(f"{clip_id}.mp4"), f"{clip_id}.mp4", Annotation(), {"clip_file": "a", "annotation": "b"})


def sent_documents(count: int) -> Iterator[tuple[str, str]]:
    """Yield clip id and document of each clip, c000000 and so on."""
    sent = document("c000000").to_source()
    numbers = np.random.default_rng(0)
    for number in range(count):
        clip_id = f"c{number:06}"
        vectors = {name: numbers.normal(size=len(v)).round(6).tolist() for name, v in sent.items() if "embed" in name}
        yield clip_id, json.dumps(sent | vectors | {"clip_id": clip_id})


def document_tables(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each clip's table."""
    row = {"index_name": "a", "content_hash": "b" * 64, "absent": "{}", "avg_confidence": 0.9, "timeline": "9" * 50}
    for clip_id, sent in sent_documents(count):
        table = pa.Table.from_pylist([{**row, "clip_id": clip_id, "document": sent}], schema=schemas.search_index)
        provenance = {"clip_id": clip_id, "data_version": "v", "code_version": "1", "seconds": 0.1, "made_at": 0.0}
        buffer = io.BytesIO()
        stamped = table.replace_schema_metadata({PROVENANCE_KEY: json.dumps(provenance).encode()})
        pq.write_table(stamped, buffer, compression="zstd", write_page_checksum=True)
        yield layout.table("search_index", clip_id), buffer.getvalue()
