"""From frames to the couple's keypoints and their three embeddings.

This folder has the COCO skeleton, the tracking of the two dancers (`estimator.py` calls the steps of `tracking/`), the
networks (`models/`), the keypoints table (`couple_keypoints.py`), its vectors (`embeddings/`) and its pictures
(`drawing/`). Other folders read files (`video/`), analyse sound (`music/`), and decide when a clip is made and what a
failure means (`pipeline/`). It is a plain library without Dagster.
"""
