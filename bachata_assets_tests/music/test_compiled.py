"""librosa is compiled by one process at a time."""

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
