"""What keeps the report's memory small: vectors that are on disk, and a page that is written piece by piece.

Does not belong here: what the report says.
"""
