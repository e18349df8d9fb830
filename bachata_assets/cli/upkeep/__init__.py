"""The commands that maintain the content of a data dir or export it."""
