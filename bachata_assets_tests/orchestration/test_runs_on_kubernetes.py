"""Runs as jobs of Kubernetes: what the launcher of deploy/kubernetes.yaml asks for, and makes of the answers."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, reconstructable

from bachata_assets.orchestration.dagster_internals import LaunchRunContext
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.orchestration.orphaned_runs import PROCESS_TAG, end_orphans
from bachata_assets_tests.support.deployment import IMAGE, KUBERNETES, dagster_yaml_of
from bachata_assets_tests.support.empty_job import nothing
from bachata_assets_tests.support.kubernetes_api import KubernetesApi, kubernetes_api


@pytest.fixture
def api(tmp_path: Path) -> Iterator[KubernetesApi]:
    with kubernetes_api(tmp_path) as answering:
        yield answering


@pytest.fixture
def instance(api: KubernetesApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """The instance that the values set up, with Kubernetes on loopback and its state in files."""
    config = dagster_yaml_of(KUBERNETES)
    config["run_launcher"]["config"] |= {"load_incluster_config": False, "kubeconfig_file": api.kubeconfig}
    home = tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(yaml.safe_dump(config))
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("DAGSTER_K8S_PIPELINE_RUN_NAMESPACE", "studio")
    with open_instance(str(tmp_path / "data")) as opened:
        yield opened


def launched(instance: DagsterInstance) -> DagsterRun:
    """Return a run that was launched and has begun."""
    origin = reconstructable(nothing).get_python_origin()
    repository = origin.repository_origin._replace(container_image=IMAGE)
    run = instance.create_run_for_job(
        nothing, status=DagsterRunStatus.STARTING, job_code_origin=origin._replace(repository_origin=repository)
    )
    instance.run_launcher.launch_run(LaunchRunContext(run, workspace=None))
    instance.report_dagster_event(begun(run), run.run_id)
    return found(instance, run.run_id)


def begun(run: DagsterRun) -> Any:
    from dagster import DagsterEvent, DagsterEventType

    return DagsterEvent(DagsterEventType.RUN_START.value, run.job_name)


def found(instance: DagsterInstance, run_id: str) -> DagsterRun:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run


def health(instance: DagsterInstance, run: DagsterRun) -> str:
    return instance.run_launcher.check_run_worker_health(run).status.value


def test_a_run_is_a_job_that_kubernetes_takes_with_the_secrets_and_resources_of_the_values(
    api: KubernetesApi, instance: DagsterInstance
) -> None:
    launched(instance)
    (job,) = api.jobs.values()
    kubernetes_validate.validate(job, kubernetes_validate.latest_version(), strict=True)
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "bachata-assets:0.1.0"
    assert {source["secretRef"]["name"] for source in container["envFrom"]} == {"bachata"}
    assert container["resources"]["limits"]["cpu"] == container["resources"]["requests"]["cpu"] == "4"
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert {"name": "DAGSTER_HOME", "value": "/home/bachata/dagster"} in container["env"]


def test_a_run_at_work_lives_and_one_whose_job_failed_or_is_gone_does_not(
    api: KubernetesApi, instance: DagsterInstance
) -> None:
    run = launched(instance)
    (job,) = api.jobs.values()
    job["status"] = {"active": 1}
    assert health(instance, run) == "RUNNING"
    job["status"] = {"failed": 1}
    assert health(instance, run) == "FAILED"
    api.jobs.clear()
    assert health(instance, run) == "NOT_FOUND"


def test_while_kubernetes_refuses_to_answer_a_run_lives(api: KubernetesApi, instance: DagsterInstance) -> None:
    run = launched(instance)
    api.jobs.clear()
    api.refuses = True
    assert health(instance, run) == "RUNNING"


def test_a_launched_run_that_has_not_begun_is_left_to_the_cluster(instance: DagsterInstance) -> None:
    run = launched(instance)
    assert end_orphans(instance, now_s=run_long_after(instance, run)) == []


def run_long_after(instance: DagsterInstance, run: DagsterRun) -> float:
    record = instance.get_run_record_by_id(run.run_id)
    assert record is not None
    return record.update_timestamp.timestamp() + 10_000


@pytest.mark.parametrize(
    ("process", "said"),
    [(f"{socket.gethostname()}/999999/1.00", "NOT_FOUND"), ("elsewhere/999999/1.00", "RUNNING")],
)
def test_a_run_of_generate_is_judged_by_its_process_alone(
    process: str, said: str, api: KubernetesApi, instance: DagsterInstance
) -> None:
    run_id = instance.create_run_for_job(nothing, status=DagsterRunStatus.STARTED).run_id
    instance.add_run_tags(run_id, {PROCESS_TAG: f"{run_id}/{process}"})
    assert health(instance, found(instance, run_id)) == said


def test_a_run_that_is_cancelled_loses_its_job_and_one_of_generate_is_not_touched(
    api: KubernetesApi, instance: DagsterInstance
) -> None:
    own = instance.create_run_for_job(nothing, status=DagsterRunStatus.STARTED).run_id
    run = launched(instance)
    assert instance.run_launcher.terminate(run.run_id)
    assert api.jobs == {}
    assert not instance.run_launcher.terminate(own)
    assert found(instance, own).status == DagsterRunStatus.STARTED
