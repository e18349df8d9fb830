"""Real nodes of Ray on this machine, for tests of workers and of runs on a cluster."""

import os
import secrets
import socket
import time
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


TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
"""Of all clusters that a process begins: Ray reads it once, the first time that anything of it is called."""
UV = "RAY_ENABLE_UV_RUN_RUNTIME_ENV"
_VARIABLES = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
    UV: "0",  # below `uv run` each job would begin by a uv that is looked for in a folder of the job's own
    **TOKEN,
}


@contextmanager
def two_nodes() -> Iterator[str]:
    """Begin two nodes of one core each; yield the address of their cluster, whose token is in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _VARIABLES.items():
            patch.setenv(name, value)
        from ray.cluster_utils import Cluster

        node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
        cluster: Any = Cluster(initialize_head=True, head_node_args=node)
        try:
            cluster.add_node(**node)
            yield cluster.address
        finally:
            cluster.shutdown()


@contextmanager
def job_server() -> Iterator[str]:
    """Begin a node that takes jobs, with room for one run of clips; yield its address, which asks for `TOKEN`.

    What its jobs find in their environment is what this process has now.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _VARIABLES.items():
            patch.setenv(name, value)
        from ray._private import ray_constants, services
        from ray.cluster_utils import Cluster

        patch.setattr(ray_constants, "RAY_DASHBOARD_STARTUP_TIMEOUT_S", 300)
        begin = services.start_ray_process

        def begin_what_takes_jobs(command: list[str], process: str, *args: Any, **kwargs: Any) -> Any:
            # All of the dashboard is ten processes, beside which a node is not ready within Ray's 30 s on two cores.
            only = ["--modules-to-load=JobHead,NodeHead"] if process == ray_constants.PROCESS_TYPE_DASHBOARD else []
            return begin([*command, *only], process, *args, **kwargs)

        patch.setattr(services, "start_ray_process", begin_what_takes_jobs)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        dashboard = {"include_dashboard": True, "dashboard_host": "127.0.0.1", "dashboard_port": port}
        node: dict[str, Any] = {"num_cpus": 1, "resources": {"clips": 1}, "object_store_memory": 100_000_000}
        cluster: Any = Cluster(initialize_head=True, head_node_args=node | dashboard)
        try:
            _wait_until_jobs_are_taken(f"http://{cluster.webui_url}")
            yield f"http://{cluster.webui_url}"
        finally:
            cluster.shutdown()


def _wait_until_jobs_are_taken(address: str) -> None:
    """Send a job that does nothing until it is taken: a node takes jobs a while after it is there."""
    from ray.job_submission import JobSubmissionClient

    deadline = time.monotonic() + 300
    while True:
        try:
            JobSubmissionClient(address).submit_job(entrypoint="true")
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)
        else:
            return


def processes_below(pid: int) -> list[psutil.Process]:
    """Return all processes that a process has begun, and those that they have."""
    return psutil.Process(pid).children(recursive=True)
