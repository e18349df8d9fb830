"""Recordings for Rerun (.rrd): video, both skeletons, beats and checks on one timeline; one file per clip."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from bachata_assets.export.source import ExportedClip, ExportError
from bachata_assets.pose.couple_keypoints import ROLES
from bachata_assets.pose.skeleton import LIMBS, Joint

APPLICATION = "bachata_assets"
TIMELINE = "video_time"
"""Name of the timeline: time since the first picture."""
COLOURS = {"lead": (230, 159, 0), "follow": (86, 180, 233)}
"""Role -> RGB, as in the report."""


def write_rerun(clips: Iterable[ExportedClip], folder: Path) -> list[Path]:
    """Write a recording of each clip, with the video inside; return the files.

    Raises
    ------
    ExportError
        The library is missing.
    """
    try:
        import rerun as rr
    except ImportError as error:
        raise ExportError("The Rerun SDK is missing: install bachata-assets[rerun]") from error
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for clip in clips:
        path = folder / f"{clip.clip_id}.rrd"
        # The same clip has the same recording id, so the viewer replaces it instead of adding to it.
        recording = rr.RecordingStream(APPLICATION, recording_id=str(uuid5(NAMESPACE_URL, clip.clip_id)))
        recording.save(path)
        recording.send_recording_name(clip.clip_id)
        _log_dancers(rr, recording, clip)
        _log_music(rr, recording, clip)
        _log_video(rr, recording, clip)
        recording.flush()
        recording.disconnect()
        written.append(path)
    return written


def _log_dancers(rr: Any, recording: Any, clip: ExportedClip) -> None:
    couple = clip.couple
    for frame, time_s in enumerate(couple.times):
        recording.set_time(TIMELINE, duration=float(time_s))
        for who, role in enumerate(ROLES):
            place = f"video/{role}"
            if not couple.valid[frame, who]:
                recording.log(place, rr.Clear(recursive=True))
                continue
            joints = couple.keypoints[frame, who, :, :2]
            lines = [[joints[one], joints[other]] for one, other in LIMBS]
            recording.log(place, rr.LineStrips2D(lines, colors=[COLOURS[role]], radii=1.5))
            recording.log(
                f"{place}/joints",
                rr.Points2D(joints, colors=[COLOURS[role]], radii=3, keypoint_ids=list(map(int, Joint))),
            )


def _log_music(rr: Any, recording: Any, clip: ExportedClip) -> None:
    for number, time_s in enumerate(clip.beats.times):
        recording.set_time(TIMELINE, duration=float(time_s))
        count = number % 8 + 1 if clip.beats.trusted else 0
        recording.log("beats", rr.Scalars([float(count)]))
    for remark in clip.findings:
        for time_s in remark.times or (0.0,):
            recording.set_time(TIMELINE, duration=float(time_s))
            recording.log("checks", rr.TextLog(f"{remark.check}: {remark.text}", level="WARN"))


def _log_video(rr: Any, recording: Any, clip: ExportedClip) -> None:
    if not clip.path.is_file():
        return
    video = rr.AssetVideo(path=clip.path)
    recording.log("video", video, static=True)
    try:
        times = video.read_frame_timestamps_nanos()
    except RuntimeError as error:  # it does not support avi and some kinds of mov; the rest is written in any case
        recording.set_time(TIMELINE, duration=0.0)
        recording.log("checks", rr.TextLog(f"The video cannot be shown here: {error}", level="WARN"))
        return
    recording.reset_time()
    for nanos in times:
        recording.set_time(TIMELINE, duration=float(nanos) / 1e9)
        recording.log("video", rr.VideoFrameReference(nanoseconds=int(nanos)))
