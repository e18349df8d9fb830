"""Translation of the official client's errors to `SearchError`: one line that says what to do and shows no secret."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bachata_assets.search.config import SearchConfig
from bachata_assets.search.elasticsearch.client import ATTEMPTS, OVERLOADED
from bachata_assets.search.errors import (
    IndexMissingError,
    SearchAccessError,
    SearchCertificateError,
    SearchError,
    SearchUnavailableError,
    UnsupportedVersionError,
)

if TYPE_CHECKING:
    from elasticsearch import ApiError

START = (
    "docker run -p 127.0.0.1:9200:9200 -e discovery.type=single-node -e xpack.security.enabled=false "
    "elasticsearch:9.1.0"
)
"""Command that starts a node with plain http; without the last setting it has TLS and users."""
CREDENTIALS = "ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, or ELASTICSEARCH_API_KEY"


@contextmanager
def clear_errors(config: SearchConfig) -> Iterator[None]:
    """Raise every error of the client in this block as a `SearchError`."""
    from elastic_transport import TlsError
    from elasticsearch import ApiError, ConnectionTimeout, TransportError

    where = config.address
    try:
        yield
    except TlsError as error:
        raise SearchCertificateError(_tls_message(where, error)) from error
    except ConnectionTimeout as error:
        times = f", {ATTEMPTS} times" if config.retry_on_timeout else ""
        raise SearchUnavailableError(
            f"Cannot connect to Elasticsearch at {where}: no answer in {config.timeout:g} s{times}. Check what the "
            "node is busy with, or raise ELASTICSEARCH_TIMEOUT."
        ) from error
    except TransportError as error:
        raise SearchUnavailableError(
            f"Cannot connect to Elasticsearch at {where} ({ATTEMPTS} attempts: {_cause(error)}). Start it "
            f"({START}), or correct ELASTICSEARCH_HOST, ELASTICSEARCH_PORT and ELASTICSEARCH_USE_SSL, "
            "or unset ELASTICSEARCH_HOST to search without a server."
        ) from error
    except ApiError as error:
        raise _api_error(config, error) from error


def error_text(detail: dict[str, Any]) -> str:
    """Return one line for an error object of the server, with the remedy if there is one."""
    cause = detail.get("caused_by") or {}
    reason = str(detail.get("reason", detail.get("type", "unknown error")))
    if "flood-stage watermark" in reason or "read-only-allow-delete" in reason:
        return f"the server's disk is full, so the index is read-only: free disk space ({reason})"
    return f"{reason} ({cause['reason']})" if cause.get("reason") else reason


def _api_error(config: SearchConfig, error: "ApiError") -> SearchError:
    where, reason = config.address, _reason(error)
    if error.status_code in (401, 403):
        return SearchAccessError(_access_message(config, error.status_code, reason))
    if _is_another_server(error):
        return SearchError(
            f"The server at {where} is not Elasticsearch ({error.status_code}): correct ELASTICSEARCH_HOST and "
            "ELASTICSEARCH_PORT"
        )
    if error.error == "index_not_found_exception":
        return IndexMissingError(
            f"Elasticsearch at {where} has no index {config.alias} yet: run `bachata-assets generate` first"
        )
    if error.error == "media_type_header_exception":  # 8.x refuses the media type of a 9.x client
        return UnsupportedVersionError(f"Elasticsearch at {where} is older than 9; upgrade it to 9.1 or newer")
    if error.status_code in OVERLOADED:
        return SearchUnavailableError(
            f"Elasticsearch at {where} is overloaded ({ATTEMPTS} attempts): {reason}. Try again later."
        )
    return SearchError(f"Elasticsearch at {where} answers {error.status_code}: {reason}")


def _is_another_server(error: "ApiError") -> bool:
    """Tell whether the answer is neither Elasticsearch's nor that of a proxy that is busy or asks for credentials."""
    named = error.meta.headers.get("x-elastic-product") == "Elasticsearch"
    return not (named or error.status_code in (401, 403, *OVERLOADED))


def _access_message(config: SearchConfig, status: int, reason: str) -> str:
    where = config.address
    if status == 403:
        return f"Elasticsearch at {where} does not permit this, see docs/elasticsearch.md: {reason}"
    if config.api_key:
        return f"Elasticsearch at {where} refuses the API key: correct ELASTICSEARCH_API_KEY"
    if config.username:
        return f"Elasticsearch at {where} refuses user {config.username!r} or the password: correct {CREDENTIALS}"
    return f"Elasticsearch at {where} requires a login: set {CREDENTIALS}"


def _tls_message(where: str, error: Exception) -> str:
    if "WRONG_VERSION_NUMBER" in str(error) or "record layer" in str(error):
        return f"Elasticsearch at {where} does not speak https: set ELASTICSEARCH_USE_SSL=false"
    return (
        f"The certificate of Elasticsearch at {where} is not trusted ({_cause(error)}): set "
        "ELASTICSEARCH_CA_CERTS to the CA that signed it, and connect by a name that is in it"
    )


def _reason(error: "ApiError") -> str:
    """Return the server's reason, without the request."""
    body = error.body
    detail = body.get("error") if isinstance(body, dict) else None
    return error_text(detail) if isinstance(detail, dict) else str(detail or error.message)


def _cause(error: Exception) -> str:
    """Return the client's message without object addresses."""
    return re.sub(r"<[^>]*object at 0x[0-9a-f]+>:? ?", "", str(getattr(error, "message", error)))[:300]
