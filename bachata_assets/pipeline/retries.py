"""Retries for files that cannot be read or written: a disk or an object store may answer a moment later."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from bachata_assets.pipeline.failure import is_out_of_memory, is_transient
from bachata_assets.search.errors import SearchError

logger = logging.getLogger(__name__)

WAITS_S = (0.5, 2.0)
"""Waits before the second and the third attempt at reading or writing a file, s."""

T = TypeVar("T")


def with_retries(make: Callable[[], T]) -> T:
    """Return what `make` returns; if a file cannot be read or written, try again twice.

    There are no retries for an index, whose client has its own, or for a file that does not exist.
    """
    for wait in WAITS_S:
        try:
            return make()
        except (FileNotFoundError, SearchError):
            raise
        except Exception as error:
            if isinstance(error.__cause__, FileNotFoundError) or not is_transient(error) or is_out_of_memory(error):
                raise
            logger.warning("Trying again in %g s: %s", wait, error)
            time.sleep(wait)
    return make()
