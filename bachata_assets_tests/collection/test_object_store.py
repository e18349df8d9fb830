"""A data dir in an object store: the real clients of S3 and Google Cloud Storage, servers of the test's own."""

import json
import shutil
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from gcsfs import GCSFileSystem
from s3fs import S3FileSystem
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.collection.dataset import Dataset, provenance_of
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.families import DIMENSIONS
from bachata_assets.orchestration.instance import local_folder
from bachata_assets_tests.support.buckets import NAMES
from bachata_assets_tests.support.elasticsearch_node import Node
from bachata_assets_tests.support.paths import SAMPLE, SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace, generate

DATA_DIR = "s3://dances/bachata"
GOOGLE_DATA_DIR = "gs://dances/bachata"


def test_a_collection_in_a_bucket_is_made_searched_and_reported(place: Workplace, bucket: S3FileSystem) -> None:
    shutil.copytree(place.data / ".dagster", local_folder(DATA_DIR) / ".dagster")
    shutil.rmtree(place.data / "search_index")  # its documents are in another index
    (place.data / "text_embedding" / "basic_step_1.parquet").unlink()
    for table in place.data.rglob("*.parquet"):
        bucket.put_file(str(table), f"dances/bachata/{table.relative_to(place.data).as_posix()}")
    written = {name: bucket.info(name)["LastModified"] for name in bucket.find("dances/bachata/keypoints")}
    words = ["generate", "--video_dir", str(place.videos), "--annotations", str(place.annotations)]
    result = CliRunner().invoke(app, [*words, "--data_dir", DATA_DIR])
    assert result.exit_code == 0, result.output
    assert {Path(name).stem for name in bucket.find("dances/bachata/search_index")} == SAMPLE_CLIPS
    assert bucket.exists("dances/bachata/text_embedding/basic_step_1.parquet")
    assert {name: bucket.info(name)["LastModified"] for name in written} == written
    report = json.loads(bucket.cat("dances/bachata/embedding_generation_report.json"))
    assert report["summary"]["successful"] == 4
    page = bucket.cat("dances/bachata/embedding_generation_report.html").decode()
    assert "basic_step_1" in page
    assert "../" not in page.partition('id="data"')[2].partition("</script>")[0]  # no film is linked from there
    found = CliRunner().invoke(app, ["similar", "basic_step_1", "--json", "--data_dir", DATA_DIR])
    assert {match["clip_id"] for match in json.loads(found.output)} == SAMPLE_CLIPS - {"basic_step_1"}
    assert not [path for path in Path().rglob("*.parquet") if "place" not in path.parts]  # nothing of it lies here


def test_a_new_clip_is_made_indexed_and_reported_in_google_cloud_storage(
    google_bucket: GCSFileSystem, elasticsearch_node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # LanceDB lists a bucket by Google's XML interface, which this emulator does not speak.
    monkeypatch.setenv("ELASTICSEARCH_HOST", "127.0.0.1")
    monkeypatch.setenv("ELASTICSEARCH_PORT", str(elasticsearch_node.port))
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "moves-in-google-cloud-storage")
    (tmp_path / "videos").mkdir()
    (film,) = SAMPLE.rglob("forward_backward_1.mp4")
    shutil.copy(film, tmp_path / "videos")
    result = generate(tmp_path / "videos", SAMPLE / "annotations.json", GOOGLE_DATA_DIR)
    assert result.exit_code == 0, result.output
    tables = {path.removeprefix("dances/bachata/") for path in google_bucket.find("dances/bachata")}
    stages = ("keypoints", "beats", *(f"{family}_embedding" for family in DIMENSIONS), "moments", "search_index")
    assert {f"{stage}/forward_backward_1.parquet" for stage in stages} <= tables
    assert "previews/forward_backward_1.jpg" in tables
    with google_bucket.open("dances/bachata/embeddings.parquet") as file:
        assert pq.read_table(file)["clip_id"].to_pylist() == ["forward_backward_1"]
    found = CliRunner().invoke(app, ["similar", "--text", "forward and back", "--json", "--data_dir", GOOGLE_DATA_DIR])
    assert [match["clip_id"] for match in json.loads(found.output)] == ["forward_backward_1"]
    before = google_bucket.info("dances/bachata/keypoints/forward_backward_1.parquet")
    again = generate(tmp_path / "videos", SAMPLE / "annotations.json", GOOGLE_DATA_DIR)
    assert "Clips: 1 made, 0 failed, 0 processed this time." in again.output
    assert google_bucket.info("dances/bachata/keypoints/forward_backward_1.parquet") == before


@pytest.mark.parametrize(("store", "data_dir"), [("bucket", DATA_DIR), ("google_bucket", GOOGLE_DATA_DIR)])
def test_reports_are_written_into_a_bucket(
    store: str, data_dir: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files = request.getfixturevalue(store)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "waiting.mp4").touch()
    Dataset(url=data_dir).remember(video_dir=str(tmp_path / "videos"))
    result = CliRunner().invoke(app, ["report", "--data_dir", data_dir])
    assert result.exit_code == 0, result.output
    assert json.loads(files.cat("dances/bachata/embedding_generation_report.json"))["pending_videos"] == ["waiting"]
    page = files.cat("dances/bachata/embedding_generation_report.html").decode()
    assert '"video": [null]' in page  # no film is linked from a bucket
    assert files.exists("dances/bachata/embeddings.parquet")


def test_two_stores_keep_their_states_apart() -> None:
    assert local_folder("s3://dances/bachata") != local_folder("s3://dances/salsa")
    assert local_folder("data") == Path("data").absolute()


@pytest.mark.parametrize("address", [None, "http://127.0.0.1:9"])
def test_a_bucket_that_is_not_there_is_one_clear_line(
    address: str | None, bucket: S3FileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    if address:
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    S3FileSystem.clear_instance_cache()
    result = CliRunner().invoke(app, ["status", "--data_dir", "s3://nowhere/x"])
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith("Error: s3://nowhere/x: the bucket nowhere does not exist or is unreachable: create it")


def test_tables_in_google_cloud_storage_are_what_was_written(google_bucket: GCSFileSystem) -> None:
    dataset = Dataset(url=GOOGLE_DATA_DIR)
    dataset.write_table("keypoints", "a clip", pa.table({"x": [1.5, None]}), {"seconds": 2})
    table = dataset.read_table("keypoints", "a clip")
    assert table.to_pylist() == [{"x": 1.5}, {"x": None}]
    assert provenance_of(table) == {"seconds": 2}
    assert dataset.clip_ids("keypoints") == {"a clip"}
    dataset.remember(video_dir="here")
    dataset.remember(precision="f32")
    assert dataset.collection() == {"video_dir": "here", "precision": "f32"}
    dataset.delete_tables("keypoints", {"a clip"})
    assert dataset.clip_ids("keypoints") == set()
    assert dataset.read_text("nothing") is None


@pytest.mark.parametrize(("store", "data_dir"), [("bucket", DATA_DIR), ("google_bucket", GOOGLE_DATA_DIR)])
def test_names_are_never_patterns_in_a_bucket(store: str, data_dir: str, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue(store)
    dataset = Dataset(url=data_dir)
    for name in NAMES:
        dataset.write_table("beats", name, pa.table({"n": [1]}), {"of": name})
    assert dataset.clip_ids("beats") == set(NAMES)
    for number, name in enumerate(NAMES, 1):
        assert dataset.provenance_at(f"beats/{name}.parquet") == {"of": name}
        assert provenance_of(dataset.read_table("beats", name)) == {"of": name}
        dataset.delete_tables("beats", {name})
        assert dataset.clip_ids("beats") == set(NAMES[number:])
    dataset.delete_tables("beats", {"*"})  # not there any more, which is no error


@pytest.mark.parametrize(("store", "data_dir"), [("bucket", DATA_DIR), ("google_bucket", GOOGLE_DATA_DIR)])
def test_a_damaged_table_in_a_bucket_is_named_and_set_aside(
    store: str, data_dir: str, request: pytest.FixtureRequest
) -> None:
    files = request.getfixturevalue(store)
    dataset = Dataset(url=data_dir)
    written = dataset.write_table("beats", "[a]", pa.table({"n": [1]}), {})
    assert dataset.table_sizes("beats") == {"[a]": written.size}
    whole = files.cat_file("dances/bachata/beats/[a].parquet")
    files.pipe_file("dances/bachata/beats/[a].parquet", whole[: len(whole) // 2])
    with pytest.raises(DamagedError, match=r"beats/\[a\]\.parquet is damaged"):
        dataset.provenance_at("beats/[a].parquet")
    dataset.set_aside("beats/[a].parquet")
    assert dataset.clip_ids("beats") == set()
    assert dataset.read_bytes("beats/[a].parquet.damaged") == whole[: len(whole) // 2]


def test_a_google_bucket_that_is_not_there_is_one_clear_line(google_bucket: GCSFileSystem) -> None:
    result = CliRunner().invoke(app, ["status", "--data_dir", "gs://nowhere/x"])
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    assert line.startswith("Error: gs://nowhere/x: the bucket nowhere does not exist or is unreachable: create it")


def test_what_another_process_wrote_into_a_store_is_seen(google_bucket: GCSFileSystem) -> None:
    dataset = Dataset(url=GOOGLE_DATA_DIR)
    dataset.write_table("beats", "mine", pa.table({"x": [1]}), {})
    assert dataset.clip_ids("beats") == {"mine"}
    other = fsspec.filesystem("gs", skip_instance_cache=True)
    other.cp_file("dances/bachata/beats/mine.parquet", "dances/bachata/beats/others.parquet")
    assert dataset.clip_ids("beats") == {"mine", "others"}
