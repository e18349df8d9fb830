"""`generate --every_couple`: each couple of a video becomes a clip of its own."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bachata_assets.collection import scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets_tests.support.company import companies
from bachata_assets_tests.support.workplace import Workplace


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """A clip of two couples, made with both."""
    place = Workplace(tmp_path_factory.mktemp("couples"))
    place.videos.mkdir()
    dict(companies(3))["two couples"].write(place.videos / "floor.mp4", 4.0)
    entries = [{"clip_id": "floor", "move_label": "basic"}, {"clip_id": "floor__couple_2", "move_label": "right turn"}]
    place.annotations.write_text(json.dumps({"clips": entries}))
    result = place.generate("--every_couple")
    assert result.exit_code == 0, result.output
    assert "Clips: 2 made, 0 failed, 2 processed this time." in result.output
    return place


def middle(place: Workplace, clip_id: str) -> float:
    """Return where a clip's couple stands on average, px from the left."""
    couple = CoupleKeypoints.from_table(Dataset(str(place.data)).read_table("keypoints", clip_id))
    return float(np.nanmean(couple.keypoints[..., 0]))


def test_both_couples_have_vectors_of_their_own_and_what_was_said_of_each(made: Workplace) -> None:
    table = pd.read_parquet(made.data / "embeddings.parquet").set_index("clip_id")
    assert table["move_label"].to_dict() == {"floor": "basic", "floor__couple_2": "right turn"}
    assert table["video_path"].nunique() == 1
    first, second = (np.array(table.loc[i, "lead_embedding"]) for i in ("floor", "floor__couple_2"))
    assert first @ second / np.linalg.norm(first) / np.linalg.norm(second) < 0.9
    assert abs(middle(made, "floor") - middle(made, "floor__couple_2")) > 100


def test_it_is_remembered_and_nothing_is_made_again(made: Workplace) -> None:
    before = made.tables()
    result = made.generate()
    assert "Clips: 2 made, 0 failed, 0 processed this time." in result.output
    assert made.tables() == before


def test_a_lost_registry_is_found_again_with_both(made: Workplace) -> None:
    dataset = Dataset(str(made.data))
    before = scan.known_files(dataset)
    Path(dataset.path("clips.parquet")).unlink()
    result = made.generate()
    assert result.exit_code == 0, result.output
    assert scan.known_files(dataset) == before
    assert "0 processed this time" in result.output


def test_with_one_couple_the_second_is_no_clip_any_more_and_is_kept_until_pruned(made: Workplace) -> None:
    result = made.generate("--one_couple")
    assert "Clips: 1 made, 0 failed, 0 processed this time." in result.output
    assert (made.data / "keypoints" / "floor__couple_2.parquet").is_file()
    assert scan.present_clips(Dataset(str(made.data))) == {"floor"}
    assert list(pd.read_parquet(made.data / "embeddings.parquet")["clip_id"]) == ["floor"]
