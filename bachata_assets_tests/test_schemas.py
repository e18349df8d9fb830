"""The schemas of a data dir's tables."""

import pyarrow as pa
import pytest

from bachata_assets import schemas
from bachata_assets.families import DIMENSIONS

TABLES = {
    **{
        name: getattr(schemas, name)
        for name in ("keypoints", "beats", "moments", "transitions", "search_index", "clips", "embeddings")
    },
    **{f"{family}_embedding": schemas.embedding(family) for family in DIMENSIONS},
}


@pytest.mark.parametrize("table", TABLES)
def test_every_column_says_what_it_is_and_every_measure_its_unit(table: str) -> None:
    for column in TABLES[table]:
        assert column.metadata[b"description"], column.name
        edge = column.name in ("beginning", "ending")
        number_of = column.name in ("frame", "track_id", "vector", "couple", "moment")
        counted = edge or number_of or column.name.endswith("_embedding")
        number = pa.types.is_floating(column.type) or pa.types.is_integer(column.type)
        numbers = pa.types.is_fixed_size_list(column.type)
        assert (b"unit" in column.metadata) == ((number or numbers) and not counted), column.name


def test_only_vectors_poses_and_reasons_may_be_null() -> None:
    nullable = {column.name for table in TABLES.values() for column in table if column.nullable}
    assert nullable == {
        "box", "keypoints", "hands", "camera", "vector", "absent_reason", "sentence", "notes", "code_versions",
        "heard_tempo", "heard_tempo_confidence", "start_beat", "end_beat",
        *(f"{family}_embedding" for family in DIMENSIONS),
        *(column.name for column in schemas.transitions if column.name != "clip_id"),
    }  # fmt: skip
