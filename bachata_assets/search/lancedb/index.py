"""`LanceIndex`: the search index embedded in the data dir, for whoever runs no server.

One LanceDB table a version; which of them readers see is the one row of the table `aliases`.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

import pyarrow as pa

from bachata_assets.clip_record import DOCUMENT_FIELDS, VECTOR_FIELDS, ClipRecord, arrow_field
from bachata_assets.search.errors import IndexMissingError, SearchError
from bachata_assets.search.filters import Filters, sql_string
from bachata_assets.search.index import (
    FiltersLike,
    IndexStatus,
    IndexVersion,
    Promotion,
    PutResult,
    SearchIndex,
    version_name,
    writers_only,
)
from bachata_assets.search.lancedb.neighbours import batches, is_one_of, nearest, tidy
from bachata_assets.search.similarity import Match, Query
from bachata_assets.settings import Settings

logger = logging.getLogger(__name__)

ALIASES = "aliases"
BATCH_DOCUMENTS = 1000
FINGERPRINT_KEY = b"fingerprint"

_ORDERED = dict.fromkeys(["clip_id", *VECTOR_FIELDS.values(), *DOCUMENT_FIELDS])
SCHEMA = pa.schema([arrow_field(name) for name in _ORDERED])
"""The document as a row; its text is hashed into the name of every version, so that a change makes another table."""


class LanceIndex(SearchIndex):
    """See `SearchIndex`; opened by `open_index`."""

    def __init__(self, settings: Settings, fingerprint: str | None) -> None:
        self._alias = settings.elasticsearch_index
        self._fingerprint = fingerprint
        self._location = f"{settings.data_dir.rstrip('/')}/lancedb"
        self.version = None
        if fingerprint is not None:
            self.version = version_name(self._alias, fingerprint, SCHEMA.to_string())

    @cached_property
    def _db(self) -> Any:
        import lancedb

        return lancedb.connect(self._location)

    def put(self, documents: Iterable[ClipRecord]) -> list[PutResult]:
        """See `SearchIndex.put`; all documents of a batch of 1000 get in, or none."""
        name, results = writers_only(self.version), []
        table, remaining = self._table(), iter(documents)
        while batch := list(islice(remaining, BATCH_DOCUMENTS)):
            latest = {document.clip_id: document for document in batch}
            merge = table.merge_insert("clip_id").when_matched_update_all().when_not_matched_insert_all()
            # LanceDB takes a null vector for a bad one; bad ones no document can hold.
            merge.execute(_to_arrow(list(latest.values())), on_bad_vectors="null")
            results += [PutResult(document.clip_id, name, document.content_hash) for document in batch]
        tidy(table)
        return results

    def get_embedding_by_id(self, clip_id: str) -> ClipRecord | None:
        """See `SearchIndex.get_embedding_by_id`."""
        rows = self._table().search().where(f"clip_id = {sql_string(clip_id)}").limit(1).to_list()
        return ClipRecord.from_source(rows[0]) if rows else None

    def get_all_embeddings(self, filters: FiltersLike = None) -> Iterator[ClipRecord]:
        """See `SearchIndex.get_all_embeddings`."""
        for batch in batches(self._table(), Filters.of(filters).to_sql(), SCHEMA.names):
            for row in batch.to_pylist():
                yield ClipRecord.from_source(row)

    def count(self) -> int:
        """See `SearchIndex.count`."""
        return int(self._table().count_rows())

    def ids(self) -> set[str]:
        """See `SearchIndex.ids`."""
        return {clip for batch in batches(self._table(), None, ["clip_id"]) for clip in batch.column(0).to_pylist()}

    def delete(self, clip_ids: Iterable[str]) -> int:
        """See `SearchIndex.delete`."""
        wanted = list(clip_ids)
        if not wanted:
            return 0
        clause = is_one_of(wanted)
        removed: set[str] = set()
        for name in {name for name in (self.version, self._live()) if name in self._tables()}:
            table = self._db.open_table(name)
            removed.update(row["clip_id"] for row in table.search().where(clause).select(["clip_id"]).to_list())
            table.delete(clause)
        return len(removed)

    def refresh(self) -> None:
        """See `SearchIndex.refresh`."""
        tidy(self._table())

    def status(self) -> IndexStatus:
        """See `SearchIndex.status`."""
        aliases = self._aliases()
        names = [name for name in self._tables() if name.startswith(f"{self._alias}-")]
        versions = [self._describe(name, aliases) for name in names]
        versions.sort(key=lambda version: (not version.live, version.name))
        return IndexStatus("lancedb", self._location, self._alias, tuple(versions))

    def promote(self, live_clips: Iterable[str] | None = None, *, force: bool = False) -> Promotion:
        """See `SearchIndex.promote`."""
        name, old = writers_only(self.version), self._live()
        if old == name:
            return Promotion(name, live=True)
        new_ids = self.ids()
        if old is not None and not force:
            old_ids = _ids(self._db.open_table(old))
            missing = sorted((old_ids if live_clips is None else old_ids & set(live_clips)) - new_ids)
            if missing:
                return Promotion(name, live=False, missing=tuple(missing))
        row = pa.table({"alias": [self._alias], "name": [name]})
        aliases = self._db.create_table(ALIASES, schema=row.schema, exist_ok=True)
        aliases.merge_insert("alias").when_matched_update_all().when_not_matched_insert_all().execute(row)
        return Promotion(name, live=True, replaced=old)

    def prune(self) -> list[str]:
        """See `SearchIndex.prune`."""
        names = [version.name for version in self.status().versions if not (version.aliases or version.current)]
        for name in names:
            self._db.drop_table(name)
        return names

    def adopt(self) -> str:
        """There are no plain indices here."""
        raise SearchError("only an index in Elasticsearch can be adopted: set ELASTICSEARCH_HOST")

    def close(self) -> None:
        """See `SearchIndex.close`."""
        self.__dict__.pop("_db", None)

    def _nearest(self, query: Query) -> list[Match]:
        return nearest(self._table(), query)

    def _table(self) -> Any:
        """Return the table that this process writes, made when it is not there; for readers, the live one."""
        if self.version is not None and self._fingerprint is not None:
            schema = SCHEMA.with_metadata({FINGERPRINT_KEY: self._fingerprint})
            return self._db.create_table(self.version, schema=schema, exist_ok=True)
        live = self._live()
        if live is None:
            raise IndexMissingError(f"nothing is indexed in {self._location} yet: run `bachata-assets generate` first")
        return self._db.open_table(live)

    def _live(self) -> str | None:
        return self._aliases().get(self._alias)

    def _aliases(self) -> dict[str, str]:
        if ALIASES not in self._tables():
            return {}
        rows = self._db.open_table(ALIASES).to_arrow().to_pylist()
        return {row["alias"]: row["name"] for row in rows}

    def _tables(self) -> list[str]:
        names: list[str] = []
        page = self._db.list_tables()
        names += page.tables
        while page.page_token:
            page = self._db.list_tables(page_token=page.page_token)
            names += page.tables
        return names

    def _describe(self, name: str, aliases: dict[str, str]) -> IndexVersion:
        table = self._db.open_table(name)
        fingerprint = (table.schema.metadata or {}).get(FINGERPRINT_KEY)
        return IndexVersion(
            name=name,
            fingerprint=fingerprint.decode() if fingerprint else None,
            documents=table.count_rows(),
            bytes=table.stats()["total_bytes"],
            aliases=tuple(sorted(alias for alias, target in aliases.items() if target == name)),
            live=aliases.get(self._alias) == name,
            current=name == self.version,
        )


def _ids(table: Any) -> set[str]:
    return set(table.search().select(["clip_id"]).to_arrow().column(0).to_pylist())


def _to_arrow(documents: list[ClipRecord]) -> pa.Table:
    columns = {name: [getattr(document, name) for document in documents] for name in SCHEMA.names}
    return pa.table(columns, schema=SCHEMA)
