"""Which precision inference runs in on this machine, told without loading a model.

It is part of what a vector was made by (the fingerprint), so the code location has to know it cheaply.
"""

from pathlib import Path
from typing import Literal

Precision = Literal["auto", "f32", "bf16"]
EffectivePrecision = Literal["f32", "bf16"]

_BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert"})
_CPUINFO = Path("/proc/cpuinfo")


def effective_precision(wanted: Precision, cpuinfo: Path = _CPUINFO) -> EffectivePrecision:
    """Return `wanted`, and for `auto` bf16 where the CPU multiplies in it, else f32."""
    if wanted != "auto":
        return wanted
    try:
        flags = set(cpuinfo.read_text().split())
    except OSError:  # not Linux
        return "f32"
    return "bf16" if flags & _BF16_FLAGS else "f32"
