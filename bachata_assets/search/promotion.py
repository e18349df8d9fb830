"""Promotion: readers see the new version of an index once it has everything that they see now."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from bachata_assets.search.backend import Backend
from bachata_assets.search.errors import SearchError
from bachata_assets.search.results import Promotion

logger = logging.getLogger(__name__)


def promote(
    backend: Backend[Any],
    clips: Callable[[str | None], set[str]],
    live_clips: Iterable[str] | None,
    *,
    force: bool,
) -> Promotion:
    """Let readers see the version that a backend writes if it has every clip of the version they see now.

    Parameters
    ----------
    clips : name of a version, None for the written one -> clips that are complete in it
    live_clips : clips that still exist; only these must be in the new version. None: all clips of the old version
    force : promote even if clips are missing
    """
    name, old = written_version(backend), backend.live()
    if old == name:
        return Promotion(name, live=True)
    if old is not None and not force:
        old_clips = clips(old)
        missing = sorted((old_clips if live_clips is None else old_clips & set(live_clips)) - clips(None))
        if missing:
            return Promotion(name, live=False, missing=tuple(missing))
    backend.publish(old)
    if old is not None:  # else nothing changes for readers
        logger.info("Readers see %s now, before %s", name, old)
    return Promotion(name, live=True, replaced=old)


def written_version(backend: Backend[Any]) -> str:
    """Return the name of the version that a backend writes.

    Raises
    ------
    SearchError
        The backend was opened for reading.
    """
    if backend.version is None:
        raise SearchError("this index was opened for reading: open_index(settings, fingerprint=…) writes")
    return backend.version
