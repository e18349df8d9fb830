"""The two reports of a collection: one for scripts, one for people. A plain library: imports no Dagster.

Belongs here: the content of both reports, the page and its scripts, the map, thumbnails and the search for duplicates.
`pipeline/checks.py` defines the checks; `orchestration/` decides when the reports are made.
"""
