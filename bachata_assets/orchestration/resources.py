"""What assets are given, as Dagster shows it: each resource opens one plain object of `pipeline/tools.py`.

The search index is no resource with a config: its settings hold secrets, which the UI would show.
"""

from pathlib import Path

import dagster as dg
from pydantic import Field

from bachata_assets.collection.dataset import Dataset
from bachata_assets.inference.precision import EffectivePrecision
from bachata_assets.orchestration.orphaned_runs import record_process
from bachata_assets.pipeline.tools import PoseModelsProvider, TextModelProvider


class DatasetResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data dir."""

    url: str = Field(description="The data dir: a path, or a URL that fsspec understands (s3://…, gs://…).")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Record which process is at work: every run of the platform takes the data dir before anything else."""
        if context.instance and context.run:
            record_process(context.instance, context.run.run_id)

    def open(self) -> Dataset:
        """Return the data dir."""
        return Dataset(self.url)


class PoseModelsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One model set in one precision."""

    model_set: str = Field(description="Name of the set in checkpoints/models.toml.")
    precision: EffectivePrecision = Field(description="Precision of inference: f32 or bf16.")
    checkpoint_path: str | None = Field(default=None, description="Folder of the weights; default: the package's own.")
    threads: int = Field(default=0, description="CPU cores; 0 is all that this process may use.")
    streams: int = Field(default=0, description="Inferences at the same time; 0 is OpenVINO's choice.")
    hands: bool = Field(default=False, description="Find the hands' keypoints too.")

    def open(self) -> PoseModelsProvider:
        """Return the provider of the models."""
        folder = Path(self.checkpoint_path) if self.checkpoint_path else None
        return PoseModelsProvider(self.model_set, self.precision, folder, self.threads, self.streams, self.hands)


class TextModelResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """all-MiniLM-L6-v2."""

    def open(self) -> TextModelProvider:
        """Return the provider of the encoder."""
        return TextModelProvider()
