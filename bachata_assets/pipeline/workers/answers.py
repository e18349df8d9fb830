"""`Answer`: what a worker made of a clip, or why not, in a form that can be sent to another process."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from bachata_assets.families import NonFiniteVectorError
from bachata_assets.pipeline.failure import ClipError, Failure
from bachata_assets.pipeline.stage import Made
from bachata_assets.pipeline.workers.base import Timed

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What a worker made of a clip, or why not; exceptions are sent as text, since not all can be pickled."""

    made: Made | None = None
    seconds: float = 0.0
    cpu_seconds: float | None = None
    failure: Failure | None = None
    non_finite: str = ""

    @classmethod
    def of(cls, make: Callable[[], Timed]) -> "Answer":
        """Return what a function makes, or why it failed."""
        try:
            made, seconds, cpu_seconds = make()
        except NonFiniteVectorError as error:
            return cls(non_finite=str(error))
        except Exception as error:
            logger.debug("%s", error, exc_info=error)
            return cls(failure=Failure.of(error))
        return cls(Made(made.table, made.metadata, made.files), seconds, cpu_seconds)

    def timed(self) -> Timed:
        """Return what was made.

        Raises
        ------
        ClipError
            Says why it was not made.
        NonFiniteVectorError
        """
        if self.non_finite:
            raise NonFiniteVectorError(self.non_finite)
        if self.failure:
            raise ClipError(self.failure.reason, transient=self.failure.transient)
        assert self.made is not None
        return Timed(self.made, self.seconds, self.cpu_seconds)
