"""What all assets share: the partitions, one a clip; the pool; the owner.

Which clips there are and what each is called is `video/discovery.py`'s concern.
"""

import dagster as dg

CLIPS_POOL = "clips"
"""Concurrency pool of everything that works on clips: one run uses all cores, and none removes what another reads."""

OWNER = "team:bachata"
"""Owner of every asset, as the UI shows it."""

clips = dg.DynamicPartitionsDefinition(name="clips")
