"""Lock and default scope for building OpenMMLab models.

MMDet and MMPose have classes of the same names. MMEngine's default scope, a variable of the whole process, decides
which of them a config means. Without this module, one model's scope would still be set when the same or another thread
builds the next, which fails with "TopdownPoseEstimator is not in the mmdet::model registry".

Running a built model uses no registry and needs none of this. `openmmlab.py` builds the models.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

from bachata_assets.pose.models.model_sets import ModelSpec

_ONE_AT_A_TIME = RLock()
"""Lock while a model is built or traced; the thread that holds it may enter again."""


@contextmanager
def own_scope(spec: ModelSpec) -> Iterator[None]:
    """Hold the lock, set the default scope of a model's own registry, and restore the earlier scope at the end.

    Import torch, mmdet and mmpose inside the block too: two threads that import torch at once may each see half of it.

    Parameters
    ----------
    spec : ModelSpec
        The model to build or trace.
    """
    with _ONE_AT_A_TIME:
        from bachata_assets.pose.models import openmmlab_compat  # noqa: F401  (before mmengine)

        # isort: split
        from mmengine.registry import DefaultScope

        with DefaultScope.overwrite_default_scope("mmdet" if spec.kind == "detector" else "mmpose"):
            yield
