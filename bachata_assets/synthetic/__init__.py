"""Drawn bachata couples with exact truth: the sample collection, training frames, situations for tests.

`scene.Scene` is a picture and its truth at any time; `soundtrack.render_track`, music of exact tempo;
`clip_writer.write_clip` makes a video file of both; `sample.write_sample_collection`, the committed clips.
Reading videos lives in `bachata_assets.video`, not here.
"""
