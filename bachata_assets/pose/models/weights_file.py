"""Reading weights files without running what is pickled in them.

What MMEngine's Runner saves beside the weights (log history, data set information) is skipped: where it names a class
or function, an inert stand-in is made. Which file is the right one is checked in `model_sets.py`.
"""

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bachata_assets.pose.models.model_sets import ModelSetError

if TYPE_CHECKING:
    import torch

SKIPPED_NAMES = (
    "builtins.getattr",
    "mmengine.logging.history_buffer.HistoryBuffer",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
)
"""Names in checkpoints of MMEngine's Runner beyond those that torch allows; numpy before 2.0 had the last two."""


class _Skipped:
    """Stands for anything named in `SKIPPED_NAMES`.

    It takes whatever it is given and keeps nothing.
    """

    def __new__(cls, *_args: object) -> "_Skipped":
        return super().__new__(cls)

    def __init__(self, *_args: object) -> None:
        """Keep nothing."""

    def __setstate__(self, _state: object) -> None:
        """Keep nothing."""


def read_weights(path: Path) -> "OrderedDict[str, torch.Tensor]":
    """Return the weights of a checkpoint, in f32 on the CPU.

    It is a checkpoint of MMEngine, or a plain `{"state_dict": ...}`.

    Raises
    ------
    ModelSetError
        The file names code other than `SKIPPED_NAMES` (nothing of it is run), is cut off, or holds no weights.
    """
    import torch

    stand_ins: list[Any] = [(_Skipped, name) for name in SKIPPED_NAMES]
    try:
        with torch.serialization.safe_globals(stand_ins):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise ModelSetError(f"{path}: refused, since it holds more than plain weights: {reason}") from error
    state = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    if not isinstance(state, OrderedDict | dict):
        raise ModelSetError(f"{path}: holds no weights: an MMEngine checkpoint has them under 'state_dict'")
    tensors = OrderedDict((key, value.float()) for key, value in state.items() if torch.is_tensor(value))
    # The versions of the modules that saved them, by which MMDet and MMPose rename older keys.
    tensors._metadata = getattr(state, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return tensors
