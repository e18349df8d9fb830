"""Where the machine lets no worker process be begun, it is said before any clip, with a way out."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bachata_assets_tests.support.no_network import BASE
from bachata_assets_tests.support.paths import SAMPLE

CLIP = "basic_steps/basic_step_1.mp4"
NAMESPACE = [
    "unshare",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"',
    "sh",
]


LINE = (
    "worker processes cannot start (Read-only file system): they need a writable /dev/shm and a writable folder for "
    "temporary files (TMPDIR); without them, set BACHATA_WORKERS=in_process"
)


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    """`generate` of one clip, where /dev/shm cannot be written."""
    if (
        shutil.which("unshare") is None
        or subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("unshare may not mount here: it needs Linux and user namespaces")
    (tmp_path / "videos").mkdir()
    shutil.copy(SAMPLE / "videos" / CLIP, tmp_path / "videos")
    words = ["--video_dir", str(tmp_path / "videos"), "--data_dir", str(tmp_path / "data")]
    return [*NAMESPACE, *BASE, "generate", *words]


def test_no_shared_memory_is_one_line_with_its_remedy_before_any_clip(command: list[str], tmp_path: Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == f"Error: {LINE}"
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data" / "keypoints").exists()


def test_the_remedy_makes_the_clip(command: list[str], tmp_path: Path) -> None:
    environment = os.environ | {"BACHATA_WORKERS": "in_process"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "keypoints" / "basic_step_1.parquet").is_file()


def test_verify_says_it(command: list[str], tmp_path: Path) -> None:
    words = [*NAMESPACE, *BASE, "verify", "--data_dir", str(tmp_path / "data")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 1
    assert LINE in " ".join(done.stdout.split())
