"""Assembly of the platform; the code location, the commands and the tests all use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from bachata_assets.collection.dataset import Dataset
from bachata_assets.collection.rebuild import precision_of_tables
from bachata_assets.inference.precision import effective_precision
from bachata_assets.orchestration.asset_checks import index_checks, report_checks
from bachata_assets.orchestration.assets import clip_assets, collection_assets
from bachata_assets.orchestration.jobs import define_jobs
from bachata_assets.orchestration.partitions import clip_folder, external_assets
from bachata_assets.orchestration.resources import (
    PARTITIONS,
    PLAIN,
    DatasetResource,
    NamedClipsResource,
    Names,
    PoseModelsResource,
    TextModelResource,
    open_tools,
)
from bachata_assets.orchestration.schedules import define_schedules
from bachata_assets.orchestration.sensors import define_sensors
from bachata_assets.pipeline.checks import Check, clip_checks
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.stages import clip_stages, index_fingerprint, vector_stages
from bachata_assets.pipeline.tools import SearchIndexProvider, Tools
from bachata_assets.pose.models.model_sets import ModelSetError
from bachata_assets.settings import Settings, SettingsError, load_settings


@dataclass(frozen=True)
class Platform:
    """The assembled platform: what Dagster loads, and its parts."""

    settings: Settings
    stages: tuple[Stage, ...]
    checks: tuple[Check, ...]
    tools: Tools
    definitions: dg.Definitions

    @property
    def dataset(self) -> Dataset:
        """The data dir."""
        return self.tools.dataset

    def require_models(self) -> None:
        """Refuse to start a run in which every clip would fail, or everything made would count as stale.

        Raises
        ------
        SettingsError
            If a model is missing, or its hash is not that of its set.
        """
        models = self.tools.models.pose
        try:
            models.check()
        except FileNotFoundError as error:
            raise SettingsError(f"{error} (as MMPOSE_CHECKPOINT_PATH and BACHATA_MODEL_SET say)") from None
        except ModelSetError as error:
            raise SettingsError(f"BACHATA_MODEL_SET = {models.model_set!r}: {error}") from None


def build_resources(settings: Settings, names: Names = PLAIN) -> dict[str, Any]:
    """Return the resources for these settings."""
    dataset = DatasetResource(url=settings.data_dir).open()
    checkpoint_path = settings.mmpose_checkpoint_path
    pose_models = PoseModelsResource(
        model_set=settings.model_set,
        checkpoint_path=str(checkpoint_path) if checkpoint_path else None,
        # Vectors of two precisions must not be mixed: a collection keeps its first precision.
        precision=dataset.collection().get("precision")
        or precision_of_tables(dataset)
        or effective_precision(settings.precision),
        threads=settings.threads,
        streams=settings.streams,
        hands=settings.hands,
        mixed=settings.precision == "mixed",
    )
    fingerprint = pose_models.open().fingerprint()
    return {
        "dataset": DatasetResource(url=settings.data_dir),
        "pose_models": pose_models,
        "text_model": TextModelResource(),
        "named_clips": NamedClipsResource(partitions=names.of(PARTITIONS)),
        "search": SearchIndexProvider(settings, index_fingerprint(fingerprint, vector_stages(fingerprint))),
    }


def build_platform(
    settings: Settings,
    *,
    resources: Mapping[str, Any] | None = None,
    stages: Sequence[Stage] | None = None,
    checks: Sequence[Check] | None = None,
    names: Names = PLAIN,
) -> Platform:
    """Assemble the platform.

    Parameters
    ----------
    resources : replace single resources of the settings
    stages : replace all stages of a clip
    checks : replace all checks of a clip's tables
    names : names of the parts in Dagster, for a code location with several collections
    """
    resources = {**build_resources(settings, names), **(resources or {})}
    tools = open_tools(resources, settings)
    if stages is None:
        stages = clip_stages(tools.models.pose.fingerprint(), tools.search.identity())
    if checks is None:
        checks = clip_checks(settings.quality_threshold)
    jobs = define_jobs(stages, settings, names)
    definitions = dg.Definitions(
        assets=[
            clip_folder(settings, names),
            *external_assets(names),
            clip_assets(stages, checks, settings, names),
            *collection_assets(stages, checks, settings, names),
        ],
        asset_checks=[*index_checks(settings, names), *report_checks(settings, names)],
        resources={names.of(name): resource for name, resource in resources.items()},
        executor=dg.in_process_executor,
        jobs=[jobs.process, jobs.report, jobs.prune, jobs.old_runs, jobs.fill, jobs.check, jobs.look, jobs.compact],
        sensors=define_sensors(jobs, settings, stages, tools, names),
        schedules=define_schedules(jobs, settings, stages, tools.dataset, names),
    )
    return Platform(settings, tuple(stages), tuple(checks), tools, definitions)


def build_defs(settings: Settings | None = None) -> dg.Definitions:
    """Return the code location; by default with the settings of the environment."""
    return build_platform(settings or load_settings()).definitions
