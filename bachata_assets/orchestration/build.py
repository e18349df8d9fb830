"""The one place where the platform is put together; the code location, the CLI and the tests all use it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from bachata_assets import families as embedding
from bachata_assets.collection.dataset import Dataset
from bachata_assets.inference.precision import effective_precision
from bachata_assets.orchestration import external_assets as video
from bachata_assets.orchestration.assets import clip_assets
from bachata_assets.orchestration.automation import automation
from bachata_assets.orchestration.index_checks import index_checks
from bachata_assets.orchestration.orphaned_runs import in_process_executor
from bachata_assets.orchestration.pose_models_resource import PoseModelsResource
from bachata_assets.orchestration.report_assets import report_assets
from bachata_assets.orchestration.report_checks import report_checks
from bachata_assets.orchestration.search_resource import SearchIndexResource
from bachata_assets.orchestration.text_model_resource import TextModelResource
from bachata_assets.pipeline.checks import clip_checks
from bachata_assets.pipeline.stage import Stage
from bachata_assets.pipeline.stages import language, music, pose, search
from bachata_assets.settings import Settings, load_settings


def build_resources(settings: Settings) -> dict[str, Any]:
    """Return the resources that these settings ask for."""
    dataset = Dataset(url=settings.data_dir)
    checkpoint_path = settings.mmpose_checkpoint_path
    pose_models = PoseModelsResource(
        model_set=settings.model_set,
        checkpoint_path=str(checkpoint_path) if checkpoint_path else None,
        # Vectors made in two precisions are not to be mixed: a collection keeps the one it began with.
        precision=dataset.collection().get("precision") or effective_precision(settings.precision),
        threads=settings.threads,
        streams=settings.streams,
        hands=settings.hands,
    )
    versions = [pose_models.fingerprint(), *(stage.code_version for stage in _vector_stages("-"))]
    return {
        "dataset": dataset,
        "pose_models": pose_models,
        "text_model": TextModelResource(),
        "search": SearchIndexResource(settings, "|".join(versions)),
    }


def build_stages(resources: Mapping[str, Any]) -> list[Stage]:
    """Return all stages of a clip, inputs first."""
    fingerprint = resources["pose_models"].fingerprint()
    return [*_vector_stages(fingerprint), *search.stages(resources["search"].identity())]


@dataclass(frozen=True)
class Platform:
    """Everything put together: what Dagster loads, and what it was made of."""

    settings: Settings
    stages: tuple[Stage, ...]
    dataset: Dataset
    resources: Mapping[str, Any]
    definitions: dg.Definitions


def build_platform(
    settings: Settings, resources: Mapping[str, Any] | None = None, stages: Sequence[Stage] | None = None
) -> Platform:
    """Put the platform together.

    Parameters
    ----------
    resources : replace single ones that the settings would give
    stages : instead of the ones that `build_stages` gives
    """
    resources = {**build_resources(settings), **(resources or {})}
    stages = build_stages(resources) if stages is None else stages
    checks = clip_checks(settings.quality_threshold)
    per_clip = clip_assets(stages, checks, settings)
    definitions = dg.Definitions(
        assets=[video.clip_file, video.annotation, per_clip, *report_assets(stages, checks, settings)],
        asset_checks=[*index_checks(), *report_checks(settings)],
        resources=resources,
        executor=in_process_executor,
        **automation(settings, stages, resources["dataset"]),
    )
    return Platform(settings, tuple(stages), resources["dataset"], resources, definitions)


def build_defs(settings: Settings | None = None) -> dg.Definitions:
    """Return the code location; by default with the settings of the environment."""
    return build_platform(settings or load_settings()).definitions


def _vector_stages(fingerprint: str) -> list[Stage]:
    by_name = {stage.name: stage for stage in [*pose.stages(fingerprint), *music.stages(), *language.stages()]}
    # What needs no poses comes first: it is made while the poses are found.
    alone = ("beats", "audio_embedding", "text_embedding")
    order = (*alone, "keypoints", *(f"{family}_embedding" for family in embedding.DIMENSIONS))
    return [by_name[name] for name in dict.fromkeys(order)]
