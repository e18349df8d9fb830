"""The one-row table of an embedding, the same for all five families."""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection.clip_tables import vector_of
from bachata_assets.families import Absent
from bachata_assets.pipeline.stage import Figures, Made

ABOUT_KEY = b"about"
"""Key of a table's schema metadata: how its vector was made (its clock or its sentence), as JSON."""


def vector_made(family: str, clip_id: str, vector: np.ndarray | Absent, about: dict[str, Any], **columns: Any) -> Made:
    """Return the result of a stage: the vector, or null and the reason.

    Parameters
    ----------
    about : how the vector was made, stored with the table
    columns : further columns of the family's schema
    """
    absent = vector.reason if isinstance(vector, Absent) else None
    values = None if isinstance(vector, Absent) else vector
    row = {"clip_id": clip_id, "vector": values, "absent_reason": absent, **columns}
    table = pa.Table.from_pylist([row], schema=schemas.embedding(family))
    table = table.replace_schema_metadata({ABOUT_KEY: json.dumps(about)})
    return Made(table, vector_figures(table))


def vector_figures(table: pa.Table) -> Figures:
    """Return the figures to show with an embedding."""
    about = json.loads((table.schema.metadata or {}).get(ABOUT_KEY, b"{}"))
    vector = vector_of(table)
    if vector is None:
        return {**about, "absent_reason": table.column("absent_reason")[0].as_py()}
    return {**about, "dimensions": len(vector), "norm": float(np.linalg.norm(vector))}
