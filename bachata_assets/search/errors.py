"""Errors of a search index, each with a message that says what to do; raised by both backends."""

from collections.abc import Sequence
from typing import ClassVar

from bachata_assets.search.results import PutResult


class SearchError(RuntimeError):
    """Base of every error of the search index.

    Attributes
    ----------
    transient : the reason lies in the index or in the way to it, not in the clip, so that trying again later may help
    """

    transient: ClassVar[bool] = True


class SearchUnavailableError(SearchError, ConnectionError):
    """The index cannot be reached, also after retries.

    Attributes
    ----------
    completed : results of the documents answered for before the connection was lost (only from `put`)
    """

    def __init__(self, message: str, completed: Sequence[PutResult] = ()) -> None:
        super().__init__(message)
        self.completed = tuple(completed)


class SearchAccessError(SearchError):
    """User, password or API key are refused, or lack a privilege."""


class SearchCertificateError(SearchError):
    """The server's certificate is not trusted, or only one side speaks https."""


class UnsupportedVersionError(SearchError):
    """The server is older than what the documents need."""


class IndexMissingError(SearchError):
    """Nothing was indexed yet under the name that readers use."""


class AliasTakenError(SearchError):
    """A plain index has the name that is to be the alias."""


class QueryError(ValueError):
    """A query, its weights or its filters make no sense."""


class UnknownClipError(QueryError):
    """The clip asked about is not in the index."""
