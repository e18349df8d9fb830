"""Everything that imports Dagster, one file for each of its nouns.

Belongs here: assets, checks, partitions, jobs, sensors, schedules, resources, events and the instance. Each is thin: it
calls `pipeline/`, `collection/` or `report/` and tells Dagster what happened. Does not belong here: how anything is
made or decided. Only `dagster_internals.py` imports private modules of Dagster.
"""
