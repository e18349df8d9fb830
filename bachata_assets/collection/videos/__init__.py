"""The videos of a collection: where they lie, which of them are clips, and how a run gets at one.

Belongs here: listing a folder or a bucket, and bringing what lies in a bucket to this machine for a while. Does not
belong here: which clip a file is (`registry.py`, `clip_ids.py`), and what is made of it (`pipeline/`).
"""
