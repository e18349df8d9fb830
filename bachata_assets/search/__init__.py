"""Documents, indices and nearest neighbours. A plain library: imports no Dagster, no torch.

The service API of the recommender: `from bachata_assets.search import SearchIndex`.
"""

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search.filters import Filters
from bachata_assets.search.index import PutResult, SearchIndex, open_index
from bachata_assets.search.similarity import Match

__all__ = ["ClipRecord", "Filters", "Match", "PutResult", "SearchIndex", "open_index"]
