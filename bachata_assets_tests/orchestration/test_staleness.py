"""Every row of the table in docs/architecture.md: what is made again after a change, and what the UI calls stale.

Nothing is processed: the tables are empty, only their versions are the real ones.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pyarrow as pa
import pytest
from dagster import DagsterInstance
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from bachata_assets.collection import scan
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.clip_events import ClipEvents
from bachata_assets.orchestration.history import History
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.partitions import read_clips, register
from bachata_assets.orchestration.resources import PoseModelsResource
from bachata_assets.pipeline.runner import StageMade
from bachata_assets.pipeline.status import Status
from bachata_assets.pipeline.tools import PoseModelsProvider
from bachata_assets.pipeline.versions import expected_versions
from bachata_assets.search import kind
from bachata_assets.settings import Settings, load_settings

CLIPS = ["a", "b"]
OF_THE_TEXT = {"text_embedding", "search_index"}
OF_THE_POSES = {
    *("keypoints", "lead_embedding", "follow_embedding", "interaction_embedding"),
    *("moments", "transitions"),
    "search_index",
}
OF_THE_FILE = OF_THE_POSES | {"beats", "audio_embedding"}


class AnotherDetector(PoseModelsProvider):
    """The pose models, with another detector's weights."""

    def fingerprint(self) -> str:
        return "another detector"


class AnotherDetectorResource(PoseModelsResource):
    """The resource of the pose models with another detector's weights."""

    def open(self) -> PoseModelsProvider:
        return AnotherDetector(self.model_set, self.precision)


def settings_in(folder: Path) -> Settings:
    return load_settings(
        video_dir=folder / "videos", annotations=folder / "annotations.json", data_dir=str(folder / "data")
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection in which all is up to date; not to be changed."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "videos").mkdir()
    for clip_id in CLIPS:
        (folder / "videos" / f"{clip_id}.mp4").write_text(f"pictures and sound of {clip_id}")
    annotate(folder / "annotations.json")
    platform = build_platform(settings_in(folder))
    with open_instance(platform.settings.data_dir) as instance:
        make_all(platform, instance)
        assert made_again(platform, instance) == stale(platform, instance) == {"a": set(), "b": set()}
    return folder


@pytest.fixture
def settings(made: Path, tmp_path: Path) -> Settings:
    shutil.copytree(made, tmp_path / "copy")
    return settings_in(tmp_path / "copy")


@pytest.fixture
def instance(settings: Settings) -> Iterator[DagsterInstance]:
    with open_instance(settings.data_dir) as opened:
        yield opened


def annotate(path: Path, **said: object) -> None:
    """Write the annotations; of clip a with what is said."""
    entries: list[dict[str, object]] = [
        {"clip_id": clip_id, "video_path": f"videos/{clip_id}.mp4"} for clip_id in CLIPS
    ]
    entries[0].update(said)
    path.write_text(json.dumps({"clips": entries}))


def make_all(platform: Platform, instance: DagsterInstance) -> None:
    """Record every stage of every clip as made from what is there."""
    look(platform, instance)
    events = ClipEvents(instance)
    for clip in read_clips(instance, CLIPS, platform.settings, platform.dataset):
        versions = expected_versions(platform.stages, clip.versions)
        for stage in platform.stages:
            table = pa.Table.from_pylist([], schema=stage.schema)
            written = platform.dataset.write_table(stage.name, clip.clip_id, table, {})
            inputs = {name: versions[name] for name in stage.inputs}
            for event in events.of(
                StageMade(
                    clip.clip_id, stage, versions[stage.name], inputs, {}, (), Path(), 0, 0.0, written.size, "hash"
                )
            ):
                instance.report_runless_asset_event(event)


def look(platform: Platform, instance: DagsterInstance) -> None:
    """Look at the folder as a tick does, and into the files as a run does."""
    register(instance, platform.dataset, scan.scan_clips(platform.settings, platform.dataset))
    read_clips(instance, CLIPS, platform.settings, platform.dataset)


def made_again(platform: Platform, instance: DagsterInstance) -> dict[str, set[str]]:
    """Return what the platform would make again of each clip."""
    found = scan.scan_clips(platform.settings, platform.dataset)
    history = History.read(instance, platform.dataset, platform.stages)
    todo = Status.of(found.clips, platform.stages, history.stages, history.reason_of).todo
    return {clip_id: set(todo.get(clip_id, ())) for clip_id in CLIPS}


def stale(platform: Platform, instance: DagsterInstance) -> dict[str, set[str]]:
    """Return what Dagster's UI calls stale of each clip: what hangs on the change itself, not on what hangs on it."""
    graph = platform.definitions.resolve_asset_graph()
    said = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    names = [stage.name for stage in platform.stages]
    return {
        clip_id: {name for name in names if said.get_status(dg.AssetKey(name), clip_id) == StaleStatus.STALE}
        for clip_id in CLIPS
    }


def edit_the_annotation(settings: Settings) -> Platform:
    annotate(Path(str(settings.annotations)), notes="slow and close")
    return build_platform(settings)


def say_who_leads(settings: Settings) -> Platform:
    annotate(Path(str(settings.annotations)), lead="left")
    return build_platform(settings)


def say_which_couple(settings: Settings) -> Platform:
    annotate(Path(str(settings.annotations)), couple=[3, 4])
    return build_platform(settings)


def put_new_sound_into_the_file(settings: Settings) -> Platform:
    (Path(str(settings.video_dir)) / "a.mp4").write_text("pictures of a and other sound")
    return build_platform(settings)


def rename_the_file(settings: Settings) -> Platform:
    path = Path(str(settings.video_dir)) / "a.mp4"
    path.rename(path.with_name("turns.mp4"))
    return build_platform(settings)


def take_another_detector(settings: Settings) -> Platform:
    return build_platform(
        settings, resources={"pose_models": AnotherDetectorResource(model_set="bundled", precision="f32")}
    )


def change_the_code_of_interaction(settings: Settings) -> Platform:
    stages = [
        replace(stage, code_version="changed") if stage.name == "interaction_embedding" else stage
        for stage in build_platform(settings).stages
    ]
    return build_platform(settings, stages=stages)


def take_another_index(settings: Settings) -> Platform:
    return build_platform(settings.model_copy(update={"elasticsearch_host": "elsewhere"}))


def give_documents_another_field(settings: Settings) -> Platform:
    with patch.dict(vars(kind.CLIPS), schema=kind.CLIPS.schema.append(pa.field("colour", pa.string()))):
        return build_platform(settings)


@pytest.mark.parametrize(
    ("change", "of_clips", "expected", "in_the_ui"),
    [
        (edit_the_annotation, ["a"], OF_THE_TEXT, OF_THE_TEXT),
        (say_who_leads, ["a"], OF_THE_FILE | OF_THE_TEXT, OF_THE_TEXT | {"keypoints", "beats", "audio_embedding"}),
        (say_which_couple, ["a"], OF_THE_FILE | OF_THE_TEXT, OF_THE_TEXT | {"keypoints", "beats", "audio_embedding"}),
        (put_new_sound_into_the_file, ["a"], OF_THE_FILE, {"keypoints", "beats", "audio_embedding"}),
        (rename_the_file, ["a"], OF_THE_TEXT, OF_THE_TEXT),
        (take_another_detector, CLIPS, OF_THE_POSES, {"keypoints"}),
        (change_the_code_of_interaction, CLIPS, {"interaction_embedding", "search_index"}, {"interaction_embedding"}),
        (take_another_index, CLIPS, {"search_index"}, {"search_index"}),
        (give_documents_another_field, CLIPS, {"search_index"}, {"search_index"}),
    ],
)
def test_exactly_what_hangs_on_a_change_is_stale(
    settings: Settings,
    instance: DagsterInstance,
    change: Callable[[Settings], Platform],
    of_clips: list[str],
    expected: set[str],
    in_the_ui: set[str],
) -> None:
    platform = change(settings)
    look(platform, instance)
    nothing: dict[str, set[str]] = {clip_id: set() for clip_id in CLIPS}
    assert made_again(platform, instance) == nothing | dict.fromkeys(of_clips, expected)
    assert stale(platform, instance) == nothing | dict.fromkeys(of_clips, in_the_ui)
