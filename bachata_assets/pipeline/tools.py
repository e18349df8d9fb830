"""The tools of stages: the data dir, the models and the index, each opened when a stage first needs it."""

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from bachata_assets.collection.dataset import Dataset
from bachata_assets.inference.precision import EffectivePrecision, computes_bf16
from bachata_assets.pose.models.model_sets import ModelSetError, load_model_set
from bachata_assets.search.index import SearchIndex, open_index
from bachata_assets.settings import Settings, SettingsError
from bachata_assets.video.limits import DEFAULT_LIMITS, MediaLimits

if TYPE_CHECKING:
    from bachata_assets.language.encoder import TextEncoder
    from bachata_assets.pose.estimator import CouplePoseEstimator


class PrecisionError(SettingsError):
    """The machine would find poses in another precision than the collection's; another machine may not."""

    transient = True


@dataclass(frozen=True)
class PoseModelsProvider:
    """One model set in one precision: its fingerprint is known at once, its models are loaded when needed.

    Attributes
    ----------
    model_set : name of the set in checkpoints/models.toml
    checkpoint_path : folder of the weights; None: that of the package
    threads : CPU cores; 0: all that this process may use
    streams : inferences at the same time; 0: OpenVINO chooses
    hands : find the keypoints of the hands, too
    mixed : a CPU that computes in f32 may add clips to a collection in bf16
    """

    model_set: str
    precision: EffectivePrecision
    checkpoint_path: Path | None = None
    threads: int = 0
    streams: int = 0
    hands: bool = False
    mixed: bool = False

    def fingerprint(self) -> str:
        """Return the fingerprint of all that keypoints depend on: weights, configs, precision. Loads no model."""
        try:
            return self.check()
        except (FileNotFoundError, ModelSetError):
            # The code location must load in any case; runs that need keypoints report what is missing.
            return "unavailable"

    def check(self) -> str:
        """Return the fingerprint.

        Raises
        ------
        FileNotFoundError, ModelSetError
            If a model is missing, or its hash is not that of its set.
        """
        return load_model_set(self.model_set, self.checkpoint_path, self.hands).fingerprint(self.precision)

    def require_precision(self) -> None:
        """Refuse to compute in another precision than that of the fingerprint.

        Raises
        ------
        PrecisionError
        """
        if self.mixed or self.precision != "bf16" or computes_bf16():
            return
        if load_model_set(self.model_set, self.checkpoint_path, self.hands).computed_in(self.precision) == "bf16":
            raise PrecisionError(
                "BACHATA_PRECISION: the collection is in bf16, and this machine's CPU computes in f32, whose vectors "
                "differ: use a machine whose CPU has bf16, or set BACHATA_PRECISION=mixed to take both"
            )

    def estimator(self) -> "CouplePoseEstimator":
        """Return the estimator; its models are compiled once per process."""
        return _estimator(self)


@cache
def _estimator(chosen: PoseModelsProvider) -> "CouplePoseEstimator":
    from bachata_assets.pose.estimator import CouplePoseEstimator
    from bachata_assets.pose.models.pose_models import PoseModels

    models = PoseModels.load(
        chosen.model_set,
        chosen.checkpoint_path,
        precision=chosen.precision,
        threads=chosen.threads,
        streams=chosen.streams,
        hands=chosen.hands,
    )
    return CouplePoseEstimator(models)


class TextModelProvider:
    """all-MiniLM-L6-v2, loaded once per process at the first sentence."""

    def encoder(self) -> "TextEncoder":
        """Return the encoder."""
        from bachata_assets.language.encoder import text_encoder

        return text_encoder()


class SearchIndexProvider:
    """The index for documents: Elasticsearch if a host is set, else LanceDB inside the data dir.

    Parameters
    ----------
    fingerprint : only vectors with the same fingerprint are comparable; each fingerprint has its own index
    """

    def __init__(self, settings: Settings, fingerprint: str) -> None:
        self._settings = settings
        self._fingerprint = fingerprint

    @property
    def is_embedded(self) -> bool:
        """Whether the index is in files of the data dir, not on a server."""
        return not self._settings.elasticsearch_host

    def identity(self) -> str:
        """Return the identity of the index, on which an indexed document depends beside its content."""
        host = self._settings.elasticsearch_host
        place = f"{host}:{self._settings.elasticsearch_port}" if host else "lancedb"
        with self.open() as index:  # connects to nothing yet
            return hashlib.sha256(f"{place}/{index.version}/{index.moments.version}".encode()).hexdigest()[:12]

    def open(self) -> SearchIndex:
        """Return the index, open for writing."""
        return open_index(self._settings, fingerprint=self._fingerprint)


def media_limits(settings: Settings) -> MediaLimits:
    """Return the limits of a clip."""
    return MediaLimits(
        clip_s=settings.longest_clip_seconds,
        picture_px=settings.largest_picture_megapixels * 1e6,
        gap_s=settings.longest_gap_seconds,
        frames=settings.most_frames,
        sound_s=settings.most_sound_seconds,
    )


@dataclass(frozen=True)
class Models:
    """Tools for the stages of one clip; without secrets.

    Attributes
    ----------
    limits : limits of a clip
    ended : set when nobody waits for the result any more
    """

    pose: PoseModelsProvider
    text: TextModelProvider
    limits: MediaLimits = DEFAULT_LIMITS
    ended: Event = field(default_factory=Event)

    def __reduce__(self) -> tuple[type["Models"], tuple[PoseModelsProvider, TextModelProvider, MediaLimits]]:
        """Leave the event out: nobody can set it in another process."""
        return Models, (self.pose, self.text, self.limits)


@dataclass(frozen=True)
class Tools:
    """Tools for the stages of many clips."""

    dataset: Dataset
    models: Models
    search: SearchIndexProvider
