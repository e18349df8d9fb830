"""The nearest moments of all moments, and what is taken over from one report to the next."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bachata_assets import schemas
from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.families import DIMENSIONS
from bachata_assets.pipeline.stages import clip_stages
from bachata_assets.pose.embeddings.moments import FAMILIES
from bachata_assets.report.moments import nearest
from bachata_assets.report.moments.nearest import SHOWN, MomentVectors, NearestMoments, _Block, nearest_moments
from bachata_assets.report.moments.strips import MomentStrips, write_strips
from bachata_assets.report.streaming.json_pieces import json_pieces

STAGES = clip_stages("models", "index")


def vectors(seed: int, count: int) -> dict[str, np.ndarray]:
    """Return moments of a clip; the second one has no follow."""
    rng = np.random.default_rng(seed)
    found = {family: rng.normal(size=(count, DIMENSIONS[family])).astype(np.float32) for family in FAMILIES}
    found["follow"][1:2] = np.nan
    return found


def score(one: dict[str, np.ndarray], row: int, other: dict[str, np.ndarray], column: int) -> float:
    """Return the mean of (1 + cosine) / 2 over the families that both moments have, as the search does."""
    pairs = [(one[family][row].astype(float), other[family][column].astype(float)) for family in FAMILIES]
    both = [(a, b) for a, b in pairs if np.isfinite(a).all() and np.isfinite(b).all()]
    return float(np.mean([(1 + a @ b / np.linalg.norm(a) / np.linalg.norm(b)) / 2 for a, b in both]))


def all_anew(of: MomentVectors) -> NearestMoments:
    """Return the nearest moments where nothing is known."""
    clips, count = len(of.firsts) - 1, len(of.there)
    return nearest_moments(of, NearestMoments.none(count), np.ones(count, bool), np.ones(clips, bool))


@pytest.mark.parametrize("crowd", [0, 3, 16])
@pytest.mark.parametrize("block", [2048, 5, 1])
def test_the_nearest_are_the_best_moments_of_the_most_alike_other_clips(
    monkeypatch: pytest.MonkeyPatch, block: int, crowd: int
) -> None:
    monkeypatch.setattr(nearest, "_BLOCK", block)
    monkeypatch.setattr(nearest, "_CROWD", crowd)
    clips = [vectors(number, count) for number, count in enumerate((3, 1, 4, 2, 6, 2))]
    of = MomentVectors.joined([MomentVectors.of_clip(one) for one in clips])
    assert of.clip_of.tolist() == [0] * 3 + [1] + [2] * 4 + [3] * 2 + [4] * 6 + [5] * 2
    found = all_anew(of)
    for place, clip in enumerate(of.clip_of):
        row = place - of.firsts[clip]
        best = []
        for number, other in enumerate(clips):
            if number != clip:
                scores = [score(clips[clip], row, other, at) for at in range(len(other["lead"]))]
                best.append((max(scores), of.firsts[number] + int(np.argmax(scores))))
        expected = sorted(best, reverse=True)[:SHOWN]
        assert found.near[place].tolist() == [at for _, at in expected]
        np.testing.assert_allclose(found.scores[place], [value for value, _ in expected], atol=2e-4)


def test_of_few_clips_there_are_few_neighbours_and_none_share_nothing() -> None:
    one, other = vectors(1, 1), vectors(2, 1)
    for family in ("follow", "interaction"):
        one[family][:] = np.nan
    other["lead"][:] = np.nan
    of = MomentVectors.joined([MomentVectors.of_clip(part) for part in (one, other, vectors(3, 1))])
    found = all_anew(of)
    assert found.near[:2].tolist() == [[2, -1, -1, -1]] * 2
    assert sorted(found.near[2]) == [-1, -1, 0, 1]
    assert np.isnan(found.scores[:2, 1:]).all()


def put(dataset: Dataset, clip_id: str, seed: int, count: int, *, beats: bool = True) -> None:
    families = vectors(seed, count)
    rows = [
        {
            "clip_id": clip_id, "moment": number, "start_s": 0.25 + 2 * number, "end_s": 4.251 + 2 * number,
            "start_beat": 4.0 * number if beats else None, "end_beat": 4.0 * number + 8 if beats else None,
            "detection_rate": 1.0, "avg_confidence": 1.0, "quality_score": 1.0,
            **{
                f"{family}_embedding": None if np.isnan(families[family][number]).any() else families[family][number]
                for family in FAMILIES
            },
        }
        for number in range(count)
    ]  # fmt: skip
    names = set(schemas.moments.names)
    rows = [{name: value for name, value in row.items() if name in names} for row in rows]
    dataset.write_table("moments", clip_id, pa.Table.from_pylist(rows, schema=schemas.moments), {})


def clips_of(versions: dict[str, str]) -> list[Clip]:
    return [
        Clip(name, Path(name), name, Annotation(), {"clip_file": file, "annotation": "1"})
        for name, file in versions.items()
    ]


def anew(tmp_path: Path, dataset: Dataset, clips: Sequence[Clip]) -> MomentStrips:
    """Return what is found where nothing is known."""
    other = Dataset(str(tmp_path / "other"))
    for clip in clips:
        other.write_table("moments", clip.clip_id, dataset.read_table("moments", clip.clip_id), {})
    found = write_strips(other, clips, STAGES)
    other.delete("report_moments.parquet")
    return found


def text_of(strips: MomentStrips, clip_ids: str) -> str:
    """Return what the page says of some clips."""
    return "".join(json_pieces(strips.shown(clip_ids)))


@pytest.mark.parametrize("block", [2048, 4])
def test_what_changed_is_compared_anew_and_the_result_is_that_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    dataset = Dataset(str(tmp_path / "data"))
    for seed, name in enumerate("abcdefgh"):
        put(dataset, name, seed, 2 + seed % 3)
    compared: list[int] = []

    def counted(rows: _Block, others: _Block) -> np.ndarray:
        compared.append(len(rows.places) * len(others.places))
        return cosines(rows, others)

    cosines = _Block.cosines
    monkeypatch.setattr(_Block, "cosines", counted)
    monkeypatch.setattr(nearest, "_BLOCK", block)
    versions = dict.fromkeys("abcdefgh", "1")
    first = write_strips(dataset, clips_of(versions), STAGES)
    everything = sum(compared)
    put(dataset, "c", 99, 3)  # another file
    put(dataset, "i", 50, 1)  # a new clip
    versions = {"i": "1"} | versions | {"c": "2"}
    del versions["h"]  # a clip that is gone
    compared.clear()
    found = write_strips(dataset, clips_of(versions), STAGES)
    assert 0 < sum(compared) < everything
    expected = anew(tmp_path, dataset, clips_of(versions))
    assert text_of(found, "abcdefgi") == text_of(expected, "abcdefgi")
    assert text_of(found, "abcdefgi") != text_of(first, "abcdefgi")


def test_where_nothing_changed_no_table_is_read(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    for seed, name in enumerate("abc"):
        put(dataset, name, seed, 2, beats=name != "c")
    clips = clips_of(dict.fromkeys("abc", "1"))
    found = write_strips(dataset, clips, STAGES)
    for name in "abc":
        dataset.delete_tables("moments", {name})
    assert text_of(write_strips(dataset, clips, STAGES), "abc") == text_of(found, "abc")
    (tmp_path / "report_moments.parquet").write_bytes(b"noise")
    assert write_strips(dataset, clips, STAGES).versions == {}  # of clips without a table nothing is known


def test_the_page_has_times_beats_and_places_in_its_own_order(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    for seed, name in enumerate("abc"):
        put(dataset, name, seed, 2, beats=name != "c")
    found = write_strips(dataset, clips_of(dict.fromkeys("abc", "1")), STAGES)
    shown = found.shown(["c", "unknown", "a"])
    assert shown["firsts"].tolist() == [0, 2, 2, 4]
    assert shown["start"].tolist() == [25, 225, 25, 225]
    assert shown["end"].tolist() == [425, 625, 425, 625]
    assert shown["beat"] == [None, None, 0, 4]
    assert shown["last_beat"] == [None, None, 8, 12]
    near = np.array(shown["near"]).reshape(4, SHOWN)
    assert sorted(set(near[:2].ravel())) == [-1, *sorted(set(near[:2].max(axis=1)))]
    assert set(near[:2].max(axis=1)) <= {2, 3}  # of `a`; `b` is not shown
    assert set(near[2:].max(axis=1)) <= {0, 1}
    scores = np.array(shown["score"]).reshape(4, SHOWN)
    assert ((scores >= 0) == (near >= 0)).all()
    assert scores.max() <= 1000
