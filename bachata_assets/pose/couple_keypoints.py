"""`CoupleKeypoints`: the two dancers over a clip, and their table.

`estimator.py` finds them; `embeddings/` and `drawing/` use them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from bachata_assets import schemas
from bachata_assets.pose.geometry import camera_motion, stabilised

ROLES = ("lead", "follow")
"""Roles in the order of axis 1."""
METADATA_KEY = b"couple"
"""Key of the scalars of `CoupleKeypoints.summary`, as JSON, in a keypoints table's schema metadata."""
CERTAIN_SCORE = 0.3
"""Mean keypoint score below which a pose is often wrong."""
FORMER_NAMES = {
    "second_look": "occlusion_recovery",
    "second_look_rate": "occlusion_recovery_rate",
    "suspected_swaps": "identity_switches",
}
"""Former name of a column or metadata key -> its name since November 2026.

Support for tables with the former names ends with version 0.2.
"""
_OF_THE_CHOICE = ("people_seen", "couples_seen", "couple_confidence", "couple_evidence", "mirror_images")
_PER_DANCER = ("boxes", "keypoints", "valid", "interpolated", "occlusion_recovery")


@dataclass(frozen=True, repr=False)
class CoupleKeypoints:
    """Both dancers over a whole clip; axis 1 is (lead, follow).

    Coordinates are px of the video, NaN where missing.

    Attributes
    ----------
    times : np.ndarray
        float64 (T,), s.
    boxes : np.ndarray
        float32 (T, 2, 4), x1 y1 x2 y2, px.
    keypoints : np.ndarray
        float32 (T, 2, 17, 3), x y px and score 0..1, in the order of `skeleton.Joint`.
    valid : np.ndarray
        bool (T, 2), the dancer was found in this frame, seen or interpolated.
    interpolated : np.ndarray
        bool (T, 2), interpolated over a short gap.
    occlusion_recovery : np.ndarray
        bool (T, 2), found behind the partner by occlusion recovery; less exact.
    track_ids : tuple of int
        Numbers of the two tracks.
    fps : float
        Sampling rate of `times`, frames per second.
    width, height : int
        Size of the video, px.
    role_confidence : float
        Probability that lead and follow are not exchanged, 0.5..1.
    role_evidence : dict
        Cue -> its log-odds, for people to read.
    identity_switches : tuple of float
        Times of suspected identity switches, s.
    hands : np.ndarray or None
        float32 (T, 2, 2, 21, 3), left then right hand, x y px and score.
    damaged : tuple of float
        Times of the frames that are missing because the file is damaged, s.
    people_seen, couples_seen : int
        Number of people who are there for a while and move, and of couples among them, including this one.
    couple_confidence : float
        Probability that this is the couple that is meant, 0..1.
    couple_evidence : dict
        Kind of evidence -> what it adds to the weight of this pair, for people to read.
    partner_changes : tuple of float
        Times at which a dancer changes partners, s. Nobody counts as found outside the couple's longest time together.
    mirror_images : int
        Number of people who are taken for mirror images.
    camera : np.ndarray or None
        float (T, 4), each frame's similarity a, b, x, y, which maps a place to the first frame (px of the video):
        (a px - b py + x, b px + a py + y). None if the camera stands still.
    camera_lost : tuple of float
        Times of the frames with unknown camera motion, because too little of the room is visible, s.
    cuts : tuple of float
        Times at which another shot begins, s. One shot counts; in the others nobody counts as found.
    """

    times: np.ndarray
    boxes: np.ndarray
    keypoints: np.ndarray
    valid: np.ndarray
    interpolated: np.ndarray
    occlusion_recovery: np.ndarray
    track_ids: tuple[int, int]
    fps: float
    width: int
    height: int
    role_confidence: float
    role_evidence: dict[str, float] = field(default_factory=dict)
    identity_switches: tuple[float, ...] = ()
    hands: np.ndarray | None = None
    damaged: tuple[float, ...] = ()
    people_seen: int = 2
    couples_seen: int = 1
    couple_confidence: float = 1.0
    couple_evidence: dict[str, float] = field(default_factory=dict)
    partner_changes: tuple[float, ...] = ()
    mirror_images: int = 0
    camera: np.ndarray | None = None
    camera_lost: tuple[float, ...] = ()
    cuts: tuple[float, ...] = ()

    @property
    def steady_keypoints(self) -> np.ndarray:
        """Keypoints float (T, 2, 17, 3), px, with the camera's motion removed."""
        return self.keypoints if self.camera is None else stabilised(self.keypoints, self.camera)

    @property
    def camera_motion(self) -> dict[str, float]:
        """Speed of the camera (px per second) and zoom (largest over smallest scale); empty if it stands still."""
        return {} if self.camera is None else camera_motion(self.camera, (self.width, self.height), self.fps)

    def __repr__(self) -> str:
        return (
            f"CoupleKeypoints({self.frame_count} frames at {self.fps:g} fps, {self.width} x {self.height} px, "
            f"both dancers in {self.detection_rate:.0%})"
        )

    @property
    def frame_count(self) -> int:
        """Number of frames T."""
        return len(self.times)

    @property
    def detection_rate(self) -> float:
        """Frames with both dancers / all frames, as specified."""
        return float(self.valid.all(axis=1).mean())

    @property
    def leader_at(self) -> Literal["left", "right"] | None:
        """Side of the frame on which the lead stands when both are first found; None if they never are."""
        both = np.flatnonzero(self.valid.all(axis=1))
        if not len(both):
            return None
        lead, follow = self.boxes[both[0]][:, [0, 2]].mean(axis=1)
        return "left" if lead < follow else "right"

    @property
    def plainly_seen(self) -> np.ndarray:
        """Bool (T, 2): found directly, neither interpolated nor by occlusion recovery."""
        plain: np.ndarray = self.valid & ~self.interpolated & ~self.occlusion_recovery
        return plain

    @property
    def certain_rate(self) -> float:
        """Frames in which both poses reach `CERTAIN_SCORE` / all frames."""
        scores = np.nan_to_num(self.keypoints[..., 2].mean(axis=-1))
        return float((self.valid & (scores >= CERTAIN_SCORE)).all(axis=1).mean())

    @property
    def avg_confidence(self) -> float:
        """Mean keypoint score of the found dancers."""
        scores = self.keypoints[..., 2][self.valid]
        return float(scores.mean()) if scores.size else 0.0

    @property
    def quality_score(self) -> float:
        """0.6 x detection_rate + 0.4 x avg_confidence, as specified."""
        return 0.6 * self.detection_rate + 0.4 * self.avg_confidence

    @property
    def damaged_rate(self) -> float:
        """Frames that file damage makes missing / all frames, including those before the first intact one."""
        return len(self.damaged) / len(np.union1d(self.times, self.damaged)) if self.damaged else 0.0

    def without_damaged(self, times: Sequence[float]) -> "CoupleKeypoints":
        """Return the couple with nobody found in the damaged frames at these times, s."""
        if not len(times):
            return self
        gone = np.isin(self.times, times)
        boxes, keypoints = self.boxes.copy(), self.keypoints.copy()
        boxes[gone], keypoints[gone] = np.nan, np.nan
        hands = None if self.hands is None else np.where(gone[:, None, None, None, None], np.nan, self.hands)
        there = ~gone[:, None]
        return replace(
            self,
            boxes=boxes,
            keypoints=keypoints,
            hands=hands,
            valid=self.valid & there,
            interpolated=self.interpolated & there,
            occlusion_recovery=self.occlusion_recovery & there,
            damaged=tuple(map(float, times)),
        )

    def swapped(self) -> "CoupleKeypoints":
        """Return the same couple with lead and follow exchanged."""
        flip = np.s_[:, ::-1]
        return CoupleKeypoints(
            **{**self.__dict__, "track_ids": self.track_ids[::-1]}
            | {name: getattr(self, name)[flip] for name in _PER_DANCER}
            | {"hands": None if self.hands is None else self.hands[flip]}
        )

    def summary(self) -> dict[str, Any]:
        """Return the scalars, which the table's metadata keep and the asset shows."""
        return {
            "fps": self.fps,
            "width": self.width,
            "height": self.height,
            "frame_count": self.frame_count,
            "detection_rate": self.detection_rate,
            "plainly_seen_rate": float(self.plainly_seen.all(axis=1).mean()),
            "certain_rate": self.certain_rate,
            "occlusion_recovery_rate": float(self.occlusion_recovery.any(axis=1).mean()),
            "interpolated_rate": float(self.interpolated.any(axis=1).mean()),
            "avg_confidence": self.avg_confidence,
            "quality_score": self.quality_score,
            "role_confidence": self.role_confidence,
            "role_evidence": self.role_evidence,
            "identity_switches": list(self.identity_switches),
            "damaged": list(self.damaged),
            "people_seen": self.people_seen,
            "couples_seen": self.couples_seen,
            "couple_confidence": self.couple_confidence,
            "couple_evidence": self.couple_evidence,
            "partner_changes": list(self.partner_changes),
            "mirror_images": self.mirror_images,
            "camera_motion": self.camera_motion,
            "camera_lost": list(self.camera_lost),
            "cuts": list(self.cuts),
        }

    def to_table(self) -> pa.Table:
        """Return a table with the schema `schemas.keypoints`, lead first in every frame."""
        count = self.frame_count
        hands = np.full((count, 2, 126), np.nan) if self.hands is None else self.hands
        columns = {
            "frame": np.repeat(np.arange(count, dtype=np.int32), 2),
            "time_s": np.repeat(self.times, 2),
            "role": list(ROLES) * count,
            "track_id": np.tile(np.asarray(self.track_ids, np.int32), count),
            "box": _vectors(self.boxes, 4),
            "keypoints": _vectors(self.keypoints, schemas.KEYPOINTS * 3),
            "hands": _vectors(hands, 2 * schemas.HAND_KEYPOINTS * 3),
            "valid": self.valid.ravel(),
            "interpolated": self.interpolated.ravel(),
            "occlusion_recovery": self.occlusion_recovery.ravel(),
            "camera": _vectors(np.repeat(np.full((count, 4), np.nan) if self.camera is None else self.camera, 2, 0), 4),
        }
        table = pa.table(columns, schema=schemas.keypoints)
        return table.replace_schema_metadata({METADATA_KEY: json.dumps(self.summary())})

    @classmethod
    def from_table(cls, table: pa.Table) -> "CoupleKeypoints":
        """Return the couple of a table that `to_table` wrote, including tables with former names."""
        summary = couple_summary(table)
        rows = {FORMER_NAMES.get(name, name): table.column(name).combine_chunks() for name in table.column_names}
        hands = _array(rows["hands"], (-1, 2, 2, schemas.HAND_KEYPOINTS, 3))
        track_ids = rows["track_id"].slice(0, 2).to_pylist()
        return cls(
            times=rows["time_s"].to_numpy()[::2],
            boxes=_array(rows["box"], (-1, 2, 4)),
            keypoints=_array(rows["keypoints"], (-1, 2, schemas.KEYPOINTS, 3)),
            valid=rows["valid"].to_numpy(zero_copy_only=False).reshape(-1, 2),
            interpolated=rows["interpolated"].to_numpy(zero_copy_only=False).reshape(-1, 2),
            occlusion_recovery=rows["occlusion_recovery"].to_numpy(zero_copy_only=False).reshape(-1, 2),
            track_ids=(track_ids[0], track_ids[1]),
            fps=summary["fps"],
            width=summary["width"],
            height=summary["height"],
            role_confidence=summary["role_confidence"],
            role_evidence=summary["role_evidence"],
            identity_switches=tuple(summary["identity_switches"]),
            hands=None if np.isnan(hands).all() else hands,
            # Older tables lack these.
            damaged=tuple(summary.get("damaged", ())),
            partner_changes=tuple(summary.get("partner_changes", ())),
            camera=_camera(rows.get("camera")),
            camera_lost=tuple(summary.get("camera_lost", ())),
            cuts=tuple(summary.get("cuts", ())),
            **{name: summary[name] for name in _OF_THE_CHOICE if name in summary},
        )


def couple_summary(table: pa.Table) -> dict[str, Any]:
    """Return the scalars in a keypoints table's metadata, with current names."""
    summary = json.loads(table.schema.metadata[METADATA_KEY])
    return {FORMER_NAMES.get(name, name): value for name, value in summary.items()}


def found_dancers(table: pa.Table) -> np.ndarray:
    """Return in which frames each dancer of a keypoints table was found, bool (T, 2)."""
    return np.asarray(table.column("valid").to_numpy().reshape(-1, 2), bool)


def _vectors(values: np.ndarray, size: int) -> pa.Array:
    """Return rows of `size` numbers as an array of fixed-size lists; a row of NaN becomes null."""
    rows = np.ascontiguousarray(values, np.float32).reshape(-1, size)
    flat = pa.array(rows.ravel(), from_pandas=True)
    return pa.FixedSizeListArray.from_arrays(flat, size, mask=pa.array(np.isnan(rows).all(axis=1)))


def _camera(column: pa.FixedSizeListArray | None) -> np.ndarray | None:
    """Return the camera's motion (T, 4); None if it stands still or an older table lacks it."""
    values = None if column is None else _array(column, (-1, 2, 4))[:, 0]
    return None if values is None or np.isnan(values).all() else values


def _array(column: pa.FixedSizeListArray, shape: tuple[int, ...]) -> np.ndarray:
    """Return a fixed-size-list column as float32 with NaN for null."""
    size = column.type.list_size
    filled = column.fill_null([float("nan")] * size) if column.null_count else column
    return filled.flatten().to_numpy(zero_copy_only=False).astype(np.float32).reshape(shape)
