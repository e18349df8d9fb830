"""From an annotation to a sentence and its embedding. A plain library: imports no Dagster.

Here belongs what turns a clip's annotation into words and words into vectors. Reading annotation files is in
`collection/`; comparing clips by their vectors, in `search/`.
"""
