"""The compose file: what it starts, and that a compose program takes it, where one is installed."""

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from bachata_assets_tests.support.elasticsearch_node import OLDEST
from bachata_assets_tests.support.paths import PROJECT

FILE = PROJECT / "docker-compose.yml"


def service() -> dict[str, Any]:
    return dict(yaml.safe_load(FILE.read_text())["services"]["elasticsearch"])


def test_the_compose_file_starts_a_tested_version_for_this_machine_alone() -> None:
    assert service()["image"] == f"elasticsearch:{OLDEST}"
    assert service()["environment"]["discovery.type"] == "single-node"
    # Without users, nobody else may reach it.
    assert service()["environment"]["xpack.security.enabled"] == "false"
    assert service()["ports"] == ["127.0.0.1:9200:9200"]


def test_half_of_the_container_s_memory_is_left_to_the_file_cache() -> None:
    limit = re.fullmatch(r"(\d+)g", service()["mem_limit"])
    heap = re.fullmatch(r"-Xms(\d+)g -Xmx\1g", service()["environment"]["ES_JAVA_OPTS"])
    assert limit
    assert heap
    assert int(limit[1]) == 2 * int(heap[1])


def test_compose_takes_the_file() -> None:
    programs = [["docker-compose"], ["docker", "compose"]]
    program = next((words for words in programs if shutil.which(words[0]) and runs(*words, "version") is None), None)
    if program is None:
        pytest.skip("no docker-compose and no docker compose here")
    assert runs(*program, "-f", str(FILE), "config", "--quiet") is None


def runs(*command: str) -> str | None:
    """Return what a command says when it fails, None when it does not."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr
