"""What is made from a clip, in which order, and what a failure means.

Belongs here: stages and the loop over them, checks, data versions, retries, the status of a collection. Does not
belong here: how something is computed (`pose/`, `music/`, `language/`, `search/`), and anything about Dagster.
"""
