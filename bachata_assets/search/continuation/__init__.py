"""What comes next: clips whose beginning continues the ending of a clip, and sequences of them.

How an ending and a beginning become vectors is in `pose/transitions/`; how the nearest are found, in the backends.
"""

from bachata_assets.search.continuation.chain import Chain
from bachata_assets.search.continuation.changes import Change
from bachata_assets.search.continuation.search import Continuation, Continuations, NoEndingError

__all__ = ["Chain", "Change", "Continuation", "Continuations", "NoEndingError"]
