"""Continuations: clips whose beginning continues the ending of a clip, and sequences of them.

`pose/transitions/` makes vectors of endings and beginnings; the backends find the nearest ones.
"""

from bachata_assets.search.continuation.chain import Chain
from bachata_assets.search.continuation.changes import Change
from bachata_assets.search.continuation.search import Continuation, Continuations, NoEndingError

__all__ = ["Chain", "Change", "Continuation", "Continuations", "NoEndingError"]
