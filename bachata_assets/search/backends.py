"""The choice of backend: Elasticsearch if a host is set, else LanceDB in the data dir."""

from bachata_assets.search.backend import Backend
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.kind import D, Kind


def open_backend(config: SearchConfig, fingerprint: str | None, kind: Kind[D]) -> Backend[D]:
    """Return the backend that a configuration names, without connecting or creating anything."""
    if config.host:
        from bachata_assets.search.elasticsearch.backend import ElasticsearchBackend

        return ElasticsearchBackend(config, fingerprint, kind)
    from bachata_assets.search.lancedb.backend import LanceBackend

    return LanceBackend(config, fingerprint, kind)
