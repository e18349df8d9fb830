"""The stages of a clip, one module per domain. Each function loads its input, calls the domain and returns a table.

A new embedding family is one more stage here; the code that computes it belongs in its domain's folder.
"""

from bachata_assets.families import DIMENSIONS
from bachata_assets.pipeline.stage import ClipStage, Stage
from bachata_assets.pipeline.stages import language, moments, music, pose, search, transitions

_WITHOUT_POSES = ("beats", "audio_embedding", "text_embedding")
"""Stages that run during pose estimation, so they come first."""


def vector_stages(pose_fingerprint: str) -> list[ClipStage]:
    """Return the stages up to the vectors, inputs first.

    Parameters
    ----------
    pose_fingerprint : fingerprint of the pose models
    """
    made = [*pose.stages(pose_fingerprint), *music.stages(), *language.stages(), *transitions.stages()]
    by_name = {stage.name: stage for stage in made}
    order = (*_WITHOUT_POSES, "keypoints", *(f"{family}_embedding" for family in DIMENSIONS), "transitions")
    return [by_name[name] for name in dict.fromkeys(order)]


def index_fingerprint(pose_fingerprint: str, stages: list[ClipStage]) -> str:
    """Return the fingerprint of these stages' vectors; vectors with another one go into a separate index.

    It begins with the fingerprint of the models, once; another form would index every existing collection again.
    """
    return "|".join([pose_fingerprint, *(stage.code_version.replace(pose_fingerprint, "-") for stage in stages)])


def clip_stages(pose_fingerprint: str, index_identity: str) -> list[Stage]:
    """Return all stages of a clip, inputs first."""
    return [*vector_stages(pose_fingerprint), *moments.stages(), *search.stages(index_identity)]
