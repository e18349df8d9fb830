"""A data dir in a bucket with many writers: a real client of S3, a server of the test's own, processes that write."""

import logging
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from s3fs import S3FileSystem

from bachata_assets.collection.data_dir import bucket_lock
from bachata_assets.collection.dataset import Dataset

DATA_DIR = "s3://dances/bachata"
LOCK = "dances/bachata/.lock"
WRITER = """
import sys
from bachata_assets.collection.dataset import Dataset
for number in range(10):
    Dataset(sys.argv[1]).remember(**{f"{sys.argv[2]} {number}": number})
"""
HOLDER = """
import sys, time
from bachata_assets.collection.dataset import Dataset
with Dataset(sys.argv[1]).lock():
    print("holds", flush=True)
    time.sleep(600)
"""


@pytest.mark.usefixtures("bucket")
def test_what_several_processes_write_at_once_is_all_kept() -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, DATA_DIR, name]) for name in ("ana", "ben", "cy")]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    expected = {f"{name} {number}": number for name in ("ana", "ben", "cy") for number in range(10)}
    assert Dataset(DATA_DIR).collection() == expected


def test_a_lock_is_gone_with_who_held_it(bucket: S3FileSystem) -> None:
    one, other = Dataset(DATA_DIR), Dataset(DATA_DIR)
    with one.lock(), other.lock():
        assert bucket.exists(LOCK)
    assert not bucket.exists(LOCK)
    with pytest.raises(ZeroDivisionError), one.lock():
        _ = 1 / 0
    assert not bucket.exists(LOCK)


def test_the_lock_of_a_process_that_was_killed_is_taken_and_that_of_one_at_work_is_not(
    bucket: S3FileSystem, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = logging.getLogger("bachata_assets")
    monkeypatch.setattr(log, "handlers", [])
    monkeypatch.setattr(log, "propagate", True)
    caplog.set_level("INFO", "bachata_assets")
    monkeypatch.setattr(bucket_lock, "SAID_AFTER_S", 0.0)
    monkeypatch.setattr(bucket_lock, "GIVEN_UP_S", 6.0)
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from bachata_assets.collection.data_dir import bucket_lock\nbucket_lock.SIGN_EVERY_S = 0.5\n{HOLDER}",
            DATA_DIR,
        ],
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"holds\n"
        started = time.monotonic()
        killing = subprocess.Popen(["sh", "-c", f"sleep 8; kill -9 {holder.pid}"])
        with Dataset(DATA_DIR).lock():
            assert holder.wait(timeout=10) == -signal.SIGKILL
            assert time.monotonic() - started > 8
            assert f"process {os.getpid()}" in bucket.cat(LOCK).decode()
        killing.wait()
    said = [one.getMessage() for one in caplog.records if one.name == bucket_lock.__name__]
    assert [line.partition(": ")[2].split(", ")[0].split(" (")[0] for line in said] == [
        f"waiting for {os.uname().nodename}",
        "its holder",
    ]


def test_a_lock_that_was_taken_away_is_left_to_who_has_it_now(bucket: S3FileSystem) -> None:
    with Dataset(DATA_DIR).lock():
        bucket.pipe_file(LOCK, b'{"held_by": "another", "id": "x"}')
    assert bucket.cat(LOCK) == b'{"held_by": "another", "id": "x"}'


class AnswersAreLost(S3FileSystem):  # type: ignore[misc]
    """A client whose first answer does not come, and which asks again."""

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **named: Any) -> None:
        super().pipe_file(path, value, mode=mode, **named)
        if mode == "create":
            super().pipe_file(path, value, mode=mode, **named)


@pytest.mark.usefixtures("bucket")
def test_a_lock_whose_answer_was_lost_is_held_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket_lock, "ASK_EVERY_S", -1.0)  # to wait is an error
    with bucket_lock.held_in_bucket(AnswersAreLost(skip_instance_cache=True), LOCK):
        assert AnswersAreLost(skip_instance_cache=True).exists(LOCK)


def test_who_only_reads_needs_no_lock(bucket: S3FileSystem) -> None:
    Dataset(DATA_DIR).remember(videos="a")
    bucket.pipe_file(LOCK, b'{"held_by": "another", "id": "x"}')
    Dataset(DATA_DIR).remember(videos="a")
    assert Dataset(DATA_DIR).collection() == {"videos": "a"}
