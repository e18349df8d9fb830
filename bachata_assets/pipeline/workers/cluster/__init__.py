"""The machines of a Ray cluster as workers."""
