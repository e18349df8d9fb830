"""`verify`: check that the platform works here; each finding is ok, a warning or a problem, with its remedy."""

import importlib.metadata
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from bachata_assets.collection import layout
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import folders_of
from bachata_assets.collection.remarks import counted, named
from bachata_assets.collection.scan import exchanged_files, known_files
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration.build import Platform
from bachata_assets.orchestration.history import History, damaged_tables
from bachata_assets.orchestration.instance import open_instance
from bachata_assets.pipeline.failure import ClipError
from bachata_assets.pipeline.tools import PoseModelsProvider, SearchIndexProvider
from bachata_assets.pipeline.workers.opening import open_workers
from bachata_assets.report.content import damaged_reports
from bachata_assets.settings import SettingsError
from bachata_assets.settings.problems import SHARED_LANCEDB

State = Literal["ok", "warning", "problem"]

NEEDED_GB = 2.0
NAMED = 5
"""Maximum number of damaged files that are named."""
PACKAGES = ("dagster", "torch", "openvino", "mmdet", "mmpose", "librosa", "elasticsearch", "lancedb")
WORST_KEYPOINT_ERROR = 0.10
"""Largest accepted mean distance of the found keypoints from the drawn ones, in body heights."""


@dataclass(frozen=True)
class Finding:
    """The answer to one question."""

    state: State
    what: str
    remedy: str = ""


def verify(platform: Platform, *, content: bool = False) -> Iterator[Finding]:
    """Yield the finding of every check, the slow ones last.

    Parameters
    ----------
    content : read every table and document of the data dir instead of checking their sizes and a sample
    """
    tools, shared = platform.tools, platform.settings.shares_lancedb
    questions: tuple[Callable[[], Finding], ...] = (
        _versions,
        _system_libraries,
        lambda: _disk(platform.settings.data_dir),
        lambda: _models(tools.models.pose),
        lambda: _workers(platform),
        *([lambda: Finding("warning", f"{SHARED_LANCEDB[0]}.", f"{SHARED_LANCEDB[1]}.")] if shared else []),
        *([lambda: _files(platform)] if content else []),
        lambda: _tables(platform, content=content),
        lambda: _reports(platform.dataset, content=content),
        lambda: _index(platform, tools.search, every=content),
        lambda: _rendered_clip(tools.models.pose),
    )
    for question in questions:
        yield question()


def _versions() -> Finding:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return Finding("ok", f"Python {sys.version.split()[0]}; {versions}")


def _system_libraries() -> Finding:
    try:
        import av
        import cv2
        import openvino
    except ImportError as error:
        return Finding("problem", f"A library does not load: {error}", "Install the system library that it names.")
    codecs = {"h264", "aac"} - av.codecs_available
    if codecs:
        return Finding("problem", f"PyAV cannot decode {', '.join(codecs)}", "Reinstall the package av: uv sync")
    return Finding("ok", f"PyAV {av.__version__}, OpenCV {cv2.__version__} and OpenVINO {openvino.__version__} load")


def _disk(data_dir: str) -> Finding:
    if "://" in data_dir:
        return Finding("ok", f"The data dir {data_dir} is in an object store that answers")
    place = next(path for path in (Path(data_dir).absolute(), *Path(data_dir).absolute().parents) if path.exists())
    if not os.access(place, os.W_OK):
        return Finding("problem", f"{place} is not writable", "Choose another --data_dir, or change its permissions.")
    free = shutil.disk_usage(place).free / 1e9
    if free < NEEDED_GB:
        return Finding("warning", f"{free:.1f} GB are free at {place}", f"Make {NEEDED_GB:g} GB free.")
    return Finding("ok", f"{free:.0f} GB are free at {place}")


def _models(models: PoseModelsProvider) -> Finding:
    try:
        fingerprint = models.check()
    except (FileNotFoundError, ValueError) as error:
        return Finding("problem", str(error), "See docs/models.md.")
    return Finding("ok", f"The model set {models.model_set} is complete and its hashes are right ({fingerprint})")


def _workers(platform: Platform) -> Finding:
    """Call a function where clips are processed."""
    settings = platform.settings
    try:
        with open_workers(settings, platform.tools.models, here=True) as workers:
            is_here = workers.call(os.getpid) == os.getpid()
    except (SettingsError, ClipError) as error:
        return Finding("problem", str(error), "See docs/settings.md.")
    if is_here:
        return Finding("ok", "Clips are read in this process (BACHATA_WORKERS=in_process): a bad file can end it")
    if settings.workers == "ray":
        return Finding("ok", "Clips are read by a Ray cluster; worker processes start on this machine, too")
    limit = f" of at most {settings.worker_memory_gb:g} GB" if settings.worker_memory_gb else ""
    return Finding("ok", f"Clips are read in worker processes{limit}")


def _files(platform: Platform) -> Finding:
    """Read every clip's file."""
    try:
        known = known_files(platform.dataset)
        if not known:
            return Finding("ok", "No clips are known yet")
        videos = folders_of(platform.settings, platform.dataset).videos
        if videos.is_remote:  # if an object's content changes, its version in the store does, too
            return Finding("ok", f"The clips are in {videos}, which reports changes itself: none was read")
        exchanged = exchanged_files(platform.settings, platform.dataset)
    except DamagedError as error:
        return Finding("problem", str(error), "`bachata-assets repair` mends it.")
    if exchanged:
        return Finding(
            "problem",
            "Changed since they were read, although size and time are the same: "
            f"{named([str(one.path) for one in exchanged])}",
            "`bachata-assets repair` records the change, `bachata-assets generate` makes their clips again.",
        )
    return Finding("ok", f"The files of the clips are as they were read ({counted(len(known), 'clip')} known)")


def _tables(platform: Platform, *, content: bool) -> Finding:
    dataset = platform.dataset
    count = sum(len(dataset.clip_ids(stage.name)) for stage in platform.stages)
    if not count:
        return Finding("ok", "There are no tables yet")
    with open_instance(platform.settings.data_dir) as instance:
        if content:
            damaged = {
                layout.table(asset, clip_id): error.why
                for asset, found in damaged_tables(instance, dataset, platform.stages)
                for clip_id, error in found.items()
            }
        else:
            damaged = History.read(instance, dataset, platform.stages).damaged
    if not damaged:
        return Finding("ok", f"All {count} tables are whole ({'every byte was read' if content else 'sizes checked'})")
    named = ", ".join(f"{dataset.path(name)} ({why})" for name, why in list(damaged.items())[:NAMED])
    more = f" and {len(damaged) - NAMED} more" if len(damaged) > NAMED else ""
    remedy = "`bachata-assets repair` sets them aside, `bachata-assets generate` makes them again."
    return Finding("problem", f"{len(damaged)} of {count} tables are damaged: {named}{more}", remedy)


def _reports(dataset: Dataset, *, content: bool) -> Finding:
    if "report_files" not in dataset.collection():
        return Finding("ok", "There is no report yet")
    damaged = damaged_reports(dataset, content=content)
    if damaged:
        named = ", ".join(dataset.path(name) for name in damaged)
        return Finding("problem", f"Damaged or gone: {named}", "`bachata-assets report` makes them again.")
    return Finding("ok", "The table of all clips and the reports are whole")


def _index(platform: Platform, search: SearchIndexProvider, *, every: bool) -> Finding:
    from bachata_assets.pipeline.index_level import differing_clips
    from bachata_assets.search.checks import check_index_complete, check_moments_complete
    from bachata_assets.search.errors import SearchError

    expected = platform.dataset.clip_ids("search_index")
    described = expected & platform.dataset.clip_ids("moments")
    try:
        with search.open() as index:
            index.require_usable()
            state = index.status()
            difference = check_index_complete(index, expected) if expected else None
            held = expected - set(difference.missing) if difference else set()
            described &= held  # a clip that is missing lacks its moments, too
            lacking = check_moments_complete(index, described).missing if described else ()
            differing = differing_clips(index, platform.dataset, held, every=every)
    except SearchError as error:
        return Finding("problem", str(error), "See docs/elasticsearch.md.")
    if (difference and not difference.complete) or differing or lacking:
        missing, unexpected = (len(difference.missing), len(difference.unexpected)) if difference else (0, 0)
        others = f", {counted(len(lacking), 'clip')} without all moments" if lacking else ""
        others += f", {len(differing)} with different content" if differing else ""
        return Finding(
            "warning",
            f"The index at {state.location} does not match the tables: {missing} missing, {unexpected} unknown{others}",
            "`bachata-assets generate` sends again what is missing, `bachata-assets repair` compares every document; "
            "`bachata-assets prune` removes clips that are gone.",
        )
    foreign = next((version.name for version in state.versions if version.live and version.fingerprint is None), None)
    if foreign:
        return Finding(
            "warning",
            f"Readers see {foreign}, which another program made: its vectors cannot be compared with those made here, "
            "although both say version mmpose_v1",
            "`bachata-assets generate` writes a version beside it, which readers see once it has every "
            "clip of this one that still exists.",
        )
    return Finding("ok", f"The index at {state.location} answers and is complete ({counted(len(expected), 'clip')})")


def _rendered_clip(models: PoseModelsProvider) -> Finding:
    """Render a couple with music, send the clip through the pipeline and compare the result with the truth."""
    from fractions import Fraction

    from bachata_assets.music.beats import find_beats
    from bachata_assets.music.sound import load_sound
    from bachata_assets.synthetic.clip_writer import write_clip
    from bachata_assets.synthetic.sample import CLIPS

    drawn = CLIPS[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rendered.mp4"
        truth = write_clip(path, drawn.scene(), drawn.track(), drawn.seconds, fps=Fraction(drawn.fps))
        try:
            couple = models.estimator()(path)
        except (FileNotFoundError, ValueError) as error:
            return Finding("problem", f"A rendered clip cannot be processed: {error}", "See docs/models.md.")
        beats = find_beats(load_sound(path))
    frames = np.abs(truth.times[None] - couple.times[:, None]).argmin(axis=1)
    distances = np.linalg.norm(couple.keypoints[..., :2] - truth.keypoints[frames][..., :2], axis=-1)
    heights = np.ptp(truth.boxes[frames][..., 1::2], axis=-1)
    off = float(np.nanmean(np.where(couple.valid[..., None], distances / heights[..., None], np.nan)))
    said = (
        f"A rendered clip: both dancers in {couple.detection_rate:.0%} of frames, keypoints off by {off:.1%} of "
        f"body height, tempo {beats.tempo or 0:.1f} of {drawn.tempo:g}"
    )
    tempo_is_right = beats.tempo is not None and abs(beats.tempo / drawn.tempo - 1) < 0.02
    if couple.detection_rate >= 0.9 and off <= WORST_KEYPOINT_ERROR and tempo_is_right:
        return Finding("ok", said)
    return Finding("warning", said, "Another model set may do better: see docs/models.md.")
