"""Clips that are longer or larger than those at hand, made of them."""

import itertools
from pathlib import Path

import av

from bachata_assets.video.sampling import sample_frames


def enlarge(clip: Path, out: Path, width: int = 3840, height: int = 2160, fps: int = 60) -> None:
    """Write a clip's first ten seconds enlarged, each picture as often as `fps` asks for."""
    partial = out.with_suffix(".partial.mp4")
    with av.open(str(partial), "w") as target:
        stream = target.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for _, picture in itertools.islice(sample_frames(clip, fps=fps, max_side=960), 10 * fps):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24").reformat(width, height, "yuv420p")
            target.mux(stream.encode(frame))
        target.mux(stream.encode())
    partial.rename(out)


def loop(clip: Path, out: Path, times: int) -> None:
    """Write the clip's pictures `times` over, without encoding them again."""
    with av.open(str(out), "w") as target:
        stream, offset = None, 0
        for _ in range(times):
            with av.open(str(clip)) as source:
                video = source.streams.video[0]
                stream = stream or target.add_stream_from_template(video)
                last = 0
                for packet in source.demux(video):
                    if packet.dts is None or packet.pts is None or packet.duration is None:
                        continue  # the last, empty one
                    last = max(last, packet.pts + packet.duration)
                    packet.pts, packet.dts, packet.stream = packet.pts + offset, packet.dts + offset, stream
                    target.mux(packet)
                offset += last
