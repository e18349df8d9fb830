"""The thresholds of tracking: in one place, each with a name of its own, and part of the version of the keypoints."""

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from bachata_assets.pose import camera, tracking
from bachata_assets.pose.estimator import code_version
from bachata_assets.pose.tracking.parameters import DEFAULTS, CueWeights, TrackingParameters

MODULES = sorted(path for package in (tracking, camera) for path in Path(package.__path__[0]).rglob("*.py"))
SHAPES = {
    *("BINS", "FEATURES", "_ACROSS", "_ALONG", "_CORNERS"),
    *("MISSING", "SIGN", "NOBODY_ELSE"),
    *("_LIMBS", "_NECK", "_HEAD", "_FOOT", "_FOOT_BELOW_ANKLE"),
}
"""Numbers that are no thresholds: sizes of tables, an empty table, signs, and proportions of a body."""


def names(part: Any) -> Iterator[str]:
    for field in fields(part):
        value = getattr(part, field.name)
        if is_dataclass(value) and not isinstance(value, type(DEFAULTS.roles.cues.taller_body)):
            yield from names(value)
        else:
            yield field.name


def test_the_default_values_are_those_of_this_version() -> None:
    assert TrackingParameters().digest() == "480d6e7dcfa6", (
        "outputs changed: raise bachata_assets.pose.estimator.VERSION"
    )


def test_other_values_make_another_version_of_the_keypoints() -> None:
    longer_gaps = replace(DEFAULTS, poses=replace(DEFAULTS.poses, longest_gap_s=0.5))
    assert code_version() == code_version(TrackingParameters()) == "12"
    assert code_version(longer_gaps) == f"12-{longer_gaps.digest()}"
    assert longer_gaps.digest() != DEFAULTS.digest()


def test_no_two_thresholds_have_one_name() -> None:
    found = list(names(DEFAULTS))
    assert len(found) > 90
    assert sorted(found) == sorted(set(found))


def test_every_threshold_is_used() -> None:
    text = "".join(path.read_text() for path in MODULES if not path.name.endswith("parameters.py"))
    text += "".join(path.read_text() for path in Path(tracking.__path__[0]).parent.glob("[!_]*.py"))
    cues = {field.name for field in fields(CueWeights)}
    unused = [name for name in names(DEFAULTS) if f".{name}" not in text and name not in cues]
    assert unused == []


def test_no_module_of_tracking_keeps_a_threshold_of_its_own() -> None:
    own = set()
    for path in (path for path in MODULES if not path.name.endswith("parameters.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and any(is_number(part) for part in ast.walk(node.value)):
                own |= {name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    assert own == SHAPES


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
