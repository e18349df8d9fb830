"""What survives `kill -9` of a compaction, and a compaction beside a run that makes the same tables.

    uv run python -m benchmarks.platform.compaction [--kills N] [--beside N] [--clips N] [--seed S]

Tables of `--clips` clips are compacted into archives of 20, in a process that is killed at a seeded moment: so many
archives, and some milliseconds behind. Then every table has to be what was written, whoever reads it, and the next
compaction has to leave nothing but archives that are in use. Beside a run: the same clips, with stages that cost
nothing (`scale.py`), are made again and again by `generate` in a process of its own, each time from other files, while
this one compacts without a pause. Afterwards every table has to be whole and of the last files, and the next call has
nothing to do. All that is counted is to be zero.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from bachata_assets.collection import compaction, layout
from bachata_assets.collection.compaction import compact
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.whole_files import DamagedError, content_hash
from bachata_assets.commands.generate import generate
from bachata_assets.orchestration.history import damaged_tables
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.jobs import compact_tables
from bachata_assets.pipeline.workers.pool import close_pools
from benchmarks.platform.scale import platform_of, put_clips, say

ASSET = "beats"
TABLES = 20
"""Most tables of an archive here."""
LONGEST_DELAY_S = 0.05
_PROCESSES = multiprocessing.get_context("forkserver")


def fill(dataset: Dataset, clips: int, numbers: np.random.Generator) -> dict[str, str]:
    """Write a table of each clip; return the hashes of their files."""
    return {
        clip_id: dataset.write_table(
            ASSET, clip_id, pa.table({"n": numbers.normal(size=numbers.integers(9, 999))}), {"clip_id": clip_id}
        ).sha256
        for clip_id in (f"c{number:06}" for number in range(clips))
    }


def compact_all(url: str) -> None:
    """Compact the tables of a data dir into small archives."""
    compaction.MOST_TABLES = TABLES
    compact(Dataset(url), ASSET)


def wrong_tables(dataset: Dataset, written: dict[str, str]) -> int:
    """Return how many tables are not what was written, read one by one and many at once."""
    sizes, wrong = dataset.table_sizes(ASSET), set()
    for clip_id, content in dataset.prefetched(ASSET, list(written)):
        try:
            one = dataset.check_content(layout.table(ASSET, clip_id))
            if (one.sha256, one.size) != (written[clip_id], sizes.get(clip_id)):
                wrong.add(clip_id)
        except (DamagedError, OSError):
            wrong.add(clip_id)
        if content is not None and content_hash(content) != written[clip_id]:
            wrong.add(clip_id)
    return len(wrong | (sizes.keys() ^ written.keys()))


def kill(folder: Path, clips: int, chosen: random.Random) -> tuple[int, int, int]:
    """Kill a compaction; return wrong tables after it, after the next one, and files that are of no use then."""
    dataset = Dataset(str(folder))
    written = fill(dataset, clips, np.random.default_rng(chosen.randrange(2**32)))
    archives, delay_s = chosen.randrange(clips // TABLES), chosen.uniform(0, LONGEST_DELAY_S)
    process = _PROCESSES.Process(target=compact_all, args=(str(folder),))
    process.start()
    while process.is_alive() and len(dataset.looks_in(f"{layout.ARCHIVES}/{ASSET}", layout.ARCHIVE_SUFFIX)) < archives:
        time.sleep(0.001)
    time.sleep(delay_s)
    process.kill()
    process.join()
    after = wrong_tables(Dataset(str(folder)), written)
    compact_all(str(folder))
    again = wrong_tables(Dataset(str(folder)), written)
    used = {layout.archive(ASSET, entry.archive) for entry in dataset.archives(ASSET).index().entries().values()}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return after, again, len(there - used - {layout.archive_index(ASSET), layout.LOCK})


def make(folder: Path, tried: int) -> None:
    """Make the clips of a folder, in a process of its own; so many have to be worked on."""
    platform = platform_of(folder)
    try:
        with open_instance(platform.settings.data_dir) as instance:
            done = generate(platform, instance)
    finally:
        close_pools()  # nothing does at the end of a process like this
    assert (done.tried, len(done.status.failed)) == (tried, 0), (done.tried, done.status.failed[:3])


def beside(folder: Path, clips: int, chosen: random.Random) -> tuple[int, int]:
    """Compact while the clips are made of other files; return the number of compactions, and of damaged tables."""
    platform = platform_of(folder)
    path = Path(str(platform.settings.video_dir)) / "c000000.mp4"
    if not path.exists():
        put_clips(platform, clips)
    path.write_bytes(chosen.randbytes(9))  # all clips are names of one file
    process = _PROCESSES.Process(target=make, args=(folder, clips))
    process.start()
    compactions = 0
    with open_instance(platform.settings.data_dir) as instance:
        while process.is_alive():
            compactions += 1
            for _ in compact_tables(instance, platform.stages, platform.dataset):
                time.sleep(chosen.uniform(0, 0.1))
        assert process.exitcode == 0
        damaged = sum(len(found) for _, found in damaged_tables(instance, platform.dataset, platform.stages))
    again = _PROCESSES.Process(target=make, args=(folder, 0))
    again.start()
    again.join()
    assert again.exitcode == 0
    return compactions, damaged


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="compactions that are killed")
    parser.add_argument("--beside", type=int, default=5, help="runs that a compaction is beside of")
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    chosen = random.Random(words.seed)
    _PROCESSES.set_forkserver_preload(["bachata_assets.collection.compaction"])
    print("| what | measured |\n|---|---|")
    found = 0
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(words.kills):
            counts = kill(Path(temporary) / f"kill_{number}", words.clips, chosen)
            found += sum(counts)
            say(f"kill {number}: wrong tables; after the next compaction; files of no use", "; ".join(map(str, counts)))
        for number in range(words.beside):
            compactions, damaged = beside(Path(temporary) / "beside", words.clips, chosen)
            found += damaged
            say(f"run {number}: compactions beside it; damaged tables", f"{compactions}; {damaged}")
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
