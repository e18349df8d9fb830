"""The pose models as a resource: what they are is known at once, they are loaded when a clip needs them."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from bachata_assets.inference.precision import EffectivePrecision
from bachata_assets.pose.models.model_sets import ModelSetError, load_model_set

if TYPE_CHECKING:
    from bachata_assets.pose.estimator import CouplePoseEstimator


class PoseModelsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One model set in one precision."""

    model_set: str = Field(description="Name of the set in checkpoints/models.toml.")
    checkpoint_path: str | None = Field(default=None, description="Folder of the weights; default: the package's own.")
    precision: EffectivePrecision = Field(description="Precision of inference: f32 or bf16.")
    threads: int = Field(default=0, description="CPU cores; 0 is all that this process may use.")
    streams: int = Field(default=0, description="Inferences at the same time; 0 is OpenVINO's choice.")
    hands: bool = Field(default=False, description="Find the hands' keypoints too.")

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
        folder = Path(self.checkpoint_path) if self.checkpoint_path else None
        models = load_model_set(self.model_set, folder, self.hands)
        return models.fingerprint(self.precision)

    def estimator(self) -> "CouplePoseEstimator":
        """Return the estimator, its models compiled once a process."""
        return _estimator(self.model_set, self.checkpoint_path, self.precision, self.threads, self.streams, self.hands)


@cache
def _estimator(
    model_set: str,
    checkpoint_path: str | None,
    precision: EffectivePrecision,
    threads: int,
    streams: int,
    hands: bool,
) -> "CouplePoseEstimator":
    from bachata_assets.pose.estimator import CouplePoseEstimator
    from bachata_assets.pose.models.pose_models import PoseModels

    folder = Path(checkpoint_path) if checkpoint_path else None
    models = PoseModels.load(model_set, folder, precision=precision, threads=threads, streams=streams, hands=hands)
    return CouplePoseEstimator(models)
