"""Everyone in a clip, and which two of them are the couple.

How the couple is then followed is in the modules beside this folder.
"""
