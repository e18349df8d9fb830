"""The clips of `../shared/keypoints_dev` as `CoupleKeypoints` with their move labels."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets.pose.embeddings.clock import BeatTimes
from bachata_assets_tests.support.paths import SHARED

FILE = SHARED / "keypoints_dev" / "couple_keypoints.parquet"

OTHERS = (
    "arm_styling_1",
    "basic_step_",
    "body_roll_",
    "combination_",
    "cross_body_lead_",
    "double_cross_body_lead_",
    "forward_backward_",
    "lady_left_turn_",
    "shadow_position_",
)
"""How the clips begin that are not of the 149: other couples and rooms, other labels."""


@dataclass(frozen=True)
class LabelledClip:
    """A clip and the folder it lies in, which is its move.

    Attributes
    ----------
    beats : of its music, None where they are not known
    """

    clip_id: str
    label: str
    couple: CoupleKeypoints
    beats: BeatTimes | None

    @property
    def of_the_149(self) -> bool:
        """Whether the clip is one of the couple and labels that the goals are about."""
        return not self.clip_id.startswith(OTHERS)

    @property
    def family(self) -> str:
        """Takes of one routine: paseala3 and arm_styling__paseala are both paseala."""
        return re.sub(r"[._]?\d+$", "", self.clip_id.split("__")[-1])


def load(file: Path = FILE) -> list[LabelledClip]:
    """Return the labelled clips of a file of keypoint sequences."""
    if not file.is_file():
        raise SystemExit(f"{file} is missing: this benchmark needs the keypoint sequences of ../shared")
    table = pq.read_table(file).sort_by([("clip_id", "ascending"), ("time_s", "ascending"), ("dancer", "ascending")])
    return [
        _clip(clip_id, table.filter(pc.field("clip_id") == clip_id))
        for clip_id in table["clip_id"].unique().to_pylist()
    ]


def _clip(clip_id: str, rows: pa.Table) -> LabelledClip:
    def frames(column: str, *shape: int) -> np.ndarray:
        return np.array(rows[column].to_pylist()).reshape(-1, 2, *shape)

    valid = frames("valid")
    couple = CoupleKeypoints(
        times=frames("time_s")[:, 0].astype(float),
        boxes=frames("box", 4).astype(np.float32),
        keypoints=frames("keypoints", 17, 3).astype(np.float32),
        valid=valid,
        interpolated=np.zeros_like(valid),
        occlusion_recovery=np.zeros_like(valid),
        track_ids=(0, 1),
        fps=15.0,
        width=rows["width"][0].as_py(),
        height=rows["height"][0].as_py(),
        role_confidence=0.5,
    )
    return LabelledClip(clip_id, rows["move_label"][0].as_py(), couple, None)
