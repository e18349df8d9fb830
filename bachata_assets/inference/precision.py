"""Which precision inference runs in on this machine.

It is told without loading a model: the precision is part of what a vector was made by (the fingerprint), so the code
location has to know it cheaply.
"""

from pathlib import Path
from typing import Literal

Precision = Literal["auto", "f32", "bf16", "mixed"]
EffectivePrecision = Literal["f32", "bf16"]

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert"})
"""Features of x86 processors that multiply in bf16, as Linux calls them."""
_CPUINFO = Path("/proc/cpuinfo")


def effective_precision(wanted: Precision, cpuinfo: Path = _CPUINFO) -> EffectivePrecision:
    """Return the precision that is computed in.

    Parameters
    ----------
    wanted : "auto", "f32", "bf16" or "mixed"
        "auto" and "mixed" are bf16 where the CPU multiplies in it, else f32; any other is returned as it is.
    cpuinfo : Path
        File in which Linux lists the CPU's features.
    """
    if wanted in ("f32", "bf16"):
        return wanted
    return "bf16" if computes_bf16(cpuinfo) else "f32"


def computes_bf16(cpuinfo: Path = _CPUINFO) -> bool:
    """Tell whether the CPU multiplies in bf16.

    OpenVINO computes in f32 where it does not.
    """
    try:
        return bool(_BF16_FLAGS & set(cpuinfo.read_text().split()))
    except OSError:  # not Linux
        return False
