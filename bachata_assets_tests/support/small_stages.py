"""A plugin: small stages, clips and tools for tests of the loop over them."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from bachata_assets.annotation import Annotation
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.tools import Models, PoseModelsProvider, SearchIndexProvider, TextModelProvider, Tools
from bachata_assets.settings import load_settings

NUMBER = pa.schema([pa.field("n", pa.int64())])


def made(n: int) -> Made:
    return Made(pa.table({"n": [n]}, schema=NUMBER))


def stage(name: str, *inputs: str, make: Callable[[Clip, Tables], Made]) -> ClipStage:
    return ClipStage(name, inputs, NUMBER, "1", "", "", (), make=lambda clip, tables, _tools: make(clip, tables))


def one(clip: Clip, _tables: Tables) -> Made:
    return made(len(clip.clip_id))


def sum_of_inputs(_clip: Clip, tables: Tables) -> Made:
    return made(sum(table["n"][0].as_py() for table in tables.values()))


def clip(clip_id: str) -> Clip:
    versions = {"clip_file": f"file of {clip_id}", "annotation": "a"}
    return Clip(clip_id, Path(clip_id), clip_id, Annotation(), versions)


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(
        Dataset(url=str(tmp_path / "data")),
        Models(PoseModelsProvider(model_set="bundled", precision="f32"), TextModelProvider()),
        SearchIndexProvider(load_settings(), ""),
    )


def values(tools: Tools, asset: str) -> dict[str, int]:
    return {c: tools.dataset.read_table(asset, c)["n"][0].as_py() for c in tools.dataset.clip_ids(asset)}
