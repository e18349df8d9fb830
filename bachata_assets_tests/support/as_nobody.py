"""Servers that refuse to run as root: there, they run as nobody."""

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
