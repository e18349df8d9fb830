"""Clips that arrive at a run: hashes of objects read from a bucket go into the registry, once per run."""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

from bachata_assets.collection import registry
from bachata_assets.collection.clip import Clip
from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.folders import folders_of
from bachata_assets.collection.registry import ClipFile
from bachata_assets.collection.scan import file_version, keep_read, known_files
from bachata_assets.collection.videos.arrivals import Arrivals, Arrived, FetchedClips
from bachata_assets.collection.videos.bucket import VideoBucket
from bachata_assets.settings import Settings


def open_arrivals(settings: Settings, dataset: Dataset, told: Callable[[Clip], None] = lambda _clip: None) -> Arrivals:
    """Return how the clips of a collection come to this machine.

    Parameters
    ----------
    told : called with each clip whose file turned out to be a different one
    """
    videos = folders_of(settings, dataset).videos
    if not isinstance(videos, VideoBucket):
        return Arrivals()
    return _ReadClips(videos, settings.cache_gb * 1e9, dataset, told)


class _ReadClips(FetchedClips):
    """Clips of a bucket, whose versions are known only after fetching."""

    def __init__(self, videos: VideoBucket, limit: float, dataset: Dataset, told: Callable[[Clip], None]) -> None:
        super().__init__(videos, limit, self._read)
        self._dataset = dataset
        self._told = told
        self._new: dict[str, ClipFile] = {}

    def end(self) -> None:
        """See `Arrivals.end`; the registry is written only once, since a bucket needs all of it for every write."""
        super().end()
        if self._new:
            keep_read(self._dataset, self._new)

    @cached_property
    def _known(self) -> dict[str, ClipFile]:
        return known_files(self._dataset)

    def _read(self, clip: Clip, arrived: Arrived) -> Clip:
        known = self._known[clip.clip_id]
        file = registry.looking(known, arrived.seen, arrived.content)
        if file == known:
            return clip
        self._new[clip.clip_id] = file
        version = file_version(file, clip.annotation)
        if version == clip.versions["clip_file"]:
            return clip
        now = replace(clip, versions={**clip.versions, "clip_file": version})
        self._told(now)
        return now
