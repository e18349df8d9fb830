"""The report's page in a browser; each test module writes its own (`written`)."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def opened(page: "Page", written: Path) -> "Page":
    """The page, from a file and without any network."""
    page.context.set_offline(True)
    page.goto(written.as_uri())
    return page
