"""What all assets share: the partitions, one a clip; the owner.

Which clips there are and what each is called is `video/discovery.py`'s concern.
"""

import dagster as dg

OWNER = "team:bachata"
"""Owner of every asset, as the UI shows it."""

clips = dg.DynamicPartitionsDefinition(name="clips")
