"""What is in one data dir: its files, the clips it knows, and the folder they are found in.

Belongs here: names and files of a data dir, discovery, the registry of clips, the annotation file, a clip's tables
gathered into a record. Does not belong here: what is made of a clip (`pipeline/`), and anything of Dagster.
"""
