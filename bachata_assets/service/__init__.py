"""The read service: the search index, the report page and their files over HTTP.

It answers from the search index and from files, so no process of it loads torch or Dagster.
"""
