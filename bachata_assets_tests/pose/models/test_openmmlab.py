"""Models of MMDet and MMPose beside one another: each is built by its own registry."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bachata_assets.pose.models.model_sets import ModelSpec, load_model_set
from bachata_assets.pose.models.openmmlab import untrained_model

# isort: split
from mmengine.registry import DefaultScope

from bachata_assets_tests.support.official_form import SMALL


@pytest.fixture
def specs() -> tuple[ModelSpec, ModelSpec]:
    """A small detector and a small pose model whose backbones both packages have, by the same name."""
    models = load_model_set("hrnet-w48")
    detector, pose = (replace(spec, options=SMALL[spec.config]) for spec in (models.detector, models.pose))
    return detector, pose


def packages(spec: ModelSpec) -> set[str]:
    """Return which packages the model and its backbone are of."""
    model = untrained_model(spec)
    return {type(part).__module__.split(".")[0] for part in (model, model.backbone)}


def test_a_detector_and_a_pose_model_built_by_several_threads_are_of_their_own_registries(
    specs: tuple[ModelSpec, ModelSpec],
) -> None:
    detector, pose = specs
    with ThreadPoolExecutor(4) as threads:
        built = list(threads.map(packages, [detector, pose, pose, detector] * 6))
    assert built == [{"mmdet"}, {"mmpose"}, {"mmpose"}, {"mmdet"}] * 6


def test_building_leaves_the_scope_of_others_as_it_was(specs: tuple[ModelSpec, ModelSpec]) -> None:
    with DefaultScope.overwrite_default_scope("mmengine"):
        for spec in specs:
            untrained_model(spec)
            assert DefaultScope.get_current_instance().scope_name == "mmengine"
