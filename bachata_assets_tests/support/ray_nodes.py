"""Real nodes of Ray on this machine, for tests of workers on a cluster."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import psutil
import pytest


def require_ray() -> None:
    """Skip where Ray is not installed, unless this is CI."""
    if find_spec("ray") is None and not os.environ.get("CI"):
        pytest.skip("Ray is not installed: uv sync --extra ray")


@contextmanager
def two_nodes() -> Iterator[str]:
    """Begin two nodes of one core each; yield the address of their cluster."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_worker_niceness", "0")
        from ray.cluster_utils import Cluster

        node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
        cluster: Any = Cluster(initialize_head=True, head_node_args=node)
        try:
            cluster.add_node(**node)
            yield cluster.address
        finally:
            cluster.shutdown()


def processes_below(pid: int) -> list[psutil.Process]:
    """Return all processes that a process has begun, and those that they have."""
    return psutil.Process(pid).children(recursive=True)
