"""Reading of weights files without running the code pickled in them.

MMEngine's Runner saves more than weights, such as log history and dataset information. The reader skips that: an inert
stand-in replaces each class or function that it names. `model_sets.py` checks that it is the right file.
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
"""Names in MMEngine Runner checkpoints beyond those that torch allows; the last two are from numpy before 2.0."""


class _Skipped:
    """Stand-in for anything named in `SKIPPED_NAMES`; it accepts every argument and keeps nothing."""

    def __new__(cls, *_args: object) -> "_Skipped":
        return super().__new__(cls)

    def __init__(self, *_args: object) -> None:
        """Keep nothing."""

    def __setstate__(self, _state: object) -> None:
        """Keep nothing."""


def read_weights(path: Path) -> "OrderedDict[str, torch.Tensor]":
    """Return the weights of an MMEngine checkpoint or a plain `{"state_dict": ...}`, in f32 on the CPU.

    Raises
    ------
    ModelSetError
        The file names code other than `SKIPPED_NAMES` (which does not run), is truncated, or has no weights.
    """
    import torch

    stand_ins: list[Any] = [(_Skipped, name) for name in SKIPPED_NAMES]
    try:
        with torch.serialization.safe_globals(stand_ins):
            checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0]
        raise ModelSetError(f"{path}: refused, since it contains more than plain weights: {reason}") from error
    state = checkpoint.get("state_dict") if isinstance(checkpoint, dict) else None
    if not isinstance(state, OrderedDict | dict):
        raise ModelSetError(f"{path}: contains no weights: an MMEngine checkpoint has them under 'state_dict'")
    tensors = OrderedDict((key, value.float()) for key, value in state.items() if torch.is_tensor(value))
    # It has the module versions, from which MMDet and MMPose rename older keys.
    tensors._metadata = getattr(state, "_metadata", OrderedDict())  # type: ignore[attr-defined]
    return tensors
