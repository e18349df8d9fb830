"""Updating the search index from the tables that keep its documents as they were sent.

An index can be emptied, restored from an older copy or damaged, while the tables say that its documents were sent.
Then the tables provide the documents again, and no vector is computed.
"""

import hashlib
import json
import logging
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

import pyarrow as pa

from bachata_assets.clip_record import ClipRecord
from bachata_assets.collection import layout
from bachata_assets.collection.clip_tables import sent_record
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import Scan, present_clips
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.status import INDEX_STAGE, Status
from bachata_assets.pipeline.tools import SearchIndexProvider
from bachata_assets.search.checks import is_same_document
from bachata_assets.search.errors import IndexUnreadableError
from bachata_assets.search.index import SearchIndex
from bachata_assets.search.kind import CLIPS
from bachata_assets.search.moments.record import MOMENTS, MomentRecord, moment_records

logger = logging.getLogger(__name__)

SAMPLE = 20
"""Maximum number of documents to read back to tell whether an index holds what was sent."""
_SEEN = "index_seen"
"""Fact of the collection: state of the files of an embedded index when it last matched the tables."""


@dataclass(frozen=True)
class Filled:
    """The result of updating an index.

    Attributes
    ----------
    sent : clips whose documents were sent again
    refused : clip id -> why the index refuses its document
    damaged : asset -> clips whose table cannot be read; it is set aside, to be made again
    """

    sent: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    damaged: Mapping[str, frozenset[str]] = field(default_factory=dict)


def fill_index(
    stages: Sequence[Stage],
    dataset: Dataset,
    search: SearchIndexProvider,
    found: Scan,
    status: Status,
    *,
    every: bool = False,
) -> Filled:
    """Send again what the index lacks, or holds with other content than was sent.

    Parameters
    ----------
    found : the present clips
    status : says whose document is up to date
    every : compare every document instead of a sample

    Raises
    ------
    SearchError
        If the index cannot be reached.
    """
    version = next((stage.code_version for stage in stages if stage.name == INDEX_STAGE), None)
    clip_ids = _up_to_date(found, status)
    if version is None or not clip_ids or (not every and _looks_as_before(dataset, search, clip_ids)):
        return Filled()
    try:
        filled = _fill(dataset, search, clip_ids, version, every=every)
    except IndexUnreadableError as error:
        logger.warning("%s): it is made again from the tables", str(error).rpartition("): ")[0])
        with search.open() as index:
            index.drop_unreadable()
        filled = _fill(dataset, search, clip_ids, version, every=every)
    if filled.sent:
        logger.info("The index lacked %d documents; they were sent again from the tables", len(filled.sent))
    if search.is_embedded and not (filled.refused or filled.damaged):
        dataset.remember(**{_SEEN: _look(dataset, search, clip_ids)})
    return filled


def has_lost_documents(dataset: Dataset, search: SearchIndexProvider, found: Scan, status: Status) -> bool:
    """Tell from the number of its documents, and a sample of them, whether an index has lost what was sent.

    Raises
    ------
    SearchError
        If the index cannot be reached.
    """
    clip_ids = _up_to_date(found, status)
    if not clip_ids or _looks_as_before(dataset, search, clip_ids):
        return False
    try:
        with search.open() as index:
            few = min(index.count(), index.moments.count()) < len(clip_ids)  # a clip has at least one moment
            some = _sample(clip_ids)
            return (
                few
                or any(_differs(index, dataset, clip_id) for clip_id in some)
                or bool(_differing_moments(index, dataset, some))
            )
    except IndexUnreadableError:
        return True


def _up_to_date(found: Scan, status: Status) -> set[str]:
    return {clip_id for clip_id in found.clips if INDEX_STAGE not in status.todo.get(clip_id, ())}


def _fill(
    dataset: Dataset, search: SearchIndexProvider, clip_ids: Set[str], code_version: str, *, every: bool
) -> Filled:
    tables = _Tables(dataset)
    with search.open() as index:
        there, whole = index.ids(), index.moments.clips()
        lacking = (clip_ids - there) | _differing_documents(index, dataset, clip_ids & there, every=every)
        incomplete = (clip_ids - whole) | differing_moments(index, dataset, clip_ids & whole, every=every)
        if lacking or incomplete:
            # An index that lost these has also lost those of clips whose files are gone, which stay until `prune`.
            gone = dataset.clip_ids(INDEX_STAGE) - (there & whole) - present_clips(dataset)
            gone = {clip_id for clip_id in gone if _code_version(dataset, clip_id) == code_version}
            lacking, incomplete = lacking | (gone - there), incomplete | (gone - whole)
        moments = index.moments.put(tables.moments(sorted(incomplete))) if incomplete else {}
        results = index.put(tables.documents(sorted(lacking))) if lacking else []
        index.promote(present_clips(dataset))
    tables.set_damaged_aside()
    answers = [*moments.items(), *((result.clip_id, result.error) for result in results)]
    refused = {clip_id: error for clip_id, error in answers if error}
    return Filled(frozenset(dict(answers)) - refused.keys(), refused, tables.damaged)


def differing_clips(index: SearchIndex, dataset: Dataset, clip_ids: Set[str], *, every: bool = False) -> set[str]:
    """Return the clips whose document, or a moment, differs in the index from what was sent.

    Parameters
    ----------
    clip_ids : clips that are in the index
    every : compare all of them; else only if a sample differs
    """
    whole = clip_ids & index.moments.clips()
    documents = _differing_documents(index, dataset, clip_ids, every=every)
    return documents | differing_moments(index, dataset, whole, every=every)


def differing_moments(index: SearchIndex, dataset: Dataset, clip_ids: Set[str], *, every: bool = False) -> set[str]:
    """Return the clips of which a moment differs in the index from what was sent.

    Parameters
    ----------
    clip_ids : clips whose moments are in the index
    every : compare all of them; else only if a sample differs
    """
    if not every and not _differing_moments(index, dataset, _sample(clip_ids)):
        return set()
    return _differing_moments(index, dataset, sorted(clip_ids))


def _differing_moments(index: SearchIndex, dataset: Dataset, clip_ids: Iterable[str]) -> set[str]:
    return {
        clip_id for clip_id, found in index.moments.of_clips(clip_ids) if not _are_same_moments(dataset, clip_id, found)
    }


def _are_same_moments(dataset: Dataset, clip_id: str, found: Sequence[MomentRecord]) -> bool:
    try:
        sent = sent_moments(dataset, clip_id)
    except (DamagedError, FileNotFoundError):
        return False
    return len(sent) == len(found) and all(
        is_same_document(one, other, MOMENTS) for one, other in zip(sent, found, strict=True)
    )


def _differing_documents(index: SearchIndex, dataset: Dataset, clip_ids: Set[str], *, every: bool) -> set[str]:
    if not every and not any(_differs(index, dataset, clip_id) for clip_id in _sample(clip_ids)):
        return set()
    # The index was restored from an older copy, or others write into it: compare all.
    all_there = (record for record in index.get_all_embeddings() if record.clip_id in clip_ids)
    return set(clip_ids) - {record.clip_id for record in all_there if _is_same(dataset, record)}


def _differs(index: SearchIndex, dataset: Dataset, clip_id: str) -> bool:
    found = index.get_embedding_by_id(clip_id)
    return found is None or not _is_same(dataset, found)


def _is_same(dataset: Dataset, found: ClipRecord) -> bool:
    try:
        return is_same_document(sent_record(dataset.read_table(INDEX_STAGE, found.clip_id)), found, CLIPS)
    except DamagedError:
        return False


class _Tables:
    """The tables that say what was sent, and which of them cannot be read."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._damaged: dict[str, set[str]] = {}

    @property
    def damaged(self) -> dict[str, frozenset[str]]:
        """Asset -> clips whose table of it cannot be read."""
        return {asset: frozenset(clip_ids) for asset, clip_ids in self._damaged.items()}

    def set_damaged_aside(self) -> None:
        """Set aside what cannot be read, to be made again: all at once, since that writes the index of archives."""
        for asset, clip_ids in self._damaged.items():
            self._dataset.set_tables_aside(asset, clip_ids)

    def documents(self, clip_ids: Iterable[str]) -> Iterator[ClipRecord]:
        """Yield the documents of clips as they were sent."""
        for clip_id in clip_ids:
            table = self._read(INDEX_STAGE, clip_id)
            if table is not None:
                yield sent_record(table)

    def moments(self, clip_ids: Iterable[str]) -> Iterator[MomentRecord]:
        """Yield the documents of the moments of clips as they were sent."""
        for clip_id in clip_ids:
            document, table = self._read(INDEX_STAGE, clip_id), self._read("moments", clip_id)
            if document is not None and table is not None:
                yield from moment_records(sent_record(document), table)

    def _read(self, asset: str, clip_id: str) -> pa.Table | None:
        if clip_id in self._damaged.get(asset, ()):
            return None
        try:
            return self._dataset.read_table(asset, clip_id)
        except FileNotFoundError:
            return None  # removed in the meantime
        except DamagedError as error:
            logger.warning("%s is damaged (%s): it is made again", error.path, error.why)
            self._damaged.setdefault(asset, set()).add(clip_id)
            return None


def sent_moments(dataset: Dataset, clip_id: str) -> list[MomentRecord]:
    """Return the documents of a clip's moments as they were sent to the index."""
    return moment_records(sent_record(dataset.read_table(INDEX_STAGE, clip_id)), dataset.read_table("moments", clip_id))


def _code_version(dataset: Dataset, clip_id: str) -> str | None:
    try:
        return dataset.provenance_at(layout.table(INDEX_STAGE, clip_id)).get("code_version")
    except (DamagedError, FileNotFoundError):
        return None


def _sample(clip_ids: Iterable[str]) -> list[str]:
    """Return a few clips, different ones each time, so that all are compared in the end."""
    ordered = sorted(clip_ids)
    return random.sample(ordered, min(SAMPLE, len(ordered)))


def _looks_as_before(dataset: Dataset, search: SearchIndexProvider, clip_ids: Set[str]) -> bool:
    """Tell whether an embedded index is unchanged, so that LanceDB, which is slow to load, need not be loaded."""
    seen = dataset.collection().get(_SEEN)
    return search.is_embedded and seen is not None and seen == _look(dataset, search, clip_ids)


def _look(dataset: Dataset, search: SearchIndexProvider, clip_ids: Set[str]) -> str:
    """Return a hash of the names, sizes and times of an embedded index's files, and of what it should hold."""
    files = sorted(dataset.files_below(layout.INDEX).items())
    return hashlib.sha256(json.dumps([files, sorted(clip_ids), search.identity()]).encode()).hexdigest()[:16]
