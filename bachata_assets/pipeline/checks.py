"""All asset checks of a clip, with their limits and what to do when one fails.

An error rejects the table: it is not written, and nothing is made from it. A warning asks a person to have a look.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from bachata_assets.clip_record import EDGES
from bachata_assets.collection.clip import Clip
from bachata_assets.families import DIMENSIONS
from bachata_assets.pipeline.stage import Made
from bachata_assets.pose.couple_keypoints import CERTAIN_SCORE, ROLES, CoupleKeypoints
from bachata_assets.pose.embeddings.vectors import MINIMUM_SEEN_S, seen_s

MOMENT_VECTORS = ("lead_embedding", "follow_embedding", "interaction_embedding")
"""Columns of a moment's vectors."""
Judgement = tuple[bool, dict[str, Any]]


@dataclass(frozen=True)
class Check:
    """A question about every table of one asset.

    Attributes
    ----------
    judge : clip, what was made -> whether it passes, and the figures to show with the answer
    remedy : what to do if it does not pass
    """

    name: str
    asset: str
    severity: Literal["ERROR", "WARN"]
    description: str
    remedy: str
    judge: Callable[[Clip, Made], Judgement]

    def evaluate(self, clip: Clip, made: Made) -> "Outcome":
        """Run the check on one clip."""
        passed, figures = self.judge(clip, made)
        return Outcome(self, passed, {**figures, "remedy": self.remedy})

    def rejects(self, asset: str) -> bool:
        """Tell whether this check rejects bad tables of an asset."""
        return self.asset == asset and self.severity == "ERROR"

    def rejection(self, reason: str) -> "Outcome":
        """Return the failed outcome for a table that was rejected before the check ran."""
        return Outcome(self, False, {"reason": reason, "remedy": self.remedy})


@dataclass(frozen=True)
class Outcome:
    """A check's answer for one clip."""

    check: Check
    passed: bool
    metadata: Mapping[str, Any]

    @property
    def rejects(self) -> bool:
        """Whether the table must not be written."""
        return not self.passed and self.check.severity == "ERROR"


@dataclass
class CheckedClip:
    """The latest answers of all checks for one clip.

    Attributes
    ----------
    passed : names of the checks that the clip passes
    warnings : name of a failed check -> its figures and remedy
    """

    passed: list[str] = field(default_factory=list)
    warnings: dict[str, dict[str, Any]] = field(default_factory=dict)


def clip_checks(quality_threshold: float) -> list[Check]:
    """Return the checks of all per-clip assets."""
    movement = [*_moment_checks(), *_transition_checks()]
    return [*_pose_checks(quality_threshold), _tempo_check(), *_vector_checks(), *movement]


def _pose_checks(quality_threshold: float) -> list[Check]:
    look = "Look at the clip: are both dancers in the picture, well lit, and large enough (480p or more)?"

    def quality(_clip: Clip, made: Made) -> Judgement:
        score = _couple(made).quality_score
        return score >= quality_threshold, {"quality_score": score, "at_least": quality_threshold}

    def both_found(_clip: Clip, made: Made) -> Judgement:
        rate = _couple(made).detection_rate
        return rate >= 0.5, {"detection_rate": rate, "at_least": 0.5}

    def poses(_clip: Clip, made: Made) -> Judgement:
        share = _couple(made).certain_rate
        return share >= 0.5, {"certain_rate": share, "at_least": 0.5}

    def certain(_clip: Clip, made: Made) -> Judgement:
        couple = _couple(made)
        figures = {
            "role_confidence": couple.role_confidence,
            "at_least": 0.7,
            "evidence": couple.role_evidence,
            "leader_at": couple.leader_at or "",
        }
        return couple.role_confidence >= 0.7, figures

    def stable(_clip: Clip, made: Made) -> Judgement:
        switches = list(_couple(made).identity_switches)
        return not switches, {"identity_switches": len(switches), "at_most": 0, "at_s": switches}

    def one(clip: Clip, made: Made) -> Judgement:
        couple = _couple(made)
        figures: dict[str, Any] = {
            "couple_confidence": couple.couple_confidence,
            "at_least": 0.7,
            "people_seen": couple.people_seen,
            "couples_seen": couple.couples_seen,
            "mirror_images": couple.mirror_images,
        }
        changes = list(couple.partner_changes)
        # An annotation that names the couple settles on which side of the mirror it is.
        mirrored = couple.mirror_images > 0 and clip.annotation.couple is None
        sure = couple.couple_confidence >= 0.7 and not changes and not mirrored
        return sure, figures | ({"at_s": changes} if changes else {})

    def steady(_clip: Clip, made: Made) -> Judgement:
        couple = _couple(made)
        lost = list(couple.camera_lost)
        figures = {**couple.camera_motion, "frames_lost": len(lost), "at_most": 0}
        return not lost, figures | ({"at_s": lost} if lost else {})

    def one_shot(_clip: Clip, made: Made) -> Judgement:
        cuts = list(_couple(made).cuts)
        return not cuts, {"cuts": len(cuts), "at_most": 0, **({"at_s": cuts} if cuts else {})}

    def intact(_clip: Clip, made: Made) -> Judgement:
        couple = _couple(made)
        figures = {"damaged_frames": len(couple.damaged), "damaged_rate": couple.damaged_rate, "at_most": 0}
        return not couple.damaged, figures | ({"at_s": list(couple.damaged)} if couple.damaged else {})

    def moves(_clip: Clip, made: Made) -> Judgement:
        seconds = {role: seen_s(_couple(made), (role,)) for role in ROLES}
        return max(seconds.values()) >= MINIMUM_SEEN_S, {**seconds, "at_least": MINIMUM_SEEN_S}

    return [
        Check("keypoints_finite", "keypoints", "ERROR", "No NaN or Inf where a dancer was found.",
              "Report this as a bug, with the clip.", _finite_keypoints),
        Check("quality_at_least_half", "keypoints", "WARN",
              "quality = 0.6 x detection rate + 0.4 x mean keypoint confidence reaches the limit.", look, quality),
        Check("both_dancers_found", "keypoints", "WARN", "Both dancers are found in at least half of the frames.", look,
              both_found),
        Check("poses_are_certain", "keypoints", "WARN",
              f"In at least half of the frames both poses have a mean keypoint score of {CERTAIN_SCORE} or more.",
              "Look at the preview: where one dancer hides the other, the hidden one's pose may be wrong.", poses),
        Check("lead_follow_certain", "keypoints", "WARN", "It is clear who leads.",
              'Write it into the annotation: "lead": "left" or "right", the side in the first frame.', certain),
        Check("identities_stable", "keypoints", "WARN",
              "The two dancers were never mistaken for each other or for somebody else.",
              "Look at the clip at these times.", stable),
        Check("one_couple", "keypoints", "WARN",
              "It is clear which couple is meant, the two stay together, and no mirror shows them again.",
              'Look at the preview, where others are grey. Write the right "couple" into the annotation, by the '
              "numbers that `bachata-assets preview CLIP --people` shows; or cut the clip to the time of one partner.",
              one),
        Check("camera_is_steady", "keypoints", "WARN", "The camera stands still, or its motion is known and removed.",
              "Look at these times, and film more of the room.", steady),
        Check("one_shot", "keypoints", "WARN", "The clip is a single shot, without cuts.",
              "Only one shot counts: the longest good one, or that of a box in `couple`. To have all, make a clip of "
              "each shot: cut at these times.", one_shot),
        Check("file_is_intact", "keypoints", "WARN", "Every picture can be decoded as it was filmed; none is missing.",
              "Copy or export the clip again; the frames at these times are left out.", intact),
        Check("movement_is_seen", "keypoints", "WARN",
              f"A dancer is seen for {MINIMUM_SEEN_S:g} s or more: a shorter time does not show how they move.",
              "The clip is too short or too empty, whatever its quality; use a longer one, or remove it.", moves),
    ]  # fmt: skip


def _tempo_check() -> Check:
    def agrees(clip: Clip, made: Made) -> Judgement:
        heard = made.metadata.get("tempo")
        if heard is None or "estimated_tempo" not in clip.annotation.model_fields_set:
            return True, {"heard": heard, "annotated": "nothing to compare with"}
        annotated = clip.annotation.estimated_tempo
        difference = abs(heard - annotated) / annotated
        return difference <= 0.08, {
            "heard": heard,
            "annotated": annotated,
            "difference": difference,
            "at_most": 0.08,
        }

    return Check(
        "tempo_as_annotated", "beats", "WARN", "The tempo of the music is within 8 % of the annotated one.",
        "Correct estimated_tempo in the annotation if the music has another tempo.", agrees,
    )  # fmt: skip


def _vector_checks() -> list[Check]:
    checks = []
    for family, size in DIMENSIONS.items():
        asset = f"{family}_embedding"
        finite = Check(f"{asset}_finite", asset, "ERROR", f"None of the {size} numbers is NaN or Inf.",
                       "Report this as a bug, with the clip.", _finite_vector)  # fmt: skip
        there = Check(f"{asset}_present", asset, "WARN", "The clip has this vector.",
                      "The reason says what the clip lacks; its other vectors are made and searchable.",
                      _is_present)  # fmt: skip
        checks += [finite, there]
    return checks


def _moment_checks() -> list[Check]:
    return [
        Check("moments_finite", "moments", "ERROR", "No number of a moment's vectors is NaN or Inf.",
              "Report this as a bug, with the clip.", _finite_moments),
        Check("moments_present", "moments", "WARN", "Every moment has a vector.",
              "In these parts of the clip nobody is seen for a full second; its other moments are searchable.",
              _all_described),
    ]  # fmt: skip


def _transition_checks() -> list[Check]:
    def finite(_clip: Clip, made: Made) -> Judgement:
        (row,) = made.table.to_pylist()
        vectors = [row[side] for side in EDGES if row[side] is not None]
        return _count_non_finite(np.array(vectors, float))

    def seen(_clip: Clip, made: Made) -> Judgement:
        (row,) = made.table.to_pylist()
        reasons = [row[f"{side}_absent_reason"] for side in EDGES if row[side] is None]
        return not reasons, {"edges": len(EDGES) - len(reasons), "at_least": len(EDGES)} | (
            {"reason": "; ".join(reasons)} if reasons else {}
        )

    return [
        Check("transitions_finite", "transitions", "ERROR", "No number of the two vectors is NaN or Inf.",
              "Report this as a bug, with the clip.", finite),
        Check("transitions_present", "transitions", "WARN", "The couple is seen where the clip begins and ends.",
              "Cut the clip at times when both are seen; until then `next` and `chain` cannot use this end.", seen),
    ]  # fmt: skip


def _couple(made: Made) -> CoupleKeypoints:
    return made.decoded(CoupleKeypoints.from_table)


def _finite_keypoints(_clip: Clip, made: Made) -> Judgement:
    couple = _couple(made)
    found = np.concatenate([couple.keypoints.reshape(-1, 2, 51), couple.boxes], axis=2)[couple.valid]
    return _count_non_finite(found)


def _finite_vector(_clip: Clip, made: Made) -> Judgement:
    return _count_non_finite(_numbers(made.table, "vector"))


def _finite_moments(_clip: Clip, made: Made) -> Judgement:
    return _count_non_finite(np.concatenate([_numbers(made.table, name) for name in MOMENT_VECTORS]))


def _all_described(_clip: Clip, made: Made) -> Judgement:
    empty = [
        round(row["start_s"], 1)
        for row in made.table.drop_columns(["clip_id"]).to_pylist()
        if all(row[name] is None for name in MOMENT_VECTORS)
    ]
    return not empty, {"moments": made.table.num_rows, "without": len(empty), "at_most": 0, "at_s": empty}


def _numbers(table: pa.Table, column: str) -> np.ndarray:
    """Return all numbers of a column of vectors."""
    values = table.column(column).combine_chunks()
    return np.asarray(pa.FixedSizeListArray.flatten(values), np.float32)


def _is_present(_clip: Clip, made: Made) -> Judgement:
    reason = made.table.column("absent_reason")[0].as_py()
    return reason is None, {"vectors": int(reason is None), "at_least": 1} | ({"reason": reason} if reason else {})


def _count_non_finite(values: np.ndarray) -> Judgement:
    count = int((~np.isfinite(values)).sum())
    figures: dict[str, Any] = {"non_finite": count, "at_most": 0}
    return count == 0, figures | ({"reason": f"{count} numbers are NaN or Inf"} if count else {})
