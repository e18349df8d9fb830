"""The clip's document in the search index; the table keeps it as it was sent."""

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.collection.records import RECORD_INPUTS, VERSION, ClipRecord
from bachata_assets.collection.scan import present_clips
from bachata_assets.orchestration.tools import Tools
from bachata_assets.pipeline.stage import Clip, ClipError, Made, Stage, Tables
from bachata_assets.search.document import ClipDocument
from bachata_assets.search.errors import InvalidDocumentError, SearchUnavailableError
from bachata_assets.search.index import PutResult

DOCUMENT_VERSION = "2"


def stages(index_identity: str) -> list[Stage]:
    """Return the search stages; which index a document is in is part of its version."""
    return [
        Stage(
            name="search_index",
            inputs=("annotation", *RECORD_INPUTS),
            schema=schemas.search_index,
            code_version=f"{DOCUMENT_VERSION}+{index_identity}",
            description="The clip's document in Elasticsearch (or LanceDB), as it was sent.",
            group="search",
            kinds=("elasticsearch", "parquet"),
            make_batch=index_clips,
        )
    ]


def index_clips(work: Sequence[tuple[Clip, Tables]], tools: Tools) -> Iterator[tuple[str, Made | ClipError]]:
    """Send the documents of many clips at once; a document that is refused fails its own clip alone."""
    records = {clip.clip_id: ClipRecord.gather(clip, tables) for clip, tables in work}
    documents: dict[str, ClipDocument] = {}
    for clip, _ in work:
        try:
            documents[clip.clip_id] = document(records[clip.clip_id])
        except InvalidDocumentError as error:
            yield clip.clip_id, ClipError(str(error))
    with tools.search.open() as index:
        unreachable = None
        try:
            results = index.put(documents.values())
        except SearchUnavailableError as error:
            results, unreachable = list(error.completed), error
        for result in results:
            yield result.clip_id, _made(records[result.clip_id], documents.pop(result.clip_id), result)
        for clip_id in documents:
            yield clip_id, ClipError(str(unreachable), passing=True)
        if unreachable is None:
            index.promote(present_clips(tools.dataset))


def _made(record: ClipRecord, sent: ClipDocument, result: PutResult) -> Made | ClipError:
    if result.error:
        return ClipError(result.error)
    row = {
        "clip_id": sent.clip_id,
        "index_name": result.index_name,
        "content_hash": result.content_hash,
        "document": sent.to_json(),
        "avg_confidence": record.avg_confidence,
        "absent": json.dumps(dict(record.absent), ensure_ascii=False),
        "timeline": record.timeline,
    }
    table = pa.Table.from_pylist([row], schema=schemas.search_index)
    return Made(table, {"index": result.index_name, "document_id": sent.clip_id})


def document(record: ClipRecord) -> ClipDocument:
    """Return the mission's document of a clip."""
    said = record.annotation
    return ClipDocument(
        clip_id=record.clip_id,
        video_path=record.video_path,
        audio_embedding=record.vectors["audio"],
        lead_embedding=record.vectors["lead"],
        follow_embedding=record.vectors["follow"],
        interaction_embedding=record.vectors["interaction"],
        text_embedding=record.vectors["text"],
        move_label=said.move_label,
        difficulty=said.difficulty,
        energy_level=said.energy_level,
        lead_follow_roles=said.lead_follow_roles,
        estimated_tempo=said.estimated_tempo,
        quality_score=record.quality_score,
        detection_rate=record.detection_rate,
        frame_count=record.frame_count,
        processing_time=record.processing_time,
        version=VERSION,
        created_at=record.created_at,
    )
