"""`repair`: rebuild damaged or lost state from the tables, which record how they were made.

It computes nothing: it writes registry, Dagster's history and index again, and sets damaged tables aside for `generate`
to make again.
"""

import logging
from collections.abc import Iterator
from pathlib import Path

from bachata_assets.collection import layout, scan
from bachata_assets.collection.data_dir.places import abandoned_in, misplaced_in
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import folders_of
from bachata_assets.collection.rebuild import precision_of_tables, rebuild_archive_index
from bachata_assets.collection.whole_files import DamagedError
from bachata_assets.orchestration.build import Platform, build_platform
from bachata_assets.orchestration.clip_events import record_again
from bachata_assets.orchestration.history import History, set_damaged_aside
from bachata_assets.orchestration.instance import Instance, open_instance, set_damaged_state_aside
from bachata_assets.orchestration.orphaned_runs import end_orphans
from bachata_assets.orchestration.partitions import add_partitions, register
from bachata_assets.pipeline.index_level import fill_index
from bachata_assets.pipeline.stages import clip_stages
from bachata_assets.pipeline.status import Status
from bachata_assets.settings import Settings

logger = logging.getLogger(__name__)


def repair(settings: Settings) -> Iterator[str]:
    """Mend a data dir, and yield one line for each thing done.

    Raises
    ------
    SettingsError
        If `collection.json` is lost and nothing else says where the clips are.
    DiscoveryError, AnnotationError
        If the folder or the annotations cannot be read.
    DamagedError
        If something is damaged that `repair` cannot mend.
    SearchError
        If the index cannot be reached; everything else is mended by then.
    """
    dataset = Dataset(settings.data_dir)
    yield from _mend_places(dataset)
    if abandoned := abandoned_in(dataset.url):
        dataset.delete_all(abandoned)
        yield f"Half-written files of processes that were killed, removed: {len(abandoned)}"
    yield from _mend_facts(settings, dataset)
    yield from _mend_registry(settings, dataset)
    for file in scan.exchanged_files(settings, dataset, take=True):
        yield f"{file.path} has changed since it was read: `bachata-assets generate` makes its clip again"
    for path in set_damaged_state_aside(settings.data_dir):
        yield f"{path} was damaged and is set aside; a new one is made"
    platform = build_platform(settings)
    yield from _mend_archives(platform)
    with open_instance(settings.data_dir) as instance:
        end_orphans(instance)
        for error in set_damaged_aside(instance, dataset, platform.stages):
            yield f"{error.path} was damaged ({error.why}) and is set aside: `bachata-assets generate` makes it again"
        found = scan.scan_clips(settings, dataset, read_copies=True)
        register(instance, dataset, found)
        history = History.read(instance, dataset, platform.stages)
        recorded = record_unknown(platform, instance, found, history, sizes=True)
        yield f"Tables recorded again in Dagster's log: {recorded}"
        yield from _mend_index(platform, found, history)


def record_unknown(
    platform: Platform, instance: Instance, found: scan.Scan, history: History, *, sizes: bool = False
) -> int:
    """Record the tables that are missing in Dagster's log, also in `history`; return their number.

    Parameters
    ----------
    sizes : also those without a size in the log, since an older version made them
    """
    dataset = platform.dataset
    known = scan.known_files(dataset)
    unknown = {
        name: (stage.unrecorded | (stage.unsized if sizes else set())) & known.keys()
        for name, stage in history.stages.items()
    }
    number = sum(map(len, unknown.values()))
    if not number:
        return 0
    logger.info("Recording %d tables that Dagster's log does not know", number)
    clip_ids = sorted(set().union(*unknown.values()))
    add_partitions(instance, clip_ids)
    clips = {clip_id: found.clips.get(clip_id) for clip_id in clip_ids}
    damaged = record_again(instance, dataset, platform.stages, platform.checks, clips, unknown)
    for asset, errors in damaged.items():
        for error in errors.values():
            logger.warning("%s is damaged (%s): it is made again", error.path, error.why)
        dataset.set_tables_aside(asset, errors.keys())
        history.stages[asset].tables.difference_update(errors)
        number -= len(errors)
    for stage in history.stages.values():
        stage.unrecorded.clear()
    return number


def _mend_places(dataset: Dataset) -> Iterator[str]:
    for name in misplaced_in(dataset.url, (stage.name for stage in clip_stages("", ""))):
        kind = "folder where a file belongs" if Path(dataset.path(name)).is_dir() else "file where a folder belongs"
        dataset.set_aside(name)
        yield f"{dataset.path(name)} was a {kind}, and is set aside"


def _mend_facts(settings: Settings, dataset: Dataset) -> Iterator[str]:
    try:
        facts = dataset.collection()
    except DamagedError as error:
        if not settings.video_dir:
            ask = "say where the clips are: `bachata-assets repair --video_dir … --annotations …`"
            raise DamagedError(error.path, error.why, ask) from error
        dataset.set_aside(layout.COLLECTION)
        yield f"{error.path} was damaged and is set aside"
        facts = {}
    if "precision" not in facts and (precision := _remember_precision(dataset)):
        yield f"Precision of the poses, according to their tables: {precision}"
    dataset.remember(**folders_of(settings, dataset).absolute)


def mend_lost(settings: Settings, dataset: Dataset) -> None:
    """Restore lost state from the tables: the precision, and the registry, without which clips get other ids."""
    if "precision" not in dataset.collection():
        _remember_precision(dataset)
    if scan.registry_is_lost(dataset):
        clips = scan.rebuild_registry(dataset, settings)
        logger.warning("%s was gone; %d clips were restored from the tables", dataset.path(layout.REGISTRY), clips)


def _remember_precision(dataset: Dataset) -> str | None:
    precision = precision_of_tables(dataset)
    if precision:
        dataset.remember(precision=precision)
    return precision


def _mend_registry(settings: Settings, dataset: Dataset) -> Iterator[str]:
    try:
        lost = not scan.known_files(dataset)
    except DamagedError as error:
        dataset.set_aside(layout.REGISTRY)
        yield f"{error.path} was damaged and is set aside"
        lost = True
    if lost:
        yield f"Clips restored from the tables: {scan.rebuild_registry(dataset, settings)}"


def _mend_archives(platform: Platform) -> Iterator[str]:
    dataset = platform.dataset
    for stage in platform.stages:
        try:
            dataset.archives(stage.name).sizes()
        except DamagedError as error:
            if dataset.look(layout.archive_index(stage.name)) is not None:
                dataset.set_aside(layout.archive_index(stage.name))
            tables = rebuild_archive_index(dataset, stage.name)
            yield f"{error.path} was damaged or gone; tables restored from the archives: {tables}"


def _mend_index(platform: Platform, found: scan.Scan, history: History) -> Iterator[str]:
    status = Status.of(found.clips, platform.stages, history.stages, history.reason_of)
    tools = platform.tools
    filled = fill_index(platform.stages, tools.dataset, tools.search, found, status, every=True)
    yield f"Documents sent again to the index: {len(filled.sent)}"
    for clip_id, reason in filled.refused.items():
        yield f"The index refuses the document of {clip_id}: {reason}"
