"""Clips of a bucket on a Ray cluster: each machine fetches what it works on, with the credentials that it has."""

import logging
import os
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from s3fs import S3FileSystem

from bachata_assets.collection.clip import Clip
from bachata_assets.collection.videos import cache
from bachata_assets.collection.videos.arrivals import Arrived, FetchedClips
from bachata_assets.collection.videos.bucket import VideoBucket
from bachata_assets.collection.videos.place import as_path
from bachata_assets.pipeline.runner import Event, Runner, StageFailed, StageMade
from bachata_assets.pipeline.tools import Tools
from bachata_assets.pipeline.workers.cluster.actors import RayActors, close_crew
from bachata_assets.pipeline.workers.cluster.copies import KEPT, Copies
from bachata_assets.pipeline.workers.pool import Limits
from bachata_assets_tests.support.bad_stages import stage
from bachata_assets_tests.support.ray_nodes import require_ray, two_nodes
from bachata_assets_tests.support.small_stages import clip, values
from bachata_assets_tests.support.store_proxy import StoreProxy

PLACE = "s3://dances/videos"
LIMITS = Limits(seconds=120.0, memory_gb=4.0)


@pytest.fixture
def proxy(bucket: S3FileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreProxy]:
    """The way to the bucket, for this process and for whatever it begins."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    with StoreProxy(int(os.environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        S3FileSystem.clear_instance_cache()
        yield proxy


def put(bucket: S3FileSystem, *names: str) -> list[Clip]:
    """Upload clips; return them as those whose content is known already."""
    found = []
    for name in names:
        bucket.pipe_file(f"dances/videos/{name}.mp4", name.encode() * 1000)
        path = PurePosixPath(f"{name}.mp4")
        url = f"{PLACE}/{path}"
        seen = VideoBucket(PLACE).look(path)
        found.append(replace(clip(name), path=as_path(PLACE) / path, url=url, video_path=url, seen=seen))
    return found


def events_of(tools: Tools, address: str, clips: list[Clip]) -> list[Event]:
    def unexpected(one: Clip, _: Arrived) -> Clip:
        raise AssertionError(f"{one.url} was fetched here")

    arrivals = FetchedClips(VideoBucket(PLACE), 1e9, unexpected)
    workers = RayActors(tools.models, LIMITS, address)
    return list(Runner([stage(finds_poses=True)], [], tools, workers, arrivals).run(clips))


def copies_left(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*.mp4*") if "clips" in path.parts]


def test_machines_fetch_their_clips_themselves_and_their_workers_know_no_credentials(
    tools: Tools, bucket: S3FileSystem, proxy: StoreProxy, tmp_path: Path
) -> None:
    require_ray()
    close_crew()
    names = [f"content{number}" for number in range(4)]
    clips = put(bucket, *names, "secret", "gone", "replaced")
    bucket.rm_file("dances/videos/gone.mp4")
    bucket.pipe_file("dances/videos/replaced.mp4", b"another one")
    proxy.asked.clear()
    with two_nodes() as address:
        events = {event.clip_id: event for event in events_of(tools, address, clips)}
        assert {name for name, event in events.items() if isinstance(event, StageMade)} == {*names, "secret"}
        made = values(tools, "a")
        assert {name: made[name] for name in names} == {name: zlib.crc32(name.encode() * 1000) for name in names}
        assert made["secret"] == 0
        failed = {name: event.failure for name, event in events.items() if isinstance(event, StageFailed)}
        assert {name: (one.reason, one.transient) for name, one in failed.items()} == {
            "gone": (f"{PLACE}/gone.mp4: no such object", True),
            "replaced": (f"{PLACE}/replaced.mp4: it was replaced since it was listed; it is tried again", True),
        }
        assert copies_left(tmp_path) == []
        close_crew()
    assert {one.path for one in proxy.gets()} == {f"/dances/videos/{name}.mp4" for name in (*names, "secret")}


def test_a_machine_without_credentials_is_sent_its_clips_and_named(
    tools: Tools, bucket: S3FileSystem, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    require_ray()
    close_crew()
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        with two_nodes() as address:
            patch.undo()
            log = logging.getLogger("bachata_assets")
            monkeypatch.setattr(log, "handlers", [])
            monkeypatch.setattr(log, "propagate", True)
            clips = put(bucket, "content0", "content1")
            assert [type(event) for event in events_of(tools, address, clips)] == [StageMade] * 2
            assert values(tools, "a") == {name: zlib.crc32(name.encode() * 1000) for name in ("content0", "content1")}
            close_crew()
    assert "cannot read s3://dances (" in caplog.text
    assert "so the clips are sent to it; give its Ray node the store's credentials" in caplog.text


def test_few_copies_lie_there_and_none_is_fetched_twice_while_it_does(
    bucket: S3FileSystem, proxy: StoreProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "cache_root", lambda: tmp_path / "cache" / "clips")
    clips, copies = put(bucket, *"abcdef"), Copies(2500)
    for one in clips:
        for _ in range(2):
            with copies.file(one) as path:
                assert path.read_bytes() == one.clip_id.encode() * 1000
        assert len(copies_left(tmp_path)) <= min(KEPT, 2)
    assert len({one.path for one in proxy.gets()}) == len(proxy.gets()) == len(clips)
    (large,) = put(bucket, "much_too_large")
    with (
        pytest.raises(OSError, match=r"^s3://dances/videos/much_too_large.mp4: it has .* BACHATA_CACHE_GB"),
        copies.file(large),
    ):
        pass
    copies.clear()
    assert copies_left(tmp_path) == []
