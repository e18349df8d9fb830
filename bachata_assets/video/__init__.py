"""Clips as files: finding, naming, annotating and decoding them. A plain library: imports no Dagster."""
