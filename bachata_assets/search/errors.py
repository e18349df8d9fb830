"""Errors that both backends raise, each with a message that says what to do."""

from collections.abc import Sequence
from typing import ClassVar

from bachata_assets.search.results import PutResult


class SearchError(RuntimeError):
    """Base of every error of the search index.

    Attributes
    ----------
    transient : the cause is the index or the connection to it, not the clip, so a later attempt may succeed
    """

    transient: ClassVar[bool] = True


class SearchUnavailableError(SearchError, ConnectionError):
    """The index cannot be reached, even after retries.

    Attributes
    ----------
    completed : results that the server returned before the connection was lost (`put` only)
    """

    def __init__(self, message: str, completed: Sequence[PutResult] = ()) -> None:
        super().__init__(message)
        self.completed = tuple(completed)


class SearchAccessError(SearchError):
    """The server refuses the user, password or API key, or they lack a privilege."""


class SearchCertificateError(SearchError):
    """The server's certificate is not trusted, or only one side uses https."""


class UnsupportedVersionError(SearchError):
    """The server is too old for the documents."""


class IndexMissingError(SearchError):
    """No version is live yet under the alias."""


class IndexUnreadableError(SearchError):
    """The files of an embedded index are damaged, or its disk or store does not answer."""


class AliasTakenError(SearchError):
    """A plain index already has the alias's name."""


class QueryError(ValueError):
    """A query, its weights or its filters are invalid."""


class UnknownClipError(QueryError):
    """The clip that the query names is not in the index."""
