"""The official sets: what models.toml says of them, and the whole way from download to keypoints with random weights.

With small models of the same families always; with the official sizes by `uv run pytest -m official` (ten minutes).
"""

import hashlib
import tomllib
from pathlib import Path
from threading import Thread
from typing import Any

import mmdet
import mmpose
import numpy as np
import pytest
import tomlkit
from typer.testing import CliRunner

from bachata_assets.cli import app
from bachata_assets.pose.models.model_sets import MANIFEST, default_checkpoint_dir, load_model_set
from bachata_assets.pose.models.pose_models import PoseModels
from bachata_assets.video.sampling import sample_frames
from bachata_assets_tests.support.official_form import SMALL, save_official
from bachata_assets_tests.support.paths import SAMPLE_CLIP
from bachata_assets_tests.support.weights_server import Server

OFFICIAL = ("rtmpose-m", "rtmpose-x", "hrnet-w48")
HOST = "https://download.openmmlab.com/"
WHEELS = {name: Path(module.__file__).parent / ".mim" for name, module in (("mmdet", mmdet), ("mmpose", mmpose))}


def manifest() -> dict[str, Any]:
    return tomllib.loads((default_checkpoint_dir() / MANIFEST).read_text())


def models_of(name: str) -> dict[str, dict[str, Any]]:
    return {kind: entry for kind, entry in manifest()[name].items() if kind != "description"}


def published() -> dict[str, str]:
    """Return all addresses of weights that the wheels name, each with its config."""
    from mmengine.fileio import load
    from mmpose.apis.inferencers.utils.default_det_models import default_det_models

    found = {}
    folders = (WHEELS["mmdet"] / "configs/faster_rcnn", WHEELS["mmpose"] / "configs")
    for path in (path for folder in folders for path in folder.rglob("*.yml")):
        for model in load(path).get("Models", []):
            # Metafiles of MMDet leave the config to the name.
            config = model.get("Config", f"configs/{path.parent.name}/{model['Name']}.py")
            found[model.get("Weights")] = config
    human = default_det_models["human"]
    found[human["weights"]] = Path(human["model"]).relative_to(WHEELS["mmpose"]).as_posix()
    return found


def test_names_and_addresses_are_those_that_the_wheels_give() -> None:
    addresses = published()
    for name in OFFICIAL:
        entries = models_of(name)
        assert set(entries) == {"detector", "pose", "hand"}
        for entry in entries.values():
            assert entry["url"].startswith(HOST)
            assert addresses[entry["url"]] == entry["config"].split(":")[1]
            assert entry["checkpoint"] == f"openmmlab/{entry['url'].rsplit('/', 1)[1]}"


def test_hashes_are_those_in_the_names_but_for_the_person_detector() -> None:
    for name in OFFICIAL:
        for kind, entry in models_of(name).items():
            if kind == "detector" and name != "hrnet-w48":
                assert len(entry["sha256"]) == 64
                assert entry["sha256"].startswith("b66b27072c6a")
            else:
                assert f"-{entry['sha256']}" in entry["checkpoint"]
                assert len(entry["sha256"]) in {7, 8}


def test_input_sizes_are_the_configs_own() -> None:
    from mmengine.config import Config

    for name in OFFICIAL:
        models = load_model_set(name, hands=True)
        assert models.hand is not None
        for spec in (models.pose, models.hand):
            assert tuple(Config.fromfile(spec.config_path).codec["input_size"]) == spec.input_size


def official_folder(folder: Path, name: str, small: bool, base_url: str) -> dict[str, bytes]:
    """Write a models.toml with random weights' hashes instead of the official ones; return the files to serve."""
    entries, files = models_of(name), {}
    for kind, entry in entries.items():
        entry["url"] = f"{base_url}/{entry['url'].rsplit('/', 1)[1]}"
        entry["options"] = SMALL[entry["config"]] if small else {}
        if small and kind == "detector":
            entry["input_size"] = [192, 128]
    (folder / MANIFEST).write_text(tomlkit.dumps({name: entries}))
    for spec in load_model_set(name, folder, hands=True).specs():
        path = save_official(spec)
        files[path.name] = path.read_bytes()
        entries[spec.kind]["sha256"] = hashlib.sha256(files[path.name]).hexdigest()[:8]
        path.unlink()
    (folder / MANIFEST).write_text(tomlkit.dumps({name: entries}))
    return files


def goes_all_the_way(folder: Path, cache_dir: Path, name: str, small: bool) -> None:
    with Server({}) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        server.files = official_folder(folder, name, small, server.url)
        words = ["download-models", name, "--hands", "--checkpoint_path", str(folder)]
        result = CliRunner().invoke(app, words)
        server.shutdown()
    assert result.exit_code == 0, result.output
    for file, content in server.files.items():
        assert f"openmmlab/{file}: {len(content):,} bytes" in result.output
    models = PoseModels.load(name, folder, cache_dir, "f32", hands=True)
    second = [picture for time_s, picture in sample_frames(SAMPLE_CLIP, max_side=640) if time_s < 1]
    height, width = second[0].shape[:2]
    boxes = np.array([[0.2, 0.1, 0.5, 0.9], [0.5, 0.1, 0.8, 0.9]]) * [width, height, width, height]
    poses = np.stack(list(models.keypoints((picture, box) for picture in second for box in boxes)))
    assert poses.shape == (30, 17, 3)
    assert np.isfinite(poses).all()
    hands = np.stack(list(models.hand_keypoints((picture, boxes[0]) for picture in second[:3])))
    assert hands.shape == (3, 21, 3)
    assert np.isfinite(hands).all()
    found = list(models.detect(second[:2], score_threshold=0.0))
    assert len(found) == 2
    for one in found:
        assert 0 < len(one.boxes) <= 20
        assert (one.boxes >= 0).all()
        assert (one.boxes <= [width, height, width, height]).all()


@pytest.mark.parametrize("name", OFFICIAL)
def test_a_small_set_of_the_family_goes_from_download_to_keypoints(tmp_path: Path, cache_dir: Path, name: str) -> None:
    goes_all_the_way(tmp_path, cache_dir, name, small=True)


@pytest.mark.official
@pytest.mark.parametrize("name", OFFICIAL)
def test_the_set_in_its_full_size_goes_from_download_to_keypoints(tmp_path: Path, cache_dir: Path, name: str) -> None:
    goes_all_the_way(tmp_path, cache_dir, name, small=False)
