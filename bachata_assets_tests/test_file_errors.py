"""What the system says of a disk that refuses a file, and what is made of it everywhere."""

import errno
import io
import os
import tempfile
from pathlib import Path

import pytest

from bachata_assets.file_errors import of_a_file, refusal, with_remedy

OF_A_DISK = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ESTALE]


class Refusing(io.RawIOBase):
    """A file on a disk that takes nothing: this machine's kernel knows no quota."""

    def __init__(self, number: int) -> None:
        self._number = number

    def writable(self) -> bool:
        return True

    def write(self, _data: object) -> int:
        raise OSError(self._number, os.strerror(self._number))


@pytest.fixture(params=OF_A_DISK, ids=errno.errorcode.get)
def refused(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number with which the disk refuses every file."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: io.BufferedWriter(Refusing(request.param)))
    return int(request.param)


def test_why_a_disk_takes_no_file_is_what_the_system_says(refused: int, tmp_path: Path) -> None:
    error = refusal(tmp_path)
    assert error is not None
    assert (error.errno, error.filename) == (refused, str(tmp_path))


def test_a_disk_with_room_refuses_nothing(tmp_path: Path) -> None:
    assert refusal(tmp_path, 1000) is None
    assert not any(tmp_path.iterdir())
    gone = refusal(tmp_path / "gone")
    assert gone is not None
    assert gone.errno == errno.ENOENT


@pytest.mark.parametrize("number", OF_A_DISK)
def test_each_has_a_remedy_of_its_own_with_and_without_a_path(number: int) -> None:
    said = with_remedy(str(OSError(number, os.strerror(number), "data/x")))
    assert said == f"data/x: {with_remedy(str(OSError(number, os.strerror(number))))}"
    assert said.startswith(f"data/x: {os.strerror(number)}: ")
    assert said == of_a_file(number, None, "data/x")
