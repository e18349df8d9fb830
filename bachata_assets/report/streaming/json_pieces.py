"""JSON written piece by piece into the page, so that its content need not all be in memory at once."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from bachata_assets.report.streaming.rows import pieces


def json_pieces(value: Any) -> Iterator[str]:
    """Yield the JSON of a value in the form of Jinja2's `tojson`: with sorted keys, and safe within a script.

    Parameters
    ----------
    value : a JSON value; may contain mappings, whose values are read one after the other, one-dimensional arrays, and
        callables without arguments, which are called when it is their turn
    """
    from jinja2.utils import htmlsafe_json_dumps

    if callable(value):
        value = value()
    if isinstance(value, Mapping):
        for number, name in enumerate(sorted(value)):
            yield f"{', ' if number else '{'}{htmlsafe_json_dumps(name)}: "
            yield from json_pieces(value[name])
        yield "}" if value else "{}"
    elif isinstance(value, np.ndarray):
        yield "["
        for some in pieces(len(value)):
            yield (", " if some.start else "") + json.dumps(value[some].tolist())[1:-1]
        yield "]"
    else:
        yield htmlsafe_json_dumps(value, sort_keys=True)
