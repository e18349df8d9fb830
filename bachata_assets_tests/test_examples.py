"""The examples in the package's docstrings give what they show."""

import doctest
import importlib

import pytest

import bachata_assets
from bachata_assets_tests.support.paths import PACKAGE, PROJECT

MODULES = [
    ".".join(path.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_give_what_they_show(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)  # they name the sample's files from there
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("name", [name for name in bachata_assets.__all__ if name != "__version__"])
def test_every_public_name_shows_an_example(name: str) -> None:
    shown = doctest.DocTestFinder().find(getattr(bachata_assets, name), name)
    assert any(one.examples for one in shown)
