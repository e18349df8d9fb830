"""From keypoints and beats to the lead, follow and interaction vectors.

Belongs here: the clock, signals over time, their measurements, the shipped constants, vectors, and why two vectors are
alike. It computes with numpy and reads no video. Does not belong here: finding beats (`music/`), nearest neighbours
(`search/`), and the tables (`pipeline/stages/pose.py`).
"""

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
