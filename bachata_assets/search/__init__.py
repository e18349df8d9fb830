"""Documents, indices and nearest neighbours. A plain library: imports no Dagster, no torch.

The service API of the recommender: `from bachata_assets.search import SearchIndex`.
"""

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.filters import Filters
from bachata_assets.search.index import SearchIndex, open_index
from bachata_assets.search.results import PutResult
from bachata_assets.search.similarity import Match

__all__ = ["ClipRecord", "Filters", "Match", "PutResult", "SearchConfig", "SearchIndex", "open_index"]
