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
    completed : results of the documents that the server had answered before the connection was lost (of `put` only)
    """

    def __init__(self, message: str, completed: Sequence[PutResult] = ()) -> None:
        super().__init__(message)
        self.completed = tuple(completed)


class SearchAccessError(SearchError):
    """The server refuses user, password or API key, or they lack a privilege."""


class SearchCertificateError(SearchError):
    """The certificate of the server is not trusted, or only one side uses https."""


class UnsupportedVersionError(SearchError):
    """The server is too old for the documents."""


class IndexMissingError(SearchError):
    """No version is live yet under the name that readers use."""


class IndexUnreadableError(SearchError):
    """The files of an embedded index are damaged, or its disk or store does not answer."""


class AliasTakenError(SearchError):
    """A plain index has the name that is to be the alias."""


class QueryError(ValueError):
    """A query, its weights or its filters cannot be used."""


class UnknownClipError(QueryError):
    """The clip whose neighbours are asked for is not in the index."""
