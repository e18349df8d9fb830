"""The search index in Elasticsearch 9.1 or newer.

`backend.py` is what `SearchIndex` uses; the other modules are the connection, its errors, the mapping, the versions and
the search for neighbours. What both backends share is in the folder above.
"""
