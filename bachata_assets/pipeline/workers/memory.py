"""The memory limit of a worker process: it counts memory in use, not memory that libraries reserve.

On two cores, 2.0 GB were reserved while 0.3 GB were in use: 1 GiB by an allocator of pyarrow, the rest for stacks of
threads and for compiled models. A limit on reserved memory would depend on the number of cores. Linux only.
"""

import os
import sys
import threading
from pathlib import Path

OVER = 81
OVER_WITH_MODELS = 82
"""Exit codes of a process that exceeded its limit: while working on a clip, or before its models were loaded."""
LOOK_EVERY_S = 0.1
"""Time between two checks, s."""
RESERVED = 4e9
"""Bytes that may be reserved beyond the limit; a single larger request is refused."""
ROOM = 0.15e9
"""Bytes for clips that must be left beside the models; rendered clips of 640x360 take about 0.12e9."""
AMPLE_GB = 2.0
"""Limit above which it is not tested whether the models fit: the shipped ones and a short clip take 0.3 GB."""
SETTING = "BACHATA_WORKER_MEMORY_GB"

_models_loaded = threading.Event()


def has_ample(memory_gb: float) -> bool:
    """Tell whether models certainly fit into a limit."""
    return not 0 < memory_gb < AMPLE_GB


def limit_memory(memory_gb: float, *, loads_models: bool) -> None:
    """From now on, end this process once it uses more than the limit; with 0, never.

    Parameters
    ----------
    loads_models : the process will call `models_are_loaded`, if the limit is not ample
    """
    # Only pyarrow's default allocator reserves a gibibyte; the allocator is chosen when pyarrow is imported.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if not memory_gb or sys.platform != "linux":
        return
    import resource

    if not loads_models or has_ample(memory_gb):
        models_are_loaded()
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory_gb * 1e9 + RESERVED), resource.RLIM_INFINITY))
    threading.Thread(target=_watch, args=(memory_gb * 1e9,), daemon=True, name="watches its memory").start()


def models_are_loaded() -> None:
    """Attribute the memory that this process uses from now on to a clip."""
    _models_loaded.set()


def in_use() -> int:
    """Return the memory of this process that is not backed by files, bytes; 0 if unknown."""
    try:
        _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text().split())
    except OSError:
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def too_little_for_models(memory_gb: float) -> str:
    """Return the message for a limit that the models alone exceed."""
    return (
        f"{SETTING} = {memory_gb:g}: the models alone take more than that, or leave no room for a clip; raise it "
        "(4 is the default), or set it to 0 for no limit"
    )


def too_much_for_clip(name: str, memory_gb: float) -> str:
    """Return the message for a clip that exceeded the limit."""
    return (
        f"{name}: making it takes more than the {memory_gb:g} GB of memory allowed; cut the clip, export it smaller, "
        f"or raise {SETTING}"
    )


def _watch(limit: float) -> None:
    end = threading.Event()
    while not end.wait(LOOK_EVERY_S):
        if in_use() > limit:
            os._exit(OVER if _models_loaded.is_set() else OVER_WITH_MODELS)
