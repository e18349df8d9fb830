"""The labels of a collection's clips, from its table of all clips."""

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset

LABELS = ("move_label", "difficulty", "energy_level")
"""Columns of the table `embeddings` by which clips are chosen."""


def labels_of(dataset: Dataset) -> dict[str, list[str]]:
    """Return column -> its values, sorted; empty before the table is made.

    Raises
    ------
    DamagedError
        Names the file.
    """
    table = dataset.read_parquet(layout.EMBEDDINGS, LABELS)
    if table is None:
        return {}
    return {name: sorted(filter(None, set(table[name].to_pylist()))) for name in LABELS}
