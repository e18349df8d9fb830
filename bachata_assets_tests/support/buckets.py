"""A plugin: empty buckets of S3 and of Google Cloud Storage, in servers of the test's own."""

from collections.abc import Iterator

import fsspec
import pytest
import requests
from gcp_storage_emulator.server import create_server
from gcsfs import GCSFileSystem
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

NAMES = ["*", "title [abc]", "a?b", "{a,b}", "50 % #1", "a+b&c=d", "a::b", "größe 💃", "[!a]", "a b"]
"""Names that a client of a store may take for patterns or for more than a name."""


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3FileSystem]:
    """An empty bucket, reached as anyone would: by the environment."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "ana",
        "AWS_SECRET_ACCESS_KEY": "hunter2",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "AWS_ENDPOINT": address,  # LanceDB reads these two
        "AWS_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)
    requests.post(f"{address}/moto-api/reset", timeout=10)  # what another test's server held
    S3FileSystem.clear_instance_cache()
    files = fsspec.filesystem("s3")
    files.mkdir("dances")
    yield files
    server.stop()
    S3FileSystem.clear_instance_cache()


@pytest.fixture
def google_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[GCSFileSystem]:
    """An empty bucket of Google Cloud Storage, reached as anyone would: by the environment."""
    server = create_server("127.0.0.1", 0, in_memory=True, default_bucket="dances")
    server.start()
    host, port = server._api._httpd.server_address
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}:{port}")
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    GCSFileSystem.clear_instance_cache()
    yield fsspec.filesystem("gs")
    GCSFileSystem.clear_instance_cache()
    server.stop()
