"""The use cases, one per module; without command-line texts, flags or exit codes (`cli/`), and without Dagster.

Each module scans the collection, runs jobs through `orchestration/`, and returns the result as plain values.
"""
