"""Songs for tests, in every form that can be asked with."""

from pathlib import Path

import av
import numpy as np

CODECS = {"mp3": "libmp3lame", "wav": "pcm_s16le", "m4a": "aac", "flac": "flac", "ogg": "libopus", "mp4": "aac"}
"""Suffix of a song -> FFmpeg's encoder."""
RATES = {".ogg": 48000}
"""Suffix of a song -> samples per second, where they are not 44,100."""


def write_song(path: Path, samples: np.ndarray) -> Path:
    """Write mono samples at 44,100 Hz in the form of a suffix."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(CODECS[path.suffix[1:]], rate=RATES.get(path.suffix, 44100), layout="stereo")
        assert isinstance(stream, av.AudioStream)
        size = stream.codec_context.frame_size or 1024
        resampler = av.AudioResampler(stream.format.name, "stereo", stream.rate, size)
        for start in range(0, len(samples), 44100):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 44100].astype(np.float32), "flt", "mono")
            frame.sample_rate, frame.pts = 44100, start
            for one in resampler.resample(frame):
                container.mux(stream.encode(one))
        container.mux(stream.encode(None))
    return path
