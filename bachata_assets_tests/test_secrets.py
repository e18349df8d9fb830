"""No password and no API key in anything that a run writes: log, report, tables, Dagster's events and run config."""

import base64
import socket

import pytest
from typer.testing import CliRunner, Result

from bachata_assets.cli import app
from bachata_assets.settings import Settings, variables
from bachata_assets_tests.support.elasticsearch_node import NEWEST, PASSWORD, Node
from bachata_assets_tests.support.file_contents import holding
from bachata_assets_tests.support.workplace import Workplace, generate, report_of

WRONG = "not-the-password"


def run(place: Workplace, monkeypatch: pytest.MonkeyPatch, node: Node, **variables: str) -> Result:
    """Run with these variables and the node's address in the environment."""
    with monkeypatch.context() as patch:
        patch.setenv("ELASTICSEARCH_HOST", "localhost")
        patch.setenv("ELASTICSEARCH_PORT", str(node.port))
        patch.setenv("ELASTICSEARCH_USE_SSL", "true")
        patch.setenv("ELASTICSEARCH_CA_CERTS", str(node.ca_certs))
        for name, value in variables.items():
            patch.setenv(f"ELASTICSEARCH_{name}", value)
        return generate(place.videos, place.annotations, place.data, "--debug")


GENERATE = ["generate", "--video_dir", "videos", "--annotations", "annotations.json", "--debug"]
EVERY_COMMAND = [
    *(GENERATE, ["verify"], ["prune", "--yes"], ["repair"], ["preview", "basic_step_1"]),
    *(["status"], ["status", "--json"], ["report"], ["report", "--json"], ["similar", "basic_step_1", "--why"]),
    *(["settings"], ["settings", "--json"], ["settings", "--example"], ["download-models", "nowhere"]),
    *(["index", "status"], ["index", "promote"], ["index", "prune"], ["index", "adopt"]),
]
CANARY = "canary-0c9b"


def test_a_secret_in_every_setting_is_in_no_output_and_no_file(
    place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    for name in Settings.model_fields:
        monkeypatch.setenv(variables()[name], f"https://user:{CANARY}@host")
    for words in EVERY_COMMAND:
        result = CliRunner().invoke(app, words)
        assert CANARY not in result.output + repr(result.exception), words
        assert result.exit_code == (0 if "--example" in words else 2), words
        assert len(result.output.splitlines()) == 1 or "--example" in words
    assert holding(place.folder, CANARY) == set()


@pytest.mark.parametrize("login", [("USERNAME", "PASSWORD"), ("API_KEY",)], ids=["a password", "a key"])
def test_a_secret_is_in_no_output_of_any_command_while_the_index_is_down(
    login: tuple[str, ...], place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.folder)
    with socket.socket() as closed:  # nobody listens there
        closed.bind(("127.0.0.1", 0))
        given = {"HOST": "localhost", "PORT": str(closed.getsockname()[1])} | dict.fromkeys(login, CANARY)
        given |= {"USERNAME": "tester"} if "USERNAME" in login else {}
        for name, value in given.items():
            monkeypatch.setenv(f"ELASTICSEARCH_{name}", value)
        for words in [*EVERY_COMMAND, [*GENERATE, "--index", "later"]]:
            result = CliRunner().invoke(app, words)
            assert CANARY not in result.output + repr(result.exception), words
            assert "Traceback" not in result.output, words
    assert holding(place.folder, "localhost")
    assert holding(place.folder, CANARY) == set()


@pytest.mark.parametrize("secured_node", [NEWEST], indirect=True)
def test_no_secret_is_in_anything_that_a_run_leaves(
    place: Workplace, secured_node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    with secured_node.client() as client:
        key = client.security.create_api_key(name="of-a-run")
    outputs = []
    for index, works, login in (
        ("moves-refused", False, {"USERNAME": "tester", "PASSWORD": WRONG}),
        ("moves-by-password", True, {"USERNAME": "tester", "PASSWORD": PASSWORD}),
        ("moves-by-key", True, {"API_KEY": key["encoded"]}),
    ):
        result = run(place, monkeypatch, secured_node, INDEX=index, **login)
        assert (result.exit_code == 0) == works, result.output
        outputs.append(result.output)
        secured_node.delete_indices(index)
    assert report_of(place.data)["summary"]["successful"] == 4
    assert {path.suffix for path in holding(place.data, "moves-by-key")} >= {".db", ".parquet"}
    assert {path.suffix for path in holding(place.data, "basic_step_1")} >= {".db", ".json", ".log", ".parquet"}
    for secret in (PASSWORD, WRONG, key["api_key"], key["encoded"]):
        sent = base64.b64encode(f"tester:{secret}".encode()).decode()
        for text in (secret, sent.rstrip("=")):
            assert holding(place.data, text) == set()
            assert not any(text in output for output in outputs)
