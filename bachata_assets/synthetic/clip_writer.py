"""Writer of a rendered scene and its music to an H.264 + AAC mp4 file."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from bachata_assets.synthetic.scene import Scene
from bachata_assets.synthetic.soundtrack import Track
from bachata_assets.synthetic.truth import ClipTruth, gather
from bachata_assets.video.writer import VideoWriter


def frame_times(seconds: float, fps: Fraction) -> np.ndarray:
    """Return the presentation times (s) of a clip's frames, from 0."""
    return np.arange(round(seconds * fps)) / float(fps)


def write_clip(
    path: Path,
    scene: Scene,
    track: Track | None,
    seconds: float,
    *,
    fps: Fraction = Fraction(30),
    crf: int = 28,
) -> ClipTruth:
    """Write a clip and return its truth; the same arguments give the same frames and sound.

    Parameters
    ----------
    path : Path
        The mp4 file, in an existing folder; it is written whole or not at all.
    scene : Scene
        The scene.
    track : Track or None
        The music; None for a clip without sound.
    seconds : float
        Length of the clip, s.
    fps : Fraction
        Frames per second.
    crf : int
        Constant rate factor of H.264; higher makes a smaller file.
    """
    times = frame_times(seconds, fps)
    size = (scene.camera.width, scene.camera.height)
    options = {"crf": str(crf), "preset": "slow"}
    with VideoWriter.open(path, size, fps, options, threads=1) as writer:
        if track:
            writer.open_sound(track.rate, "mono", bit_rate=64_000)
        moments = []
        for time in times:
            picture, moment = scene.render(float(time))
            moments.append(moment)
            writer.add_picture(picture, float(time))
        if track:
            writer.add_sound(track.samples[None, : round(seconds * track.rate)], 0.0)
    couple = scene.couple
    beats = couple.first_beat + np.arange(int(seconds * couple.tempo / 60) + 1) * 60 / couple.tempo
    return gather(times, moments, beats[beats < seconds], couple.tempo)
