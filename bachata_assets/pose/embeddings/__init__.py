"""From a couple's keypoints and beats to the lead, follow and interaction vectors. Imports no Dagster."""

from bachata_assets.pose.embeddings.clock import clock_of
from bachata_assets.pose.embeddings.constants import VERSION
from bachata_assets.pose.embeddings.explain import Explanation, explain
from bachata_assets.pose.embeddings.vectors import dancer_embedding, feature_names, interaction_embedding

__all__ = [
    "VERSION",
    "Explanation",
    "clock_of",
    "dancer_embedding",
    "explain",
    "feature_names",
    "interaction_embedding",
]
