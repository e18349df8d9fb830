"""Video files to pictures, and pictures to video files. A plain library: imports no Dagster.

Here belongs what reads or writes a video file and does not look at what is in its pictures: what a file says of
itself, pictures at an even rate, rotation and black borders, one writer. Who is in the pictures is found in `pose/`;
sound is decoded in `music/`; which files belong to a collection is decided in `collection/`.
"""
