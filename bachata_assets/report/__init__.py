"""The two reports of a collection: one for scripts, one for people. A plain library: imports no Dagster.

Here belongs the content of both reports, the page and its scripts, the map, thumbnails and the search for duplicates.
What the checks ask is decided in `pipeline/checks.py`; when the reports are made, in `orchestration/`.
"""
