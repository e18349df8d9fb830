"""Patches of an annotation file: changes from the report page, read, checked and written into the file."""
