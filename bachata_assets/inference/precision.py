"""The precision of inference on this machine, found without loading a model.

The precision is part of the fingerprint of vectors, so the code location must know it cheaply.
"""

from pathlib import Path
from typing import Literal

Precision = Literal["auto", "f32", "bf16", "mixed"]
EffectivePrecision = Literal["f32", "bf16"]

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert"})
"""Linux's names of the x86 features that multiply in bf16."""
_CPUINFO = Path("/proc/cpuinfo")


def effective_precision(wanted: Precision, cpuinfo: Path = _CPUINFO) -> EffectivePrecision:
    """Return the effective precision.

    Parameters
    ----------
    wanted : "auto", "f32", "bf16" or "mixed"
        "auto" and "mixed" become bf16 if the CPU multiplies in it, else f32; other values stay.
    cpuinfo : Path
        File in which Linux lists the CPU's features.
    """
    if wanted in ("f32", "bf16"):
        return wanted
    return "bf16" if computes_bf16(cpuinfo) else "f32"


def computes_bf16(cpuinfo: Path = _CPUINFO) -> bool:
    """Tell whether the CPU multiplies in bf16; otherwise OpenVINO computes in f32."""
    try:
        return bool(_BF16_FLAGS & set(cpuinfo.read_text().split()))
    except OSError:  # not Linux
        return False
