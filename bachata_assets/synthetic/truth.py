"""The truth of a whole rendered clip, for comparison with estimates, and its file."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from bachata_assets.synthetic.scene import Truth


@dataclass(frozen=True)
class ClipTruth:
    """The truth of frames and music of a clip with T frames and P people, lead and follow first.

    Attributes
    ----------
    times : float64 (T,), s, presentation time of each frame
    keypoints : float32 (T, P, 17, 2), px, COCO order, including hidden joints
    visibility : uint8 (T, P, 17), 0 outside the frame, 1 hidden, 2 visible
    boxes : float32 (T, P, 4), px x1 y1 x2 y2
    visible_fraction : float32 (T, P), share of the person that nobody else covers
    roles : str (P,), lead, follow, other
    beats : float64 (B,), s, beats in the clip; the first is a count 1
    tempo : float64 (), beats per minute
    """

    times: np.ndarray
    keypoints: np.ndarray
    visibility: np.ndarray
    boxes: np.ndarray
    visible_fraction: np.ndarray
    roles: np.ndarray
    beats: np.ndarray
    tempo: np.ndarray

    @property
    def lead_side(self) -> str:
        """Side of the frame on which the lead stands in the first frame, left or right."""
        lead, follow = self.keypoints[0, :2, :, 0].mean(axis=-1)
        return "left" if lead < follow else "right"


def gather(times: np.ndarray, moments: list[Truth], beats: np.ndarray, tempo: float) -> ClipTruth:
    """Return the truth of a clip from the truth of its frames."""
    stacked = {
        name: np.stack([getattr(moment, name) for moment in moments])
        for name in ("keypoints", "visibility", "boxes", "visible_fraction")
    }
    roles = np.array(moments[0].roles)
    return ClipTruth(times=times, roles=roles, beats=beats, tempo=np.array(tempo, np.float64), **stacked)


def save_truths(path: Path, truths: dict[str, ClipTruth]) -> None:
    """Write the truth of several clips as one compressed .npz with the arrays `<clip_id>/<field>`."""
    arrays = {
        f"{clip_id}/{field.name}": getattr(truth, field.name)
        for clip_id, truth in truths.items()
        for field in fields(ClipTruth)
    }
    np.savez_compressed(path, **arrays)


def load_truths(path: Path) -> dict[str, ClipTruth]:
    """Return clip id -> truth, from a file that `save_truths` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        clip_ids = sorted({name.rsplit("/", 1)[0] for name in arrays.files})
        return {
            clip_id: ClipTruth(**{f.name: arrays[f"{clip_id}/{f.name}"] for f in fields(ClipTruth)})
            for clip_id in clip_ids
        }
