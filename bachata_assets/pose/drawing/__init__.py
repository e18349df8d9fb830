"""Pictures and videos in which a person sees what was found of a couple.

Belongs here: skeletons and colours, the preview picture of a clip, the preview video. Does not belong here: anything
that later steps compute with, and the report's page (`report/`).
"""
