"""How the package is laid out, and what importing its parts loads. pyproject.toml holds its layers (import-linter)."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from bachata_assets_tests.support.paths import PACKAGE, PROJECT

ENGINE = [
    *("inference", "video", "pose", "music", "language", "search", "synthetic", "collection", "pipeline", "report"),
    "export",
]
HEAVY = ("torch", "mmdet", "mmpose", "librosa", "cv2", "openvino", "sentence_transformers", "lancedb")


def loaded_by(statement: str, names: tuple[str, ...]) -> list[str]:
    """Return which of the named modules a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(*(name for name in {names} if name in sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=PROJECT)
    return shown.stdout.split()


def test_the_root_package_has_at_most_eight_modules() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 8


def test_no_folder_has_more_than_sixteen_modules() -> None:
    folders = [path for path in (PACKAGE, *PACKAGE.rglob("*")) if path.is_dir()]
    assert {folder.name: n for folder in folders if (n := len(list(folder.glob("*.py")))) > 16} == {}


def test_no_module_is_longer_than_320_lines() -> None:
    lengths = {path.name: len(path.read_text().splitlines()) for path in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 320} == {}


def test_private_parts_of_dagster_are_imported_in_one_module_and_five_at_most() -> None:
    private = [
        (path.relative_to(PACKAGE).as_posix(), module)
        for path in PACKAGE.rglob("*.py")
        for module in imported(path)
        if re.match(r"dagster\w*\.(\w+\.)*_", module)
    ]
    assert {where for where, _ in private} <= {"orchestration/dagster_internals.py"}
    assert len(private) <= 5, private


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports from, those in functions too."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}


def test_nothing_imports_a_test_and_no_test_imports_a_benchmark() -> None:
    folders = ("bachata_assets", "bachata_assets_tests", "benchmarks", "training", "scripts")
    files = [path for folder in folders for path in (PROJECT / folder).rglob("*.py")]
    by_file = {path.relative_to(PROJECT).as_posix(): imported(path) for path in files}
    wrong = {
        (name, module)
        for name, modules in by_file.items()
        for module in modules
        if (module.startswith("bachata_assets_tests.") and ".support" not in module and ".conftest" not in module)
        or (module.startswith("benchmarks") and not name.startswith("benchmarks/"))
        or (name.startswith("bachata_assets/") and module.split(".")[0] in folders[1:])
    }
    assert wrong == set()


def test_loading_the_code_location_imports_nothing_heavy() -> None:
    assert loaded_by("import bachata_assets.definitions", HEAVY) == []


def test_the_engine_loads_no_dagster_and_nothing_heavy() -> None:
    modules = [
        ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
        for folder in ENGINE
        for path in (PACKAGE / folder).rglob("*.py")
        if "openmmlab" not in path.name  # imports mmdet and mmpose at its top, on purpose
    ]
    assert len(modules) > 100
    assert loaded_by("import " + ", ".join(modules), ("dagster", *HEAVY)) == []
