"""Who may ask the service, and what a stranger learns."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from bachata_assets.service.server import Server
from bachata_assets.settings import Settings, SettingsError, load_settings
from bachata_assets_tests.support.service import Service, serving

TOKEN = "a long secret: ä"  # of this test


def settings_of(folder: Path, **flags: object) -> Settings:
    (folder / "data").mkdir(exist_ok=True)
    return load_settings(data_dir=str(folder / "data"), serve_port=0, **flags)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Service]:
    with serving(settings_of(tmp_path, serve_token=TOKEN)) as service:
        yield service


def basic(password: str) -> str:
    return f"Basic {base64.b64encode(f'anyone:{password}'.encode()).decode()}"


def test_a_page_that_came_under_a_strangers_name_gets_nothing(tmp_path: Path) -> None:
    with serving(settings_of(tmp_path)) as service:
        port = service.server.port
        assert service.ask("/metrics", Host=f"evil.example:{port}")[0] == 403
        assert service.ask("/metrics", Host="127.0.0.1:1")[0] == 403
        assert service.ask("/metrics", Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("path", ["/similar?clip_id=a", "/metrics", "/docs", "/openapi.json", "/", "/nothing"])
@pytest.mark.parametrize("said", ["", "Bearer", "Bearer wrong", basic("wrong"), "Basic !", "Digest a", f"{TOKEN[:5]}"])
def test_nothing_is_answered_without_the_token(guarded: Service, path: str, said: str) -> None:
    headers = {"Authorization": said} if said else {}
    status, content, headers = guarded.ask(path, "GET", None, **headers)
    assert status == 401
    assert headers["www-authenticate"].startswith("Basic ")
    assert b"BACHATA_SERVE_TOKEN" in content


def test_callers_send_the_token_and_browsers_a_password(guarded: Service) -> None:
    assert guarded.ask("/metrics", Authorization=f"Bearer {TOKEN}".encode().decode("latin1"))[0] == 200
    assert guarded.ask("/metrics", Authorization=basic(TOKEN))[0] == 200


def test_whoever_watches_needs_no_token_and_learns_whether_it_answers(guarded: Service) -> None:
    status, content, _ = guarded.ask("/healthz")
    assert (status, b"nothing is indexed" in content) == (503, True)


def test_other_machines_are_let_in_only_with_a_token(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"BACHATA_SERVE_HOST = '0\.0\.0\.0'.*BACHATA_SERVE_TOKEN"):
        Server(settings_of(tmp_path, serve_host="0.0.0.0"))  # it is refused
    with serving(settings_of(tmp_path, serve_host="0.0.0.0", serve_token=TOKEN)) as service:
        assert service.ask("/metrics", Host="any.example", Authorization=basic(TOKEN))[0] == 200
        assert service.ask("/metrics", Host="any.example")[0] == 401


def test_a_port_that_is_taken_is_named(guarded: Service) -> None:
    taken = guarded.settings.model_copy(update={"serve_port": guarded.server.port})
    with pytest.raises(SettingsError, match=f"BACHATA_SERVE_PORT = {guarded.server.port}: Address already in use"):
        Server(taken)


@pytest.mark.parametrize("host", ["example.org", "300.1.1.1", "127.0.0.1:80", ""])
def test_an_address_to_listen_on_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(SettingsError, match="BACHATA_SERVE_HOST"):
        load_settings(serve_host=host)


def test_a_data_dir_that_is_not_there_is_not_served(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="mistyped does not exist"):
        Server(load_settings(data_dir=str(tmp_path / "mistyped"), serve_port=0))
    assert not (tmp_path / "mistyped").exists()
