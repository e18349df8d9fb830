"""Tables in archives: in a folder, and in a bucket with a real client of S3 and a server of the test's own."""

import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from bachata_assets.collection import compaction, layout
from bachata_assets.collection.compaction import Compacted, compact
from bachata_assets.collection.data_dir.archives import UNKNOWN_SIZE, Archives
from bachata_assets.collection.data_dir.files import Files
from bachata_assets.collection.dataset import Dataset, TableMissingError, provenance_of
from bachata_assets.collection.rebuild import rebuild_archive_index
from bachata_assets.collection.whole_files import DamagedError, content_hash

CLIPS = sorted(["a", "b", "*", "title [abc]", "a::b", "größe 💃"])
ARCHIVES = "archives/beats"


@pytest.fixture(params=["folder", "bucket"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A data dir in a folder, and in a bucket."""
    if request.param == "folder":
        return str(tmp_path / "data")
    request.getfixturevalue("bucket")
    return "s3://dances/made"


@pytest.fixture
def dataset(url: str) -> Dataset:
    return Dataset(url)


def fill(dataset: Dataset, clip_ids: list[str] = CLIPS, *, made_at: float = 1.0) -> dict[str, bytes]:
    """Write a table of each clip, of which no two are the same; return their files."""
    for clip_id in clip_ids:
        numbers = np.random.default_rng(len(clip_id) + int(made_at)).normal(size=50 + ord(clip_id[0]) % 50)
        table = pa.table({"n": numbers}).replace_schema_metadata({"tempo": clip_id})
        dataset.write_table("beats", clip_id, table, {"clip_id": clip_id, "made_at": made_at})
    return {clip_id: content_of(dataset, clip_id) for clip_id in clip_ids}


def content_of(dataset: Dataset, clip_id: str) -> bytes:
    return dataset.read_bytes(layout.table("beats", clip_id)) or b""


def own_files(dataset: Dataset) -> set[str]:
    return set(dataset.own_tables("beats"))


def archives_of(dataset: Dataset) -> list[str]:
    return sorted(dataset.looks_in(ARCHIVES, ".zip"))


def require_as_written(dataset: Dataset, files: dict[str, bytes]) -> None:
    """Require every table to be what was written, byte for byte, however it is asked for."""
    assert dataset.table_sizes("beats") == {clip_id: len(content) for clip_id, content in files.items()}
    for clip_id, content in files.items():
        name = layout.table("beats", clip_id)
        checked = dataset.check_content(name, content_hash(content))
        assert (checked.size, checked.sha256) == (len(content), content_hash(content))
        assert dataset.read_table("beats", clip_id).equals(checked.table, check_metadata=True)
        assert dataset.provenance_at(name) == provenance_of(checked.table)
        assert dataset.metadata_at(name)[b"tempo"].decode() == clip_id
        assert dataset.read_parquet(name, ["n"]) == checked.table
    read = {
        clip_id: content or content_of(dataset, clip_id) for clip_id, content in dataset.prefetched("beats", [*files])
    }
    assert read == files


def test_tables_in_archives_are_what_was_written_byte_for_byte(dataset: Dataset, url: str) -> None:
    files = fill(dataset)
    require_as_written(dataset, files)
    done = compact(dataset, "beats")
    assert done == Compacted(len(CLIPS), 1, 0)
    assert str(done) == f"{len(CLIPS)} tables into 1 archive"
    assert own_files(dataset) == set()
    require_as_written(dataset, files)
    require_as_written(Dataset(url), files)
    assert compact(dataset, "beats") == Compacted()
    with pytest.raises(TableMissingError, match="beats of clip x has not been made"):
        dataset.read_table("beats", "x")


@pytest.mark.usefixtures("google_bucket")
def test_tables_in_archives_in_google_cloud_storage_are_what_was_written() -> None:
    dataset = Dataset("gs://dances/made")
    files = fill(dataset)
    compact(dataset, "beats")
    assert own_files(dataset) == set()
    require_as_written(dataset, files)
    files |= fill(dataset, ["a", "*"], made_at=2.0)
    assert compact(dataset, "beats") == Compacted(2, 1, 1)
    require_as_written(Dataset("gs://dances/made"), files)


def test_an_archive_is_a_zip_file_that_gives_the_files_back(dataset: Dataset) -> None:
    files = fill(dataset)
    compact(dataset, "beats")
    (name,) = archives_of(dataset)
    with zipfile.ZipFile(io.BytesIO(dataset.read_bytes(f"{ARCHIVES}/{name}") or b"")) as archive:
        assert {one: archive.read(one) for one in archive.namelist()} == {
            layout.table("beats", clip_id): content for clip_id, content in files.items()
        }


def test_a_table_that_is_made_again_counts_before_and_after_it_is_compacted_too(dataset: Dataset, url: str) -> None:
    files = fill(dataset)
    compact(dataset, "beats")
    before = archives_of(dataset)
    files |= fill(dataset, ["a", "*", "new"], made_at=2.0)
    require_as_written(dataset, files)
    require_as_written(Dataset(url), files)
    assert compact(dataset, "beats") == Compacted(3, 1, 1)  # all in one again, since the first held few
    assert not {*before} & {*archives_of(dataset)}
    require_as_written(dataset, files)


def test_archives_that_are_full_are_left_and_those_of_which_little_is_used_are_put_together(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MOST_TABLES", 4)
    clip_ids = [f"c{number}" for number in range(8)]
    files = fill(dataset, clip_ids)
    assert compact(dataset, "beats") == Compacted(8, 2, 0)
    first, second = archives_of(dataset)
    files |= fill(dataset, ["c0", "c1", "c2"], made_at=2.0)
    assert compact(dataset, "beats") == Compacted(3, 1, 1)  # with c3, of the archive that is removed
    assert len({first, second} & {*archives_of(dataset)}) == 1
    require_as_written(dataset, files)
    sizes = {clip_id: entry.archive for clip_id, entry in dataset.archives("beats").index().entries().items()}
    assert len({sizes[clip_id] for clip_id in clip_ids[:4]}) == 1


def test_an_archive_takes_no_more_than_so_many_bytes(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    files = fill(dataset, ["a", "b", "c"])
    monkeypatch.setattr(compaction, "MOST_BYTES", len(files["a"]) + len(files["b"]))
    assert compact(dataset, "beats") == Compacted(3, 2, 0)
    require_as_written(dataset, files)


def test_clips_that_a_run_uses_are_left_out(dataset: Dataset) -> None:
    files = fill(dataset)
    compact(dataset, "beats", lambda: {"a", "*"})
    assert own_files(dataset) == {"a", "*"}
    require_as_written(dataset, files)


def test_removed_tables_are_gone_from_archives_too(dataset: Dataset, url: str) -> None:
    files = fill(dataset)
    compact(dataset, "beats")
    files |= fill(dataset, ["b"], made_at=2.0)
    dataset.delete_tables("beats", {"a", "b", "*", "never made"})
    kept = {clip_id: content for clip_id, content in files.items() if clip_id not in ("a", "b", "*")}
    require_as_written(dataset, kept)
    require_as_written(Dataset(url), kept)
    fill(dataset, ["z"])
    compact(dataset, "beats")
    for name in archives_of(dataset):
        packed = dataset.read_bytes(f"{ARCHIVES}/{name}") or b""
        assert b"beats/a.parquet" not in packed


def test_no_older_table_counts_again_where_a_damaged_one_is_set_aside(dataset: Dataset) -> None:
    files = fill(dataset)
    compact(dataset, "beats")
    fill(dataset, ["a", "*"], made_at=2.0)
    dataset.write_bytes(layout.table("beats", "a"), overwrite(files["a"]))
    dataset.set_tables_aside("beats", {"a", "b", "never made"})
    assert dataset.read_bytes(f"{layout.table('beats', 'a')}.damaged") == overwrite(files["a"])
    assert set(dataset.table_sizes("beats")) == {*CLIPS} - {"a", "b"}
    assert own_files(dataset) == {"*"}


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.mark.parametrize("writes", [0, 1, 2, 3])
def test_a_compaction_that_is_killed_loses_nothing_and_the_next_repeats_nothing(
    writes: int, dataset: Dataset, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fill(dataset)
    written: list[str] = []
    write = Files.write_bytes

    def killed(self: Files, name: str, content: bytes) -> None:
        if len(written) == writes:
            raise KilledError
        written.append(name)
        write(self, name, content)

    def not_removed(self: Files, names: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Files, "write_bytes", killed)
        patched.setattr(Files, "delete_all", not_removed)
        with pytest.raises(KilledError):
            compact(dataset, "beats")
    index = layout.archive_index("beats")
    assert [name == index for name in written] == [True, False, True][:writes]
    assert own_files(dataset) == {*CLIPS}
    require_as_written(Dataset(url), files)
    done = compact(Dataset(url), "beats")
    assert done == Compacted(len(CLIPS), 0 if writes == 3 else 1, 0)
    assert len(archives_of(dataset)) == 1
    assert own_files(dataset) == set()
    require_as_written(dataset, files)


def test_all_that_is_changed_is_changed_under_the_lock(dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(dataset)
    held, lock, changed = [], Files.lock, []

    @contextmanager
    def noted(self: Files) -> Iterator[None]:
        with lock(self):
            held.append(True)
            yield
            held.pop()

    def guarded(name: str) -> Callable[..., None]:
        change: Callable[..., None] = getattr(Files, name)

        def call(self: Files, *rest: object) -> None:
            assert held, (name, rest)
            changed.append(name)
            change(self, *rest)

        return call

    monkeypatch.setattr(Files, "lock", noted)
    for name in ("write_bytes", "delete_all"):
        monkeypatch.setattr(Files, name, guarded(name))
    compact(dataset, "beats")
    dataset.delete_tables("beats", {"a"})
    dataset.set_aside(layout.table("beats", "b"))
    assert set(changed) == {"write_bytes", "delete_all"}
    assert set(dataset.table_sizes("beats")) == {*CLIPS} - {"a", "b"}


def test_a_table_that_is_made_while_it_is_compacted_stays_and_counts(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fill(dataset)
    read = compaction._read

    def made_meanwhile(*arguments: object) -> object:
        yield from read(*arguments)  # type: ignore[arg-type]
        files.update(fill(dataset, ["b"], made_at=2.0))
        dataset.delete_tables("beats", {"a"})

    monkeypatch.setattr(compaction, "_read", made_meanwhile)
    assert compact(dataset, "beats") == Compacted(len(CLIPS) - 2, 1, 0)
    del files["a"]
    assert own_files(dataset) == {"b"}
    require_as_written(dataset, files)


def test_who_reads_meanwhile_never_misses_a_table(url: str) -> None:
    files = fill(Dataset(url))
    reader, done = Dataset(url), threading.Event()
    missed: list[str] = []
    rounds = 0

    def read() -> None:
        nonlocal rounds
        while not done.is_set():
            try:
                if (sizes := reader.table_sizes("beats")) != {name: len(content) for name, content in files.items()}:
                    missed.append(str(sizes))
                for clip_id, content in reader.prefetched("beats", CLIPS):
                    reader.read_table("beats", clip_id, content)
                    reader.read_table("beats", clip_id)
            except Exception as error:
                missed.append(repr(error))
                raise
            rounds += 1

    thread = threading.Thread(target=read)
    thread.start()
    writer = Dataset(url)
    for _ in range(3):
        compact(writer, "beats")
        for clip_id in ("a", "b"):
            writer.write_bytes(layout.table("beats", clip_id), files[clip_id])
    done.set()
    thread.join()
    assert missed == []
    assert rounds


def test_a_reader_follows_a_table_into_another_archive(dataset: Dataset, url: str) -> None:
    files = fill(dataset)
    compact(dataset, "beats")
    reader = Dataset(url)
    require_as_written(reader, files)
    files |= fill(dataset, ["new"])
    compact(dataset, "beats")  # the archive that the reader knows is removed
    require_as_written(reader, files)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def overwrite(content: bytes) -> bytes:
    return b"nothing of this is a table".ljust(len(content), b".")


@pytest.mark.parametrize("damage", [cut, overwrite, None])
def test_damage_of_an_archive_is_named_with_the_tables_in_it_which_can_be_made_again(
    damage: Callable[[bytes], bytes] | None, dataset: Dataset
) -> None:
    files = fill(dataset)
    compact(dataset, "beats")
    (archive,) = archives_of(dataset)
    name = f"{ARCHIVES}/{archive}"
    whole = dataset.read_bytes(name) or b""
    if damage:
        dataset.write_bytes(name, damage(whole))
    else:
        dataset.delete(name)
    if damage is not overwrite:  # of the same size: only who reads it notices
        assert dataset.table_sizes("beats") == dict.fromkeys(CLIPS, UNKNOWN_SIZE)
    why = "is not what was written" if damage else "is gone"
    said = {}
    for clip_id, content in dataset.prefetched("beats", CLIPS):
        try:
            dataset.check_content(layout.table("beats", clip_id), content=content)
        except DamagedError as error:
            said[clip_id] = str(error).partition(": ")[0]
    damaged = list(said)
    assert said == {
        clip_id: f"{dataset.table_path('beats', clip_id)} is damaged (its archive {name} {why})" for clip_id in damaged
    }
    whole_ones = {clip_id for clip_id in CLIPS if damage is cut and whole[: len(whole) // 2].count(files[clip_id])}
    assert {*CLIPS} - {*damaged} == whole_ones
    for clip_id in damaged[:2]:
        dataset.set_aside(layout.table("beats", clip_id))
    assert set(dataset.table_sizes("beats")) == {*CLIPS} - {*damaged[:2]}
    again = fill(dataset, damaged, made_at=3.0)
    files |= again
    assert {clip_id: content_of(dataset, clip_id) for clip_id in damaged} == again
    compact(dataset, "beats")
    require_as_written(dataset, files)


def test_an_index_that_is_lost_or_damaged_is_named_and_found_again_in_the_archives(dataset: Dataset) -> None:
    files = fill(dataset)
    compact(dataset, "beats", lambda: {"a"})
    files |= fill(dataset, ["b"], made_at=2.0)
    index = layout.archive_index("beats")
    entries = dataset.archives("beats").index().entries()
    dataset.write_bytes(index, b"PAR1")
    with pytest.raises(DamagedError, match=r"archives/beats/index\.parquet is damaged"):
        dataset.table_sizes("beats")
    dataset.set_aside(index)
    with pytest.raises(DamagedError, match=r"index\.parquet is damaged \(it is gone, but there are archives"):
        compact(dataset, "beats")
    dataset.write_bytes(f"{ARCHIVES}/none.zip", b"no archive")
    assert rebuild_archive_index(dataset, "beats") == len(CLIPS) - 1
    assert dataset.archives("beats").index().entries() == entries
    assert dataset.looks_in(ARCHIVES).keys() >= {"none.zip.damaged", "index.parquet.damaged"}
    require_as_written(dataset, files)


def test_where_nothing_is_in_archives_nothing_more_is_asked_for_than_a_list(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = Dataset(url)
    files = fill(dataset)

    def asked(*_: object) -> None:
        raise AssertionError("an index was asked for")

    monkeypatch.setattr(Archives, "index", asked)
    require_as_written(dataset, files)
    assert dataset.looks_in("archives") == {}
