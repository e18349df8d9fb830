"""`ElasticsearchBackend`: the documents of an index in Elasticsearch."""

import logging
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from bachata_assets.clip_record import InvalidRecordError, json_of
from bachata_assets.search.backend import Backend, version_name
from bachata_assets.search.candidates import only_searched
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.elasticsearch import client as elasticsearch_client
from bachata_assets.search.elasticsearch import mapping as elasticsearch_mapping
from bachata_assets.search.elasticsearch import versions as elasticsearch_versions
from bachata_assets.search.elasticsearch.errors import clear_errors, error_text
from bachata_assets.search.elasticsearch.neighbours import containing, nearest
from bachata_assets.search.errors import AliasTakenError, SearchError, SearchUnavailableError
from bachata_assets.search.filters import Filters
from bachata_assets.search.kind import D, Kind
from bachata_assets.search.results import Found, IndexStatus, PutResult
from bachata_assets.search.similarity import Query

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

logger = logging.getLogger(__name__)

CHUNK_DOCUMENTS = 200
"""Number of documents in a bulk request, about 5 MB."""
PAGE_DOCUMENTS = 200
"""Number of documents in a page."""
KEEP_ALIVE = "2m"
"""How long the server keeps a point in time between two pages."""
NOT_FOUND = 404
WHOLE_DOCUMENT = {"exclude_vectors": False}
"""Option that requests the vectors too, which 9.2 and newer leave out by default."""


class ElasticsearchBackend(Backend[D]):
    """See `Backend`."""

    def __init__(self, config: SearchConfig, fingerprint: str | None, kind: Kind[D]) -> None:
        self._config, self._fingerprint, self.kind = config, fingerprint, kind
        self._alias = config.alias + kind.suffix
        structure = elasticsearch_mapping.structure(kind, source_vectors=config.source_vectors)
        self.version = None if fingerprint is None else version_name(self._alias, fingerprint, structure)

    @cached_property
    def _client(self) -> "Elasticsearch":
        return elasticsearch_client.connect(self._config)

    @cached_property
    def _name(self) -> str:
        """Name of the index to read: the alias, or for writers their version, which is created if missing."""
        if self.version is None or self._fingerprint is None:
            return self._alias
        version = elasticsearch_client.server_version(self._client)
        elasticsearch_client.require_version(version, self._config.address)
        elasticsearch_versions.create(
            self._client, self.version, self._fingerprint, self.kind, source_vectors=self._config.source_vectors
        )
        return self.version

    def require_usable(self) -> None:
        """See `Backend.require_usable`."""
        from elasticsearch import AuthorizationException

        with clear_errors(self._config):
            version = elasticsearch_client.server_version(self._client)
            if version is not None:
                elasticsearch_client.require_version(version, self._config.address)
            with suppress(AuthorizationException):  # a user who may only read and write cannot see the alias
                elasticsearch_versions.alias_target(self._client, self._alias)

    def put(self, documents: Iterable[D]) -> list[PutResult]:
        """See `Backend.put`."""
        results: list[PutResult] = []
        try:
            with clear_errors(self._config):
                results.extend(self._bulk(self._name, documents))
                self._refresh(self._name)
        except SearchUnavailableError as error:
            raise SearchUnavailableError(str(error), results) from error
        return results

    def _bulk(self, name: str, documents: Iterable[D]) -> Iterator[PutResult]:
        from elasticsearch import helpers

        hashes: dict[str, str] = {}

        def actions() -> Iterator[dict[str, Any]]:
            for document in documents:
                key = self.kind.key_of(document)
                hashes[key] = document.content_hash
                beside = json_of(only_searched(self.kind, document))
                yield {"_index": name, "_id": key, "_source": f"{document.to_json()[:-1]},{beside[1:]}"}

        answers = helpers.streaming_bulk(
            # streaming_bulk retries documents refused for overload; the client below it retries lost connections.
            self._client.options(retry_on_status=()),
            actions(),
            chunk_size=CHUNK_DOCUMENTS,
            raise_on_error=False,
            max_retries=elasticsearch_client.ATTEMPTS - 1,
            retry_on_status=elasticsearch_client.OVERLOADED,
            initial_backoff=elasticsearch_client.BACKOFF_SECONDS * random.uniform(0.5, 1.5),
        )
        for _, answer in answers:
            item = answer["index"]
            error = error_text(item["error"]) if "error" in item else None
            yield PutResult(item["_id"], name, hashes[item["_id"]], error)

    def get(self, key: str) -> D | None:
        """See `Backend.get`."""
        with clear_errors(self._config):
            found = self._client.search(
                index=self._name, query={"term": {self.kind.key: key}}, source=WHOLE_DOCUMENT, size=1
            )
        hits = found["hits"]["hits"]
        return next(self._readable(hits), None)

    def scan(self, filters: Filters, clip_ids: Sequence[str] | None = None) -> Iterator[D]:
        """See `Backend.scan`."""
        conditions = filters.to_elasticsearch() + ([] if clip_ids is None else [_are_of(clip_ids)])
        yield from self._readable(self._hits(conditions, source=WHOLE_DOCUMENT))

    def count(self) -> int:
        """See `Backend.count`."""
        with clear_errors(self._config):
            return int(self._client.count(index=self._name)["count"])

    def ids(self, version: str | None = None) -> set[str]:
        """See `Backend.ids`."""
        key = self.kind.key
        return {value for (value,) in self.values([key], version=version)}

    def values(
        self, fields: Sequence[str], clip_ids: Sequence[str] | None = None, *, version: str | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """See `Backend.values`."""
        only = {"source": False, "stored_fields": "_none_", "docvalue_fields": list(fields)}
        conditions = [] if clip_ids is None else [_are_of(clip_ids)]
        for hit in self._hits(conditions, name=version, size=10_000, **only):
            yield tuple(hit["fields"][field][0] for field in fields)

    def delete(self, keys: Sequence[str], *, also_live: bool = True) -> int:
        """See `Backend.delete`."""
        from elasticsearch import helpers

        with clear_errors(self._config):
            live = elasticsearch_versions.alias_target(self._client, self._alias) if also_live else None
            names = {name for name in (self.version and self._name, live) if name}
            actions = [{"_op_type": "delete", "_index": name, "_id": key} for name in names for key in keys]
            removed: set[str] = set()
            for done, answer in helpers.streaming_bulk(self._client, actions, raise_on_error=False):
                item = answer["delete"]
                if done:
                    removed.add(item["_id"])
                elif item["status"] != NOT_FOUND:
                    raise SearchError(f"document {item['_id']} cannot be deleted: {error_text(item['error'])}")
            for name in names:
                self._refresh(name)
        return len(removed)

    def refresh(self) -> None:
        """See `Backend.refresh`."""
        with clear_errors(self._config):
            self._refresh(self._name)

    def status(self) -> IndexStatus:
        """See `Backend.status`."""
        with clear_errors(self._config):
            try:
                elasticsearch_versions.alias_target(self._client, self._alias)
                taken = False
            except AliasTakenError:
                taken = True
            versions = elasticsearch_versions.versions(self._client, self._alias, self.version)
        return IndexStatus("elasticsearch", self._config.address, self._alias, tuple(versions), taken)

    def live(self) -> str | None:
        """See `Backend.live`."""
        with clear_errors(self._config):
            return elasticsearch_versions.alias_target(self._client, self._alias)

    def publish(self, replaced: str | None) -> None:
        """See `Backend.publish`."""
        with clear_errors(self._config):
            elasticsearch_versions.point_alias(self._client, self._alias, self._name, replaced)

    def drop(self, version: str) -> None:
        """See `Backend.drop`."""
        with clear_errors(self._config):
            self._client.indices.delete(index=version)

    def adopt(self) -> str:
        """See `Backend.adopt`."""
        with clear_errors(self._config):
            return elasticsearch_versions.adopt(self._client, self._alias)

    def close(self) -> None:
        """See `Backend.close`."""
        client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    def nearest(self, query: Query) -> list[Found]:
        """See `Backend.nearest`."""
        with clear_errors(self._config):
            return nearest(self._client, self._name, self.kind, query)

    def containing(self, words: Sequence[str], filters: Filters) -> dict[str, str]:
        """See `Backend.containing`."""
        with clear_errors(self._config):
            return containing(self._client, self._name, self.kind, words, filters)

    def _hits(
        self, conditions: list[dict[str, Any]], *, name: str | None = None, size: int = PAGE_DOCUMENTS, **fields: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield hits in pages from one point in time, so that concurrent writes add and hide nothing.

        Parameters
        ----------
        conditions : clauses that the documents meet
        name : name of the index; None: the one that this backend reads
        size : number of hits in a page
        fields : search options that select what a hit has
        """
        query = {"bool": {"filter": conditions}}
        with clear_errors(self._config):
            pit = self._client.open_point_in_time(index=name or self._name, keep_alive=KEEP_ALIVE)["id"]
            try:
                after = None
                while True:
                    page = self._client.search(
                        pit={"id": pit, "keep_alive": KEEP_ALIVE},
                        query=query,
                        sort=["_shard_doc"],
                        search_after=after,
                        size=size,
                        track_total_hits=False,
                        **fields,
                    )
                    pit, hits = page["pit_id"], page["hits"]["hits"]
                    yield from hits
                    if len(hits) < size:
                        return
                    after = hits[-1]["sort"]
            finally:
                self._client.options(ignore_status=404).close_point_in_time(id=pit)

    def _refresh(self, name: str) -> None:
        from elasticsearch import AuthorizationException

        try:
            self._client.indices.refresh(index=name)
        except AuthorizationException:
            # A user who may only read and write waits for the server's own refresh, a second at most.
            logger.debug("no privilege to refresh %s", name)

    def _readable(self, hits: Iterable[dict[str, Any]]) -> Iterator[D]:
        """Yield the records of hits; warn about a document that cannot be read and leave it out."""
        for hit in hits:
            try:
                yield self.kind.record.from_stored(hit["_source"])
            except InvalidRecordError as error:
                logger.warning("Document %s of %s cannot be read and is left out: %s", hit["_id"], hit["_index"], error)


def _are_of(clip_ids: Sequence[str]) -> dict[str, Any]:
    """Return the clause that the documents of some clips meet."""
    return {"terms": {"clip_id": list(clip_ids)}}
