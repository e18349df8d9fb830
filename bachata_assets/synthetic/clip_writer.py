"""Writing a rendered scene and its music as an H.264 + AAC mp4 file."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from bachata_assets.synthetic.scene import Scene
from bachata_assets.synthetic.soundtrack import Track
from bachata_assets.synthetic.truth import ClipTruth, gather


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
    """Write a clip and return its truth; the same arguments give the same pictures and sound.

    Parameters
    ----------
    path : of the mp4 file; its folder must exist. Written under a temporary name, then moved.
    track : the music, None for a clip without sound
    fps : frames a second
    crf : H.264's constant rate factor, higher is smaller
    """
    import av

    times = frame_times(seconds, fps)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with av.open(str(temporary), "w", format="mp4") as container:
            video = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "slow"})
            video.width, video.height, video.pix_fmt = scene.camera.width, scene.camera.height, "yuv420p"
            # One thread: x264 cuts the rate control differently by the number of cores.
            video.thread_count = 1
            audio = container.add_stream("aac", rate=track.rate, layout="mono") if track else None
            if audio:
                audio.bit_rate = 64_000
            moments = []
            for time in times:
                picture, moment = scene.render(float(time))
                moments.append(moment)
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            container.mux(video.encode())
            if track and audio:
                sound = track.samples[None, : round(seconds * track.rate)]
                frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
                frame.sample_rate, frame.pts = track.rate, 0
                container.mux(audio.encode(frame))
                container.mux(audio.encode())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    couple = scene.couple
    beats = couple.first_beat + np.arange(int(seconds * couple.tempo / 60) + 1) * 60 / couple.tempo
    return gather(times, moments, beats[beats < seconds], couple.tempo)
