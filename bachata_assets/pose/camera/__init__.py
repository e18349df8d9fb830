"""The camera's motion over a clip, and its cuts; the thresholds are in `pose/camera_parameters.py`.

`pose/estimator.py` uses the motion for tracks and roles, `pose/embeddings/motion.py` for the vectors.
"""
