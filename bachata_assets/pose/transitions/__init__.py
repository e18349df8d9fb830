"""The beginning and ending of a clip, and how well a beginning continues an ending.

This folder has posture and motion at both edges of a clip, the vectors that compare them, and the facts that say what
fits. It computes with numpy and reads no video. Elsewhere: nearest neighbours (`search/`) and the table
(`pipeline/stages/transitions.py`).
"""

from bachata_assets.pose.transitions.constants import VERSION
from bachata_assets.pose.transitions.edges import Edge, edge_of
from bachata_assets.pose.transitions.facts import EdgeFacts, facts_of
from bachata_assets.pose.transitions.transition import Transition, transition_of

__all__ = ["VERSION", "Edge", "EdgeFacts", "Transition", "edge_of", "facts_of", "transition_of"]
