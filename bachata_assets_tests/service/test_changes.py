"""Annotations that are changed over HTTP, with a token only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.settings import load_settings
from bachata_assets_tests.support.service import Service, serving

TOKEN = "secret"  # of this test


def settings_of(folder: Path, **flags: object) -> Any:
    (folder / "videos").mkdir()
    (folder / "data").mkdir()
    (folder / "videos" / "a.mp4").touch()
    (folder / "said.json").write_text('[{"clip_id": "a", "move_label": "turn", "by": "me"}]')
    places = {"video_dir": folder / "videos", "annotations": folder / "said.json", "data_dir": str(folder / "data")}
    return load_settings(**places, serve_port=0, **flags)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(settings_of(tmp_path, serve_token=TOKEN)) as opened:
        yield opened


def patch(clip_id: str = "a", **said: object) -> bytes:
    changes = [{"clip_id": clip_id, "set": said or {"move_label": "dip"}}]
    return json.dumps({"format": "bachata-annotations-patch", "version": 1, "changes": changes}).encode()


def send(service: Service, body: bytes, path: str = "/annotations", kind: str = "application/json") -> tuple[int, Any]:
    status, content, _ = service.ask(path, "POST", body, Authorization=f"Bearer {TOKEN}", Content_Type=kind)
    return status, json.loads(content)


def test_a_patch_is_shown_and_then_applied(service: Service, tmp_path: Path) -> None:
    status, shown = send(service, patch(), "/annotations?dry_run=true")
    assert (status, shown["written"]) == (200, False)
    assert shown["changes"] == [{"clip_id": "a", "field": "move_label", "before": "turn", "after": "dip"}]
    assert shown["to_be_made"]["a"] == ["text_embedding", "search_index"]
    assert "turn" in (tmp_path / "said.json").read_text()
    status, done = send(service, patch())
    assert (status, done["written"]) == (200, True)
    assert (tmp_path / "said.json").read_text() == '[{"clip_id": "a", "move_label": "dip", "by": "me"}]'


@pytest.mark.parametrize(
    ("body", "kind", "status", "words"),
    [
        (patch("ghost"), "application/json", 422, "Not clips of this collection: ghost"),
        (patch(move_labell="dip"), "application/json", 422, "'move_labell' is not a field"),
        (b"{", "application/json", 422, "the patch is not valid JSON"),
        (patch(), "text/plain", 415, "send the patch as application/json"),
        (b" " * (16 * 2**20 + 1), "application/json", 413, "larger than"),
    ],
)
def test_what_is_no_patch_of_this_collection_changes_nothing(
    service: Service, tmp_path: Path, body: bytes, kind: str, status: int, words: str
) -> None:
    before = (tmp_path / "said.json").read_bytes()
    answered, said = send(service, body, kind=kind)
    assert answered == status
    assert words in said["detail"]
    assert (tmp_path / "said.json").read_bytes() == before


def test_without_a_token_nothing_is_changed(tmp_path: Path) -> None:
    with serving(settings_of(tmp_path)) as opened:
        status, said = send(opened, patch())
    assert status == 403
    assert "BACHATA_SERVE_TOKEN" in said["detail"]
    assert "turn" in (tmp_path / "said.json").read_text()
