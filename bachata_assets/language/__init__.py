"""From an annotation to a sentence and its embedding.

This folder turns a clip's annotation into words, and words into vectors. It is a plain library without Dagster.
`collection/` reads annotation files; `search/` compares vectors.
"""
