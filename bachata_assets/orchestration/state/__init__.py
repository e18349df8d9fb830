"""Storage of Dagster's runs, events and schedules: SQLite files of the data dir, or PostgreSQL.

dagster.yaml names the storage of `storage.py`. `sqlite.py` and `postgres.py` implement it; `event_log.py` is the common
part of their event logs. `server.py` connects to PostgreSQL and explains its errors, `owner.py` keeps two collections
out of one state, and `old_runs.py` deletes runs that are no longer needed.
"""
