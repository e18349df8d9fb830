"""Compaction on a disk that is full, and an index of the archives that is damaged while another process reads it."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from bachata_assets.collection import compaction, layout
from bachata_assets.collection.compaction import Compacted, compact
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError, content_hash
from bachata_assets_tests.support.disks import on_a_disk
from bachata_assets_tests.support.paths import PROJECT

CLIPS = [f"c{number:02}" for number in range(12)]

ON_A_FULL_DISK = """
import sys
from contextlib import suppress
from pathlib import Path
from bachata_assets.collection import compaction
from bachata_assets.collection.compaction import compact
from bachata_assets.collection.dataset import Dataset
from bachata_assets_tests.collection.test_compaction_faults import fill, require_as_written

compaction.MOST_TABLES = 4
folder = Path(sys.argv[1])
dataset, filler = Dataset(str(folder / "data")), folder / "filler"
files = fill(dataset)
left = 0
for number in range(40):  # so many pages are left, of which an archive needs some, and an index one
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    with filler.open("r+b") as file:
        file.truncate(max(0, filler.stat().st_size // 4096 - number) * 4096)
    try:
        compact(dataset, "beats")
        print("made with", number, "pages")
        break
    except OSError as error:
        print(error.strerror, str(error.filename).removeprefix(str(folder)))
    require_as_written(Dataset(str(folder / "data")), files)
    left += sum(path.suffix == ".tmp" for path in folder.rglob("*"))
filler.unlink()
print(compact(dataset, "beats").tables, len(dataset.own_tables("beats")), left)
require_as_written(Dataset(str(folder / "data")), files)
"""


def fill(dataset: Dataset) -> dict[str, bytes]:
    """Write a table of some pages for each clip; return their files."""
    for number, clip_id in enumerate(CLIPS):
        table = pa.table({"n": [content_hash(bytes([number, row % 256, row // 256])) for row in range(300)]})
        dataset.write_table("beats", clip_id, table, {"clip_id": clip_id})
    return {clip_id: dataset.read_bytes(layout.table("beats", clip_id)) or b"" for clip_id in CLIPS}


def require_as_written(dataset: Dataset, files: dict[str, bytes]) -> None:
    """Require every table to be what was written."""
    assert dataset.table_sizes("beats") == {clip_id: len(content) for clip_id, content in files.items()}
    for clip_id, content in files.items():
        dataset.check_content(layout.table("beats", clip_id), content_hash(content))


def test_a_disk_that_is_full_at_any_moment_costs_no_table_and_with_room_the_same_command_goes_on(
    tmp_path: Path,
) -> None:
    command = [*on_a_disk(tmp_path, "size=1m"), sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    *said, made, after = done.stdout.splitlines()
    assert made.startswith("made with ")
    refused = {line.removeprefix("No space left on device ").rpartition("/")[2] for line in said}
    assert "index.parquet" in refused  # and archives, which are called by the hash of what they hold
    assert any(name.endswith(".zip") for name in refused)
    assert all(line.startswith("No space left on device /data/archives/beats/") for line in said)
    assert after.endswith(" 0 0")


@pytest.fixture
def compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Dataset, dict[str, bytes]]:
    monkeypatch.setattr(compaction, "MOST_TABLES", 4)
    dataset = Dataset(str(tmp_path))
    files = fill(dataset)
    assert compact(dataset, "beats") == Compacted(len(CLIPS), 3, 0)
    return dataset, files


def test_an_index_that_is_cut_while_another_process_reads_is_named_and_nothing_else_is_taken_for_damaged(
    compacted: tuple[Dataset, dict[str, bytes]],
) -> None:
    dataset, files = compacted
    reader, index = Dataset(dataset.url), Path(dataset.path(layout.archive_index("beats")))
    require_as_written(reader, files)
    whole = index.read_bytes()
    for length in range(0, len(whole), max(1, len(whole) // 16)):
        for damaged in (whole[:length], whole[:length] + bytes(len(whole) - length)):
            index.write_bytes(damaged)
            for read in (
                lambda: reader.table_sizes("beats"),
                lambda: reader.read_table("beats", CLIPS[5]),
                lambda: list(reader.prefetched("beats", CLIPS)),
                lambda: reader.set_aside(layout.table("beats", CLIPS[5])),
                lambda: compact(dataset, "beats"),
            ):
                with pytest.raises(DamagedError) as raised:
                    read()
                assert raised.value.path == str(index)
            index.write_bytes(whole)
            require_as_written(reader, files)
    assert sorted(path.name for path in index.parent.iterdir() if path.suffix == ".zip") == sorted(
        {f"{entry.archive}.zip" for entry in dataset.archives("beats").index().entries().values()}
    )


def test_what_a_process_left_that_was_killed_as_it_wrote_an_archive_is_removed(
    compacted: tuple[Dataset, dict[str, bytes]],
) -> None:
    dataset, files = compacted
    left = Path(dataset.path(f"{layout.archive('beats', 'a' * 32)}.1234abcd.tmp"))
    left.write_bytes(b"half an archive")
    assert compact(dataset, "beats") == Compacted()
    assert not left.exists()
    require_as_written(dataset, files)


def test_clips_of_a_run_that_begins_meanwhile_are_left_out(tmp_path: Path) -> None:
    dataset = Dataset(str(tmp_path))
    files = fill(dataset)
    answers = iter([set(), {CLIPS[3]}])
    assert compact(dataset, "beats", lambda: next(answers)) == Compacted(len(CLIPS) - 1, 1, 0)
    assert set(dataset.own_tables("beats")) == {CLIPS[3]}
    require_as_written(dataset, files)
