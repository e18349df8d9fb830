"""Tables, files and settings of a data dir."""

from pathlib import Path

import pyarrow as pa
import pytest

from bachata_assets.collection.dataset import Dataset, TableMissingError, provenance_of


@pytest.fixture(params=["local", "memory"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    """A data dir on disk, and one in an object store's likeness."""
    return Dataset(url=str(tmp_path / "data") if request.param == "local" else f"memory://{tmp_path.name}")


def test_a_table_comes_back_with_its_provenance(dataset: Dataset) -> None:
    written = dataset.write_table("beats", "a b", pa.table({"n": [1, 2]}), {"data_version": "v"})
    read = dataset.read_table("beats", "a b")
    assert read.equals(written)
    assert provenance_of(read) == provenance_of(written) == {"data_version": "v"}
    assert dataset.clip_ids("beats") == {"a b"}


def test_metadata_of_the_table_itself_is_kept(dataset: Dataset) -> None:
    dataset.write_table("beats", "a", pa.table({"n": [1]}).replace_schema_metadata({"tempo": "120"}), {})
    assert dataset.read_table("beats", "a").schema.metadata[b"tempo"] == b"120"


def test_a_missing_table_says_what_to_materialize(dataset: Dataset) -> None:
    with pytest.raises(TableMissingError, match="beats of clip x has not been made: materialize beats"):
        dataset.read_table("beats", "x")


def test_an_asset_never_made_has_no_clips(dataset: Dataset) -> None:
    assert dataset.clip_ids("beats") == set()


def test_what_is_remembered_stays(dataset: Dataset) -> None:
    dataset.remember(precision="f32")
    dataset.remember(video_dir="/clips")
    assert dataset.collection() == {"precision": "f32", "video_dir": "/clips"}


def test_a_write_that_breaks_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    dataset = Dataset(url=str(tmp_path))
    dataset.write_text("report.json", "old")
    filesystem = dataset._place[0]
    move = filesystem.mv
    filesystem.mv = lambda *_: (_ for _ in ()).throw(OSError("No space left on device"))
    try:
        with pytest.raises(OSError, match="No space left"):
            dataset.write_text("report.json", "new")
    finally:
        filesystem.mv = move  # fsspec shares one instance of a local file system
    assert dataset.read_text("report.json") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
