"""Clips as files for other programs. A plain library: imports no Dagster.

One module per format, with a function that writes clips into a folder. Libraries that only one format needs are extras
of the package (`bachata-assets[rerun]`), imported when that format is written.
"""
