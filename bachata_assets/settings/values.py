"""What the value of a setting may be, where its type does not say it.

A value that may hold a user or a password is never part of a message.
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
"""Protocol of an object store -> the extra of the package that brings its client."""
LOCAL = ("gcp_project_id", "mmpose_checkpoint_path", "model_set", "nightly_cron", "report_cron",
         "elasticsearch_ca_certs", "postgres_secret")  # fmt: skip
"""Settings that are names, times or paths on this machine."""
WEIGHTS = tuple(f"alike_by_{name}" for name in ("move", "couple", "lead", "follow", "music", "words", "everything"))
"""Settings that say what is meant by alike."""
LONGEST_INDEX = 200
"""Bytes; Elasticsearch allows 255, and the names of versions are longer than their alias."""
_NOT_IN_INDEX = r"\s\\/*?\"<>|,#:"
_PathSetting = TypeVar("_PathSetting", str, Path, None)


def one_line_of_text(value: object) -> object:
    """Refuse text that no file name and no header can hold; line breaks at its ends are taken off.

    A secret is often written with the line break of the file that it came from.
    """
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not isinstance(text, str | Path):
        return value
    text = str(text).strip("\r\n")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("holds a control character, or bytes that are not UTF-8: give it another name or value")
    return text


def no_url(value: object) -> object:
    """Refuse an address, which may hold a password, where a name or a path is meant."""
    if "://" in str(value):
        raise ValueError("it can be a name or a path on this machine, no URL")
    return value


def with_home(path: _PathSetting) -> _PathSetting:
    """Replace `~` at the beginning of a path, which a shell does not do in `.env` or in quotes."""
    if isinstance(path, Path):
        return path.expanduser()
    return os.path.expanduser(path) if path else path  # noqa: PTH111  # the type stays


def folder_or_bucket(data_dir: str) -> str:
    """Refuse what is neither a folder, or can become one, nor a place in an object store whose client is installed."""
    if data_dir and "://" not in data_dir:
        folder = Path(os.path.abspath(data_dir))  # noqa: PTH100  # links are not followed
        there = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
        if not there.is_dir():
            raise ValueError(f"{there} is there and is no folder")
        return data_dir
    return _in_store(data_dir, "a folder")


def path_or_object(place: Path | str | None) -> Path | str | None:
    """Return a path with its `~` replaced, or what is in an object store whose client is installed as its URL."""
    if not place:
        return None
    if "://" in str(place):
        return _in_store(str(place), "a path")
    return Path(place).expanduser()


def _in_store(url: str, local: str) -> str:
    """Refuse what is no place in an object store whose client is installed.

    Parameters
    ----------
    local : what else the setting can be
    """
    protocol, _, bucket = url.partition("://")
    if protocol not in STORES or not bucket.strip("/") or "@" in bucket:
        raise ValueError(f"it can be {local}, or a bucket and folder as s3://… or gs://…, without a user or password")
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError:
        extra = STORES[protocol]
        raise ValueError(f"{protocol}:// needs a package of its own: pip install 'bachata-assets[{extra}]'") from None
    return url


def host(name: str | None) -> str | None:
    """Refuse what is not the name or the address of one host; the message says what the parts of a URL are."""
    if name is None or re.fullmatch(r"[\w.-]+|\[[0-9A-Fa-f:.]+\]", name):
        return name
    if "@" in name:
        raise ValueError(
            "give the name of one host alone; user and password are ELASTICSEARCH_USERNAME and ELASTICSEARCH_PASSWORD"
        )
    url = re.fullmatch(r"(https?://)?([\w.-]+)(?::(\d+))?/*", name)
    if not url:
        raise ValueError("give the name of one host alone, an IPv6 address in brackets")
    port = f" ELASTICSEARCH_PORT={url[3]}" if url[3] else ""
    ssl = " ELASTICSEARCH_USE_SSL=true" if url[1] == "https://" else ""
    raise ValueError(f"{name!r} is more than a host: ELASTICSEARCH_HOST={url[2]}{port}{ssl}")


def address(host: str) -> str:
    """Refuse what is no address of a machine to listen on."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        raise ValueError("it can be an address as 127.0.0.1, or 0.0.0.0 for all that this machine has") from None


def user(name: str | None) -> str | None:
    """Refuse a user name that cannot be sent, and may hold the password."""
    if name and ":" in name:
        raise ValueError("the name of a user has no colon; the password is ELASTICSEARCH_PASSWORD")
    return name


def installed(workers: str) -> str:
    """Refuse workers whose package is not installed."""
    if workers == "ray" and find_spec("ray") is None:
        raise ValueError("ray needs a package of its own: pip install 'bachata-assets[ray]'")
    return workers


def cluster(address: str | None) -> str | None:
    """Refuse what is neither `auto` nor host and port."""
    if address in (None, "auto") or re.fullmatch(r"([\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}", address):
        return address
    raise ValueError("it can be auto, or host:port of the head of a Ray cluster that this machine has joined")


def index_name(name: str) -> str:
    """Refuse what Elasticsearch takes for no name of an index or an alias."""
    right = name == name.lower() and re.fullmatch(f"[^-_+{_NOT_IN_INDEX}][^{_NOT_IN_INDEX}]*", name)
    if not right or name in (".", "..") or len(name.encode()) > LONGEST_INDEX:
        raise ValueError(
            f"it can be a name in lower case, at most {LONGEST_INDEX} bytes, without spaces and "
            '\\ / * ? " < > | , # : and not beginning with - _ +'
        )
    return name


def database(url: SecretStr | None) -> SecretStr | None:
    """Refuse what is no address of a PostgreSQL database; the message never shows it."""
    if url is None:
        return None
    try:
        parts = urlsplit(url.get_secret_value())
        right = parts.scheme in ("postgresql", "postgres") and parts.path.count("/") == 1 and len(parts.path) > 1
        right = right and (parts.port is None or parts.port > 0) and not parts.fragment
    except ValueError:  # brackets, or a port that is no number
        right = False
    if not right:
        raise ValueError(
            "it can be postgresql://USER:PASSWORD@HOST:PORT/NAME; of a password @ is written %40, / is %2F"
        )
    if find_spec("dagster_postgres") is None:
        raise ValueError("PostgreSQL needs a package of its own: pip install 'bachata-assets[postgres]'")
    return SecretStr(f"postgresql:{url.get_secret_value().partition(':')[2]}")  # SQLAlchemy knows no other name


def schema(name: str) -> str:
    """Refuse what PostgreSQL takes for no plain name of a schema."""
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", name) or name.startswith("pg_"):
        raise ValueError("it can be at most 63 small letters, digits and _, not beginning with a digit or pg_")
    return name


def weights(text: str) -> str:
    """Refuse what does not say how much each family weighs."""
    for part in text.split(","):
        family, _, weight = (word.strip() for word in part.partition("="))
        if family not in DIMENSIONS or not re.fullmatch(r"\d+(\.\d*)?|\.\d+", weight):
            raise ValueError(f"it can be weights as lead=1,follow=0.5; the families are {', '.join(DIMENSIONS)}")
    if not re.search("[1-9]", text):
        raise ValueError("at least one family must weigh more than 0")
    return text


def mirror(url: str | None) -> str | None:
    """Refuse what is no address of a web server, and one with a user or a password in it."""
    if url is not None and not re.fullmatch(r"https?://[^\s/@][^\s@]*", url):
        raise ValueError("it can be a URL as https://… or http://…; a user and password belong into ~/.netrc")
    return url
