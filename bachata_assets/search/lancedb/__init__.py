"""The search index in LanceDB, embedded in the data dir, for those who run no server.

`backend.py` is what `SearchIndex` uses, `neighbours.py` its search. What both backends share is in the folder above.
"""
