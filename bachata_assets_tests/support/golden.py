"""Golden values: what a stage makes of one committed sample clip, kept with the version that made it.

A stage's outputs may only change together with its `VERSION`, for data dirs are made again by it. The values are kept
in `bachata_assets_tests/golden/NAME-VERSION.json`; after raising a version, run the test once with WRITE_GOLDEN=1.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


def check_golden(name: str, version: str, constant: str, made: Mapping[str, Any], tolerance: float) -> None:
    """Fail where what is made is not what the same version made before.

    Parameters
    ----------
    name : str
        Name of the golden file, without the version.
    version : str
        Version of the code that made the values.
    constant : str
        Where this version is written, such as `music.beats.VERSION`.
    made : mapping of str
        Name -> text, or numbers of any shape.
    tolerance : float
        Largest absolute difference of a number: what another processor may make of the same code.
    """
    file = GOLDEN / f"{name}-{version}.json"
    if not file.exists() and os.environ.get("WRITE_GOLDEN"):
        values = {key: value if isinstance(value, str) else _rounded(value, tolerance) for key, value in made.items()}
        file.write_text(json.dumps(values) + "\n", encoding="utf-8")
    if not file.exists():
        pytest.fail(f"no golden values of {constant} {version!r}: run this test once with WRITE_GOLDEN=1")
    golden = json.loads(file.read_text(encoding="utf-8"))
    changed = [key for key in made.keys() | golden.keys() if not _same(made.get(key), golden.get(key), tolerance)]
    if changed:
        pytest.fail(f"outputs changed: raise {constant} ({', '.join(sorted(changed))} of {file.name})")


def _rounded(values: Any, tolerance: float) -> Any:
    return np.round(np.asarray(values, float), 2 - round(np.log10(tolerance))).tolist()


def _same(one: Any, other: Any, tolerance: float) -> bool:
    if isinstance(one, str) or isinstance(other, str) or one is None or other is None:
        return bool(one == other)
    a, b = np.asarray(one, float), np.asarray(other, float)
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=0, atol=tolerance))
