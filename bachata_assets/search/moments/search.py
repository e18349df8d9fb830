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
    """What has an index of moments, and knows the clips that they are of."""

    moments: MomentIndex
    _config: SearchConfig

    @abstractmethod
    def question(self, clip_id: str | None = None) -> Any:
        """Return what is asked about; raises `UnknownClipError` where there is no such clip."""

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
        """Return the moments most similar to a part of a clip, to a whole clip, or to vectors; best first.

        The question is the mean of the clip's moments that overlap the part most. A moment that overlaps a better one
        is not in the answer.

        Parameters
        ----------
        clip_id : a clip of the index
        start, end : of the part of the clip, s; None: from its beginning, to its end
        vectors : family -> float (D,) of a moment, as the table `moments` has them; those of clips have other constants
        by, weights : as for `find_similar`; by default lead, follow and interaction count the same
        filters : see `Filters.of`; `min_quality` is that of the moment
        size : 1 to 1000
        per_clip : most moments of one clip
        own_clip : look in the clip that is asked about, too, beside the part
        why : say of each moment what its similarity comes from

        Raises
        ------
        QueryError
            As for `find_similar`; the part does not lie in the clip, or the clip has no moments.
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
