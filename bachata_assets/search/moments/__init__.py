"""The index of moments: each moment of a clip is a document, and has nearest neighbours.

`pose/embeddings/moments.py` divides a clip into moments and computes their vectors.
"""
