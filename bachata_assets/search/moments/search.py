"""`MomentSearch`: the questions about moments that `SearchIndex` answers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from bachata_assets.search.asking.questions import weights_of
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.filters import Filters
from bachata_assets.search.moments.index import MomentIndex, NoMomentsError
from bachata_assets.search.moments.record import MomentMatches


class MomentSearch(ABC):
    """Base of an index that also holds the moments of its clips."""

    moments: MomentIndex
    _config: SearchConfig

    @abstractmethod
    def question(self, clip_id: str | None = None) -> Any:
        """Return the question about a clip; raises `UnknownClipError` if there is no such clip."""

    def find_moments(
        self,
        clip_id: str | None = None,
        *,
        start: float | None = None,
        end: float | None = None,
        vectors: Mapping[str, np.ndarray] | None = None,
        by: str | None = None,
        weights: Mapping[str, float] | None = None,
        filters: Filters | Mapping[str, Any] | None = None,
        size: int = 10,
        per_clip: int = 2,
        own_clip: bool = False,
        why: bool = False,
    ) -> MomentMatches:
        """Return the moments most similar to a part of a clip, to a whole clip or to vectors; best first.

        The question is the mean of the clip's moments that overlap the part most. The answer leaves out a moment that
        overlaps a better one.

        Parameters
        ----------
        clip_id : a clip of the index
        start, end : start and end of the part, s; None: those of the clip
        vectors : family -> float (D,), vectors of a moment as in the table `moments`; clip vectors are scaled by other
            constants
        by, weights : as for `find_similar`; by default lead, follow and interaction have equal weights
        filters : see `Filters.of`; `min_quality` applies to the moment
        size : maximum number of moments, 1 to 1000
        per_clip : maximum number of moments per clip
        own_clip : search the rest of the question's own clip too
        why : explain each moment's similarity

        Raises
        ------
        QueryError
            As for `find_similar`; the part is not in the clip, or the clip has no moments.
        """
        try:
            return self.moments.find(
                clip_id,
                start=start,
                end=end,
                vectors=vectors,
                weights=weights_of(by, self._config.presets) if weights is None else weights,
                filters=filters,
                size=size,
                per_clip=per_clip,
                own_clip=own_clip,
                why=why,
            )
        except NoMomentsError:
            self.question(clip_id)
            raise
