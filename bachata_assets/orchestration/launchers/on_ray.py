"""Runs as jobs of a Ray cluster: the launcher of `dagster-ray`, seen with 0.4.8 and Ray 2.60."""

from dagster_ray import RayRunLauncher

from bachata_assets.orchestration.launchers.cluster import ClusterRuns


class RayRuns(ClusterRuns, RayRunLauncher):
    """Launches a run as a Ray job; its config in dagster.yaml is that of `RayRunLauncher`."""

    GONE = "does not exist"
