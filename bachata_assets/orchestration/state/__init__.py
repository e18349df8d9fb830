"""Where Dagster's runs, events and schedules are kept: in SQLite files of the data dir, or in PostgreSQL.

`storage.py` is what dagster.yaml names; `sqlite.py` and `postgres.py` are the two, `event_log.py` is what their event
logs have in common; `server.py` reaches PostgreSQL and says what is wrong with it; `owner.py` keeps two collections
out of one state; `old_runs.py` deletes runs that can go.
"""
