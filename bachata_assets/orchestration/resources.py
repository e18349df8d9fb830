"""The resources of the assets as Dagster shows them, and the names of a collection's parts in Dagster.

Each resource opens one plain object of `pipeline/tools.py`.

The search index has no resource with a config: its settings contain secrets, which the UI would show.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import Field

from bachata_assets.collection.dataset import Dataset
from bachata_assets.inference.precision import EffectivePrecision
from bachata_assets.orchestration.orphaned_runs import record_process
from bachata_assets.pipeline.tools import (
    Models,
    PoseModelsProvider,
    TextModelProvider,
    Tools,
    media_limits,
)
from bachata_assets.settings import Settings


@dataclass(frozen=True)
class Names:
    """Names of a collection's parts in Dagster: plain, or with a prefix if there are several collections.

    Attributes
    ----------
    prefix : first part of the asset keys; empty: none
    """

    prefix: str = ""

    def of(self, name: str) -> str:
        """Return the name of a job, sensor, schedule, resource, pool or set of partitions."""
        return f"{self.prefix}_{name}" if self.prefix else name

    def key(self, asset: str) -> dg.AssetKey:
        """Return the key of an asset."""
        return dg.AssetKey([self.prefix, asset] if self.prefix else [asset])

    def owns(self, key: dg.AssetKey) -> bool:
        """Tell whether an asset belongs to this collection."""
        return key == self.key(key.path[-1])

    @property
    def clips(self) -> dg.DynamicPartitionsDefinition:
        """The partitions, one per clip."""
        return dg.DynamicPartitionsDefinition(name=self.of(PARTITIONS))

    @property
    def pool(self) -> str:
        """The pool of the runs of clips: pose estimation uses all cores, so a second run would only slow it down."""
        return self.of("poses")


PLAIN = Names()
"""The plain names, which the commands use."""
PARTITIONS = "clips"
"""Name of the partitions."""

PARTITION = "dagster/partition"
RANGE_START = "dagster/asset_partition_range_start"
RANGE_END = "dagster/asset_partition_range_end"
NAME_CLIPS = (PARTITION, RANGE_START, RANGE_END)
"""Tags with the partitions of a run, as Dagster documents them."""


class DatasetResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data dir."""

    url: str = Field(description="The data dir: a path, or a URL that fsspec understands (s3://…, gs://…).")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Record the process of the run: every run of the platform opens the data dir first."""
        if context.instance and context.run:
            record_process(context.instance, context.run.run_id)

    def open(self) -> Dataset:
        """Return the data dir."""
        return Dataset(self.url)


class NamedClipsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Refuses a run without a known clip, before Dagster looks up the partitions of its inputs.

    Dagster itself says "Partition range x to x is not a valid range", twenty lines below a traceback.
    """

    partitions: str = Field(default=PARTITIONS, description="Name of the partitions, one per clip.")

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Refuse such a run; a run of checks alone may take all clips."""
        run, instance = context.run, context.instance
        if run is None or instance is None:
            return
        named = {run.tags[tag] for tag in NAME_CLIPS if tag in run.tags}
        unknown = sorted(key for key in named if not instance.has_dynamic_partition(self.partitions, key))
        # "Execute all" in the UI leaves the assets out; other runs of checks name none.
        names_checks = run.asset_selection is not None or bool(run.asset_check_selection)
        checks_alone = not run.asset_selection and names_checks
        if unknown:
            problem = f"{', '.join(unknown)}: no such clip; `look_for_clips` adds a partition for each new clip"
        elif named or checks_alone:
            return
        else:
            problem = (
                "No clip was named: choose partitions in the UI, or use `--partition CLIP`; "
                "`bachata-assets generate` takes all"
            )
        instance.add_run_tags(run.run_id, {"dagster/max_retries": "0"})  # nothing crashed
        raise dg.DagsterInvariantViolationError(problem)


class PoseModelsResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """One model set in one precision."""

    model_set: str = Field(description="Name of the set in checkpoints/models.toml.")
    precision: EffectivePrecision = Field(description="Precision of inference: f32 or bf16.")
    checkpoint_path: str | None = Field(default=None, description="Folder of the weights; unset: that of the package.")
    threads: int = Field(default=0, description="CPU cores; 0: all that this process may use.")
    streams: int = Field(default=0, description="Inferences at the same time; 0: OpenVINO chooses.")
    hands: bool = Field(default=False, description="Find the keypoints of the hands, too.")
    mixed: bool = Field(default=False, description="Let a CPU that computes in f32 add clips to a collection in bf16.")

    def open(self) -> PoseModelsProvider:
        """Return the provider of the models."""
        folder = Path(self.checkpoint_path) if self.checkpoint_path else None
        asked = (self.threads, self.streams, self.hands, self.mixed)
        return PoseModelsProvider(self.model_set, self.precision, folder, *asked)


class TextModelResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """all-MiniLM-L6-v2."""

    def open(self) -> TextModelProvider:
        """Return the provider of the encoder."""
        return TextModelProvider()


_RESOURCES = ("dataset", "pose_models", "text_model", "search")


def resource_keys(names: Names) -> set[str]:
    """Return the keys of the resources of a collection."""
    return {names.of(name) for name in _RESOURCES}


def tools_of(context: Any, names: Names, settings: Settings) -> Tools:
    """Return the tools that the resources of an asset, a check or an op open.

    Resources are looked up by key, not as parameters: each collection in a code location has its own.
    """
    resources = getattr(context, "op_execution_context", context).resources
    return open_tools({name: getattr(resources, names.of(name)) for name in _RESOURCES}, settings)


def open_tools(resources: Mapping[str, Any], settings: Settings) -> Tools:
    """Return the tools that resources open."""
    models = Models(resources["pose_models"].open(), resources["text_model"].open(), media_limits(settings))
    return Tools(resources["dataset"].open(), models, resources["search"])
