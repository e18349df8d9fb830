"""The number of CPU cores that this process may use, by its affinity and its cgroup's quota."""

import math
import os
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")
"""Folder in which Linux shows a process its cgroup."""


def available_cores(cgroup: Path = CGROUP) -> int:
    """Return the number of cores that this process may keep busy.

    It is the minimum of the affinity mask (taskset, Slurm) and the CPU quota of a container (cgroup v2 `cpu.max`, v1
    `cpu.cfs_*`).

    Parameters
    ----------
    cgroup : Path
        Folder in which the kernel shows this process's cgroup.

    Returns
    -------
    int
        At least 1.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(cgroup)
    return max(1, affinity if quota is None else min(affinity, math.ceil(quota)))


def _quota(cgroup: Path) -> float | None:
    """Return the quota in cores, or None if there is none."""
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
    except (OSError, ValueError):
        try:
            quota = (cgroup / "cpu/cpu.cfs_quota_us").read_text().strip()
            period = (cgroup / "cpu/cpu.cfs_period_us").read_text().strip()
        except OSError:
            return None
    if not (quota.isdigit() and period.isdigit()) or int(period) == 0:
        return None  # "max", or -1 in v1
    return int(quota) / int(period)
