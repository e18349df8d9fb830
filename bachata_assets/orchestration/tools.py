"""What assets need from outside: the tables of a data dir, the models, the search index."""

from dataclasses import dataclass, field
from threading import Event

from bachata_assets.collection.dataset import Dataset
from bachata_assets.orchestration.pose_models_resource import PoseModelsResource
from bachata_assets.orchestration.search_resource import SearchIndexResource
from bachata_assets.orchestration.text_model_resource import TextModelResource


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
