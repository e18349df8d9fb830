"""The stages of a clip's life, one module a domain. Each function loads, calls the domain and returns a table.

A new embedding family is one more stage here; what computes it belongs to its domain's folder.
"""

from bachata_assets.families import DIMENSIONS
from bachata_assets.pipeline.stage import ClipStage, Stage
from bachata_assets.pipeline.stages import language, moments, music, pose, search, transitions

_WITHOUT_POSES = ("beats", "audio_embedding", "text_embedding")
"""Stages that are made while the poses are found, so they come first."""


def vector_stages(pose_fingerprint: str) -> list[ClipStage]:
    """Return the stages up to the vectors, inputs first.

    Parameters
    ----------
    pose_fingerprint : of the pose models
    """
    made = [*pose.stages(pose_fingerprint), *music.stages(), *language.stages(), *transitions.stages()]
    by_name = {stage.name: stage for stage in made}
    order = (*_WITHOUT_POSES, "keypoints", *(f"{family}_embedding" for family in DIMENSIONS), "transitions")
    return [by_name[name] for name in dict.fromkeys(order)]


def index_fingerprint(pose_fingerprint: str, stages: list[ClipStage]) -> str:
    """Return what makes the vectors of these stages incomparable with others: their index is one of its own.

    The fingerprint of the models stands once, in front; another form would index every existing collection again.
    """
    return "|".join([pose_fingerprint, *(stage.code_version.replace(pose_fingerprint, "-") for stage in stages)])


def clip_stages(pose_fingerprint: str, index_identity: str) -> list[Stage]:
    """Return all stages of a clip, inputs first."""
    return [*vector_stages(pose_fingerprint), *moments.stages(), *search.stages(index_identity)]
