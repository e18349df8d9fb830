"""The committed lock, what is installed, and that OpenVINO reports to nobody."""

import importlib.metadata
import subprocess
import sys
import sysconfig
import tomllib

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from bachata_assets_tests.support.paths import PROJECT


def committed_lock() -> str:
    return subprocess.run(
        ["git", "show", "HEAD:uv.lock"], cwd=PROJECT, check=True, capture_output=True, text=True
    ).stdout


def test_the_committed_lock_names_no_host() -> None:
    assert "://" not in committed_lock()
    packages = tomllib.loads(committed_lock())["package"]
    assert {tuple(package["source"].items()) for package in packages} == {(("registry", "."),)}


def test_the_installed_versions_are_the_locks() -> None:
    locked = {package["name"]: package["version"] for package in tomllib.loads(committed_lock())["package"]}
    # This folder alone: setuptools, once imported, puts packages of its own on the path.
    here = importlib.metadata.distributions(path=[sysconfig.get_path("purelib")])
    installed = {canonicalize_name(distribution.name): distribution.version for distribution in here}
    assert len(installed) > 100
    differing = {
        name: (installed[name], version)
        for name, version in locked.items()
        if name in installed and installed[name] != version
    }
    assert differing == {}


def test_the_lock_holds_whatever_the_project_asks_for() -> None:
    locked = {package["name"] for package in tomllib.loads(committed_lock())["package"]}
    wanted = {
        canonicalize_name(line.split(";")[0].split("[")[0].split("=")[0].split("<")[0].split(">")[0].strip())
        for line in importlib.metadata.requires("bachata-assets") or []
        if ";" not in line or Marker(line.split(";")[1]).evaluate()
    }
    assert wanted - locked == set()


def test_openvino_reports_to_nobody() -> None:
    code = (
        "import sys, bachata_assets, openvino.tools.ovc.convert_impl as ovc; "
        "print(ovc.tm.__name__, [name for name in sys.modules if name.startswith('openvino_telemetry.')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=PROJECT)
    assert shown.stdout.split(" ", 1) == ["openvino.tools.ovc.telemetry_stub", "[]\n"]
