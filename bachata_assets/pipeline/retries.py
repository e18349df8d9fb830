"""Which failures are the clip's own and which pass, and trying again.

A file that is no video, or shows no couple, fails in the same way every time: it is *permanent*, until file, model or
code change. A disk that does not answer or an index that is down is *passing*: the same clip may be made a minute
later.
"""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from bachata_assets.pipeline.stage import ClipError
from bachata_assets.search.errors import SearchError

logger = logging.getLogger(__name__)

WAITS_S = (0.5, 2.0)
"""How long to wait before the second and the third attempt at reading or writing a file."""

T = TypeVar("T")


def is_passing(error: BaseException | None) -> bool:
    """Tell whether the reason for a failure, or for what it was raised from, lies outside the clip."""
    while error is not None:
        if isinstance(error, ClipError):
            return error.passing
        if isinstance(error, OSError | MemoryError | SearchError):
            return True
        error = error.__cause__
    return False


def with_retries(make: Callable[[], T]) -> T:
    """Return what `make` returns; where a file cannot be read or written, try again twice.

    An index that does not answer was asked again by its own client, and a file that is not there will not come.
    """
    for wait in WAITS_S:
        try:
            return make()
        except (FileNotFoundError, SearchError):
            raise
        except Exception as error:
            if not is_passing(error) or isinstance(error, MemoryError):
                raise
            logger.warning("Trying again in %g s: %s", wait, error)
            time.sleep(wait)
    return make()
