"""From keypoints and beats to the lead, follow and interaction vectors.

This folder has the clock, signals over time, their measurements, the shipped constants, the vectors, and explanations
of their similarity. It computes with numpy and reads no video. Elsewhere: beats (`music/`), nearest neighbours
(`search/`) and tables (`pipeline/stages/pose.py`).
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
