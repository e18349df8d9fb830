"""What the embedding stages keep beside a vector: clock, beats, sentence; and what the tempo check compares."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bachata_assets import schemas
from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.clip_tables import vector_of
from bachata_assets.collection.dataset import Dataset
from bachata_assets.music.beats import Beats
from bachata_assets.pipeline.checks import Outcome, clip_checks
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.stages import language, moments, pose
from bachata_assets.pipeline.stages.vectors import ABOUT_KEY
from bachata_assets_tests.support.synthetic_couple import a_couple
from bachata_assets_tests.support.vectors import present

HEARD = Beats(np.arange(0.2, 12, 0.45), tempo=60 / 0.45, confidence=0.8, duration=12.0)


def clip(**annotation: Any) -> Clip:
    return Clip("dip_1", Path("dip_1.mp4"), "dip_1.mp4", Annotation(**annotation), {})


def stage(name: str) -> ClipStage:
    return next(s for s in [*pose.stages("models"), *language.stages(), *moments.stages()] if s.name == name)


def run(stage: ClipStage, clip: Clip, tables: Tables, tools: Any = None) -> Made:
    return stage.make(clip, tables, tools)


def made(name: str, beats: Beats, folder: Path) -> Made:
    """Make a pose embedding from tables that have been on disk."""
    dataset = Dataset(url=str(folder))
    written = {"keypoints": a_couple().to_table(), "beats": beats.to_table()}
    for asset, table in written.items():
        dataset.write_table(asset, "dip_1", table, {})
    tables = Tables({asset: dataset.read_table(asset, "dip_1") for asset in written})
    return run(stage(name), clip(), tables)


@pytest.mark.parametrize("family", ["lead", "follow", "interaction"])
@pytest.mark.parametrize(("beats", "clock"), [(HEARD, "beats"), (Beats(reason="the audio is silent"), "seconds")])
def test_a_pose_embedding_s_table_says_which_clock_it_was_measured_on(
    family: str, beats: Beats, clock: str, tmp_path: Path
) -> None:
    table = made(f"{family}_embedding", beats, tmp_path).table
    dataset = Dataset(url=str(tmp_path))
    dataset.write_table(f"{family}_embedding", "dip_1", table, {})
    stored = dataset.read_table(f"{family}_embedding", "dip_1")
    assert json.loads(stored.schema.metadata[ABOUT_KEY]) == {"clock": clock}
    assert np.linalg.norm(present(vector_of(stored))) == pytest.approx(1, abs=1e-6)


def test_a_beats_table_keeps_times_tempo_and_confidence_on_disk(tmp_path: Path) -> None:
    dataset = Dataset(url=str(tmp_path))
    dataset.write_table("beats", "dip_1", HEARD.to_table(), {})
    stored = Beats.from_table(dataset.read_table("beats", "dip_1"))
    np.testing.assert_array_equal(stored.times, HEARD.times)
    assert (stored.tempo, stored.confidence, stored.trusted) == (HEARD.tempo, 0.8, True)


class EvenEncoder:
    """Stands for the language model, and for the models that lead to it."""

    @property
    def text(self) -> "EvenEncoder":
        return self

    def encoder(self) -> "EvenEncoder":
        return self

    def encode(self, sentences: list[str]) -> np.ndarray:
        return np.full((len(sentences), 384), 384**-0.5, np.float32)


def test_a_text_embedding_s_table_keeps_the_sentence_without_what_nobody_knows() -> None:
    said = clip(move_label="dip", difficulty="unknown", energy_level="high")
    table = run(stage("text_embedding"), said, Tables({}), EvenEncoder()).table
    assert table.column("sentence").to_pylist() == ["Dance move: dip, high energy."]
    assert table.column("vector").type.list_size == 384


def test_a_clip_of_which_no_annotation_says_anything_has_no_text_vector() -> None:
    for nothing in (clip(), clip(move_label="unknown", lead="left")):
        table = run(stage("text_embedding"), nothing, Tables({})).table
        assert vector_of(table) is None
        assert table.column("absent_reason").to_pylist() == ["no annotation says what the clip shows"]
        assert table.column("sentence").to_pylist() == [None]


def tempo_check(annotated: float | None, heard: float | None) -> Outcome:
    check = next(check for check in clip_checks(0.5) if check.name == "tempo_as_annotated")
    entry = {} if annotated is None else {"estimated_tempo": annotated}
    return check.evaluate(clip(**entry), Made(Beats().to_table(), {"tempo": heard}))


@pytest.mark.parametrize(
    ("annotated", "heard", "passes"),
    [
        (100, 107.9, True),
        (100, 108.1, False),
        (100, 92.1, True),
        (100, 91.9, False),
        (None, 130, True),
        (100, None, True),
    ],
)
def test_a_tempo_more_than_8_percent_off_the_annotated_one_is_a_warning(
    annotated: float | None, heard: float | None, passes: bool
) -> None:
    outcome = tempo_check(annotated, heard)
    assert outcome.passed is passes
    assert not outcome.rejects
    if not passes:
        assert (outcome.metadata["annotated"], outcome.metadata["heard"]) == (annotated, heard)
        assert "remedy" in outcome.metadata


@pytest.mark.parametrize(("beats", "clock"), [(HEARD, "beats"), (Beats(reason="the audio is silent"), "seconds")])
def test_a_moments_table_holds_one_row_a_window_and_its_beats_where_they_are_trusted(
    beats: Beats, clock: str, tmp_path: Path
) -> None:
    found = made("moments", beats, tmp_path)
    assert found.metadata == {"clock": clock, "moments": found.table.num_rows}
    assert found.table.schema.equals(schemas.moments)
    rows = found.table.to_pylist()
    assert [row["moment"] for row in rows] == list(range(6 if clock == "beats" else 5))
    assert {row["clip_id"] for row in rows} == {"dip_1"}
    if clock == "beats":
        assert [(row["start_beat"], row["end_beat"]) for row in rows[:2]] == [(0, 8), (4, 12)]
        assert rows[1]["start_s"] == pytest.approx(HEARD.times[4])
    else:
        assert {row["start_beat"] for row in rows} == {None}
        assert rows[1]["start_s"] == 2
    assert np.linalg.norm(rows[0]["lead_embedding"]) == pytest.approx(1, abs=1e-6)


def test_a_moment_with_nan_is_rejected_and_one_without_vectors_is_a_warning(tmp_path: Path) -> None:
    table = made("moments", HEARD, tmp_path).table

    def answers(rows: list[dict[str, Any]]) -> dict[str, Outcome]:
        judged = Made(pa.Table.from_pylist(rows, schema=schemas.moments))
        return {check.name: check.evaluate(clip(), judged) for check in clip_checks(0.5) if check.asset == "moments"}

    good = answers(table.to_pylist())
    assert {name: outcome.passed for name, outcome in good.items()} == {
        "moments_finite": True,
        "moments_present": True,
    }
    rows = table.to_pylist()
    rows[2]["follow_embedding"][7] = float("nan")
    bad = answers(rows)["moments_finite"]
    assert bad.rejects
    assert bad.metadata["non_finite"] == 1
    rows = table.to_pylist()
    rows[1] |= dict.fromkeys(("lead_embedding", "follow_embedding", "interaction_embedding"))
    empty = answers(rows)["moments_present"]
    assert (empty.passed, empty.rejects) == (False, False)
    assert empty.metadata["at_s"] == [round(rows[1]["start_s"], 1)]
