"""The search index: clips as documents, and the nearest neighbours of a clip.

Two backends hold the documents: Elasticsearch (`elasticsearch/`) and LanceDB (`lancedb/`). `pose/`, `music/` and
`language/` compute the vectors; `pipeline/stages/search.py` decides when a clip is indexed. Other programs can use this
folder as a plain library: it loads neither Dagster nor torch.

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
