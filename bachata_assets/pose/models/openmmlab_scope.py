"""Lock and default scope under which OpenMMLab models are built.

MMDet and MMPose have classes of the same names. Which of them a config means is decided by MMEngine's default scope, a
variable of the whole process: without this module, the scope of one model is still set when the next one is built, also
by another thread, and building fails with "TopdownPoseEstimator is not in the mmdet::model registry".

Running a built model asks no registry, so it needs none of this. Building itself is in `openmmlab.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from bachata_assets.pose.models.model_sets import ModelSpec

_ONE_AT_A_TIME = RLock()
"""Held while a model is built or traced; a thread that holds it may enter again."""


@contextmanager
def own_scope(spec: ModelSpec) -> Iterator[None]:
    """Hold the lock and set the default scope of a model's own registry.

    The scope that was set before is set again at the end. Imports of torch, mmdet and mmpose belong inside, too: two
    threads that import torch at once may each see half of it.

    Parameters
    ----------
    spec : ModelSpec
        The model that is built or traced.
    """
    with _ONE_AT_A_TIME:
        from bachata_assets.pose.models import openmmlab_compat  # noqa: F401  (before mmengine)

        # isort: split
        from mmengine.registry import DefaultScope

        with DefaultScope.overwrite_default_scope("mmdet" if spec.kind == "detector" else "mmpose"):
            yield
