"""Everyone in a clip's frames to the two dancers on every frame.

Belongs here: candidates, tracks, re-identification by clothes, occlusion recovery, passers-by, identity switches, gaps,
and who leads; their thresholds, all of them in `parameters.py` (those of `choosing/`, which finds the couple among
everyone, in its own). Does not belong here: running the networks (`models/`),
and what is made of the finished keypoints (`embeddings/`, `drawing/`). `pose/estimator.py` calls the steps in order.
"""
