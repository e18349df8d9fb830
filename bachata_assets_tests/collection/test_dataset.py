"""Tables, files and settings of a data dir."""

import errno
import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bachata_assets.collection.dataset import Dataset, TableMissingError, provenance_of
from bachata_assets.collection.whole_files import DamagedError


@pytest.fixture(params=["local", "memory"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    """A data dir on disk, and one in an object store's likeness."""
    return Dataset(url=str(tmp_path / "data") if request.param == "local" else f"memory://{tmp_path.name}")


def test_a_table_comes_back_with_its_provenance(dataset: Dataset) -> None:
    written = dataset.write_table("beats", "a b", pa.table({"n": [1, 2]}), {"data_version": "v"})
    read = dataset.read_table("beats", "a b")
    assert read.equals(written.table)
    assert provenance_of(read) == provenance_of(written.table) == {"data_version": "v"}
    assert dataset.clip_ids("beats") == {"a b"}


def test_metadata_of_the_table_itself_is_kept(dataset: Dataset) -> None:
    dataset.write_table("beats", "a", pa.table({"n": [1]}).replace_schema_metadata({"tempo": "120"}), {})
    assert dataset.read_table("beats", "a").schema.metadata[b"tempo"] == b"120"


def test_a_missing_table_says_what_to_materialize(dataset: Dataset) -> None:
    with pytest.raises(TableMissingError, match="beats of clip x has not been made: materialize beats"):
        dataset.read_table("beats", "x")


def test_the_table_of_another_clip_is_damage(dataset: Dataset) -> None:
    dataset.write_table("lead_embedding", "a", pa.table({"clip_id": ["b"]}), {})
    with pytest.raises(DamagedError, match=r"lead_embedding/a\.parquet is damaged \(it is the table of another clip\)"):
        dataset.read_table("lead_embedding", "a")


def test_an_asset_never_made_has_no_clips(dataset: Dataset) -> None:
    assert dataset.clip_ids("beats") == set()


def test_what_is_remembered_stays(dataset: Dataset) -> None:
    dataset.remember(precision="f32")
    dataset.remember(video_dir="/clips")
    assert dataset.collection() == {"precision": "f32", "video_dir": "/clips"}


def test_a_write_that_breaks_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset(url=str(tmp_path))
    dataset.write_text("report.json", "old")

    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left") as caught:
        dataset.write_text("report.json", "new")
    assert caught.value.filename == str(tmp_path / "report.json")
    assert dataset.read_text("report.json") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_table_that_is_written_part_by_part_is_whole_or_as_before(dataset: Dataset) -> None:
    parts = [pa.table({"n": [1, 2]}), pa.table({"n": [3]})]
    assert dataset.write_parts("all.parquet", parts[0].schema, parts) == 3
    assert dataset.read_parquet("all.parquet") == pa.concat_tables(parts)
    content = dataset.read_bytes("all.parquet")
    assert content is not None
    assert dataset.sha256("all.parquet") == hashlib.sha256(content).hexdigest()[:32]

    def breaks() -> Iterator[pa.Table]:
        yield parts[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        dataset.write_parts("all.parquet", parts[0].schema, breaks())
    assert dataset.read_bytes("all.parquet") == content
    assert set(dataset.looks_in("")) == {"all.parquet"}


def test_content_and_name_are_on_the_disk_before_a_write_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    fsync = os.fsync

    def sync(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", sync)
    dataset = Dataset(url=str(tmp_path / "data"))
    dataset.write_table("beats", "a", pa.table({"n": [1]}), {})
    assert Path(synced[0]).name.startswith("a.parquet.")  # the content, under the name it is written by
    assert synced[1:] == [str(tmp_path / "data" / "beats"), str(tmp_path / "data"), str(tmp_path)]


def test_what_was_written_is_told_with_size_and_hash(dataset: Dataset) -> None:
    written = dataset.write_table("beats", "a", pa.table({"n": [1, 2]}), {"data_version": "v"})
    content = dataset.read_bytes("beats/a.parquet")
    assert content is not None
    assert (written.size, written.sha256) == (len(content), hashlib.sha256(content).hexdigest()[:32])
    assert dataset.table_sizes("beats") == {"a": len(content)}
    assert dataset.size("beats/a.parquet") == len(content)
    assert dataset.provenance_at("beats/a.parquet") == {"data_version": "v"}
    again = dataset.check_content("beats/a.parquet", written.sha256)
    assert again.table.equals(written.table)
    assert (again.size, again.sha256) == (written.size, written.sha256)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def write_zeros(content: bytes) -> bytes:
    return bytes(len(content))


@pytest.mark.parametrize("damage", [cut, write_zeros, lambda _: b"", lambda _: b"PAR1", lambda _: b"{}" * 1000])
def test_a_damaged_table_is_told_by_its_footer_and_named(dataset: Dataset, damage: Callable[[bytes], bytes]) -> None:
    dataset.write_table("beats", "a", pa.table({"n": list(range(1000))}), {})
    dataset.write_bytes("beats/a.parquet", damage(dataset.read_bytes("beats/a.parquet") or b""))
    for read in (
        lambda: dataset.provenance_at("beats/a.parquet"),
        lambda: dataset.read_table("beats", "a"),
        lambda: dataset.read_parquet("beats/a.parquet", ["n"]),
        lambda: dataset.check_content("beats/a.parquet"),
    ):
        with pytest.raises(DamagedError, match=r"beats/a\.parquet is damaged \(.*\): `bachata-assets repair` mends"):
            read()


def test_every_bit_that_a_disk_turns_in_a_table_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0)
    table = pa.table({"x": numbers.normal(size=500), "word": ["left", "right"] * 250})
    dataset = Dataset(str(tmp_path))
    whole = dataset.write_table("beats", "a", table, {"data_version": "v"})
    path = tmp_path / "beats" / "a.parquet"
    content = path.read_bytes()
    for at in numbers.integers(0, len(content), 200):
        turned = bytearray(content)
        turned[at] ^= 1 << int(at) % 8
        path.write_bytes(turned)
        with pytest.raises(DamagedError, match="its content is not what was written"):
            dataset.check_content("beats/a.parquet", whole.sha256)
        try:
            read = dataset.read_table("beats", "a")
        except DamagedError:
            continue
        assert read.to_pydict() == table.to_pydict(), at  # the bit was in a part that says nothing of the values


def test_a_damaged_table_that_was_set_aside_is_not_there_any_more(dataset: Dataset) -> None:
    dataset.write_table("beats", "a", pa.table({"n": [1]}), {})
    dataset.write_bytes("beats/a.parquet", b"damaged")
    dataset.set_aside("beats/a.parquet")
    assert dataset.clip_ids("beats") == set()
    assert dataset.size("beats/a.parquet") is None
    assert dataset.read_bytes("beats/a.parquet.damaged") == b"damaged"


@pytest.mark.parametrize("content", [b'{"precision": "f3', b"[]", b"\xff\xfe", b"null"])
def test_damaged_facts_of_the_collection_are_one_line_that_names_the_file(dataset: Dataset, content: bytes) -> None:
    dataset.write_bytes("collection.json", content)
    with pytest.raises(DamagedError, match=r"collection\.json is damaged \(.*\): `bachata-assets repair`"):
        dataset.collection()


NAMES = [
    "*",
    "title [abc]",
    "a?b",
    "{a,b}",
    "50 % #1",
    "a+b&c=d",
    "~",
    "a::b",
    "?versionId=1",
    "größe 💃",
    "a\\b",
    "[!a]",
]


@pytest.mark.parametrize("folder", ["data", "[data] *", "a::b", "~"])
def test_names_and_folders_are_never_patterns(tmp_path: Path, folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = Dataset(folder)
    for name in NAMES:
        dataset.write_table("beats", name, pa.table({"n": [1]}), {"of": name})
    assert {path.stem for path in (tmp_path / folder / "beats").iterdir()} == set(NAMES)
    for number, name in enumerate(NAMES, 1):
        assert provenance_of(dataset.read_table("beats", name)) == {"of": name}
        dataset.delete_tables("beats", {name})
        assert dataset.clip_ids("beats") == set(NAMES[number:])


def test_facts_that_many_processes_remember_at_once_are_all_kept(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_remember, [str(tmp_path)] * 4, range(4)))
    assert Dataset(str(tmp_path)).collection() == {f"{worker}_{n}": n for worker in range(4) for n in range(20)}


def _remember(url: str, worker: int) -> None:
    for number in range(20):
        Dataset(url).remember(**{f"{worker}_{number}": number})


@pytest.mark.parametrize("in_its_place", ["nothing", "another"])
def test_no_other_folder_is_taken_for_a_data_dir_that_went_away(in_its_place: str, tmp_path: Path) -> None:
    opened = Dataset(url=str(tmp_path / "data"))
    opened.remember(video_dir="videos")
    (tmp_path / "data").rename(tmp_path / "away")
    if in_its_place == "another":
        (tmp_path / "data").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FileNotFoundError, match="the data dir disappeared during a write") as said:
        opened.write_table("beats", "a", pa.table({"n": [1]}), {})
    assert said.value.filename == str(tmp_path / "data")
    assert sorted(tmp_path.rglob("*")) == before
    if in_its_place == "another":
        (tmp_path / "data").rmdir()
    (tmp_path / "away").rename(tmp_path / "data")
    opened.write_table("beats", "a", pa.table({"n": [1]}), {})
    assert opened.clip_ids("beats") == {"a"}


@pytest.mark.parametrize(
    ("error", "named"),
    [
        (OSError(errno.ENOSPC, "full"), "{place}/a.json"),
        (PermissionError(errno.EACCES, "not allowed", "elsewhere/b.parquet"), "elsewhere/b.parquet"),
        (TableMissingError("beats of clip b has not been made"), None),
    ],
)
def test_what_is_read_while_a_file_is_written_piece_by_piece_keeps_its_name(
    error: OSError, named: str | None, tmp_path: Path
) -> None:
    def write(_file: object) -> None:
        raise error

    said = str(error)
    with pytest.raises(type(error)) as raised:
        Dataset(str(tmp_path)).write_pieces("a.json", write)
    assert raised.value.filename == (named and named.format(place=tmp_path))
    assert named == "{place}/a.json" or str(raised.value) == said
    assert list(tmp_path.iterdir()) == []
