"""A plugin: collections for tests to work on, the sample's made once with real models and copied for each test."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.collection.dataset import Dataset
from bachata_assets_tests.support.paths import SAMPLE


def generate(video_dir: Path | str, annotations: Path | str, data_dir: Path | str, *flags: str) -> Result:
    words = ["generate", "--video_dir", str(video_dir), "--annotations", str(annotations), "--data_dir", str(data_dir)]
    return CliRunner().invoke(app, [*words, *flags])


def report_of(data_dir: Path) -> dict[str, Any]:
    return dict(json.loads((data_dir / "embedding_generation_report.json").read_text()))


@dataclass(frozen=True)
class Workplace:
    """Clips, annotations and a data dir of the test's own."""

    folder: Path

    @property
    def videos(self) -> Path:
        return self.folder / "videos"

    @property
    def annotations(self) -> Path:
        return self.folder / "annotations.json"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def generate(self, *flags: str) -> Result:
        return generate(self.videos, self.annotations, self.data, *flags)

    def tables(self) -> dict[str, int]:
        """Return every table with the time it was written."""
        paths = self.data.glob("*/*.parquet")
        return {path.relative_to(self.data).as_posix(): path.stat().st_mtime_ns for path in paths}


@pytest.fixture(scope="session")
def sample_made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workplace, Result]:
    """The sample collection, made once; not to be changed."""
    place = Workplace(tmp_path_factory.mktemp("sample"))
    shutil.copytree(SAMPLE / "videos", place.videos)
    shutil.copy(SAMPLE / "annotations.json", place.annotations)
    return place, place.generate()


@pytest.fixture
def place(sample_made: tuple[Workplace, Result], tmp_path: Path) -> Workplace:
    """A copy of the sample collection and of what was made of it."""
    shutil.copytree(sample_made[0].folder, tmp_path / "place")
    copy = Workplace(tmp_path / "place")
    Dataset(url=str(copy.data)).remember(video_dir=str(copy.videos), annotations=str(copy.annotations))
    return copy
