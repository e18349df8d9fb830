"""Servers that refuse to run as root: there, they run as nobody. And commands whom rights bind, root or not."""

import ctypes
import os
import pwd
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def as_nobody() -> dict[str, Any]:
    """Return the arguments with which `subprocess` begins a server."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give_away(paths: Iterable[Path]) -> None:
    """Make files and folders those of the server."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        for path in paths:
            os.chown(path, user.pw_uid, user.pw_gid)


def bound_by_rights() -> None:
    """Take from a process that is about to begin, and from its children, what lets root pass over a file's rights.

    For `preexec_fn` of `subprocess`; Linux only.
    """
    drop = 24  # PR_CAPBSET_DROP
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None, use_errno=True).prctl(drop, capability, 0, 0, 0)
