"""The files of deploy/, read."""

from pathlib import Path
from typing import Any

import yaml

from bachata_assets_tests.support.paths import PROJECT

DEPLOY = PROJECT / "deploy"
KUBERNETES = DEPLOY / "kubernetes.yaml"
ON_RAY = DEPLOY / "dagster-on-ray.yaml"
IMAGE = "bachata-assets:0.1.0"


def values() -> dict[str, Any]:
    """Return the values for Helm."""
    return dict(yaml.safe_load(KUBERNETES.read_text()))


def config_map() -> dict[str, Any]:
    """Return the ConfigMap that the values add."""
    (manifest,) = values()["extraManifests"]
    return dict(manifest)


def dagster_yaml_of(file: Path) -> dict[str, Any]:
    """Return the dagster.yaml that a file of deploy/ is or holds."""
    text = config_map()["data"]["dagster.yaml"] if file == KUBERNETES else file.read_text()
    return dict(yaml.safe_load(text))
