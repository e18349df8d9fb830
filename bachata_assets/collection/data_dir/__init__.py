"""Where a data dir is, and how those that write it keep out of each other's way.

Belongs here: the file system of a data dir, and its lock. Does not belong here: what stands in its files.
"""
