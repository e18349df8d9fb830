"""What is known of clips, in the files of other programs. A plain library: imports no Dagster.

One module a format, with a function that writes some clips into a folder. Libraries that only a format needs are extras
of the package (`bachata-assets[rerun]`) and are imported when that format is written.
"""
