"""The values for Dagster's Helm chart: each part is what Kubernetes takes, and all run one image as a user.

The chart itself is not here; what it makes of the values was looked at once, see deploy/README.md.
"""

import tomllib
from typing import Any

import kubernetes_validate
import pytest

from bachata_assets_tests.support.deployment import IMAGE, KUBERNETES, config_map, dagster_yaml_of, values
from bachata_assets_tests.support.paths import PROJECT

HOME = "/home/bachata/dagster"


def parts() -> dict[str, dict[str, Any]]:
    """Return what the chart makes a Deployment of, by name."""
    (code,) = values()["dagster-user-deployments"]["deployments"]
    return {"webserver": values()["dagsterWebserver"], "daemon": values()["dagsterDaemon"], "code": code}


def deployment(part: dict[str, Any]) -> dict[str, Any]:
    """Return a Deployment of the fields that the chart passes on as they are."""
    container = {
        "name": "dagster",
        "image": f"{part['image']['repository']}:{part['image']['tag']}",
        "imagePullPolicy": part["image"]["pullPolicy"],
        "env": part["env"],
        "envFrom": [{"secretRef": secret} for secret in part["envSecrets"]],
        "volumeMounts": part["volumeMounts"],
        "securityContext": part["securityContext"],
        "resources": part["resources"],
        **({"readinessProbe": part["readinessProbe"]} if "readinessProbe" in part else {}),
    }
    pod = {"containers": [container], "volumes": part["volumes"], "securityContext": part["podSecurityContext"]}
    labels = {"app": "dagster"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "dagster"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}},
    }


@pytest.mark.parametrize("name", ["webserver", "daemon", "code"])
def test_kubernetes_takes_each_part(name: str) -> None:
    kubernetes_validate.validate(deployment(parts()[name]), kubernetes_validate.latest_version(), strict=True)


def test_kubernetes_takes_the_config_map() -> None:
    kubernetes_validate.validate(config_map(), kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", ["webserver", "daemon", "code"])
def test_each_part_is_our_image_as_a_user_with_our_dagster_yaml(name: str) -> None:
    pod = deployment(parts()[name])["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == IMAGE
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert {"name": "DAGSTER_HOME", "value": HOME} in container["env"]
    (mount,) = container["volumeMounts"]
    assert mount["mountPath"] == f"{HOME}/dagster.yaml"
    assert mount["subPath"] in config_map()["data"]
    (volume,) = pod["volumes"]
    assert volume["configMap"]["name"] == config_map()["metadata"]["name"]
    assert container["resources"]["limits"]["memory"]


def test_runs_have_the_same_home_user_and_secrets_and_the_account_that_the_chart_makes() -> None:
    launcher = dagster_yaml_of(KUBERNETES)["run_launcher"]["config"]
    (code,) = values()["dagster-user-deployments"]["deployments"]
    assert launcher["dagster_home"] == HOME
    assert launcher["instance_config_map"] == config_map()["metadata"]["name"]
    assert launcher["env_secrets"] == [secret["name"] for secret in code["envSecrets"]]
    assert launcher["service_account_name"] == values()["serviceAccount"]["name"]
    pod = launcher["run_k8s_config"]["pod_spec_config"]["security_context"]
    assert pod["runAsUser"] == code["podSecurityContext"]["runAsUser"]


def test_the_webserver_is_reached_from_within_the_cluster_alone_on_a_port_that_a_user_may_open() -> None:
    webserver = values()["dagsterWebserver"]
    assert webserver["service"]["type"] == "ClusterIP"
    assert webserver["service"]["port"] == webserver["readinessProbe"]["httpGet"]["port"] > 1024
    assert "ingress" not in values()


def test_the_chart_s_version_in_the_page_is_dagster_s() -> None:
    locked = {one["name"]: one["version"] for one in tomllib.loads((PROJECT / "uv.lock").read_text())["package"]}
    assert f"--version {locked['dagster']} " in (PROJECT / "deploy" / "README.md").read_text()
