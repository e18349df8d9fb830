"""The search index as a resource: Elasticsearch when a host is set, else LanceDB inside the data dir.

A plain object rather than a configurable one: its settings hold secrets, which would be shown as run config.
"""

import hashlib
from typing import TYPE_CHECKING

from bachata_assets.settings import Settings

if TYPE_CHECKING:
    from bachata_assets.search.index import SearchIndex


class SearchIndexResource:
    """Where documents go.

    Parameters
    ----------
    fingerprint : of what makes vectors comparable; another one goes to an index of its own
    """

    def __init__(self, settings: Settings, fingerprint: str) -> None:
        self._settings = settings
        self._fingerprint = fingerprint

    def identity(self) -> str:
        """Return what an indexed document depends on beside its content: which index it is in."""
        host = self._settings.elasticsearch_host
        place = f"{host}:{self._settings.elasticsearch_port}" if host else "lancedb"
        with self.open() as index:  # connects to nothing yet
            return hashlib.sha256(f"{place}/{index.version}".encode()).hexdigest()[:12]

    def open(self) -> "SearchIndex":
        """Return the index, open for writing."""
        from bachata_assets.search.index import open_index

        return open_index(self._settings, fingerprint=self._fingerprint)
