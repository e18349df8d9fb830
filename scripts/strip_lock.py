"""Take every address out of uv.lock, keeping names, versions and dependencies.

The committed lock names no package index, so that it serves whatever index a machine is set up with; `uv sync` takes
it as the versions to install and fills the addresses in locally. Run by the pre-commit hook. Seen with uv 0.13.
"""

import sys
from pathlib import Path

import tomlkit

ADDRESSES = ("wheels", "sdist", "metadata")


def stripped(lock: str) -> str:
    """Return the text of a lock without addresses and without the project's own entry."""
    document = tomlkit.parse(lock)
    packages = [package for package in document["package"] if "registry" in package["source"]]
    for package in packages:
        package["source"]["registry"] = "."
        for key in ADDRESSES:
            package.pop(key, None)
    document["package"] = tomlkit.aot()
    for package in packages:
        document["package"].append(package)
    return tomlkit.dumps(document)


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "uv.lock")
    before = path.read_text()
    after = stripped(before)
    if after != before:
        path.write_text(after)
