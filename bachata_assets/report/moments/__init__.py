"""The moments of each clip, and the most similar moments of other clips, for the report page.

`pose/embeddings/moments.py` defines and describes moments; `search/moments/` looks up a single moment in an index.
"""
