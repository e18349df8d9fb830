"""The shares of a similarity that blocks, body parts and dimensions have."""

import numpy as np
import pytest

from bachata_assets.pose.embeddings import dancer_embedding, explain, feature_names, interaction_embedding
from bachata_assets_tests.support.synthetic_couple import a_couple
from bachata_assets_tests.support.vectors import present


@pytest.mark.parametrize("family", ["lead", "interaction"])
def test_blocks_body_parts_and_dimensions_each_sum_to_the_cosine(family: str) -> None:
    a, b = (
        present(interaction_embedding(clip, None) if family == "interaction" else dancer_embedding(clip, family, None))
        for clip in (a_couple(seed=1), a_couple(seed=2))
    )
    explanation = explain(a, b, family)
    cosine = float(a.astype(float) @ b.astype(float))
    assert explanation.similarity == pytest.approx(cosine)
    for shares in (explanation.blocks, explanation.parts, explanation.dimensions):
        assert sum(shares.values()) == pytest.approx(cosine)
        assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert list(explanation.dimensions) != feature_names(family)


def test_what_two_clips_share_is_named() -> None:
    vector = np.zeros(512)
    vector[feature_names("follow").index("left wrist y: energy at 4 beats")] = 1.0
    explanation = explain(vector, vector, "follow")
    assert next(iter(explanation.parts.items())) == ("hands", 1.0)
    assert next(iter(explanation.blocks.items())) == ("motion by period", 1.0)
    assert next(iter(explanation.dimensions.items())) == ("left wrist y: energy at 4 beats", 1.0)


def test_a_family_that_describes_no_movement_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"family 'audio': lead, follow, interaction describe movement"):
        explain(np.ones(128), np.ones(128), "audio")


def test_every_kind_of_measurement_has_a_block_and_most_signals_a_body_part() -> None:
    parts = explain(np.ones(256), np.ones(256), "interaction").parts
    assert set(parts) == {"hands", "head", "facing", "turning", "whole body"}
    parts = explain(np.ones(512), np.ones(512), "lead").parts
    assert set(parts) == {"hands", "arms", "legs", "shoulders", "hips", "head", "whole body"}
