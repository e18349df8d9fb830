"""librosa is compiled by one process at a time, and only once."""

import subprocess
import sys
import threading
from pathlib import Path

import filelock
import platformdirs
import pytest

from bachata_assets.music.compiled import load_librosa
from bachata_assets_tests.support.paths import PROJECT


def test_who_loads_librosa_waits_for_another_process_that_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_librosa()  # so that only the lock can hold up the next call
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = Path(platformdirs.user_cache_dir("bachata_assets"))
    folder.mkdir(parents=True)
    load_librosa.cache_clear()
    loaded: list[str] = []
    loading = threading.Thread(target=lambda: loaded.append(load_librosa().onset.__name__))
    with filelock.FileLock(folder / "librosa.lock"):
        loading.start()
        loading.join(timeout=1)
        assert loading.is_alive()
        assert loaded == []
    loading.join()
    assert loaded == ["librosa.onset"]


def test_two_threads_that_load_librosa_at_once_get_the_same_whole_module() -> None:
    load_librosa.cache_clear()
    start = threading.Barrier(2)
    loaded: list[object] = []

    def load() -> None:
        start.wait()
        librosa = load_librosa()
        loaded.append((librosa, librosa.onset.onset_detect, librosa.feature.melspectrogram))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loaded[0] == loaded[1]


def test_a_process_after_the_first_compiles_nothing_of_librosa() -> None:
    hear = """
from pathlib import Path
import numba
from numba.core import event
declared = numba.guvectorize, numba.vectorize, numba.jit
from bachata_assets.music.beats import find_beats
from bachata_assets.music.embedding import audio_embedding
from bachata_assets.music.sound import load_sound
with event.install_recorder("numba:run_pass") as passes:
    sound = load_sound(Path("data/sample/videos/basic_steps/basic_step_1.mp4"))
    audio_embedding(sound, find_beats(sound))
assert declared == (numba.guvectorize, numba.vectorize, numba.jit)
print(len(passes.buffer))
"""
    for _ in range(2):  # the first may have to fill the cache
        said = subprocess.run(
            [sys.executable, "-c", hear], check=True, capture_output=True, text=True, timeout=300, cwd=PROJECT
        )
    assert said.stdout.split() == ["0"]
