"""The connection to Elasticsearch: the official client from settings, and its errors in one clear line each.

What is asked of it lives in `elasticsearch_index.py` and `elasticsearch_versions.py`.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bachata_assets.search.errors import (
    IndexMissingError,
    SearchAccessError,
    SearchCertificateError,
    SearchError,
    SearchUnavailableError,
    UnsupportedVersionError,
)
from bachata_assets.settings import Settings

if TYPE_CHECKING:
    from elasticsearch import ApiError, Elasticsearch

logger = logging.getLogger(__name__)

ATTEMPTS = 3
BACKOFF_SECONDS = 1.0
"""Wait before the second attempt, doubled each time; the client adds jitter."""
REQUEST_SECONDS = 60
OVERLOADED = (429, 502, 503, 504)
OLDEST_VERSION = (9, 1)
DOCKER = 'docker run -p 9200:9200 -e "discovery.type=single-node" elasticsearch:9.1.0'


def connect(settings: Settings) -> "Elasticsearch":
    """Return a client that retries lost connections with exponential backoff and jitter; sends nothing yet."""
    from elasticsearch import Elasticsearch

    scheme = "https" if settings.elasticsearch_use_ssl else "http"
    options: dict[str, Any] = {}
    if settings.elasticsearch_use_ssl:
        options["verify_certs"] = settings.elasticsearch_verify_certs
        if settings.elasticsearch_ca_certs:
            options["ca_certs"] = str(settings.elasticsearch_ca_certs)
    if settings.elasticsearch_api_key:
        options["api_key"] = settings.elasticsearch_api_key.get_secret_value()
    elif settings.elasticsearch_username and settings.elasticsearch_password:
        password = settings.elasticsearch_password.get_secret_value()
        options["basic_auth"] = (settings.elasticsearch_username, password)
    return Elasticsearch(
        f"{scheme}://{settings.elasticsearch_host}:{settings.elasticsearch_port}",
        request_timeout=REQUEST_SECONDS,
        max_retries=ATTEMPTS - 1,
        retry_on_timeout=True,
        retry_on_status=OVERLOADED,
        retry_backoff_base=BACKOFF_SECONDS,
        retry_backoff_cap=BACKOFF_SECONDS * 2**ATTEMPTS,
        **options,
    )


def address(settings: Settings) -> str:
    """Return host:port, as errors name the server."""
    return f"{settings.elasticsearch_host}:{settings.elasticsearch_port}"


@contextmanager
def clear_errors(settings: Settings) -> Iterator[None]:
    """Raise the client's errors as `SearchError`s that say what to do; none of them holds a secret."""
    from elasticsearch import ApiError, ConnectionTimeout, TransportError
    from elastic_transport import TlsError

    where = address(settings)
    try:
        yield
    except TlsError as error:
        raise SearchCertificateError(_tls_message(where, error)) from error
    except ConnectionTimeout as error:
        raise SearchUnavailableError(
            f"Cannot connect to Elasticsearch at {where}: no answer within {REQUEST_SECONDS} s, {ATTEMPTS} times. "
            "See what the node is busy with, or use smaller batches."
        ) from error
    except TransportError as error:
        raise SearchUnavailableError(
            f"Cannot connect to Elasticsearch at {where} ({ATTEMPTS} attempts: {_cause(error)}). Start it ({DOCKER}), "
            "or correct ELASTICSEARCH_HOST, ELASTICSEARCH_PORT and ELASTICSEARCH_USE_SSL, "
            "or unset ELASTICSEARCH_HOST to search without a server."
        ) from error
    except ApiError as error:
        raise _api_error(where, settings, error) from error


def server_version(client: "Elasticsearch") -> tuple[int, ...] | None:
    """Return the server's version, None when this user may not know it (it takes the cluster privilege `monitor`)."""
    from elasticsearch import ApiError, AuthorizationException

    try:
        text = client.info()["version"]["number"]
    except AuthorizationException:
        return None
    except ApiError:  # some distributions and proxies have no `GET /`
        try:
            nodes = client.nodes.info(filter_path="nodes.*.version")["nodes"]
        except ApiError:
            return None
        text = min(node["version"] for node in nodes.values())
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def require_version(version: tuple[int, ...] | None, where: str) -> None:
    """Accept 9.1 or newer; warn when the version is not known.

    Raises
    ------
    UnsupportedVersionError
        Naming both versions.
    """
    if version is None:
        logger.warning(
            "Elasticsearch at %s does not tell its version to this user; 9.1 or newer is needed", where
        )
    elif version < OLDEST_VERSION:
        found = ".".join(map(str, version))
        raise UnsupportedVersionError(f"Elasticsearch at {where} is {found}; upgrade it to 9.1 or newer")


def reason_of(error: "ApiError") -> str:
    """Return what the server said, without the request."""
    body = error.body
    detail = body.get("error") if isinstance(body, dict) else None
    return explain(detail) if isinstance(detail, dict) else str(detail or error.message)


def explain(detail: dict[str, Any]) -> str:
    """Return one line for a server's error object, the remedy with it where there is one."""
    cause = detail.get("caused_by") or {}
    reason = str(detail.get("reason", detail.get("type", "unknown error")))
    if "flood-stage watermark" in reason or "read-only-allow-delete" in reason:
        return f"the server's disk is full, so the index is read-only: free disk space ({reason})"
    return f"{reason} ({cause['reason']})" if cause.get("reason") else reason


def _api_error(where: str, settings: Settings, error: "ApiError") -> SearchError:
    reason = reason_of(error)
    if error.status_code == 401:
        who = "the API key" if settings.elasticsearch_api_key else f"user {settings.elasticsearch_username!r}"
        if not (settings.elasticsearch_api_key or settings.elasticsearch_username):
            return SearchAccessError(
                f"Elasticsearch at {where} asks who you are: set ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, "
                "or ELASTICSEARCH_API_KEY"
            )
        return SearchAccessError(
            f"Elasticsearch at {where} refuses {who}: correct ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD, "
            "or ELASTICSEARCH_API_KEY"
        )
    if error.status_code == 403:
        return SearchAccessError(
            f"Elasticsearch at {where} does not permit this: {reason}. See docs/elasticsearch.md"
        )
    if error.status_code == 404 and "index" in reason:
        return IndexMissingError(
            f"Elasticsearch at {where} has no index {settings.elasticsearch_index}: run `bachata-assets generate` first"
        )
    if "compatible-with" in reason or "Accept version" in reason:
        return UnsupportedVersionError(f"Elasticsearch at {where} is too old; upgrade it to 9.1 or newer")
    if error.status_code in OVERLOADED:
        return SearchUnavailableError(
            f"Elasticsearch at {where} is overloaded ({ATTEMPTS} attempts): {reason}. Try again later."
        )
    return SearchError(f"Elasticsearch at {where} answers {error.status_code}: {reason}")


def _tls_message(where: str, error: Exception) -> str:
    if "WRONG_VERSION_NUMBER" in str(error) or "record layer" in str(error):
        return f"Elasticsearch at {where} does not speak https: unset ELASTICSEARCH_USE_SSL"
    return (
        f"The certificate of Elasticsearch at {where} is not trusted ({_cause(error)}): set ELASTICSEARCH_CA_CERTS to "
        "the CA that signed it, and connect by a name that is in it"
    )


def _cause(error: Exception) -> str:
    """Return the innermost reason, without the addresses of objects that urllib3 puts around it."""
    text = str(getattr(error, "message", error))
    return re.sub(r"<[^>]*object at 0x[0-9a-f]+>:? ?", "", text)[:300]
