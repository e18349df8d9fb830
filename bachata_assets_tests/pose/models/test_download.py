"""Downloads from a server of the test's own on loopback, which can break off, lie and be absent."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.pose.models.model_sets import load_model_set
from bachata_assets_tests.support.weights_server import Server

FILES = {"detector.pth": b"detector" * 50_000, "pose.pth": b"pose" * 100_000}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(dict(FILES)) as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def folder(tmp_path: Path, server: Server) -> Path:
    """A checkpoint folder with a set whose weights are on the server."""
    configs = {
        "detector": ("mmpose:demo/mmdetection_cfg/rtmdet_nano_320-8xb32_coco-person.py", [320, 192]),
        "pose": (
            "mmpose:configs/body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py",
            [192, 256],
        ),
    }
    lines = []
    for kind, (config, size) in configs.items():
        sha256 = hashlib.sha256(FILES[f"{kind}.pth"]).hexdigest()[:8]
        lines += [f"[far.{kind}]", f'config = "{config}"', f'checkpoint = "far/{kind}.pth"', f'sha256 = "{sha256}"']
        lines += [f"input_size = {size}", f'url = "{server.url}/{kind}.pth"']
    (tmp_path / "models.toml").write_text("\n".join(lines))
    return tmp_path


def download(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["download-models", "far", "--checkpoint_path", str(folder), *words])


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "far").iterdir()}


def test_a_set_is_fetched_checked_and_fetched_once(folder: Path, server: Server) -> None:
    result = download(folder)
    assert result.exit_code == 0, result.output
    assert files(folder) == FILES
    assert "far/detector.pth: 400,000 bytes" in result.output
    asked = len(server.ranges)
    assert download(folder).exit_code == 0
    assert len(server.ranges) == asked


def test_a_cut_connection_resumes_where_it_broke(folder: Path, server: Server) -> None:
    server.breaks = 2
    assert download(folder).exit_code == 0
    assert files(folder) == FILES
    first, second, third = (int(asked.removeprefix("bytes=").removesuffix("-")) for asked in server.ranges[:3])
    assert first == 0
    assert 100_000 < second <= 200_000
    assert second < third <= 300_000


def test_another_file_is_refused_and_gone(folder: Path, server: Server) -> None:
    server.files["pose.pth"] = b"something else"
    result = download(folder)
    assert result.exit_code == 2
    assert "pose.pth is not the file that models.toml names" in result.output
    assert set(files(folder)) == {"detector.pth"}


def test_a_refused_file_can_be_accepted_by_its_hash(folder: Path, server: Server) -> None:
    server.files["pose.pth"] = b"something else"
    found = hashlib.sha256(b"something else").hexdigest()
    assert f'set sha256 = "{found}"' in download(folder).output
    manifest = folder / "models.toml"
    named = hashlib.sha256(FILES["pose.pth"]).hexdigest()[:8]
    manifest.write_text(manifest.read_text().replace(f'"{named}"', f'"{found}"'))
    assert download(folder).exit_code == 0
    assert files(folder)["pose.pth"] == b"something else"


def test_a_file_that_is_not_there_is_one_clear_line(folder: Path, server: Server) -> None:
    del server.files["detector.pth"]
    result = download(folder)
    assert result.exit_code == 2
    assert "the server answers 404" in result.output
    assert "--base-url" in result.output


def test_no_network_is_one_clear_line(folder: Path, server: Server) -> None:
    server.shutdown()
    server.server_close()
    result = download(folder)
    assert result.exit_code == 2
    assert "Cannot download" in result.output
    assert "Check the network" in result.output


def test_a_mirror_serves_the_files_under_their_names(folder: Path, server: Server) -> None:
    manifest = folder / "models.toml"
    manifest.write_text(manifest.read_text().replace(server.url, "http://127.0.0.1:1"))
    assert download(folder, "--base-url", server.url).exit_code == 0
    assert files(folder) == FILES


def test_a_mirror_is_a_setting_too(folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = folder / "models.toml"
    manifest.write_text(manifest.read_text().replace(server.url, "http://127.0.0.1:1"))
    monkeypatch.setenv("BACHATA_MODELS_BASE_URL", server.url + "/")
    assert download(folder).exit_code == 0
    assert files(folder) == FILES


def test_the_hand_model_is_fetched_when_it_is_asked_for(folder: Path, server: Server) -> None:
    server.files["hand.pth"] = b"hand"
    manifest = folder / "models.toml"
    entry = manifest.read_text()[manifest.read_text().index("[far.pose]") :].replace("pose", "hand")
    named, hand = (hashlib.sha256(content).hexdigest()[:8] for content in (FILES["pose.pth"], b"hand"))
    config = 'config = "mmpose:configs/hand_2d_keypoint/rtmpose/hand5/rtmpose-m_8xb256-210e_hand5-256x256.py"'
    lines = [config if line.startswith("config") else line for line in entry.replace(named, hand).splitlines()]
    manifest.write_text("\n".join([manifest.read_text(), *lines]))
    assert download(folder).exit_code == 0
    assert "hand.pth" not in files(folder)
    assert download(folder, "--hands").exit_code == 0
    assert files(folder)["hand.pth"] == b"hand"


def test_the_bundled_set_needs_no_download() -> None:
    result = CliRunner().invoke(app, ["download-models", "bundled"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("The model set bundled is complete")


def test_the_bundled_set_is_copied_into_a_folder_of_ones_own(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["download-models", "bundled", "--checkpoint_path", str(tmp_path / "own")])
    assert result.exit_code == 0, result.output
    assert f"The model set bundled is complete in {tmp_path / 'own'}" in result.output
    again = load_model_set("bundled", tmp_path / "own")
    assert again.fingerprint("f32") == load_model_set("bundled").fingerprint("f32")


def test_without_a_set_all_are_listed_with_what_is_missing(folder: Path) -> None:
    words = ["download-models", "--checkpoint_path", str(folder)]
    missing = CliRunner().invoke(app, words)
    remedy = f"bachata-assets download-models far --checkpoint_path {folder}"
    assert f"far: 2 of 2 files missing; get them with: {remedy}" in missing.output
    assert download(folder).exit_code == 0
    complete = CliRunner().invoke(app, words)
    assert (missing.exit_code, complete.exit_code) == (0, 0)
    assert "far: complete" in complete.output
