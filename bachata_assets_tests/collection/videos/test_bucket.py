"""Videos in a bucket: which objects are clips, and how they come to this machine, however the network behaves."""

import base64
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from filelock import FileLock
from gcsfs import GCSFileSystem
from s3fs import S3FileSystem

from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.videos import cache, transfer
from bachata_assets.collection.videos.arrivals import Arrived, FetchedClips
from bachata_assets.collection.videos.bucket import VideoBucket, why_no_path
from bachata_assets.collection.videos.discovery import DiscoveryError
from bachata_assets.collection.videos.place import UNREADABLE, content_of
from bachata_assets.collection.videos.transfer import OpenedObject, ReplacedError
from bachata_assets_tests.support.buckets import NAMES
from bachata_assets_tests.support.store_proxy import Asked, StoreProxy

PLACE = "s3://dances/videos"
PIECE = 1000


@pytest.fixture(autouse=True)
def _small_pieces_in_a_cache_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "cache_root", lambda: tmp_path / "cache")
    monkeypatch.setattr(transfer, "PIECE", PIECE)
    monkeypatch.setattr(transfer, "WAITS_S", (0.0, 0.0))


@pytest.fixture
def proxy(bucket: S3FileSystem, monkeypatch: pytest.MonkeyPatch) -> Iterator[StoreProxy]:
    with StoreProxy(int(os.environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.address)
        S3FileSystem.clear_instance_cache()
        yield proxy


def clip(name: str, place: str = PLACE) -> Clip:
    url = f"{place}/{name}"
    return Clip(name, Path("nowhere"), url, Annotation(), {"clip_file": "unread"}, url=url)


def fetched(videos: VideoBucket, limit: float = 1e9) -> tuple[FetchedClips, list[Arrived]]:
    seen: list[Arrived] = []

    def arrived(one: Clip, what: Arrived) -> Clip:
        seen.append(what)
        return one

    return FetchedClips(videos, limit, arrived), seen


def left(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "cache").rglob("*") if path.name != "lock"]


def test_objects_are_listed_by_their_exact_names(bucket: S3FileSystem) -> None:
    for name in NAMES:
        bucket.pipe_file(f"dances/videos/{name}/{name}.mp4", name.encode())
    bucket.pipe_file("dances/videos2/other.mp4", b"of another prefix")
    listing = VideoBucket(PLACE).listing()
    assert {str(path) for path in listing.files} == {f"{name}/{name}.mp4" for name in NAMES}
    for path, seen in listing.files.items():
        assert seen is not None
        assert seen == VideoBucket(PLACE).look(path)
        assert (seen.size, bool(seen.etag)) == (len(path.stem.encode()), True)
        assert seen.mtime_ns == pytest.approx(time.time_ns(), abs=60e9)
        assert OpenedObject(bucket, f"{PLACE}/{path}").content() == VideoBucket(PLACE).content(path)


def test_what_can_be_no_clip_is_left_out_with_a_reason(bucket: S3FileSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bachata_assets.collection.videos.bucket.LARGEST_FILE", 10)
    names = ["a.mp4", "B.MOV", "notes.txt", ".hidden/a.mp4", "x/.a.mp4", "a.mkv", "large.avi"]
    for name in names:
        bucket.pipe_file(f"dances/videos/{name}", b"x" * (11 if "large" in name else 1))
    made = ("keypoints/steps.parquet", "previews/steps.mp4", "previews/in_archive.jpg", "previews/in_archive.mp4")
    for name in ("collection.json", *made, "previews/own.mp4"):
        bucket.pipe_file(f"dances/videos/made/{name}", b"x")
    listing = VideoBucket(PLACE).listing()
    assert [str(path) for path in listing.files] == ["B.MOV", "a.mp4", "made/previews/own.mp4"]
    assert [(str(one.path), one.reason.split(":")[0]) for one in listing.left_out] == [
        ("a.mkv", "a file type that is not accepted (.mkv)"),
        ("large.avi", "larger than 1e-08 GB"),
    ]
    assert listing.hides(PurePosixPath("large.avi"))  # a clip that was there may still be made of
    assert "a.mkv" in {str(path) for path in VideoBucket(PLACE).listing(matroska=True).files}


@pytest.mark.parametrize("name", ["a//b.mp4", "/a.mp4", "../a.mp4", "x/./a.mp4", "a\x1b[2J.mp4", "a\n.mp4", "é" * 200])
def test_names_that_can_be_no_path_are_said_to_be_none(name: str) -> None:
    assert why_no_path(name)


@pytest.mark.parametrize("name", ["a.mp4", "x/y z/ä…?*[].mp4", "a..mp4", "...mp4"])
def test_other_names_can(name: str) -> None:
    assert why_no_path(name) is None


def test_an_empty_prefix_holds_nothing_and_a_listing_that_fails_half_way_says_so(
    bucket: S3FileSystem, proxy: StoreProxy
) -> None:
    assert VideoBucket(PLACE).listing().files == {}
    bucket.pipe({f"dances/videos/{number:04d}.mp4": b"" for number in range(1001)})
    proxy.asked.clear()
    assert len(VideoBucket(PLACE).listing().files) == 1001
    assert sum("list-type" in one.query and "prefix=videos" in one.query for one in proxy.asked) == 2  # one a page
    proxy.refuses = lambda asked: "continuation-token" in asked.query
    with pytest.raises(DiscoveryError, match=r"^Cannot list s3://dances/videos: .*Check the credentials"):
        VideoBucket(PLACE).listing()


@pytest.mark.parametrize("place", ["s3://nowhere/x", "s3://nowhere"])
def test_a_bucket_that_is_not_there_cannot_be_listed(bucket: S3FileSystem, place: str) -> None:
    with pytest.raises(DiscoveryError, match=f"^{place}: the bucket nowhere does not exist or is unreachable"):
        VideoBucket(place).listing()


def test_a_cut_transfer_goes_on_where_it_was(bucket: S3FileSystem, proxy: StoreProxy, tmp_path: Path) -> None:
    content = os.urandom(4 * PIECE + 1)
    bucket.pipe_file("dances/videos/a.mp4", content)
    proxy.cuts.extend([None, 10, PIECE - 1, None, 0])
    clips, arrived = fetched(VideoBucket(PLACE))
    with clips:
        clips.expect([clip("a.mp4")])
        path = clips.take(clip("a.mp4")).path
        assert path.read_bytes() == content
        assert arrived[0].content == content_of(path)
        clips.release(clip("a.mp4"))
        assert not path.exists()
    starts = [int(one.bytes.removeprefix("bytes=").split("-")[0]) for one in proxy.gets()]
    assert sorted(starts) == [0, *[PIECE] * 3, *[2 * PIECE] * 2, 3 * PIECE, 4 * PIECE]
    assert left(tmp_path) == []


def test_an_object_that_is_replaced_while_it_is_fetched_is_fetched_again(bucket: S3FileSystem, tmp_path: Path) -> None:
    contents = [b"y" * 3000, b"z" * 2000]

    class Replacing(VideoBucket):
        def open(self, url: str) -> OpenedObject:
            opened = super().open(url)
            if contents:
                bucket.pipe_file("dances/videos/a.mp4", contents.pop(0))
            return opened

    bucket.pipe_file("dances/videos/a.mp4", b"x" * 3000)
    clips, arrived = fetched(Replacing(PLACE))
    with clips:
        clips.expect([clip("a.mp4")])
        assert clips.take(clip("a.mp4")).path.read_bytes() == b"z" * 2000
    assert arrived[0].seen == VideoBucket(PLACE).look(PurePosixPath("a.mp4"))
    assert left(tmp_path) == []

    pieces = VideoBucket(PLACE).open(f"{PLACE}/a.mp4").pieces()
    next(pieces)
    bucket.pipe_file("dances/videos/a.mp4", b"another")
    with pytest.raises(ReplacedError):
        list(pieces)


def test_a_clip_that_does_not_come_fails_alone_by_its_url(
    bucket: S3FileSystem, proxy: StoreProxy, tmp_path: Path
) -> None:
    for name in ("a.mp4", "refused.mp4", "large.mp4", "b.mp4"):
        bucket.pipe_file(f"dances/videos/{name}", b"x" * (5000 if name == "large.mp4" else 2000))

    def refuses(asked: Asked) -> bool:
        return asked.method == "GET" and asked.path.endswith("refused.mp4")

    proxy.refuses = refuses
    clips, _ = fetched(VideoBucket(PLACE), limit=4000)
    wanted = [clip(name) for name in ("a.mp4", "gone.mp4", "refused.mp4", "large.mp4", "b.mp4")]
    said = {}
    with clips:
        clips.expect(wanted)
        for one in wanted:
            try:
                assert clips.take(one).path.stat().st_size == 2000
            except OSError as error:
                said[one.clip_id] = str(error)
            clips.release(one)
    assert said["gone.mp4"] == f"{PLACE}/gone.mp4: no such object"
    assert said["refused.mp4"].startswith(f"{PLACE}/refused.mp4: the store refuses it")
    assert "BACHATA_CACHE_GB" in said["large.mp4"]
    assert len(said) == 3
    assert left(tmp_path) == []


def test_no_more_than_is_allowed_lies_here(bucket: S3FileSystem, tmp_path: Path) -> None:
    names = [f"{number}.mp4" for number in range(6)]
    for name in names:
        bucket.pipe_file(f"dances/videos/{name}", b"x" * 1000)
    clips, _ = fetched(VideoBucket(PLACE), limit=2000)
    with clips:
        clips.expect([clip(name) for name in names])
        for name in names:
            path = clips.take(clip(name)).path
            time.sleep(0.1)
            assert path.is_file()
            assert len(left(tmp_path)) <= 3  # two clips and the folder that they are in
            clips.release(clip(name))
    assert left(tmp_path) == []


def test_couples_of_one_video_are_fetched_once(bucket: S3FileSystem, proxy: StoreProxy) -> None:
    bucket.pipe_file("dances/videos/a.mp4", b"x")
    first, second = clip("a.mp4"), replace(clip("a.mp4"), clip_id="a__couple_2", couple=2)
    clips, _ = fetched(VideoBucket(PLACE))
    with clips:
        clips.expect([first, second])
        assert clips.take(first).path == clips.take(second).path
        clips.release(first)
        assert clips.take(second).path.is_file()
        clips.release(second)
    assert len(proxy.gets()) == 1


def test_a_run_that_is_ended_leaves_nothing_and_a_killed_one_is_cleared_by_the_next(
    bucket: S3FileSystem, tmp_path: Path
) -> None:
    bucket.pipe_file("dances/videos/a.mp4", b"x" * 5000)
    for name in ("killed", "at-work"):
        (tmp_path / "cache" / name).mkdir(parents=True)
        (tmp_path / "cache" / name / "clip.mp4").touch()
    clips, _ = fetched(VideoBucket(PLACE))
    with FileLock(tmp_path / "cache" / "at-work" / "lock"), clips:
        clips.expect([clip("a.mp4"), clip("gone.mp4")])
        assert clips.take(clip("a.mp4")).path.is_file()
    assert {path.name for path in left(tmp_path)} == {"at-work", "clip.mp4"}


def test_clips_in_google_cloud_storage_are_listed_and_fetched(google_bucket: GCSFileSystem, tmp_path: Path) -> None:
    for name in NAMES:
        google_bucket.pipe_file(f"dances/videos/{name}.mp4", name.encode() * 1000)
    videos = VideoBucket("gs://dances/videos")
    listing = videos.listing()
    assert {path.stem for path in listing.files} == set(NAMES)
    clips, arrived = fetched(videos)
    wanted = [clip(f"{name}.mp4", "gs://dances/videos") for name in NAMES]
    with clips:
        clips.expect(wanted)
        for name, one in zip(NAMES, wanted, strict=True):
            assert clips.take(one).path.read_bytes() == name.encode() * 1000
            assert arrived[-1].seen == listing.files[PurePosixPath(f"{name}.mp4")]
            clips.release(one)
    assert left(tmp_path) == []
    google_bucket.pipe_file("dances/videos/*.mp4", b"x")
    assert videos.look(PurePosixPath("*.mp4")) != listing.files[PurePosixPath("*.mp4")]


def put_in_parts(bucket: S3FileSystem, name: str, parts: list[bytes]) -> None:
    """Upload an object as S3's own tools do a large one: each part with its sha256."""
    where = {"Bucket": "dances", "Key": f"videos/{name}"}
    upload = bucket.call_s3("create_multipart_upload", **where, ChecksumAlgorithm="SHA256")["UploadId"]
    sent = [
        {"PartNumber": number}
        | bucket.call_s3(
            "upload_part", **where, UploadId=upload, PartNumber=number, Body=part, ChecksumAlgorithm="SHA256"
        )
        for number, part in enumerate(parts, 1)
    ]
    told = [{key: part[key] for key in ("PartNumber", "ETag", "ChecksumSHA256")} for part in sent]
    bucket.call_s3("complete_multipart_upload", **where, UploadId=upload, MultipartUpload={"Parts": told})
    bucket.invalidate_cache()


def test_the_hash_that_s3_has_of_a_whole_object_is_taken_and_one_of_its_parts_is_not(
    bucket: S3FileSystem, proxy: StoreProxy
) -> None:
    bucket.pipe_file("dances/videos/whole.mp4", b"x" * 3000, ChecksumAlgorithm="SHA256")
    bucket.pipe_file("dances/videos/plain.mp4", b"x" * 3000)
    put_in_parts(bucket, "parts.mp4", [b"x" * 5 * 2**20, b"y"])
    videos = VideoBucket(PLACE)
    said = {name: videos.known_content(PurePosixPath(f"{name}.mp4")) for name in ("whole", "plain", "parts", "gone")}
    content = videos.content(PurePosixPath("whole.mp4"))
    assert said == {"whole": content, "plain": UNREADABLE, "parts": UNREADABLE, "gone": UNREADABLE}
    header = bucket.call_s3("head_object", Bucket="dances", Key="videos/parts.mp4", ChecksumMode="ENABLED")
    assert len(base64.b64decode(header["ChecksumSHA256"])) == 32  # it looks like one, and is not that of the content
    assert {one.path for one in proxy.gets()} == {"/dances/videos/whole.mp4"}  # `content` alone fetched something


def test_a_hash_is_not_taken_of_an_object_that_was_replaced_since_it_was_listed(bucket: S3FileSystem) -> None:
    bucket.pipe_file("dances/videos/a.mp4", b"x", ChecksumAlgorithm="SHA256")
    videos, path = VideoBucket(PLACE), PurePosixPath("a.mp4")
    listed = videos.listing().files[path]
    assert videos.known_content(path, listed) == videos.content(path)
    bucket.pipe_file("dances/videos/a.mp4", b"another", ChecksumAlgorithm="SHA256")
    assert videos.known_content(path, listed) == UNREADABLE


def test_google_cloud_storage_says_no_hash_that_is_taken(google_bucket: GCSFileSystem) -> None:
    google_bucket.pipe_file("dances/videos/a.mp4", b"x")
    assert VideoBucket("gs://dances/videos").known_content(PurePosixPath("a.mp4")) == UNREADABLE
