"""The documentation site: its written pages are those of the code, it builds, and asks the network for nothing."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bachata_assets import schemas
from bachata_assets.collection.dataset import PROVENANCE_KEY
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.workplace import Workplace
from scripts import make_data_dictionary, make_settings_and_cli_pages

WRITTEN = {
    "settings.md": make_settings_and_cli_pages.settings_page,
    "cli.md": make_settings_and_cli_pages.cli_page,
    "data_dictionary.md": make_data_dictionary.page,
}
"""Page of docs/ -> the function that writes it."""


@pytest.mark.parametrize(("name", "write"), WRITTEN.items(), ids=list(WRITTEN))
def test_a_written_page_is_up_to_date(name: str, write: Callable[[], str]) -> None:
    page = (PROJECT / "docs" / name).read_text(encoding="utf-8")
    assert page == write(), f"docs/{name} is stale: run `make reference`"


def test_the_data_dictionary_names_every_metadata_key_of_every_table(sample_made: tuple[Workplace, Any]) -> None:
    data = sample_made[0].data
    assets = {path.parent.name for path in data.glob("*/*.parquet")}
    assert assets == {*schemas.METADATA, "search_index", "transitions"}
    for asset in assets:
        metadata = pq.read_schema(data / asset / "basic_step_1.parquet").metadata
        found = {key.decode(): set(json.loads(value)) for key, value in metadata.items()}
        found[PROVENANCE_KEY.decode()].add("cpu_seconds")  # not of what is made in this process
        key, meanings = schemas.METADATA.get(asset, ("", {}))
        expected = {PROVENANCE_KEY.decode(): set(schemas.PROVENANCE)} | ({key: set(meanings)} if key else {})
        assert found == expected, asset


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_page_of_the_docs_is_on_the_site(site: Path) -> None:
    pages = {path.relative_to(PROJECT / "docs").with_suffix(".html") for path in (PROJECT / "docs").rglob("*.md")}
    outside = {Path(f"{name}.html") for name in ("contributing", "changelog", "model_card", "deploy", "404")}
    assert {path.relative_to(site) for path in site.rglob("*.html")} == pages | outside


def test_the_site_takes_nothing_from_another_server(site: Path) -> None:
    pages = [page.read_text(encoding="utf-8") for page in site.rglob("*.html")]
    styles = [style.read_text(encoding="utf-8") for style in site.rglob("*.css")]
    taken = r"""(?:src=["']?|<link[^>]*href=["']?|@import ["']?|url\(["']?)(https?:)?//"""
    assert [found[0] for text in pages + styles for found in re.finditer(taken, text)] == []


def test_the_site_describes_parameters_rather_than_typing_them_in_prose(site: Path) -> None:
    page = (site / "api" / "search.html").read_text(encoding="utf-8")
    (size,) = re.findall(r"<code>size</code></b>.*?</li>", page.partition("find_similar")[2], re.DOTALL)[:1]
    assert "1 to 1000" in size
    assert "int" in size.partition("1 to 1000")[0]
