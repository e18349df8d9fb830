"""Parts that keep the report's memory small: vectors on disk, and a page written piece by piece.

Does not belong here: the content of the report.
"""
