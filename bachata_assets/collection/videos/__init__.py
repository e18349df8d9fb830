"""The videos of a collection: where they are, which of them are clips, and how a run gets them.

Belongs here: listing a folder or a bucket, and fetching objects of a bucket to this machine for a while. Does not
belong here: which clip a file is (`registry.py`, `clip_ids.py`), and what is made from it (`pipeline/`).
"""
