"""The content of one data dir: its files, the clips it knows, and the folder of the clips.

Belongs here: names and files of a data dir, discovery, the registry of clips, the annotation file, a clip's tables
gathered into a record. Does not belong here: what is made from a clip (`pipeline/`), and anything about Dagster.
"""
