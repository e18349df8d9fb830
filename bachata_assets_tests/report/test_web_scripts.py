"""The page's scripts: their own tests run, and they may be put into the page one after another."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bachata_assets.report.page import MODULES, page_script

WEB = Path(__file__).parent / "web"
PROJECT = Path(__file__).resolve().parents[2]


def source(module: str) -> str:
    return (PROJECT / "bachata_assets" / "report" / "web" / f"{module}.mjs").read_text(encoding="utf-8")


def test_the_scripts_pass_their_own_tests() -> None:
    node = shutil.which("node")
    if node is None:
        missing = "No Node: apt-get install nodejs"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    files = sorted(WEB.glob("*.test.mjs"))
    assert len(files) >= 5
    done = subprocess.run([node, "--test", *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


def test_every_script_is_in_the_page() -> None:
    folder = PROJECT / "bachata_assets" / "report" / "web"
    assert {path.stem for path in folder.glob("*.mjs")} == set(MODULES)


def test_each_script_imports_by_name_from_those_before_it() -> None:
    for place, module in enumerate(MODULES):
        for line in re.findall(r"^import.*", source(module), flags=re.MULTILINE):
            found = re.fullmatch(r'import (?:\{ ([\w$, ]+) \} from )?"\./(\w+)\.mjs";', line)
            assert found, line
            assert found[2] in MODULES[:place], line
            assert " as " not in (found[1] or ""), line


def test_no_two_scripts_have_a_name_in_common() -> None:
    declared = [
        name
        for module in MODULES
        for name in re.findall(
            r"^(?:export )?(?:const|let|function|class) ([\w$]+)", source(module), flags=re.MULTILINE
        )
    ]
    assert len(declared) > 50
    assert sorted(declared) == sorted(set(declared))


def test_the_page_s_script_is_strict_and_no_module() -> None:
    script = page_script()
    assert script.startswith('"use strict";\n')
    assert not re.search(r"^\s*(import|export)\b", script, flags=re.MULTILINE)


def test_the_lock_of_the_linter_names_no_registry() -> None:
    packages = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 50
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
