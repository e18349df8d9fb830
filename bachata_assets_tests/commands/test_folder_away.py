"""`generate` while the folder of clips goes away, or is empty for a while: nothing is lost, the next call goes on."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bachata_assets.pipeline.runner import Runner
from bachata_assets_tests.support.as_nobody import bound_by_rights
from bachata_assets_tests.support.paths import PROJECT, SAMPLE_CLIPS
from bachata_assets_tests.support.workplace import Workplace, report_of


def lose_sound(place: Workplace) -> None:
    """Take what was heard in every clip away, so that all files are read again."""
    for path in (place.data / "beats").iterdir():
        path.unlink()


@pytest.mark.parametrize("in_its_place", ["nothing", "an empty folder"])
def test_a_folder_that_goes_away_loses_nothing_and_the_next_call_goes_on(
    in_its_place: str, place: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_sound(place)
    done: list[Any] = []
    log = Runner._log
    away = place.folder / "away"

    def unmount(runner: Runner, run: Any) -> None:
        log(runner, run)
        done.append(run)
        if len(done) == 1:
            place.videos.rename(away)
            if in_its_place != "nothing":
                place.videos.mkdir()

    monkeypatch.setattr(Runner, "_log", unmount)
    result = place.generate()
    assert result.exit_code == 1
    assert result.output.count("disappeared while clips were made") == 1
    assert "is gone" not in result.output
    assert "Trying again" not in result.output
    failed = [line for line in result.output.splitlines() if "] " in line and "failed: " in line]
    assert 1 <= len(failed) <= 3
    assert all(f"no such file: there is no folder {place.videos}" in line for line in failed)
    report = report_of(place.data)
    assert report["summary"]["total_videos"] == 4
    assert report["summary"]["failed"] == len(report["failed_videos"]) == len(failed)

    if in_its_place != "nothing":
        # An empty folder stays: it is not taken for a collection whose clips were removed.
        report, tables = report_of(place.data), place.tables()
        said = place.generate()
        assert said.exit_code == 2
        assert (
            "holds no video now, but the data dir has 4 clips: is its disk mounted? Nothing was changed." in said.output
        )
        assert (report_of(place.data), place.tables()) == (report, tables)
        place.videos.rmdir()

    away.rename(place.videos)
    again = place.generate()
    assert again.exit_code == 0, again.output
    assert f"{len(failed)} processed this time" in again.output
    assert {Path(name).stem for name in place.tables() if name.startswith("beats/")} == SAMPLE_CLIPS


def test_a_folder_that_nobody_may_read_any_more_fails_each_clip_by_name(place: Workplace) -> None:
    lose_sound(place)
    words = ["generate", "--video_dir", place.videos, "--annotations", place.annotations, "--data_dir", place.data]
    said = []
    with subprocess.Popen(
        [sys.executable, "-c", "from bachata_assets.cli import app; app()", *map(str, words)],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=bound_by_rights,  # noqa: PLW1509  # it takes no lock
    ) as run:  # fmt: skip
        assert run.stdout
        for line in run.stdout:
            said.append(line)
            if "to be made" in line:
                place.videos.chmod(0)
    place.videos.chmod(0o755)
    assert run.returncode == 1, said
    assert any("cannot be read any more (Permission denied): change its permissions" in line for line in said)
    assert set(report_of(place.data)["failed_videos"]) == SAMPLE_CLIPS
    failed = [line for line in said if "] " in line and "failed: " in line]
    assert len(failed) == len(SAMPLE_CLIPS)
    assert all("not readable (Permission denied)" in line for line in failed)
    assert place.generate().exit_code == 0


def test_a_registry_that_is_gone_is_not_found_again_in_an_empty_folder(place: Workplace) -> None:
    (place.data / "clips.parquet").unlink()
    place.videos.rename(place.folder / "away")
    place.videos.mkdir()
    assert place.generate().exit_code == 2
    assert not (place.data / "clips.parquet").exists()
    place.videos.rmdir()
    (place.folder / "away").rename(place.videos)
    again = place.generate()
    assert again.exit_code == 0
    assert "0 processed this time" in again.output
