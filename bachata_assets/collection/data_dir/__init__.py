"""Where a data dir is, and how its writers stay out of each other's way.

Belongs here: the file system of a data dir, and its lock. Does not belong here: the content of its files.
"""
