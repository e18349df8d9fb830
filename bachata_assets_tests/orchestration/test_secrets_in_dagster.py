"""No secret in what Dagster's webserver, daemon and code server print, answer and store, tracebacks included."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.settings import Settings, variables
from bachata_assets_tests.support.dagster_dev import ENDED, LOADED, Webserver, started
from bachata_assets_tests.support.file_contents import holding
from bachata_assets_tests.support.no_network import watched
from bachata_assets_tests.support.paths import PROJECT
from bachata_assets_tests.support.workplace import Workplace

CANARY = "canary-5e1d"
HERE = {"repositoryLocationName": "bachata_assets", "repositoryName": "__repository__"}
LOAD_ERROR = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    ... on PythonError { message stack causes { message stack } errorChain { error { message stack } } } } } } } }"""
LAUNCH = """mutation($params: ExecutionParams!) { launchPipelineExecution(executionParams: $params) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
EVENTS = """query($run: ID!) { logsForRun(runId: $run) { ... on EventConnection { events { __typename
    ... on MessageEvent { message } ... on ErrorEvent { error { message stack errorChain { error { message stack } } } }
    } } } }"""
RUN = """query($run: ID!) { runOrError(runId: $run) { ... on Run { status runConfigYaml tags { key value } } } }"""


def everything_said(server: Webserver, *answers: Any) -> str:
    """Return what was printed and answered; also the answers to what the pages ask for first."""
    addresses = (f"{server.url}{path}" for path in ("/", "/server_info"))
    pages = [urllib.request.urlopen(address, timeout=60).read().decode() for address in addresses]
    return "\n".join([(server.place.folder / "dev.log").read_text(), *map(json.dumps, answers), *pages])


def test_a_secret_in_every_setting_is_in_no_error_of_the_code_location(place: Workplace, tmp_path: Path) -> None:
    others = [name for name in Settings.model_fields if not name.startswith("postgres_")]  # without a state, no page
    wrong = {variables()[name]: f"https://user:{CANARY}@host" for name in others}
    folder = tmp_path / "watch"
    folder.mkdir()
    with watched(folder) as watch, started(place, watch, **wrong) as server:
        failed = server.wait_for(LOAD_ERROR, lambda data: "SettingsError" in json.dumps(data))
        said = everything_said(server, failed)
    for name in ("ELASTICSEARCH_HOST", "BACHATA_DATA_DIR", "ELASTICSEARCH_USERNAME", "BACHATA_MODELS_BASE_URL"):
        assert f"{name}: " in said
    assert CANARY not in said
    assert holding(place.folder, CANARY) == set()


def test_a_password_in_a_wrong_address_of_the_state_is_not_shown(place: Workplace) -> None:
    environment = {**os.environ, "DAGSTER_HOME": str(place.data / ".dagster")}
    environment["BACHATA_POSTGRES_URL"] = f"https://user:{CANARY}@host"
    command = [sys.executable, "-m", "dagster", "instance", "info"]
    done = subprocess.run(command, env=environment, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "BACHATA_POSTGRES_URL: must be postgresql://" in done.stderr
    assert CANARY not in done.stdout + done.stderr


@pytest.mark.parametrize("login", [("USERNAME", "PASSWORD"), ("API_KEY",)], ids=["a password", "a key"])
def test_a_secret_is_in_no_answer_event_and_traceback_of_a_run_that_fails(
    login: tuple[str, ...], place: Workplace, tmp_path: Path
) -> None:
    with socket.socket() as closed:  # nobody listens there
        closed.bind(("127.0.0.1", 0))
        given = {"HOST": "localhost", "PORT": str(closed.getsockname()[1]), "INDEX": "of-the-canary"}
        given |= dict.fromkeys(login, CANARY) | ({"USERNAME": "tester"} if "USERNAME" in login else {})
        folder = tmp_path / "watch"
        folder.mkdir()
        with (
            watched(folder) as watch,
            started(place, watch, **{f"ELASTICSEARCH_{name}": value for name, value in given.items()}) as server,
        ):
            server.wait_for(LOADED, lambda data: data["repositoriesOrError"].get("nodes"))
            params = {
                "selector": {**HERE, "pipelineName": "process_clips", "assetSelection": [{"path": ["search_index"]}]},
                "mode": "default",
                "runConfigData": {},
                "executionMetadata": {"tags": [{"key": "dagster/partition", "value": "basic_step_1"}]},
            }
            launched = server.ask(LAUNCH, params=params)["launchPipelineExecution"]
            assert launched["__typename"] == "LaunchRunSuccess", launched
            run_id = launched["run"]["runId"]
            ended = server.wait_for(RUN, lambda data: data["runOrError"]["status"] in ENDED, run=run_id)
            events = server.ask(EVENTS, run=run_id)
            said = everything_said(server, ended, events)
    assert ended["runOrError"]["status"] == "FAILURE"
    assert "localhost" in json.dumps(events)  # the error is told
    assert CANARY not in said
    assert holding(place.folder, "localhost")  # so what is written is looked at
    assert holding(place.folder, CANARY) == set()
