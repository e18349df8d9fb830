"""What deploy/ sets: each variable is a setting, Dagster and Ray take their files, and what runs ask for is offered."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from dotenv import dotenv_values

from bachata_assets.orchestration.instance import open_instance
from bachata_assets.settings import load_settings, variables
from bachata_assets_tests.support.deployment import DEPLOY, KUBERNETES, ON_RAY, dagster_yaml_of
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.ray_nodes import require_ray

ENV = DEPLOY / "bachata.env.example"
RAY = DEPLOY / "ray.yaml"
OF_OTHERS = ("AWS_", "RAY_", "DAGSTER_", "NVIDIA_", "PYTHON", "PATH")
"""How the names of variables begin that are not the platform's."""
LAUNCHERS = {ON_RAY: "RayRuns", KUBERNETES: "KubernetesRuns"}


@pytest.mark.parametrize("file", sorted(DEPLOY.iterdir()), ids=lambda file: file.name)
def test_every_variable_of_ours_is_a_setting(file: Path) -> None:
    named = set(re.findall(r"\b(?:BACHATA|ELASTICSEARCH|MMPOSE)_[A-Z_]+\b", file.read_text()))
    assert named - set(variables().values()) == set()


def test_the_variables_are_valid_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name: value for name, value in dotenv_values(ENV).items() if value}
    assert [
        name for name in dotenv_values(ENV) if name not in variables().values() and not name.startswith(OF_OTHERS)
    ] == []
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.data_dir == "s3://dances/made"
    assert settings.precision == "f32"
    assert settings.postgres_url is not None


@pytest.mark.parametrize("file", LAUNCHERS, ids=lambda file: file.name)
def test_dagster_takes_the_settings_and_they_differ_from_one_machine_s_where_they_must(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = dagster_yaml_of(file)
    one_machine = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
    assert {key for key in one_machine if config.get(key) != one_machine[key]} == {
        "storage", "local_artifact_storage", "run_launcher", "concurrency", "run_monitoring",
    }  # fmt: skip
    differing = {key for key, value in one_machine["run_monitoring"].items() if config["run_monitoring"][key] != value}
    assert differing == {"start_timeout_seconds"}
    (tmp_path / "dagster.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", "http://127.0.0.1:9")
    with open_instance(str(tmp_path / "data")) as instance:
        reference = instance.get_ref().run_launcher_data
        assert reference is not None
        assert reference.class_name == LAUNCHERS[file]


def ray_config() -> dict[str, Any]:
    return dict(yaml.safe_load(RAY.read_text()))


def test_ray_takes_its_file() -> None:
    require_ray()
    from ray.autoscaler._private.util import prepare_config, validate_config

    validate_config(prepare_config(ray_config()))


def started(commands: list[str]) -> Any:
    """Return what Ray's own parser makes of the flags with which a node is begun."""
    from ray.scripts.scripts import start

    (command,) = (part.strip() for line in commands for part in line.split(";") if "ray start" in part)
    words = shlex.split(command.replace("$RAY_HEAD_IP", "192.0.2.10"))
    assert words[0] == "/opt/bachata/bin/ray"
    return start.make_context("start", words[2:]).params


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")  # Ray's own
def test_a_worker_offers_what_a_run_asks_for_and_the_head_nothing() -> None:
    require_ray()
    head, worker = started(ray_config()["head_start_ray_commands"]), started(ray_config()["worker_start_ray_commands"])
    asked = dagster_yaml_of(ON_RAY)["run_launcher"]["config"]["ray"]["resources"]
    assert yaml.safe_load(worker["resources"]).keys() == asked.keys()
    assert (head["num_cpus"], yaml.safe_load(head["resources"])) == (0, {})
    assert worker["address"] == f"192.0.2.10:{head['port']}"


@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
def test_ray_s_dashboard_is_reached_from_its_machine_alone() -> None:
    require_ray()
    head = started(ray_config()["head_start_ray_commands"])
    assert head["head"]
    assert head["dashboard_host"] == "127.0.0.1"


def test_a_job_finds_dagster_on_the_path_of_its_node() -> None:
    for commands in ("head_start_ray_commands", "worker_start_ray_commands"):
        assert "PATH=/opt/bachata/bin:$PATH" in ray_config()[commands][-1]
