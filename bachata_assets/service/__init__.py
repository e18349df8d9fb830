"""The HTTP service: the search index, the report page and its files.

It answers from the search index and from files, so none of its processes loads torch or Dagster.
"""
