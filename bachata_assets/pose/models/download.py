"""Download of a model set's weights.

A download resumes where a connection broke, and its hash is checked before the file gets its name. `model_sets.py` says
which files a set has.
"""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from bachata_assets.pose.models.model_sets import ModelSet, ModelSpec, default_checkpoint_dir

ATTEMPTS = 5
"""Maximum number of connections for one file; each resumes where the previous one broke."""
CHUNK = 1 << 14
"""Number of bytes per write; an incomplete chunk is dropped."""
TIMEOUT_S = 30
"""Maximum wait for the server's next bytes, s."""

Progress = Callable[[ModelSpec, int, int | None], None]
"""Called with the model, the bytes present and, if the server tells it, the total number of bytes."""


class DownloadError(OSError):
    """A file cannot be downloaded; the message says which, why and what to do."""


def download(models: ModelSet, progress: Progress, base_url: str | None = None) -> dict[str, int]:
    """Fetch the missing files of a model set; bundled files are copied.

    Parameters
    ----------
    models : ModelSet
        The set.
    progress : callable
        See `Progress`.
    base_url : str or None
        Address of a mirror that has the files under their own names, instead of the set's URLs.

    Returns
    -------
    dict
        Checkpoint -> bytes fetched, of the files that were missing.

    Raises
    ------
    DownloadError
        The network or the file on the server is missing, or the file is not the one that the set names.
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
    """Resume a file where it ends, and return whether it is complete."""
    import requests

    there = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={there}-", "Accept-Encoding": "identity"}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            return True  # nothing is left to fetch; the hash decides whether the file is right
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
