"""A clip's sound to beats, tempo and the audio embedding. A plain library: imports no Dagster.

Here belongs what is heard: decoding sound, onsets, tempo, beats, the features of the audio embedding and their
constants. What uses the beats as a clock for movement is in `pose/embeddings/`; music with a known truth is rendered in
`synthetic/`.
"""
