"""Download of a model set's weights.

A download goes on where a connection broke, and is checked before it takes its name. Which files a set has is said in
`model_sets.py`.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from bachata_assets.pose.models.model_sets import ModelSet, ModelSpec, default_checkpoint_dir

ATTEMPTS = 5
"""Number of connections tried for one file; each goes on where the one before broke off."""
CHUNK = 1 << 14
"""Number of bytes written at a time; of a chunk that does not come whole nothing is kept."""
TIMEOUT_S = 30
"""Longest wait for the server's next bytes, s."""

Progress = Callable[[ModelSpec, int, int | None], None]
"""Called with the model, the bytes that are there and, where the server says it, their total."""


class DownloadError(OSError):
    """A file cannot be had; the message says which, why and what to do."""


def download(models: ModelSet, progress: Progress, base_url: str | None = None) -> dict[str, int]:
    """Fetch what is missing of a model set.

    Files that come with the project are copied from there.

    Parameters
    ----------
    models : ModelSet
        The set.
    progress : callable
        Called with the model, the bytes that are there, and their total where the server says it.
    base_url : str or None
        Address of a mirror that keeps the files under their own names, instead of the set's URLs.

    Returns
    -------
    dict
        Checkpoint -> bytes fetched, of the files that were missing.

    Raises
    ------
    DownloadError
        No network, no such file on the server, or another file than the set names.
    """
    fetched = {}
    for spec in models.specs():
        if spec.checkpoint_path.is_file():
            continue
        here = default_checkpoint_dir() / spec.checkpoint
        if spec.url is not None:
            url = f"{base_url.rstrip('/')}/{spec.checkpoint_path.name}" if base_url else spec.url
            fetched[spec.checkpoint] = _fetch(spec, url, progress)
        elif here.is_file():
            fetched[spec.checkpoint] = _copy(spec, here)
    return fetched


def _copy(spec: ModelSpec, source: Path) -> int:
    target = spec.checkpoint_path
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, part)
    part.replace(target)
    return target.stat().st_size


def _fetch(spec: ModelSpec, url: str, progress: Progress) -> int:
    import requests

    target = spec.checkpoint_path
    part = target.with_name(target.name + ".part")
    part.parent.mkdir(parents=True, exist_ok=True)
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            if _append(url, part, spec, progress):
                break
            problem = "the connection broke off"
        except requests.RequestException as error:
            problem = type(error).__name__
    else:
        raise DownloadError(
            f"Cannot download {url}: {problem}. Check the network, or give a mirror with --base-url; "
            f"what came so far is kept in {part.name} and resumed."
        )
    _check(spec, part, url)
    size = part.stat().st_size
    part.replace(target)
    return size


def _append(url: str, part: Path, spec: ModelSpec, progress: Progress) -> bool:
    """Go on with a file where it ends; return whether it is whole."""
    import requests

    there = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={there}-", "Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            return True  # nothing is left to fetch; the hash decides whether it is the right file
        if response.status_code not in {requests.codes.ok, requests.codes.partial_content}:
            raise DownloadError(
                f"{url}: the server answers {response.status_code} {response.reason}. "
                "Check the URL in models.toml, or give a mirror with --base-url."
            )
        resumed = response.status_code == requests.codes.partial_content
        there = there if resumed else 0
        length = response.headers.get("Content-Length")
        total = there + int(length) if length else None
        with part.open("ab" if resumed else "wb") as file:
            for chunk in response.iter_content(CHUNK):
                file.write(chunk)
                there += len(chunk)
                progress(spec, there, total)
    return total is None or there >= total


def _check(spec: ModelSpec, part: Path, url: str) -> None:
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if not digest.startswith(spec.sha256.lower()):
        part.unlink()
        raise DownloadError(
            f"{url} is not the file that models.toml names: its sha256 is {digest}, expected {spec.sha256}. It was "
            f'removed. Try again, or another mirror with --base-url; if you trust it, set sha256 = "{digest}" for it.'
        )
