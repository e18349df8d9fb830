"""Clips and annotations in a bucket: real models, real clients, a server of the test's own behind a counting proxy."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests
from dagster import DagsterInstance
from gcsfs import GCSFileSystem
from s3fs import S3FileSystem
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.collection import scan
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.scan import known_files
from bachata_assets.collection.videos import cache
from bachata_assets.collection.videos.place import content_of
from bachata_assets.orchestration.build import build_platform
from bachata_assets.orchestration.run_requests import find_clips
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.doc_commands import commands_of
from bachata_assets_tests.support.elasticsearch_node import Node
from bachata_assets_tests.support.paths import PROJECT, SAMPLE
from bachata_assets_tests.support.store_proxy import StoreProxy
from bachata_assets_tests.support.workplace import Workplace, generate

VIDEOS = "s3://dances/videos"
ANNOTATIONS = "s3://dances/annotations.json"
DATA_DIR = "s3://dances/made"
CLIPS = ("basic_steps/basic_step_1.mp4", "forward_backward/forward_backward_1.mp4")


@pytest.fixture
def store(
    bucket: S3FileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[S3FileSystem, StoreProxy]]:
    """A bucket with two clips of the sample and its annotations, asked through a proxy."""
    monkeypatch.setattr(cache, "cache_root", lambda: tmp_path / "cache")
    for name in CLIPS:
        bucket.put_file(str(SAMPLE / "videos" / name), f"dances/videos/{name}")
    bucket.put_file(str(SAMPLE / "annotations.json"), "dances/annotations.json")
    with StoreProxy(int(os.environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        S3FileSystem.clear_instance_cache()
        yield bucket, proxy


def left_here(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if path.name != "lock"]


def vectors(path: Path | str) -> pa.Table:
    with fsspec.open(str(path), "rb") as file:
        table = pq.read_table(file)
    return table.select(["clip_id", *(name for name in table.column_names if name.endswith("_embedding"))])


def test_clips_of_a_bucket_are_made_as_those_of_a_folder(
    store: tuple[S3FileSystem, StoreProxy],
    sample_made: tuple[Workplace, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files, proxy = store
    (words,) = (call for call in commands_of(PROJECT / "docs" / "buckets.md") if call[0] == "generate")
    assert words == [*("generate", "--video_dir", VIDEOS, "--annotations", ANNOTATIONS, "--data_dir", DATA_DIR)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    assert "Clips: 2 made, 0 failed, 2 processed this time." in result.output
    assert left_here(tmp_path) == []
    assert sorted(one.path for one in proxy.gets()) == [f"/dances/videos/{name}" for name in CLIPS]
    there = vectors("s3://dances/made/embeddings.parquet")
    here = vectors(sample_made[0].data / "embeddings.parquet")
    wanted = [clip_id in there["clip_id"].to_pylist() for clip_id in here["clip_id"].to_pylist()]
    assert there.equals(here.filter(pa.array(wanted)))
    report = json.loads(files.cat("dances/made/embedding_generation_report.json"))
    assert report["summary"]["successful"] == 2
    document = json.loads(
        pq.read_table(files.open("dances/made/search_index/basic_step_1.parquet"))["document"][0].as_py()
    )
    assert document["video_path"] == f"{VIDEOS}/{CLIPS[0]}"
    assert document["move_label"] == "basic_step"  # the annotation was found

    drawn = CliRunner().invoke(app, ["preview", "basic_step_1", "--data_dir", DATA_DIR, "--out", "preview.mp4"])
    assert drawn.exit_code == 0, drawn.output
    assert Path("preview.mp4").stat().st_size > 10_000
    page = files.cat("dances/made/embedding_generation_report.html").decode()
    assert '"video": [null, null]' in page
    monkeypatch.setenv("BACHATA_SIGNED_LINK_HOURS", "1")
    assert CliRunner().invoke(app, ["report", "--data_dir", DATA_DIR]).exit_code == 0
    page = files.cat("dances/made/embedding_generation_report.html").decode()
    (links,) = re.findall(r'"video": (\[.*?\])', page)
    assert [requests.get(link, timeout=10).content for link in json.loads(links)] == [
        (SAMPLE / "videos" / name).read_bytes() for name in CLIPS
    ]
    monkeypatch.delenv("BACHATA_SIGNED_LINK_HOURS")
    told = CliRunner().invoke(app, ["verify", "--data", "--data_dir", DATA_DIR])
    assert f"The clips are in {VIDEOS}, which reports changes itself: none was read" in told.output
    refused = CliRunner().invoke(app, ["export", "fiftyone", "--out", "fifty", "--data_dir", DATA_DIR])
    assert refused.exit_code == 2
    assert "are in a bucket" in refused.output

    assert generate(VIDEOS, ANNOTATIONS, DATA_DIR).exit_code == 0  # the report again, without links
    proxy.asked.clear()
    again = generate(VIDEOS, ANNOTATIONS, DATA_DIR)
    assert "Clips: 2 made, 0 failed, 0 processed this time." in again.output
    assert [one for one in proxy.asked if one.path.endswith(".mp4")] == []  # known by the listing alone
    listed = [one for one in proxy.asked if one.path == "/dances" and "prefix=videos" in one.query]
    assert len(listed) == 1

    same = (SAMPLE / "videos" / CLIPS[0]).read_bytes()
    files.pipe_file(f"dances/videos/{CLIPS[0]}", same, ChecksumAlgorithm="SHA256")
    proxy.asked.clear()
    uploaded_again = generate(VIDEOS, ANNOTATIONS, DATA_DIR)
    assert "Clips: 2 made, 0 failed" in uploaded_again.output
    assert [one.method for one in proxy.asked if one.path.endswith(".mp4")] == ["HEAD"]  # the store knows its hash

    files.pipe_file(f"dances/videos/{CLIPS[0]}", (SAMPLE / "videos" / CLIPS[1]).read_bytes())
    files.rm_file(f"dances/videos/{CLIPS[1]}")
    proxy.asked.clear()
    changed = CliRunner().invoke(app, ["generate", "--video_dir", VIDEOS, "--data_dir", DATA_DIR])
    assert "Clips: 1 made, 0 failed, 1 processed this time." in changed.output, changed.output
    assert [one.path for one in proxy.gets()] == [f"/dances/videos/{CLIPS[0]}"]
    assert [(name, file.present) for name, file in known_files(Dataset(DATA_DIR)).items()] == [
        ("basic_step_1", True),
        ("forward_backward_1", False),
    ]
    assert left_here(tmp_path) == []


def test_clips_of_google_cloud_storage_are_made_into_it_as_those_of_a_folder(
    google_bucket: GCSFileSystem,
    elasticsearch_node: Node,
    sample_made: tuple[Workplace, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # LanceDB lists a bucket by Google's XML interface, which this emulator does not speak.
    monkeypatch.setenv("ELASTICSEARCH_HOST", "127.0.0.1")
    monkeypatch.setenv("ELASTICSEARCH_PORT", str(elasticsearch_node.port))
    monkeypatch.setenv("ELASTICSEARCH_INDEX", "moves-of-clips-in-google-cloud-storage")
    monkeypatch.setattr(cache, "cache_root", lambda: tmp_path / "cache")
    for name in CLIPS:
        google_bucket.put_file(str(SAMPLE / "videos" / name), f"dances/videos/{name}")
    google_bucket.put_file(str(SAMPLE / "annotations.json"), "dances/annotations.json")
    words = ("gs://dances/videos", "gs://dances/annotations.json", "gs://dances/made")
    result = generate(*words)
    assert result.exit_code == 0, result.output
    assert "Clips: 2 made, 0 failed, 2 processed this time." in result.output
    assert left_here(tmp_path) == []
    there = vectors("gs://dances/made/embeddings.parquet")
    here = vectors(sample_made[0].data / "embeddings.parquet")
    wanted = [clip_id in there["clip_id"].to_pylist() for clip_id in here["clip_id"].to_pylist()]
    assert there.equals(here.filter(pa.array(wanted)))
    report = json.loads(google_bucket.cat("dances/made/embedding_generation_report.json"))
    assert report["summary"]["successful"] == 2
    page = google_bucket.cat("dances/made/embedding_generation_report.html").decode()
    assert "basic_step_1" in page
    assert '"video": [null, null]' in page
    (row,) = pq.read_table(google_bucket.open("dances/made/search_index/basic_step_1.parquet")).to_pylist()
    document = json.loads(row["document"])
    assert document["video_path"] == f"gs://dances/videos/{CLIPS[0]}"
    assert document["move_label"] == "basic_step"
    again = generate(*words)
    assert "Clips: 2 made, 0 failed, 0 processed this time." in again.output

    google_bucket.pipe_file(f"dances/videos/{CLIPS[0]}", (SAMPLE / "videos" / CLIPS[1]).read_bytes())
    changed = generate(*words)
    assert "Clips: 2 made, 0 failed, 1 processed this time." in changed.output, changed.output
    assert left_here(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--video_dir", "s3://nowhere/x"], "s3://nowhere/x: the bucket nowhere does not exist or is unreachable"),
        (["--video_dir", "s3://ana:hunter2@dances/x"], "BACHATA_VIDEO_DIR: must be a path, or a bucket and folder"),
        (["--video_dir", "https://dances/x"], "BACHATA_VIDEO_DIR = 'https://dances/x': must be a path, or a bucket"),
        (
            ["--video_dir", VIDEOS, "--annotations", "s3://dances/no.json"],
            "Annotation file not found: s3://dances/no.json",
        ),
        (
            ["--video_dir", VIDEOS, "--annotations", f"{VIDEOS}/{CLIPS[0]}"],
            f"{VIDEOS}/{CLIPS[0]} is not valid JSON",
        ),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(
    words: list[str], said: str, store: tuple[S3FileSystem, StoreProxy]
) -> None:
    result = CliRunner().invoke(app, ["generate", *words, "--data_dir", "data"])
    assert result.exit_code == 2
    (line,) = [line for line in result.output.splitlines() if "Error" in line]
    assert line.startswith(f"Error: {said}")
    assert "hunter2" not in result.output
    assert "Traceback" not in result.output


def test_a_listing_that_is_refused_and_an_empty_prefix_change_nothing(
    store: tuple[S3FileSystem, StoreProxy], tmp_path: Path
) -> None:
    files, proxy = store
    scan.keep(Dataset("data"), scan.scan_clips(load_settings(video_dir=VIDEOS, data_dir="data"), Dataset("data")))
    before = known_files(Dataset("data"))
    assert {name: file.present for name, file in before.items()} == {"basic_step_1": True, "forward_backward_1": True}
    proxy.refuses = lambda asked: "list-type" in asked.query
    refused = CliRunner().invoke(app, ["status", "--data_dir", "data"])
    assert refused.exit_code == 2
    assert "Error: Cannot list s3://dances/videos: " in refused.output
    proxy.refuses = lambda _asked: False
    for name in CLIPS:
        files.rm_file(f"dances/videos/{name}")
    empty = CliRunner().invoke(app, ["generate", "--video_dir", VIDEOS, "--data_dir", "data"])
    assert empty.exit_code == 2
    assert f"{VIDEOS} holds no video now, but the data dir has 2 clips: is it the right prefix?" in empty.output
    assert known_files(Dataset("data")) == before


def test_a_clip_that_was_moved_is_known_by_the_hash_that_the_store_has_of_it(
    store: tuple[S3FileSystem, StoreProxy],
) -> None:
    files, proxy = store
    settings, dataset = load_settings(video_dir=VIDEOS, data_dir="data"), Dataset("data")
    scan.keep(dataset, scan.scan_clips(settings, dataset))
    content = content_of(SAMPLE / "videos" / CLIPS[0])
    known = known_files(dataset)["basic_step_1"]
    scan.keep_read(dataset, {"basic_step_1": replace(known, content=content, etag="of an upload in parts-2")})
    files.pipe_file("dances/videos/moved.mp4", files.cat_file(f"dances/videos/{CLIPS[0]}"), ChecksumAlgorithm="SHA256")
    files.rm_file(f"dances/videos/{CLIPS[0]}")
    proxy.asked.clear()
    found = scan.scan_clips(settings, dataset, read_copies=True)
    assert [(one.clip_id, str(one.new)) for one in found.difference.renamed] == [("basic_step_1", "moved.mp4")]
    assert found.difference.files["basic_step_1"].content == content
    assert proxy.gets() == []


def test_a_look_of_dagster_lists_and_fetches_nothing(store: tuple[S3FileSystem, StoreProxy]) -> None:
    platform = build_platform(load_settings(video_dir=VIDEOS, annotations=ANNOTATIONS, data_dir="data"))
    store[1].asked.clear()
    with DagsterInstance.ephemeral() as instance:
        assert platform.definitions.resolve_job_def("look_for_clips").execute_in_process(instance=instance).success
        assert set(instance.get_dynamic_partitions("clips")) == {"basic_step_1", "forward_backward_1"}
        found = find_clips(instance, platform.settings, platform.dataset)
    assert [one for one in store[1].asked if one.path.endswith(".mp4")] == []
    assert found.difference.waiting == {}  # an object is there whole or not at all
    assert found.clips["basic_step_1"].annotation.move_label == "basic_step"
