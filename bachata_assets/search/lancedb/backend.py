"""`LanceBackend`: the documents of an index in LanceDB.

Each version is a table. The table `aliases` names the live version, one row per alias.
"""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

import pyarrow as pa

from bachata_assets.search.backend import Backend, version_name
from bachata_assets.search.candidates import arrow_fields, only_searched
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.errors import IndexMissingError, SearchError
from bachata_assets.search.filters import Filters, sql_string
from bachata_assets.search.kind import D, Kind
from bachata_assets.search.lancedb.errors import clear_errors, clearly, is_lance_error
from bachata_assets.search.lancedb.neighbours import batches, containing, is_one_of, known, nearest, tidy
from bachata_assets.search.results import Found, IndexStatus, IndexVersion, PutResult
from bachata_assets.search.similarity import Query

logger = logging.getLogger(__name__)

ALIASES = "aliases"
"""Name of the table that says which version is live."""
BATCH_DOCUMENTS = 1000
"""Number of documents in one write."""
FINGERPRINT_KEY = b"fingerprint"
"""Key of the version's fingerprint in a table's schema metadata."""


class LanceBackend(Backend[D]):
    """See `Backend`."""

    def __init__(self, config: SearchConfig, fingerprint: str | None, kind: Kind[D]) -> None:
        self._alias = config.alias + kind.suffix
        self._fingerprint, self.kind = fingerprint, kind
        self.location = f"{config.data_dir.rstrip('/')}/lancedb"
        self.version = None
        if fingerprint is not None:
            # The name has a hash of the schema, so a changed schema makes another table.
            self.version = version_name(self._alias, fingerprint, self._schema.to_string())

    @cached_property
    def _schema(self) -> pa.Schema:
        return pa.schema([*self.kind.schema, *arrow_fields(self.kind)])

    @cached_property
    def _db(self) -> Any:
        # Its Rust code logs many warnings while it builds an index.
        os.environ.setdefault("LANCEDB_LOG", "error")
        import lancedb

        return lancedb.connect(self.location)

    @clearly
    def put(self, documents: Iterable[D]) -> list[PutResult]:
        """See `Backend.put`; a batch of 1000 documents is indexed as a whole or not at all."""
        table, remaining = self._table(), iter(documents)
        results: list[PutResult] = []
        while batch := list(islice(remaining, BATCH_DOCUMENTS)):
            latest = {self.kind.key_of(document): document for document in batch}
            merge = table.merge_insert(self.kind.key).when_matched_update_all().when_not_matched_insert_all()
            # LanceDB would refuse a null vector as bad. This option hides no NaN: records cannot hold any.
            merge.execute(self._to_arrow(list(latest.values())), on_bad_vectors="null")
            results += [PutResult(self.kind.key_of(document), table.name, document.content_hash) for document in batch]
        tidy(table, self.kind)
        return results

    @clearly
    def get(self, key: str) -> D | None:
        """See `Backend.get`."""
        rows = self._table().search().where(f"{self.kind.key} = {sql_string(key)}").limit(1).to_list()
        return self.kind.record.from_source(rows[0]) if rows else None

    def scan(self, filters: Filters, clip_ids: Sequence[str] | None = None) -> Iterator[D]:
        """See `Backend.scan`."""
        of_clips = None if clip_ids is None else is_one_of("clip_id", clip_ids)
        with clear_errors(self.location):
            table = self._table()
            where = " AND ".join(filter(None, (filters.to_sql(table.schema.names), of_clips))) or None
            read = batches(table, where, known(table, self.kind.schema.names))
        while True:
            with clear_errors(self.location):  # around each read only, not around the caller's own code
                batch = next(read, None)
            if batch is None:
                return
            for row in batch.to_pylist():
                yield self.kind.record.from_source(row)

    @clearly
    def count(self) -> int:
        """See `Backend.count`."""
        return int(self._table().count_rows())

    @clearly
    def ids(self, version: str | None = None) -> set[str]:
        """See `Backend.ids`."""
        return {key for (key,) in self.values([self.kind.key], version=version)}

    @clearly
    def values(
        self, fields: Sequence[str], clip_ids: Sequence[str] | None = None, *, version: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """See `Backend.values`."""
        table = self._db.open_table(version) if version else self._table()
        where = None if clip_ids is None else is_one_of("clip_id", clip_ids)
        columns = list(fields)
        found = [batch.select(columns).to_pydict().values() for batch in batches(table, where, columns)]
        return (row for values in found for row in zip(*values, strict=True))

    @clearly
    def delete(self, keys: Sequence[str], *, also_live: bool = True) -> int:
        """See `Backend.delete`."""
        if not keys:
            return 0
        key = self.kind.key
        clause = is_one_of(key, keys)
        removed: set[str] = set()
        for name in {name for name in (self.version, also_live and self.live()) if name in self._tables()}:
            table = self._db.open_table(name)
            removed.update(row[key] for row in table.search().where(clause).select([key]).to_list())
            table.delete(clause)
        return len(removed)

    @clearly
    def refresh(self) -> None:
        """See `Backend.refresh`."""
        tidy(self._table(), self.kind)

    @clearly
    def status(self) -> IndexStatus:
        """See `Backend.status`."""
        aliases = self._aliases()
        names = [name for name in self._tables() if name.startswith(f"{self._alias}-")]
        versions = [self._describe(name, aliases) for name in names]
        versions.sort(key=lambda version: (not version.live, version.name))
        return IndexStatus("lancedb", self.location, self._alias, tuple(versions))

    @clearly
    def live(self) -> str | None:
        """See `Backend.live`."""
        return self._aliases().get(self._alias)

    @clearly
    def publish(self, replaced: str | None) -> None:  # noqa: ARG002  # the alias is one row, replaced as a whole
        """See `Backend.publish`."""
        row = pa.table({"alias": [self._alias], "name": [self._table().name]})
        aliases = self._db.create_table(ALIASES, schema=row.schema, exist_ok=True)
        aliases.merge_insert("alias").when_matched_update_all().when_not_matched_insert_all().execute(row)

    @clearly
    def drop(self, version: str) -> None:
        """See `Backend.drop`."""
        self._db.drop_table(version)

    @clearly
    def drop_unreadable(self) -> list[str]:
        """See `Backend.drop_unreadable`."""
        found = []
        for name in self._tables():
            try:
                table = self._db.open_table(name)
                for _ in batches(table, None, table.schema.names):
                    pass
            except Exception as error:
                if not is_lance_error(error):
                    raise
                self._db.drop_table(name)
                found.append(name)
        return found

    def adopt(self) -> str:
        """Refuse: LanceDB has no plain indices."""
        raise SearchError("only an index in Elasticsearch can be adopted: set ELASTICSEARCH_HOST")

    def close(self) -> None:
        """See `Backend.close`."""
        self.__dict__.pop("_db", None)

    @clearly
    def nearest(self, query: Query) -> list[Found]:
        """See `Backend.nearest`."""
        return nearest(self._table(), self.kind, query)

    @clearly
    def containing(self, words: Sequence[str], filters: Filters) -> dict[str, str]:
        """See `Backend.containing`."""
        return containing(self._table(), self.kind, words, filters)

    def _table(self) -> Any:
        """Return the table to read: the live one, or for writers their version's, which is created if missing."""
        if self.version is not None and self._fingerprint is not None:
            schema = self._schema.with_metadata({FINGERPRINT_KEY: self._fingerprint})
            return self._db.create_table(self.version, schema=schema, exist_ok=True)
        live = self.live()
        if live is None:
            raise IndexMissingError(f"nothing is indexed in {self.location} yet: run `bachata-assets generate` first")
        return self._db.open_table(live)

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

    def _to_arrow(self, documents: list[D]) -> pa.Table:
        said = {name: [getattr(one, name) for one in documents] for name in self.kind.schema.names}
        beside = [only_searched(self.kind, one) for one in documents]
        return pa.table(said | {name: [one[name] for one in beside] for name in beside[0]}, schema=self._schema)
