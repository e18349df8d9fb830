"""The stage that says how a clip begins and ends, and its checks."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from bachata_assets import schemas
from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.checks import Outcome, clip_checks
from bachata_assets.pipeline.stage import Made, Tables
from bachata_assets.pipeline.stages import transitions
from bachata_assets.pipeline.tools import Models
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets_tests.support.synthetic_couple import a_couple

HEARD = Beats(np.arange(0.2, 12, 0.5), tempo=120.0, confidence=0.8, duration=12.0)
CLIP = Clip("dip_1", Path("dip_1.mp4"), "dip_1.mp4", Annotation(), {})


def made(couple: CoupleKeypoints, models: Models | None = None) -> Made:
    (stage,) = transitions.stages()
    tables = Tables({"keypoints": couple.to_table(), "beats": HEARD.to_table()})
    return stage.make(CLIP, tables, models)  # type: ignore[arg-type]


def outcomes(made: Made) -> dict[str, Outcome]:
    return {check.name: check.evaluate(CLIP, made) for check in clip_checks(0.5) if check.asset == "transitions"}


def without_an_end() -> CoupleKeypoints:
    couple = a_couple()
    keypoints, valid = couple.keypoints.copy(), couple.valid.copy()
    keypoints[-15:, 0], valid[-15:, 0] = np.nan, False
    return replace(couple, keypoints=keypoints, valid=valid)


def test_a_clip_has_one_row_with_two_vectors_and_their_facts() -> None:
    table = made(a_couple()).table
    assert table.schema.equals(schemas.transitions)
    (row,) = table.to_pylist()
    assert row["clip_id"] == "dip_1"
    assert len(row["beginning"]) == len(row["ending"]) == 64
    assert (row["beginning_tempo"], row["beginning_phase"], row["ending_phase"]) == (120.0, 0.6, 0.6)
    assert row["beginning_absent_reason"] is row["ending_absent_reason"] is None
    assert all(outcome.passed for outcome in outcomes(made(a_couple())).values())


def test_a_clip_that_ends_without_the_couple_has_no_ending_and_a_warning_says_so() -> None:
    asked = made(without_an_end())
    (row,) = asked.table.to_pylist()
    assert row["ending"] is row["ending_distance"] is None
    assert row["ending_absent_reason"] == "the lead cannot be seen where the clip ends"
    assert asked.metadata == {"beginning": "seen", "ending": "the lead cannot be seen where the clip ends"}
    found = outcomes(asked)
    assert found["transitions_finite"].passed
    assert not found["transitions_present"].passed
    assert found["transitions_present"].metadata["edges"] == 1


def test_a_vector_that_is_not_finite_rejects_the_table() -> None:
    asked = made(a_couple())
    broken = asked.table.to_pylist()[0] | {"ending": [np.nan] * 64}
    wrong = Made(asked.table.from_pylist([broken], schema=schemas.transitions))
    assert outcomes(wrong)["transitions_finite"].rejects
