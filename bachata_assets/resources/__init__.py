"""What assets need from outside: the tables of a data dir, the models, the search index."""

from dataclasses import dataclass, field
from threading import Event

from bachata_assets.collection.dataset import Dataset
from bachata_assets.resources.pose_models import PoseModelsResource
from bachata_assets.resources.search_index import SearchIndexResource
from bachata_assets.resources.text_model import TextModelResource


@dataclass(frozen=True)
class Tools:
    """All resources together, as stages are given them.

    `ended` is set when nobody waits any more for what is being made.
    """

    dataset: Dataset
    pose_models: PoseModelsResource
    text_model: TextModelResource
    search: SearchIndexResource
    ended: Event = field(default_factory=Event)
