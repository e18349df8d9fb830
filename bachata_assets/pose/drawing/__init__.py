"""Pictures and videos that show a person what was found.

This folder has skeletons and colours, the preview picture and the preview video of a clip. Nothing here is input of a
later step. The report's page is in `report/`.
"""
