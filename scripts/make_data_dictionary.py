"""Write docs/data_dictionary.md from `bachata_assets/schemas.py` and `bachata_assets/clip_record.py`.

    uv run python -m scripts.make_data_dictionary

A test fails while the page says something else than this would write.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.clip_record import COLUMNS, VECTOR_FIELDS
from bachata_assets.collection import layout
from bachata_assets.families import DIMENSIONS
from bachata_assets.pose.couple_keypoints import FORMER_NAMES
from bachata_assets.pose.skeleton import Joint
from bachata_assets.search.elasticsearch.mapping import mapping
from bachata_assets.search.kind import CLIPS, Kind
from bachata_assets.search.moments.record import MOMENTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "data_dictionary.md"

INTRODUCTION = """\
<!-- Written by `python -m scripts.make_data_dictionary`: change the source, not this page. -->

# Data dictionary

What every column, every metadata key and every field of the search index means. Missing is null, never zero and never
NaN. "Nullable" says that a value may be null.

A data dir holds one table a clip and stage, `<asset>/<clip_id>.parquet`, and two tables of the whole collection. All
are Parquet with zstd, so pandas, polars and DuckDB read them as they are. `float32 x n` is a list of exactly n numbers
(Arrow's `fixed_size_list<float32, n>`).

The JSON report is described in [the report](report.md#the-json), the words in the [glossary](glossary.md).
"""

EMBEDDINGS = """\
## The five embeddings

Each family has a table with one row. A vector has the Euclidean length 1. The numbers of the pose and audio vectors
have names: `bachata_assets.pose.embeddings.feature_names` and `bachata_assets.music.embedding.feature_names` list them.
The schema metadata `about` is JSON that says how the vector came about; beside it stands the [provenance](#provenance).
"""

PROVENANCE = """\
## Provenance

The schema metadata of every table of a clip has the key `bachata_assets`: JSON that says what the table was made from.
What it is for: [what makes a table stale](architecture.md#what-makes-a-table-stale).
"""

DOCUMENT = """\
## The document in the search index

One document a clip, in Elasticsearch behind the alias `bachata_move_embeddings`, or as a row in LanceDB. The mapping in
Elasticsearch is strict: it takes no other field. A vector is null where the family is absent. `_meta` of the mapping
holds `made_by` and `fingerprint` (of the models, the precision and the code of the vectors). `notes` and
`code_versions` are beside the specification's fields; the sub-fields `text` are for full-text queries.
"""

MOMENT_DOCUMENT = """## The document of a moment

Moments are in an index of their own, behind the alias with `_moments` at its end: a table in LanceDB, or an index in
Elasticsearch. Labels, tempo and length are those of the clip, so that moments pass the same filters as clips.
"""

COLUMN_HEADINGS = ["column", "type", "unit", "meaning"]


def page() -> str:
    """Return the page."""
    joints = ", ".join(f"{joint.value} {joint.name.lower().replace('_', ' ')}" for joint in Joint)
    former = ", ".join(f"`{old}` for `{new}`" for old, new in FORMER_NAMES.items())
    parts = [
        INTRODUCTION,
        _table("keypoints", schemas.keypoints, "One row per frame and dancer, the lead first."),
        f"The order of the keypoints: {joints}.\n",
        _metadata("keypoints"),
        f"Tables of earlier versions have other names: {former}.\n",
        _table("beats", schemas.beats, "One row per beat; no row where no beats are heard."),
        _metadata("beats"),
        EMBEDDINGS,
        _families(),
        _table("moments", schemas.moments, "One row per moment of the clip: 8 beats every 4, else 4 s every 2 s."),
        _metadata("moments"),
        _table("transitions", schemas.transitions, "One row: how the clip begins and ends, for `next` and `chain`."),
        _table(
            "search_index", schemas.search_index, "One row: the clip's document and what the report needs beside it."
        ),
        PROVENANCE,
        _keys(schemas.PROVENANCE),
        _table(layout.EMBEDDINGS, schemas.embeddings, "One row per clip that is made, all families side by side."),
        _table(layout.REGISTRY, schemas.clips, "One row per file: which id it was given."),
        _table(
            layout.archive_index("…"),
            schemas.archive_index,
            "One row per clip whose table `compact` put into an archive.",
        ),
        DOCUMENT,
        _document(CLIPS),
        MOMENT_DOCUMENT,
        _document(MOMENTS),
    ]
    return "\n".join(parts)


def _families() -> str:
    """Return what is the same and what differs between the tables of the families."""
    columns = {column.name: _column(column) for family in DIMENSIONS for column in schemas.embedding(family)}
    columns["vector"][1:] = ["float32 x n, nullable", "", "the embedding"]
    columns["sentence"][-1] += " (only in `text_embedding`)"
    rows = []
    for family, size in DIMENSIONS.items():
        _, meanings = schemas.METADATA[f"{family}_embedding"]
        about = "; ".join(f"`{key}`: {meaning}" for key, meaning in meanings.items()) or "an empty object"
        rows.append([f"`{family}_embedding`", str(size), COLUMNS[VECTOR_FIELDS[family]].description, about])
    return f"{_rows(['asset', 'n', 'embedding of the', '`about`'], rows)}\n{_rows(COLUMN_HEADINGS, columns.values())}"


def _table(name: str, schema: pa.Schema, rows: str) -> str:
    """Return the section of a Parquet table."""
    return f"## {name}\n\n{rows}\n\n{_rows(COLUMN_HEADINGS, map(_column, schema))}"


def _column(column: pa.Field) -> list[str]:
    said = {key.decode(): value.decode() for key, value in (column.metadata or {}).items()}
    return [f"`{column.name}`", _type(column), said.get("unit", ""), said["description"]]


def _type(column: pa.Field) -> str:
    """Return the type of a column in words."""
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        words = f"float32 x {kind.list_size}"
    else:
        words = {"double": "float64", "timestamp[us, tz=UTC]": "timestamp, us, UTC"}.get(str(kind), str(kind))
    return f"{words}, nullable" if column.nullable else words


def _metadata(asset: str) -> str:
    """Return what stands in the schema metadata of a clip's table, beside its provenance."""
    key, meanings = schemas.METADATA[asset]
    return f"Schema metadata: `{key}`, JSON with these keys, and the [provenance](#provenance).\n\n{_keys(meanings)}"


def _keys(meanings: Mapping[str, str]) -> str:
    return _rows(["key", "meaning"], ([f"`{key}`", meaning] for key, meaning in meanings.items()))


def _document(kind: Kind[Any]) -> str:
    types = mapping("", kind)["properties"]
    rows = []
    for name, column in kind.columns.items():
        elasticsearch = types[name]["type"]
        if column.is_vector:
            elasticsearch = f"{elasticsearch}, {types[name]['dims']} dims, {types[name]['similarity']}"
        elif column.words:
            elasticsearch = f"{elasticsearch}; `{name}.text`: text, analyzer {column.words}"
        rows.append([f"`{name}`", elasticsearch, _type(kind.schema.field(name)), column.unit or "", column.description])
    return _rows(["field", "Elasticsearch", "LanceDB", "unit", "meaning"], rows)


def _rows(headings: list[str], rows: Iterable[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
