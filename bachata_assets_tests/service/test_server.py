"""The service as a process: what it loads, and how it ends."""

import http.client
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bachata_assets.search.index import open_index
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.documents import documents
from bachata_assets_tests.support.paths import PROJECT

LOADED = """
import sys
from bachata_assets.service.server import Server
from bachata_assets.settings import load_settings
from bachata_assets_tests.support.service import serving
with serving(load_settings(data_dir=sys.argv[1], serve_port=0)) as service:
    assert service.json("/similar", clip_id="clip_0000", size=1)[0] == 200
    assert service.ask("/docs")[0] == 200
heavy = {"dagster", "torch", "mmpose", "cv2", "librosa", "openvino", "sentence_transformers"}
print(*sorted(heavy & sys.modules.keys()))
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> str:
    settings = load_settings(data_dir=str(tmp_path / "data"))
    with open_index(settings, fingerprint="x") as index:
        index.put(documents(5))
        index.promote()
    return settings.data_dir


def test_it_answers_without_dagster_and_without_models(data_dir: str) -> None:
    words = [sys.executable, "-c", LOADED, data_dir]
    shown = subprocess.run(words, check=False, capture_output=True, text=True, cwd=PROJECT)
    assert (shown.returncode, shown.stdout.strip()) == (0, ""), shown.stderr


@pytest.mark.usefixtures("no_signal_is_ignored")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_the_exit_code_that_shells_expect(data_dir: str, how: signal.Signals) -> None:
    words = [sys.executable, "-m", "bachata_assets.cli", "serve", "--data_dir", data_dir, "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout
        assert served.stderr
        line = served.stdout.readline()
        port = int(line.split("http://127.0.0.1:")[1].split("/")[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/healthz")  # and the connection stays open
        assert json.loads(connection.getresponse().read()) == {"clips": 5}
        served.send_signal(how)
        assert served.wait(30) == 128 + how
        assert "Traceback" not in served.stderr.read()
