"""The shares that kinds of measurement and body parts have in the similarity of two clips."""

import numpy as np
import pytest

from bachata_assets.families import DIMENSIONS
from bachata_assets.music.embedding import feature_names as sounds
from bachata_assets.pose.embeddings import feature_names as movements
from bachata_assets.search.explanation import EXPLAINED, explain, groups


def unit(family: str, seed: int) -> np.ndarray:
    """Return a random vector of length 1."""
    vector = np.random.default_rng([seed, DIMENSIONS[family]]).normal(size=DIMENSIONS[family])
    return np.asarray(vector / np.linalg.norm(vector))


def test_blocks_and_parts_each_sum_to_the_cosine_and_begin_with_the_largest() -> None:
    a, b = ({family: unit(family, seed) for family in DIMENSIONS} for seed in (1, 2))
    explained = explain(a, b)
    assert tuple(explained) == (*EXPLAINED, "text")
    for family, one in explained.items():
        assert one.cosine == pytest.approx(float(a[family] @ b[family]))
        for shares in filter(None, (one.blocks, one.parts)):
            assert sum(shares.values()) == pytest.approx(one.cosine)
            assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert explained["audio"].parts == explained["text"].parts == {}
    assert list(explained["text"].blocks) == ["sentence"]


def test_a_family_that_one_of_the_clips_lacks_is_not_explained() -> None:
    both, silent = {"lead": unit("lead", 1), "audio": unit("audio", 1)}, {"lead": unit("lead", 2)}
    assert list(explain(both, silent)) == ["lead"]


def test_the_largest_group_of_many_pairs_is_that_of_each_pair() -> None:
    for family, names in (("follow", movements("follow")), ("audio", sounds())):
        kinds, parts = groups(family)
        assert kinds.membership.sum(axis=1).tolist() == [1] * len(names)
        assert (parts is None) == (family == "audio")
        pairs = [(unit(family, seed), unit(family, seed + 50)) for seed in range(20)]
        largest = kinds.largest(np.array([a * b for a, b in pairs]))
        said = [next(iter(explain({family: a}, {family: b})[family].blocks)) for a, b in pairs]
        assert [kinds.names[group] for group in largest] == said
