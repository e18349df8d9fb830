"""librosa is compiled by one process at a time, and only once."""

import subprocess
import sys
import threading
from pathlib import Path

import filelock
import platformdirs
import pytest

from bachata_assets.music.compiled import load_librosa


def test_who_loads_librosa_waits_for_another_process_that_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_librosa()  # so that only the lock can hold up the next call
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = Path(platformdirs.user_cache_dir("bachata_assets"))
    folder.mkdir(parents=True)
    load_librosa.cache_clear()
    loaded: list[str] = []
    loading = threading.Thread(target=lambda: loaded.append(load_librosa().beat.__name__))
    with filelock.FileLock(folder / "librosa.lock"):
        loading.start()
        loading.join(timeout=1)
        assert loading.is_alive()
        assert loaded == []
    loading.join()
    assert loaded == ["librosa.beat"]


def test_a_process_after_the_first_compiles_nothing_of_librosa() -> None:
    load_librosa()
    code = """
from numba.core import event
from bachata_assets.music.compiled import load_librosa
with event.install_recorder("numba:run_pass") as passes:
    load_librosa()
print(len(passes.buffer))
"""
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert said.stdout.split() == ["0"]
