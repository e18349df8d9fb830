"""What all assets share: the partitions, one a clip; the pool that lets one run of clips go at a time; the owner.

Which clips there are and what each is called is `collection/discovery.py`'s concern.
"""

import dagster as dg

OWNER = "team:bachata"
"""Owner of every asset, as the UI shows it."""

POOL = "poses"
"""Concurrency pool of the runs of clips: finding poses takes all cores, so a second run would only be in the way."""

clips = dg.DynamicPartitionsDefinition(name="clips")
