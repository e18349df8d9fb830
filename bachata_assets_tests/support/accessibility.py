"""What axe-core finds wrong with a page, and where."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page


def found_by_axe(page: "Page") -> list[tuple[str, list[str]]]:
    """Return each rule that a page breaks with the first places where it does."""
    from axe_playwright_python.sync_playwright import Axe

    broken = Axe().run(page).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in broken]
