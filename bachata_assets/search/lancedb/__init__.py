"""The search index in LanceDB, embedded in the data dir, without a server.

`SearchIndex` uses `backend.py`; `neighbours.py` is its search. The folder above has what both backends share.
"""
