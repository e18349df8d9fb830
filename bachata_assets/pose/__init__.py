"""From frames to the couple's keypoints and their three embeddings.

Belongs here: the COCO skeleton, the finding and following of the two dancers (`estimator.py` calls the steps of
`tracking/`), the networks (`models/`), the keypoints table (`couple_keypoints.py`), its vectors (`embeddings/`) and its
pictures (`drawing/`). Does not belong here: reading files (`video/`), sound (`music/`), when a clip is made and what a
failure means (`pipeline/`). A plain library: imports no Dagster.
"""
