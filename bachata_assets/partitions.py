"""The partitions: one a clip. Which clips there are and what each is called is `video/discovery.py`'s concern."""

import dagster as dg

clips = dg.DynamicPartitionsDefinition(name="clips")
