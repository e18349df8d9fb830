"""Runs as jobs of Kubernetes: the launcher of `dagster-k8s`."""

from dagster_k8s import K8sRunLauncher

from bachata_assets.orchestration.launchers.cluster import ClusterRuns


class KubernetesRuns(ClusterRuns, K8sRunLauncher):
    """Launches a run as a Kubernetes job; its config in dagster.yaml is that of `K8sRunLauncher`."""

    GONE = "could not be found"
