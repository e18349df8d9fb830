"""Allowed values of settings, where the type alone does not define them.

A message never contains a value that may include a user name or a password.
"""

import ipaddress
import os
import re
import unicodedata
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import SecretStr

from bachata_assets.families import DIMENSIONS

STORES = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
"""Protocol of an object store -> the package's extra that installs its client."""
LOCAL = ("gcp_project_id", "mmpose_checkpoint_path", "model_set", "nightly_cron", "report_cron",
         "elasticsearch_ca_certs", "postgres_secret")  # fmt: skip
"""Settings that are names, times or local paths."""
WEIGHTS = tuple(f"alike_by_{name}" for name in ("move", "couple", "lead", "follow", "music", "words", "everything"))
"""Settings that define what `similar --by` compares."""
LONGEST_INDEX = 200
"""Bytes; Elasticsearch allows 255, and names of versions are longer than their alias."""
_NOT_IN_INDEX = r"\s\\/*?\"<>|,#:"
_PathSetting = TypeVar("_PathSetting", str, Path, None)


def one_line_of_text(value: object) -> object:
    """Refuse text that a file name or header cannot contain; strip line breaks at its ends.

    A secret often ends with the line break of the file that it came from.
    """
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str | Path):
        return value
    text = str(text).strip("\r\n")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("contains a control character or bytes that are not UTF-8: give it another name or value")
    return text


def no_url(value: object) -> object:
    """Refuse a URL, which may contain a password, where a name or a path is meant."""
    if "://" in str(value):
        raise ValueError("must be a name or a path on this machine, not a URL")
    return value


def with_home(path: _PathSetting) -> _PathSetting:
    """Expand a leading `~`, which no shell does in `.env` or in quotes."""
    if isinstance(path, Path):
        return path.expanduser()
    return os.path.expanduser(path) if path else path  # noqa: PTH111  # the type stays


def folder_or_bucket(data_dir: str) -> str:
    """Refuse a value that is neither a possible folder nor a place in an object store whose client is installed."""
    if data_dir and "://" not in data_dir:
        folder = Path(os.path.abspath(data_dir))  # noqa: PTH100  # links are not followed
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        if not there.is_dir():
            raise ValueError(f"{there} exists and is not a folder")
        return data_dir
    return _in_store(data_dir, "a folder")


def path_or_object(place: Path | str | None) -> Path | str | None:
    """Return a path with its `~` expanded, or the URL of an object in a store whose client is installed."""
    if not place:
        return None
    if "://" in str(place):
        return _in_store(str(place), "a path")
    return Path(place).expanduser()


def _in_store(url: str, local: str) -> str:
    """Refuse a value that is not a place in an object store whose client is installed.

    Parameters
    ----------
    local : the other kind of value that the setting allows
    """
    protocol, _, bucket = url.partition("://")
    if protocol not in STORES or not bucket.strip("/") or "@" in bucket:
        raise ValueError(f"must be {local}, or a bucket and folder as s3://… or gs://…, without a user or password")
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError:
        extra = STORES[protocol]
        raise ValueError(f"{protocol}:// needs an extra package: pip install 'bachata-assets[{extra}]'") from None
    return url


def host(name: str | None) -> str | None:
    """Refuse a value that is not the name or address of one host; the message splits a URL into its settings."""
    if name is None or re.fullmatch(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]", name):
        return name
    if "@" in name:
        raise ValueError(
            "give a host name only; user and password go into ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD"
        )
    url = re.fullmatch(r"(https?://)?([\w.-]+)(?::(\d+))?/*", name)
    if not url:
        raise ValueError("give a host name only, or an IPv6 address in brackets")
    port = f" ELASTICSEARCH_PORT={url[3]}" if url[3] else ""
    ssl = " ELASTICSEARCH_USE_SSL=true" if url[1] == "https://" else ""
    raise ValueError(f"{name!r} is more than a host name: set ELASTICSEARCH_HOST={url[2]}{port}{ssl}")


def address(host: str) -> str:
    """Refuse a value that is not an address to listen on."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ValueError("must be an address such as 127.0.0.1, or 0.0.0.0 for all addresses of this machine") from None


def user(name: str | None) -> str | None:
    """Refuse a user name with a colon: it cannot be sent, and may contain the password."""
    if name and ":" in name:
        raise ValueError("must be a user name without a colon; the password goes into ELASTICSEARCH_PASSWORD")
    return name


def installed(workers: str) -> str:
    """Refuse the kind of workers whose package is not installed."""
    if workers == "ray" and find_spec("ray") is None:
        raise ValueError("ray needs an extra package: pip install 'bachata-assets[ray]'")
    return workers


def cluster(address: str | None) -> str | None:
    """Refuse a value that is neither `auto` nor host:port."""
    if address in (None, "auto") or re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}", address):
        return address
    raise ValueError("must be auto, or host:port of the head of a Ray cluster that this machine has joined")


def index_name(name: str) -> str:
    """Refuse a value that Elasticsearch does not accept as the name of an index or alias."""
    right = name == name.lower() and re.fullmatch(f"[^-_+{_NOT_IN_INDEX}][^{_NOT_IN_INDEX}]*", name)
    if not right or name in (".", "..") or len(name.encode()) > LONGEST_INDEX:
        raise ValueError(
            f"must be a name in lower case, at most {LONGEST_INDEX} bytes, without spaces and "
            '\\ / * ? " < > | , # : and not beginning with - _ +'
        )
    return name


def database(url: SecretStr | None) -> SecretStr | None:
    """Refuse a value that is not the URL of a PostgreSQL database; the message never shows it."""
    if url is None:
        return None
    try:
        parts = urlsplit(url.get_secret_value())
        right = parts.scheme in ("postgresql", "postgres") and parts.path.count("/") == 1 and len(parts.path) > 1
        right = right and (parts.port is None or parts.port > 0) and not parts.fragment
    except ValueError:  # brackets, or a port that is not a number
        right = False
    if not right:
        raise ValueError(
            "must be postgresql://USER:PASSWORD@HOST:PORT/NAME; in the password, write @ as %40 and / as %2F"
        )
    if find_spec("dagster_postgres") is None:
        raise ValueError("PostgreSQL needs an extra package: pip install 'bachata-assets[postgres]'")
    return SecretStr(f"postgresql:{url.get_secret_value().partition(':')[2]}")  # the only name that SQLAlchemy knows


def schema(name: str) -> str:
    """Refuse a value that PostgreSQL does not accept as an unquoted schema name."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name.startswith("pg_"):
        raise ValueError("must be at most 63 lower-case letters, digits and _, not beginning with a digit or pg_")
    return name


def weights(text: str) -> str:
    """Refuse a value that does not give weights of families."""
    for part in text.split(","):
        family, _, weight = (word.strip() for word in part.partition("="))
        if family not in DIMENSIONS or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", weight):
            raise ValueError(f"must be weights such as lead=1,follow=0.5; the families are {', '.join(DIMENSIONS)}")
    if not re.search("[1-9]", text):
        raise ValueError("at least one family must weigh more than 0")
    return text


def mirror(url: str | None) -> str | None:
    """Refuse a value that is not an http(s) URL, or contains a user or a password."""
    if url is not None and not re.fullmatch(r"https?://[^\s/@][^\s@]*", url):
        raise ValueError("must be a URL such as https://… or http://…; a user and password belong in ~/.netrc")
    return url
