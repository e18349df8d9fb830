"""The skeleton is COCO's, and it is listed once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import mmpose
import numpy as np
from mmengine.config import Config

from bachata_assets import schemas
from bachata_assets.pose import skeleton
from bachata_assets.pose.skeleton import LIMBS, MIRRORED, NAMES, SIGMAS, Joint
from bachata_assets_tests.support.paths import PROJECT

FOLDERS = ("bachata_assets", "bachata_assets_tests", "benchmarks", "training")


def test_names_sides_and_spreads_are_those_that_mmpose_gives_for_coco() -> None:
    file = Path(mmpose.__file__).parent / ".mim" / "configs" / "_base_" / "datasets" / "coco.py"
    coco = Config.fromfile(file).dataset_info
    infos = [coco.keypoint_info[index] for index in range(len(Joint))]
    assert list(NAMES) == [info.name for info in infos]
    assert [NAMES[other] for other in MIRRORED] == [info.swap or info.name for info in infos]
    np.testing.assert_allclose(SIGMAS, coco.sigmas, rtol=1e-6)
    links = {frozenset(link.link) for link in coco.skeleton_info.values()}
    drawn = {frozenset(NAMES[joint] for joint in limb) for limb in LIMBS}
    assert {limb for limb in drawn - links if "nose" not in limb} == set()


def test_left_comes_before_right_in_every_pair() -> None:
    for left, right in skeleton.PAIRS:
        assert left.name.replace("LEFT", "RIGHT") == right.name


def test_the_table_has_room_for_every_joint() -> None:
    assert len(Joint) == schemas.KEYPOINTS


def listed(path: Path) -> Iterator[list[object]]:
    """Yield the constants of every list, tuple, set and dict of a module, and what its classes assign."""
    for node in ast.walk(ast.parse(path.read_text())):
        parts = [*getattr(node, "elts", []), *getattr(node, "keys", [])]
        if isinstance(node, ast.ClassDef):
            targets = [target for part in node.body if isinstance(part, ast.Assign) for target in part.targets]
            yield [target.id for target in targets if isinstance(target, ast.Name)]
        yield [part.value for part in parts if isinstance(part, ast.Constant)]


def test_nobody_lists_the_joints_a_second_time() -> None:
    second = []
    for path in (path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.py")):
        for values in listed(path):
            words = {str(value).lower().replace(" ", "_").replace("-", "_") for value in values}
            if len(words & set(NAMES)) > len(NAMES) // 2 or values == MIRRORED:
                second.append(path.relative_to(PROJECT).as_posix())
    assert second == ["bachata_assets/pose/skeleton.py"]
