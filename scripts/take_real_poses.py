r"""Take the poses and beats of four real clips for the tests: numbers only, no picture of anybody.

    uv run bachata-assets generate --video_dir ../shared/clips/Bachata_steps \
        --annotations ../shared/clips/bachata_annotations.json --data_dir DATA_DIR
    uv run python -m scripts.take_real_poses DATA_DIR   # the tables, and the vectors made of them
    uv run python -m scripts.take_real_poses            # the vectors alone, after a change of them that is meant

What the clips are: `bachata_assets_tests/data/real_poses/README.md`.
"""

import argparse

import numpy as np
import pyarrow.parquet as pq

from bachata_assets.collection.dataset import Dataset
from bachata_assets.music.beats import Beats
from bachata_assets.pose.couple_keypoints import CoupleKeypoints
from bachata_assets_tests.support.real_poses import CLIPS, FOLDER, VECTORS, computed_vectors
from training.role_weights import lead_first


def main() -> None:
    """Write the tables of a data dir where one is given, and the vectors of the tables that are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data_dir", nargs="?")
    data_dir = parser.parse_args().data_dir
    if data_dir:
        take_tables(Dataset(data_dir))
    vectors = {f"{clip}/{family}": v for clip in CLIPS for family, v in computed_vectors(clip).items()}
    np.savez_compressed(VECTORS, **vectors)  # type: ignore[arg-type]  # mypy takes the arrays for numpy's own flag


def take_tables(dataset: Dataset) -> None:
    """Copy the tables of the four clips, without what tells how and when they were made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for clip in CLIPS:
        couple = lead_first(CoupleKeypoints.from_table(dataset.read_table("keypoints", clip)), 0.5, CLIPS[clip])
        beats = Beats.from_table(dataset.read_table("beats", clip))
        for name, table in (("keypoints", couple.to_table()), ("beats", beats.to_table())):
            pq.write_table(table, FOLDER / f"{clip}.{name}.parquet", compression="zstd")


if __name__ == "__main__":
    main()
