"""Moments of clips as documents in an index of their own, and the moments most like others.

Which window a moment is and how it is described is in `pose/embeddings/moments.py`.
"""
