"""The cache of exported networks: full and read-only disks, other files of its names, exports beside weights."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino
import pytest
from openvino import opset13

from bachata_assets.inference.export_cache import SEAL, cached_export, save_export
from bachata_assets_tests.support.disks import on_a_disk
from bachata_assets_tests.support.paths import PROJECT

CANNOT = "The exported model adder cannot be kept, so each process exports it again; mend that, or name another folder"


def adder() -> openvino.Model:
    """Return a network that adds 0, 1, 2 … to its input; 4 MB of numbers."""
    given = opset13.parameter([1_000_000], np.float32)
    return openvino.Model([opset13.add(given, np.arange(1_000_000, dtype=np.float32))], [given], "adder")


def adds(model: openvino.Model) -> bool:
    (result,) = openvino.Core().compile_model(model, "CPU")(np.ones(1_000_000, np.float32)).values()
    return bool(np.array_equal(result[:3], [1, 2, 3]))


def left_in(folder: Path) -> set[str]:
    return {path.name.partition("-")[2].partition(".")[2] for path in (folder / "models").iterdir()}


def a_file(path: Path) -> None:
    path.write_text("of another program")


def a_link(path: Path) -> None:
    path.symlink_to("elsewhere")


def half_an_export(path: Path) -> None:
    path.mkdir()
    (path / "model.xml").write_text("<net")


@pytest.mark.parametrize("foreign", [a_file, a_link, half_an_export])
@pytest.mark.parametrize("suffix", ["", ".partial"])
def test_whatever_has_the_name_of_an_export_is_replaced(
    foreign: Callable[[Path], None], suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cached_export("adder", "1", adder, tmp_path)
    (folder,) = (path for path in (tmp_path / "models").iterdir() if path.is_dir())
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    foreign(folder.with_name(f"{folder.name}{suffix}"))
    assert adds(cached_export("adder", "1", adder, tmp_path))
    assert adds(cached_export("adder", "1", pytest.fail, tmp_path))
    assert left_in(tmp_path) == {"", "lock"}
    assert CANNOT not in caplog.text


def test_a_folder_in_the_place_of_the_lock_is_passed_over(tmp_path: Path) -> None:
    cached_export("adder", "1", adder, tmp_path)
    (lock,) = (tmp_path / "models").glob("*.lock")
    lock.unlink()
    lock.mkdir()
    (lock.with_suffix("") / "model.bin").write_bytes(b"cut")
    assert adds(cached_export("adder", "1", adder, tmp_path))
    assert adds(cached_export("adder", "1", pytest.fail, tmp_path))


def test_a_file_in_the_place_of_the_cache_is_named_and_the_export_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "models").write_text("of another program")
    assert adds(cached_export("adder", "1", adder, tmp_path))
    assert f"{CANNOT} with XDG_CACHE_HOME: {tmp_path}/models/adder-" in caplog.text
    assert (tmp_path / "models").read_text() == "of another program"


def nothing(_: Path) -> None:
    pass


def with_a_cut_network(folder: Path) -> None:
    (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:-1])


def without_its_seal(folder: Path) -> None:
    (folder / SEAL).unlink()


def with_a_seal_that_is_none(folder: Path) -> None:
    (folder / SEAL).write_text("[1]")


def of_a_later_openvino(folder: Path) -> None:
    network = (
        (folder / "model.xml").read_text().replace('type="Add" version="opset1"', 'type="Added" version="opset99"')
    )
    (folder / "model.xml").write_text(network)
    seal = json.loads((folder / SEAL).read_text())
    (folder / SEAL).write_text(json.dumps(seal | {"model.xml": hashlib.sha256(network.encode()).hexdigest()}))


def test_an_export_beside_its_weights_is_used_and_not_copied(tmp_path: Path) -> None:
    save_export(adder(), tmp_path / "weights", "1")
    assert adds(cached_export("adder", "1", pytest.fail, tmp_path / "cache", tmp_path / "weights"))
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("identity", "change"),
    [
        ("2", nothing), ("1", with_a_cut_network), ("1", without_its_seal), ("1", with_a_seal_that_is_none),
        ("1", of_a_later_openvino),
    ],
)  # fmt: skip
def test_any_other_folder_beside_the_weights_is_left_alone(
    identity: str, change: Callable[[Path], None], tmp_path: Path
) -> None:
    folder = tmp_path / "weights"
    save_export(adder(), folder, "1")
    change(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert adds(cached_export("adder", identity, adder, tmp_path / "cache", folder))
    assert left_in(tmp_path / "cache") == {"", "lock"}
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


USED = """
import logging, sys
from pathlib import Path
from bachata_assets.inference.export_cache import cached_export
from bachata_assets_tests.inference.test_export_cache import adder, adds, left_in
logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)
folder = Path(sys.argv[1])
print(adds(cached_export("adder", "1", adder, folder)), sorted(left_in(folder)) if any(folder.iterdir()) else "nothing")
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [("size=2m", "No space left on device: free some space"), ("ro", "Read-only file system: make it writable")],
)
def test_on_a_full_or_read_only_disk_the_export_is_used_and_nothing_half_written_stays(
    options: str, said: str, tmp_path: Path
) -> None:
    command = [*on_a_disk(tmp_path, options), sys.executable, "-c", USED, str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=300)
    _, warned, used = done.stdout.splitlines()
    assert warned.startswith(f"{CANNOT} with XDG_CACHE_HOME: {tmp_path}/models")
    assert said in warned
    assert used == ("True ['lock']" if "size" in options else "True nothing")
    assert done.stderr == ""
