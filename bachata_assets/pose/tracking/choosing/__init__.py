"""Everyone in a clip, and which two of them are the couple.

The modules beside this folder then track the couple.
"""
