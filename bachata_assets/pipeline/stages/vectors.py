"""The one-row table of an embedding, as all five families make it."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.families import Absent
from bachata_assets.pipeline.stage import Made

ABOUT_KEY = b"about"
"""Key of a table's schema metadata: how its vector came about (which clock, which sentence), as JSON."""


def vector_made(
    family: str, clip_id: str, vector: np.ndarray | Absent, metadata: dict[str, Any], **columns: Any
) -> Made:
    """Return what a stage made: the vector, or null and the reason.

    Parameters
    ----------
    columns : further columns of the family's schema
    """
    absent = vector.reason if isinstance(vector, Absent) else None
    values = None if isinstance(vector, Absent) else vector
    row = {"clip_id": clip_id, "vector": values, "absent_reason": absent, **columns}
    table = pa.Table.from_pylist([row], schema=schemas.embedding(family))
    table = table.replace_schema_metadata({ABOUT_KEY: json.dumps(metadata)})
    if values is None:
        return Made(table, {**metadata, "absent_reason": absent})
    return Made(table, {**metadata, "dimensions": len(values), "norm": float(np.linalg.norm(values))})
