"""Model sets as `models.toml` describes them."""

import hashlib
import shutil
from pathlib import Path

import pytest

from bachata_assets.pose.models.model_sets import ModelSetError, default_checkpoint_dir, load_model_set


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkpoint folder with one set of one's own."""
    (tmp_path / "weights.pth").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()[:8]
    entry = f'config = "own.py"\ncheckpoint = "weights.pth"\nsha256 = "{digest}"\ninput_size = [64, 32]\n'
    (tmp_path / "own.py").write_text("model = dict()")
    (tmp_path / "models.toml").write_text(f"[own.detector]\n{entry}\n[own.pose]\n{entry}")
    return tmp_path


def test_the_bundled_set_is_whole() -> None:
    bundled = load_model_set()
    assert bundled.name == "bundled"
    assert bundled.detector.weights_sha256.startswith("763ef30dc197")
    assert bundled.pose.weights_sha256.startswith("4c9a6d2588d4")
    assert bundled.detector.config_path.is_file()
    assert bundled.pose.config_path.is_file()


def test_a_set_of_ones_own_has_a_local_config_and_weights(folder: Path) -> None:
    own = load_model_set("own", folder)
    assert own.pose.config_path == folder / "own.py"
    assert own.pose.input_size == (64, 32)
    assert len(own.detector.weights_sha256) == 64


def test_weights_in_the_flat_layout_of_mim_are_found_and_recognised_by_their_hash(folder: Path) -> None:
    manifest = folder / "models.toml"
    manifest.write_text(manifest.read_text().replace('"weights.pth"', '"openmmlab/weights.pth"'))
    own = load_model_set("own", folder)
    assert own.pose.checkpoint_path == folder / "weights.pth"
    assert own.pose.weights_sha256 == hashlib.sha256(b"weights").hexdigest()
    (folder / "weights.pth").write_bytes(b"others")
    with pytest.raises(ModelSetError, match="sha256 is"):
        load_model_set("own", folder).pose.weights_sha256  # noqa: B018
    (folder / "weights.pth").unlink()
    assert load_model_set("own", folder).pose.checkpoint_path == folder / "openmmlab" / "weights.pth"


def test_identity_changes_with_weights_and_config(folder: Path) -> None:
    before = load_model_set("own", folder).pose.identity
    (folder / "own.py").write_text("model = dict(type='other')")
    assert load_model_set("own", folder).pose.identity != before


def test_a_set_can_ask_for_a_cuda_device_and_nothing_else(folder: Path) -> None:
    manifest = folder / "models.toml"
    before = load_model_set("own", folder)
    entries = manifest.read_text()
    manifest.write_text(f'[own]\ndevice = "cuda"\n{entries}')
    asking = load_model_set("own", folder)
    assert (before.device, asking.device) == ("cpu", "cuda")
    assert asking.fingerprint("f32") != before.fingerprint("f32")
    assert asking.fingerprint("bf16") == asking.fingerprint("f32")
    manifest.write_text(f'[own]\ndevice = "tpu"\n{entries}')
    with pytest.raises(ModelSetError, match=r"'own' is malformed: device is 'tpu'; it must be cpu or cuda"):
        load_model_set("own", folder)


def test_a_folder_with_weights_only_is_read_by_the_projects_models_toml(tmp_path: Path) -> None:
    shutil.copytree(default_checkpoint_dir() / "bundled", tmp_path / "bundled")
    assert load_model_set("bundled", tmp_path).pose.checkpoint_path.parent == tmp_path / "bundled"


def test_a_missing_folder_says_how_to_download(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load_model_set(checkpoint_dir=tmp_path / "none")
    assert str(caught.value) == (
        f"Checkpoint directory not found: {tmp_path / 'none'}. Download the models with: "
        f"bachata-assets download-models bundled --checkpoint_path {tmp_path / 'none'}"
    )


def test_missing_weights_say_how_to_download(folder: Path) -> None:
    (folder / "weights.pth").unlink()
    with pytest.raises(
        FileNotFoundError, match=r"weights\.pth\. .* with: bachata-assets download-models own --checkpoint_path /"
    ):
        _ = load_model_set("own", folder).pose.weights_sha256


def test_damaged_weights_are_refused_by_name(folder: Path) -> None:
    (folder / "weights.pth").write_bytes(b"weight")
    with pytest.raises(
        ModelSetError, match=r"weights\.pth: sha256 is [0-9a-f]{64}, .* says .* set its sha256 in models\.toml"
    ):
        _ = load_model_set("own", folder).pose.weights_sha256


def test_hands_want_a_hand_model_and_change_the_fingerprint(folder: Path) -> None:
    with pytest.raises(ModelSetError, match=r"'own' has no hand model: .* there is none"):
        load_model_set("own", folder, hands=True)
    manifest = folder / "models.toml"
    manifest.write_text(manifest.read_text() + manifest.read_text().split("\n\n")[0].replace("detector", "hand"))
    plain, handed = load_model_set("own", folder), load_model_set("own", folder, hands=True)
    assert [spec.kind for spec in plain.specs()] == ["detector", "pose"]
    assert [spec.kind for spec in handed.specs()] == ["detector", "pose", "hand"]
    assert plain.fingerprint("f32") != handed.fingerprint("f32")


def test_an_unknown_set_lists_those_there_are(folder: Path) -> None:
    with pytest.raises(ModelSetError, match="no model set 'none'; choose from own"):
        load_model_set("none", folder)


@pytest.mark.parametrize(
    "text", ["[own", "[own]\n", "[own.detector]\nconfig = 1", "[own.detector]\ninput_size = [1]\n[own.pose]\n"]
)
def test_a_malformed_models_toml_is_one_clear_error(folder: Path, text: str) -> None:
    (folder / "models.toml").write_text(text)
    with pytest.raises(ModelSetError, match=r"models\.toml: "):
        load_model_set("own", folder)
