"""Small, full and read-only disks for one command: a tmpfs in a mount namespace of its own."""

import shutil
import subprocess
from pathlib import Path

import pytest


def on_a_disk(folder: Path, options: str, before: str = "true") -> list[str]:
    """Return the words before a command for which a folder is a disk of its own.

    Skips the test where the system lets nobody mount one.

    Parameters
    ----------
    folder : where it is mounted
    options : of the tmpfs: `size=2m`, `ro`
    before : a line of shell that is run once it is mounted
    """
    script = f'mount -t tmpfs -o {options} tmpfs "$0" && {before} && exec "$@"'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("unshare may not mount here: it needs Linux and user namespaces")
    return words
