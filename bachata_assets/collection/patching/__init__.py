"""Patches of an annotation file: what people changed in the report's page, read, checked and written into the file."""
