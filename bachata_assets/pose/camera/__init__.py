"""How the camera moves over a clip. Its thresholds: `pose/camera_parameters.py`.

What uses it: `pose/estimator.py` for tracks and roles, `pose/embeddings/motion.py` for the vectors.
"""
