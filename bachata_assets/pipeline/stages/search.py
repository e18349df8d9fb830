"""The documents of the clip and its moments in the search index; the table keeps the clip's document as sent."""

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.clip_record import ClipRecord, InvalidRecordError
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.clip_tables import CLIP_TABLES, DOCUMENT_VERSION, gathered_record
from bachata_assets.collection.scan import present_clips
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.stage import BatchStage, Figures, Made, Tables
from bachata_assets.pipeline.tools import Tools
from bachata_assets.search.errors import SearchUnavailableError
from bachata_assets.search.moments.record import MomentRecord, moment_records
from bachata_assets.search.results import PutResult


def stages(index_identity: str) -> list[BatchStage]:
    """Return the search stages; the index of a document is part of its version."""
    return [
        BatchStage(
            name="search_index",
            inputs=("annotation", *CLIP_TABLES),
            schema=schemas.search_index,
            code_version=f"{DOCUMENT_VERSION}+{index_identity}",
            description="The clip's document as it was sent to Elasticsearch (or LanceDB), with those of its moments.",
            group="search",
            kinds=("elasticsearch", "parquet"),
            make_batch=index_clips,
            figures=_figures,
        )
    ]


def index_clips(work: Sequence[tuple[Clip, Tables]], tools: Tools) -> Iterator[tuple[str, Made | ClipError]]:
    """Send the documents of many clips at once; a refused document fails only its own clip."""
    records: dict[str, ClipRecord] = {}
    moments: dict[str, list[MomentRecord]] = {}
    for clip, tables in work:
        try:
            record = gathered_record(clip, tables)
            moments[clip.clip_id] = moment_records(record, tables["moments"])
            records[clip.clip_id] = record
        except InvalidRecordError as error:
            yield clip.clip_id, ClipError(str(error))
    with tools.search.open() as index:
        unreachable, results, refused = None, list[PutResult](), dict[str, str | None]()
        try:
            # The moments first: a clip counts as indexed once its document is in the index.
            refused = index.moments.put(one for of_clip in moments.values() for one in of_clip)
            results = index.put(records.values())
        except SearchUnavailableError as error:
            results, unreachable = list(error.completed), error
        for result in results:
            yield result.clip_id, _made(records.pop(result.clip_id), result, refused[result.clip_id])
        for clip_id in records:
            yield clip_id, ClipError(str(unreachable), transient=True)
        if unreachable is None:
            index.promote(present_clips(tools.dataset))


def _made(sent: ClipRecord, result: PutResult, refused: str | None) -> Made | ClipError:
    if result.error or refused:
        return ClipError(result.error or f"the index refuses a moment: {refused}")
    row = {
        "clip_id": sent.clip_id,
        "index_name": result.index_name,
        "content_hash": result.content_hash,
        "document": sent.to_json(),
        "avg_confidence": sent.avg_confidence,
        "absent": json.dumps(dict(sent.absent), ensure_ascii=False),
        "timeline": sent.timeline,
    }
    table = pa.Table.from_pylist([row], schema=schemas.search_index)
    return Made(table, _figures(table))


def _figures(table: pa.Table) -> Figures:
    return {"index": table.column("index_name")[0].as_py(), "document_id": table.column("clip_id")[0].as_py()}
