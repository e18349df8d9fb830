"""The lock of a data dir in a bucket: an object that one writer at a time can create.

A store has no locks that end with the process that holds them. So the holder writes the object again every few seconds,
and others take the lock after seeing no change for a minute; clocks of different machines are never compared.
"""

import errno
import json
import logging
import os
import platform
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fsspec import AbstractFileSystem

logger = logging.getLogger(__name__)

SIGN_EVERY_S = 10.0
"""Time between two signs of life of a holder, s."""
GIVEN_UP_S = 60.0
"""Time without a sign of life after which a holder counts as gone, s."""
ASK_EVERY_S = 0.5
"""Time between two attempts of a waiting process, s."""
SAID_AFTER_S = 10.0
"""Time after which a wait is logged, s."""


@contextmanager
def held_in_bucket(files: AbstractFileSystem, path: str) -> Iterator[None]:
    """Hold an object that locks out other processes on any machine; wait while another process holds it.

    One thread of this process at a time holds it, and may take it again. In a store that cannot create an object only
    if none exists, it locks out only the threads of this process.
    """
    with _here(path) as is_first:
        if is_first:
            with _BucketLock(files, path).held():
                yield
        else:
            yield


_LOCKS: dict[str, threading.RLock] = {}
_DEPTHS: Counter[str] = Counter()


@contextmanager
def _here(path: str) -> Iterator[bool]:
    """Lock out other threads of this process; yield whether this one held the lock already."""
    with _LOCKS.setdefault(path, threading.RLock()):
        _DEPTHS[path] += 1
        try:
            yield _DEPTHS[path] == 1
        finally:
            _DEPTHS[path] -= 1


class _BucketLock:
    """The object while it is held once."""

    def __init__(self, files: AbstractFileSystem, path: str) -> None:
        self._files, self._path = files, path

    @contextmanager
    def held(self) -> Iterator[None]:
        holder = f"{platform.node()}, process {os.getpid()}"
        own = {"held_by": holder, "id": secrets.token_hex(8)}
        self._create(own)
        done = threading.Event()
        signs = threading.Thread(target=self._show, args=(own, done), daemon=True, name=f"holds {self._path}")
        signs.start()
        try:
            yield
        finally:
            done.set()
            signs.join()
            with suppress(OSError):  # the store is unreachable: others take the lock over
                if self._seen().get("id") == own["id"]:  # not if this machine slept and another took it over
                    self._files.rm_file(self._path)

    def _create(self, own: dict[str, str]) -> None:
        begun = changed = time.monotonic()
        before: dict[str, str] = {}
        is_said = False
        while not self._is_created(own):
            now, seen = time.monotonic(), self._seen()
            if seen.get("id") == own["id"]:
                return  # created by a request whose answer was lost, so it was sent again
            if seen != before:
                before, changed = seen, now
            elif now - changed > GIVEN_UP_S:
                logger.info("%s: its holder (%s) is gone; taking the lock", self._path, seen.get("held_by"))
                with suppress(FileNotFoundError):
                    self._files.rm_file(self._path)
                changed = now
                continue
            if not is_said and now - begun > SAID_AFTER_S:
                is_said = True
                logger.warning("%s: waiting for %s, which is writing there", self._path, seen.get("held_by"))
            time.sleep(ASK_EVERY_S)

    def _is_created(self, own: dict[str, str]) -> bool:
        try:
            self._files.pipe_file(self._path, json.dumps(own).encode(), mode="create")
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
        return True

    def _show(self, own: dict[str, str], done: threading.Event) -> None:
        number = 0
        while not done.wait(SIGN_EVERY_S):
            number += 1
            with suppress(OSError):  # the store is unreachable: the next write reports it
                if self._seen().get("id") == own["id"]:
                    self._files.pipe_file(self._path, json.dumps(own | {"sign": str(number)}).encode())

    def _seen(self) -> dict[str, str]:
        """Return the content of the object, empty if there is none."""
        try:
            return dict(json.loads(self._files.cat_file(self._path)))
        except (FileNotFoundError, ValueError, TypeError):
            return {}
