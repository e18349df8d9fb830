"""Dagster assets that turn videos of bachata couples into searchable multimodal embeddings."""
