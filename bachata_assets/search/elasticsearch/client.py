"""The connection to Elasticsearch: the official client and the server's version.

`errors.py` explains its errors; `backend.py` sends the requests.
"""

import ipaddress
import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from bachata_assets.search.config import SearchConfig
from bachata_assets.search.errors import SearchCertificateError, SearchError, UnsupportedVersionError

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""Number of attempts before a request fails."""
BACKOFF_SECONDS = 1.0
"""Wait before the second attempt, s, doubled each time; the client adds jitter."""
OVERLOADED = (429, 502, 503, 504)
"""HTTP status codes after which the client repeats a request."""
OLDEST_VERSION = (9, 1)
"""Oldest supported version of the server."""


def connect(config: SearchConfig) -> "Elasticsearch":
    """Return a client that retries with exponential backoff and jitter, without sending anything yet.

    Raises
    ------
    SearchError
        The host is not a host name, or the CA file does not exist.
    """
    from elasticsearch import Elasticsearch

    if {"/", "@"} & {*(config.host or "")}:  # the message does not quote it: it may hold a password
        raise SearchError("ELASTICSEARCH_HOST: give the host name alone, without https://, user, password or path")
    options: dict[str, Any] = {}
    if config.use_ssl:
        options |= {"verify_certs": config.verify_certs, "ssl_show_warn": False}
        if not config.verify_certs:
            # The client would warn at every connection, and urllib3 at every request.
            warn_once(
                f"ELASTICSEARCH_VERIFY_CERTS=false: the certificate of Elasticsearch at {config.address} is not "
                "verified, so any server would be accepted"
            )
        if config.ca_certs:
            if not config.ca_certs.is_file():
                raise SearchCertificateError(f"ELASTICSEARCH_CA_CERTS: no file {config.ca_certs}")
            options["ca_certs"] = str(config.ca_certs)
    if config.api_key:
        options["api_key"] = config.api_key.get_secret_value()
    elif config.username and config.password:
        options["basic_auth"] = (config.username, config.password.get_secret_value())
    if not config.use_ssl and ("api_key" in options or "basic_auth" in options) and not _is_this_machine(config.host):
        warn_once(
            f"The credentials of Elasticsearch at {config.address} go over the network by plain http, where anybody "
            "on the way can read them: set ELASTICSEARCH_USE_SSL=true"
        )
    return Elasticsearch(
        f"{'https' if config.use_ssl else 'http'}://{config.address}",
        request_timeout=config.timeout,
        max_retries=ATTEMPTS - 1,
        retry_on_timeout=config.retry_on_timeout,
        retry_on_status=OVERLOADED,
        retry_backoff_base=BACKOFF_SECONDS,
        retry_backoff_cap=BACKOFF_SECONDS * 2**ATTEMPTS,
        **options,
    )


@cache
def warn_once(warning: str) -> None:
    """Log a warning, once per process."""
    logger.warning(warning)


def _is_this_machine(host: str | None) -> bool:
    if host is None or host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def server_version(client: "Elasticsearch") -> tuple[int, ...] | None:
    """Return the version of the server, or None if this user lacks the cluster privilege `monitor`."""
    from elasticsearch import ApiError, AuthorizationException

    try:
        text = client.info()["version"]["number"]
    except AuthorizationException:
        return None
    except ApiError as error:
        if error.status_code != 405:  # some distributions have no `GET /`
            raise
        try:
            nodes = client.nodes.info(filter_path="nodes.*.version")["nodes"]
        except AuthorizationException:
            return None
        text = min(node["version"] for node in nodes.values())
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def require_version(version: tuple[int, ...] | None, where: str) -> None:
    """Check that the server is 9.1 or newer; warn if its version is unknown.

    Parameters
    ----------
    version : result of `server_version`
    where : host and port, for the message

    Raises
    ------
    UnsupportedVersionError
        The server is older; the message names both versions.
    """
    if version is None:
        logger.warning("Elasticsearch at %s does not tell this user its version; it must be 9.1 or newer", where)
    elif version < OLDEST_VERSION:
        found = ".".join(map(str, version))
        raise UnsupportedVersionError(f"Elasticsearch at {where} is {found}; upgrade it to 9.1 or newer")
