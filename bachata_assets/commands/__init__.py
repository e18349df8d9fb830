"""What a person asks for, one module a use case; no words, flags or exit codes (`cli/`), and no Dagster.

Each brings the rooms together: it scans the collection, runs jobs through `orchestration/`, and returns what came of
it as plain values.
"""
