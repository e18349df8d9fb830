"""From everyone in a clip's frames to the two dancers on every frame.

This folder has candidates, the choice of the couple (`choosing/`), tracks, re-identification by clothes, occlusion
recovery, passers-by, identity switches, gaps, and who leads. All thresholds are in `parameters.py` and
`choice_parameters.py`. `pose/estimator.py` calls the steps in order. Elsewhere: the networks (`models/`) and what uses
the finished keypoints (`embeddings/`, `drawing/`).
"""
