"""Whether the search index holds what was made: two checks over all clips."""

from collections.abc import Sequence

import dagster as dg
import numpy as np

from bachata_assets.collection.clip_tables import vector_of
from bachata_assets.collection.dataset import Dataset
from bachata_assets.families import DIMENSIONS
from bachata_assets.orchestration.search_resource import SearchIndexResource

SAMPLE_SIZE = 50
"""Clips that are read back and compared."""


def index_checks() -> Sequence[dg.AssetChecksDefinition]:
    """Return the checks; they hang on `embeddings`, which is made after the clips."""

    @dg.asset_check(asset="embeddings", description="Every clip that was indexed is in the index, and nothing else is.")
    def index_is_complete(dataset: Dataset, search: dg.ResourceParam[SearchIndexResource]) -> dg.AssetCheckResult:
        from bachata_assets.search.checks import check_index_complete
        from bachata_assets.search.errors import SearchError

        try:
            with search.open() as index:
                difference = check_index_complete(index, dataset.clip_ids("search_index"))
        except SearchError as error:
            return dg.AssetCheckResult(
                passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"error": str(error)}
            )
        return dg.AssetCheckResult(
            passed=difference.complete,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "missing": list(difference.missing),
                "unexpected": list(difference.unexpected),
                "remedy": "Materialize search_index of the missing clips; `bachata-assets prune` removes the others.",
            },
        )

    @dg.asset_check(
        asset="embeddings",
        description=f"The vectors of up to {SAMPLE_SIZE} clips, read back from the index, are those in the tables.",
    )
    def index_matches_dataset(dataset: Dataset, search: dg.ResourceParam[SearchIndexResource]) -> dg.AssetCheckResult:
        from bachata_assets.search.checks import check_vectors_match
        from bachata_assets.search.errors import SearchError

        expected = {clip_id: _vectors(dataset, clip_id) for clip_id in _sample(dataset.clip_ids("search_index"))}
        try:
            with search.open() as index:
                differences = check_vectors_match(index, expected)
        except SearchError as error:
            return dg.AssetCheckResult(
                passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"error": str(error)}
            )
        return dg.AssetCheckResult(
            passed=not differences,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "compared": len(expected),
                "differences": [f"{one.clip_id} {one.family}: {one.reason}" for one in differences],
            },
        )

    return [index_is_complete, index_matches_dataset]


def _sample(clip_ids: set[str]) -> list[str]:
    """Return clips spread evenly over all of them."""
    ordered = sorted(clip_ids)
    step = max(1, len(ordered) // SAMPLE_SIZE)
    return ordered[::step][:SAMPLE_SIZE]


def _vectors(dataset: Dataset, clip_id: str) -> dict[str, np.ndarray]:
    found = {family: vector_of(dataset.read_table(f"{family}_embedding", clip_id)) for family in DIMENSIONS}
    return {family: vector for family, vector in found.items() if vector is not None}
