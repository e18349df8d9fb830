"""The constants that are shipped were fitted on what the present code sees and hears."""

import json
from importlib import resources

import numpy as np
import pytest

from bachata_assets.music import beats
from bachata_assets.music.embedding import CONSTANTS
from bachata_assets.pose.embeddings.constants import FILES
from bachata_assets.pose.estimator import code_version
from bachata_assets.pose.transitions.constants import FILE

REMEDY = "fit them anew: `make fit`"


@pytest.mark.parametrize(
    ("package", "name"), [("embeddings", name) for name in FILES.values()] + [("transitions", FILE)]
)
def test_the_pose_constants_are_fitted_on_the_present_keypoints(package: str, name: str) -> None:
    file = resources.files(f"bachata_assets.pose.{package}") / name
    with resources.as_file(file) as path, np.load(path) as arrays:
        assert str(arrays["keypoints_version"]) == code_version(), REMEDY


def test_the_audio_constants_are_fitted_on_the_present_beats() -> None:
    content = json.loads((resources.files("bachata_assets.music") / CONSTANTS).read_text(encoding="utf-8"))
    assert content["beats_version"] == beats.VERSION, REMEDY
