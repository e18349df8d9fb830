"""What stages are given: the data dir, the models and the index, each opened when a stage first needs it."""

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
    """Poses would be found in another precision than the collection's; on another machine they may not."""

    transient = True


@dataclass(frozen=True)
class PoseModelsProvider:
    """One model set in one precision: its fingerprint is known at once, its models are loaded when they are needed.

    Attributes
    ----------
    model_set : name of the set in checkpoints/models.toml
    checkpoint_path : folder of the weights; None: the package's own
    threads : CPU cores; 0: all that this process may use
    streams : inferences at the same time; 0: OpenVINO's choice
    hands : find the hands' keypoints too
    mixed : a CPU that computes in f32 may work for a collection in bf16
    """

    model_set: str
    precision: EffectivePrecision
    checkpoint_path: Path | None = None
    threads: int = 0
    streams: int = 0
    hands: bool = False
    mixed: bool = False

    def fingerprint(self) -> str:
        """Return what the keypoints depend on: weights, configs, precision. Reads files, loads no model."""
        try:
            return self.check()
        except (FileNotFoundError, ModelSetError):
            # The code location has to load all the same; whoever asks for keypoints is told what is missing.
            return "unavailable"

    def check(self) -> str:
        """Return the fingerprint.

        Raises
        ------
        FileNotFoundError, ModelSetError
            When a model is missing or is not what its set says.
        """
        return load_model_set(self.model_set, self.checkpoint_path, self.hands).fingerprint(self.precision)

    def require_precision(self) -> None:
        """Refuse to compute in another precision than the fingerprint says.

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
        """Return the estimator; its models are compiled once a process."""
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
    """all-MiniLM-L6-v2, loaded once a process at the first sentence."""

    def encoder(self) -> "TextEncoder":
        """Return the encoder."""
        from bachata_assets.language.encoder import text_encoder

        return text_encoder()


class SearchIndexProvider:
    """The index that documents go to: Elasticsearch when a host is set, else LanceDB inside the data dir.

    Parameters
    ----------
    fingerprint : of what makes vectors comparable; another one goes to an index of its own
    """

    def __init__(self, settings: Settings, fingerprint: str) -> None:
        self._settings = settings
        self._fingerprint = fingerprint

    @property
    def is_embedded(self) -> bool:
        """Whether the index is files in the data dir rather than a server's."""
        return not self._settings.elasticsearch_host

    def identity(self) -> str:
        """Return what an indexed document depends on beside its content: which index it is in."""
        host = self._settings.elasticsearch_host
        place = f"{host}:{self._settings.elasticsearch_port}" if host else "lancedb"
        with self.open() as index:  # connects to nothing yet
            return hashlib.sha256(f"{place}/{index.version}/{index.moments.version}".encode()).hexdigest()[:12]

    def open(self) -> SearchIndex:
        """Return the index, open for writing."""
        return open_index(self._settings, fingerprint=self._fingerprint)


def media_limits(settings: Settings) -> MediaLimits:
    """Return what a clip may be."""
    return MediaLimits(
        clip_s=settings.longest_clip_seconds,
        picture_px=settings.largest_picture_megapixels * 1e6,
        gap_s=settings.longest_gap_seconds,
        frames=settings.most_frames,
        sound_s=settings.most_sound_seconds,
    )


@dataclass(frozen=True)
class Models:
    """What the stages of one clip are given; holds no secret.

    Attributes
    ----------
    limits : what a clip may be
    ended : set when nobody waits any more for what is being made
    """

    pose: PoseModelsProvider
    text: TextModelProvider
    limits: MediaLimits = DEFAULT_LIMITS
    ended: Event = field(default_factory=Event)

    def __reduce__(self) -> tuple[type["Models"], tuple[PoseModelsProvider, TextModelProvider, MediaLimits]]:
        """Leave the event behind: nobody can set it in another process."""
        return Models, (self.pose, self.text, self.limits)


@dataclass(frozen=True)
class Tools:
    """What the stages of many clips are given."""

    dataset: Dataset
    models: Models
    search: SearchIndexProvider
