"""From video files to pictures and frames, and from pictures to video files.

This folder reads and writes video files without regard to what they show: metadata, frames at an even rate, rotation,
black borders, damage, and one writer. It is a plain library without Dagster. `pose/` finds people, `music/` decodes
sound, and `collection/` decides which files belong to a collection.
"""
