"""From a clip's sound to beats, tempo and the audio embedding.

This folder decodes sound and has onsets, tempo, beats, the features of the audio embedding and their constants. It is a
plain library without Dagster. `pose/embeddings/` uses the beats as a clock for movement; `synthetic/` renders music
with known beats.
"""
