"""Everything that imports Dagster, one file for each of its nouns.

Belongs here: assets, checks, partitions, jobs, sensors, schedules, resources, events and the instance. Thin: each
calls `pipeline/`, `collection/` or `report/` and tells Dagster what happened. Does not belong here: how anything is
made or decided. Private modules of Dagster are imported in `dagster_internals.py` alone.
"""
