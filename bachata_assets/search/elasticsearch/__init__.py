"""The search index in Elasticsearch 9.1 or newer.

`SearchIndex` uses `backend.py`. The other modules are the connection, its errors, the mapping, the versions and the
search for neighbours. The folder above has what both backends share.
"""
