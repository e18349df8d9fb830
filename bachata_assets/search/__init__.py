"""Clips as documents in an index, and the nearest neighbours of a clip.

Here is what an index holds, how it is asked and what it answers, over two backends: Elasticsearch (`elasticsearch/`)
and LanceDB (`lancedb/`). How the vectors are computed is in `pose/`, `music/` and `language/`; when a clip is indexed,
in `pipeline/stages/search.py`. This is a plain library for other programs: it loads neither Dagster nor torch.

    from bachata_assets.search import SearchIndex
"""

from bachata_assets.clip_record import ClipRecord
from bachata_assets.search.asking.example import Example
from bachata_assets.search.config import SearchConfig
from bachata_assets.search.explanation import FamilyExplanation, explain
from bachata_assets.search.filters import Filters
from bachata_assets.search.index import SearchIndex, open_index
from bachata_assets.search.moments.record import MomentMatch, MomentRecord
from bachata_assets.search.results import PutResult
from bachata_assets.search.similarity import Match, Matches

__all__ = [
    "ClipRecord",
    "Example",
    "FamilyExplanation",
    "Filters",
    "Match",
    "Matches",
    "MomentMatch",
    "MomentRecord",
    "PutResult",
    "SearchConfig",
    "SearchIndex",
    "explain",
    "open_index",
]
