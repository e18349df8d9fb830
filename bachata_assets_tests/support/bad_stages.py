"""Stages that a bad file would make of good ones: they crash, hang, eat memory or tell secrets in their process."""

import os
import signal
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import psutil

from bachata_assets.collection.clip import Clip
from bachata_assets.families import NonFiniteVectorError
from bachata_assets.pipeline.stage import ClipStage, Made, Tables
from bachata_assets.pipeline.tools import Models
from bachata_assets.video.errors import UnreadableVideoError
from bachata_assets_tests.support.small_stages import NUMBER, made


def reads(clip: Clip, _tables: Tables, _models: Models) -> Made:
    """Do to the process what the clip is called after; make the process's id of any other clip."""
    name = clip.clip_id
    if name.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if name.startswith("flaky"):  # killed by the system once, then left alone
        trace = Path(clip.video_path)
        if not trace.exists():
            trace.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith(("lost", "once_lost")):  # its actor is killed, always or once: the machine went away
        trace = Path(clip.video_path)
        if name.startswith("lost") or not trace.exists():
            trace.touch()
            next(one for one in psutil.Process().parents() if one.name().startswith("ray::")).kill()
            time.sleep(60)
    if name.startswith("content"):
        time.sleep(0.5)
        return made(zlib.crc32(clip.path.read_bytes()))
    if name.startswith("elsewhere"):
        time.sleep(0.5)
        return made(int(str(clip.path) != clip.video_path))
    if name.startswith("hang"):
        time.sleep(3600)
    if name.startswith("huge"):
        np.ones(10_000_000_000)
    if name.startswith("grows"):
        held = []
        for _ in range(30):
            held.append(np.ones(5_000_000))
            time.sleep(0.1)
    if name.startswith("reserves"):
        reserved = np.empty(200_000_000)
        time.sleep(1.0)
        del reserved
    if name.startswith("broken"):
        raise UnreadableVideoError(clip.path, "is truncated")
    if name.startswith("infinite"):
        raise NonFiniteVectorError("1 of 4 dimensions are not finite")
    if name.startswith("noisy"):
        warnings.warn("a library about another", FutureWarning, stacklevel=1)
        os.write(1, b"printed by a library\n")
    if name.startswith("secret"):
        return made(int("very-secret" in Path("/proc/self/environ").read_text()))
    return made(os.getpid())


def stage(*, finds_poses: bool = False) -> ClipStage:
    return ClipStage("a", ("clip_file",), NUMBER, "1", "", "", (), make=reads, reads_files=True, prefetch=finds_poses)
