"""Two collections in one code location, described by the files of docs/several_collections.md."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterInstance

from bachata_assets.orchestration.components import BachataCollection
from bachata_assets.settings import SettingsError
from bachata_assets_tests.support.paths import PROJECT, SAMPLE

PAGE = PROJECT / "docs" / "several_collections.md"
NAMES = ("cuba", "lyon")


def block(kind: str) -> str:
    """Return the first block of code of a kind on the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the page describes it, with two collections."""
    (tmp_path / "pyproject.toml").write_text(block("toml"))
    (tmp_path / "dances").mkdir()
    (tmp_path / "dances" / "__init__.py").touch()
    (tmp_path / "dances" / "definitions.py").write_text(block("python"))
    for name in NAMES:
        folder = tmp_path / "dances" / "defs" / name
        folder.mkdir(parents=True)
        (folder / "defs.yaml").write_text(block("yaml").replace("cuba", name))
        (tmp_path / "videos" / name).mkdir(parents=True)
        clip = shutil.copy2(SAMPLE / "videos" / "basic_steps" / "basic_step_1.mp4", tmp_path / "videos" / name)
        os.utime(clip, (1e9, 1e9))  # at rest
        (tmp_path / "videos" / f"{name}.json").write_text('{"clips": []}')
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def definitions(project: Path) -> Iterator[dg.Definitions]:
    yield dg.load_from_defs_folder(path_within_project=project / "dances")
    for name in [name for name in sys.modules if name.split(".")[0] == "dances"]:
        del sys.modules[name]


def test_each_collection_has_names_a_pool_and_an_index_of_its_own(project: Path, definitions: dg.Definitions) -> None:
    repository = definitions.get_repository_def()
    keys = {key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()}
    assert {key.split("/")[0] for key in keys} == set(NAMES)
    assert {key.split("/")[1] for key in keys if key.startswith("cuba/")} == {
        key.split("/")[1] for key in keys if key.startswith("lyon/")
    }
    for name in NAMES:
        assert definitions.resolve_job_def(f"{name}_process_clips")
        assert definitions.resolve_sensor_def(f"{name}_new_clips")
        assert definitions.resolve_schedule_def(f"{name}_process_missing_clips").cron_schedule == "0 2 * * *"
        assets = definitions.resolve_assets_def(dg.AssetKey([name, "keypoints"]))
        assert assets.op.pool == f"{name}_poses"
    settings = BachataCollection(name="cuba", video_dir="v", data_dir="d", settings={"clips_per_run": 3}).settings_in(
        project
    )
    assert (settings.elasticsearch_index, settings.clips_per_run) == ("bachata_move_embeddings_cuba", 3)
    assert (settings.video_dir, settings.data_dir) == (project / "v", str(project / "d"))


def test_a_run_of_one_collection_leaves_the_other_alone(project: Path, definitions: dg.Definitions) -> None:
    with DagsterInstance.ephemeral() as instance:
        look = definitions.resolve_job_def("lyon_look_for_clips")
        assert look.execute_in_process(instance=instance).success
        assert list(instance.get_dynamic_partitions("lyon_clips")) == ["basic_step_1"]
        assert list(instance.get_dynamic_partitions("cuba_clips")) == []
        job = definitions.resolve_job_def("lyon_process_clips")
        text = job.get_subset(asset_selection={dg.AssetKey(["lyon", "text_embedding"])})
        assert text.execute_in_process(instance=instance, partition_key="basic_step_1").success
        made = instance.fetch_materializations(dg.AssetKey(["lyon", "text_embedding"]), limit=5).records
        assert [record.partition_key for record in made] == ["basic_step_1"]
        report = definitions.resolve_job_def("lyon_make_report")
        assert report.execute_in_process(instance=instance).success
    assert (project / "data" / "lyon" / "text_embedding" / "basic_step_1.parquet").exists()
    assert not (project / "data" / "cuba").exists()


def test_the_sensor_of_a_collection_asks_for_its_own_clips(definitions: dg.Definitions) -> None:
    with DagsterInstance.ephemeral() as instance:
        sensor = definitions.resolve_sensor_def("cuba_new_clips")
        with dg.build_sensor_context(instance=instance, definitions=definitions) as context:
            said = sensor.evaluate_tick(context)
        (request,) = said.run_requests or []
        assert request.job_name == "cuba_process_clips"
        assert request.asset_selection is not None
        assert {key.path[0] for key in request.asset_selection} == {"cuba"}
        (added,) = said.dynamic_partitions_requests or []
        assert (added.partitions_def_name, list(added.partition_keys)) == ("cuba_clips", ["basic_step_1"])


@pytest.mark.parametrize("name", ["Cuba", "two words", ""])
def test_a_name_that_no_key_can_have_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        BachataCollection(name=name, video_dir="v", data_dir="d")


def test_a_setting_that_is_none_is_named(tmp_path: Path) -> None:
    wrong = BachataCollection(name="cuba", video_dir="v", data_dir="d", settings={"clips_a_run": 3})
    with pytest.raises(SettingsError, match=r"cuba: clips_a_run is not a setting: did you mean clips_per_run\?"):
        wrong.settings_in(tmp_path)


DG = Path(sys.executable).with_name("dg")


@pytest.mark.skipif(not DG.exists(), reason="dagster-dg-cli is not installed")
def test_dagsters_command_line_lists_the_component_and_checks_the_files(project: Path) -> None:
    assert "bachata_assets.orchestration.components.BachataCollection" in dg_says(project, "list", "components").stdout
    for what in ("yaml", "defs"):
        done = dg_says(project, "check", what)
        assert done.returncode == 0, done.stdout + done.stderr
    file = project / "dances" / "defs" / "cuba" / "defs.yaml"
    file.write_text(file.read_text().replace("video_dir", "folder"))
    wrong = dg_says(project, "check", "defs")
    assert wrong.returncode == 1
    assert "video_dir" in wrong.stdout + wrong.stderr


def dg_says(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a project; the entry points of pyproject.toml are there, also where it was installed before."""
    pyproject = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    installed = project / "site" / "as_now-0.dist-info"
    installed.mkdir(parents=True, exist_ok=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: as-now\nVersion: 0\n")
    (points,) = pyproject["project"]["entry-points"].items()
    lines = [f"[{points[0]}]", *(f"{name} = {module}" for name, module in points[1].items())]
    (installed / "entry_points.txt").write_text("\n".join(lines))
    paths = [str(project), str(installed.parent), str(PROJECT)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200"}
    return subprocess.run(
        [DG, *words], cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
