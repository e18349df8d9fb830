"""Drawn bachata couples with exact ground truth: the sample collection, training frames, test situations.

`scene.Scene` gives a picture and its truth at any time, and `soundtrack.render_track` music of exact tempo.
`clip_writer.write_clip` makes a video file of both, and `sample.write_sample_collection` makes the committed clips.
Nothing here analyses a video: `video/` reads videos, `pose/` finds dancers, and `music/` finds beats.
"""
