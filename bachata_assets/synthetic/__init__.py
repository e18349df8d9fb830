"""Drawn bachata couples with exact truth: the sample collection, training frames, situations for tests.

Here belongs what draws people and renders music of which everything is known: `scene.Scene` is a picture and its truth
at any time, `soundtrack.render_track` music of exact tempo, `clip_writer.write_clip` makes a video file of both, and
`sample.write_sample_collection` makes the committed clips. Nothing here looks at a video: videos are read in `video/`,
dancers are found in `pose/`, beats in `music/`.
"""
