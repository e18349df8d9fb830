"""The examples in the docstrings of `search`."""

import doctest
from types import ModuleType

import pytest

from bachata_assets.search import explanation, filters, index, similarity


@pytest.mark.parametrize("module", [explanation, filters, index, similarity], ids=lambda module: module.__name__)
def test_the_examples_of_a_docstring_give_what_they_say(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
