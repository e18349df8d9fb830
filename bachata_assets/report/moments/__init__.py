"""What is where in each clip, and the moments of other clips that are most like it, for the report's page.

Which part of a clip a moment is and how it is described is in `pose/embeddings/moments.py`; one moment is looked up in
an index by `search/moments/`.
"""
