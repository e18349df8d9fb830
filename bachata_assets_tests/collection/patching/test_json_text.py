"""Editing JSON as text."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bachata_assets.collection.annotations.lenient_json import spans
from bachata_assets.collection.patching.json_text import with_element, with_values

IN_LINES = '{\n      "clip_id" : "a",\n      "tags": [1, 2],\n      "n": 1e3\n    }'


@pytest.mark.parametrize(
    ("text", "values", "after"),
    [
        ('{"a": 1, "b": 2}', {"a": 3}, '{"a": 3, "b": 2}'),
        ('{"a": 1, "b": 2}', {"a": None}, '{"b": 2}'),
        ('{"a": 1, "b": 2}', {"b": None}, '{"a": 1}'),
        ('{"a": 1}', {"a": None}, "{}"),
        ('{"a": 1}', {"c": "é"}, '{"a": 1, "c": "é"}'),
        ('{"a":1,"b":2}', {"c": 3}, '{"a":1,"b":2,"c": 3}'),
        ("{}", {"c": 3}, '{"c": 3}'),
        ('{ "a": 1 , "a": 2 }', {"a": 3}, '{ "a": 1 , "a": 3 }'),
        ('{ "a": 1 , "a": 2, "b": 0 }', {"a": None}, '{ "b": 0 }'),
        (IN_LINES, {"n": None}, '{\n      "clip_id" : "a",\n      "tags": [1, 2]\n    }'),
        (IN_LINES, {"lead": "left"}, IN_LINES[:-6] + ',\n      "lead": "left"\n    }'),
        ('{"a": 1}', {"missing": None}, '{"a": 1}'),
    ],
)
def test_values_are_replaced_added_and_removed_and_all_else_stays(
    text: str, values: dict[str, object], after: str
) -> None:
    assert with_values(text, values) == after


@pytest.mark.parametrize("text", ["[]", '{"a" 1}', '{"a": 1', '{"a": 1 "b": 2}', "{a: 1}", '{"a": }'])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        with_values(text, {"b": 1})


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ('[{"a": 1}]', '[{"a": 1}, {"b": 2, "c": 3}]'),
        ('{"clips": [ {"a": 1},\n {"a": 2} ]}', '{"clips": [ {"a": 1},\n {"a": 2},\n {"b": 2, "c": 3} ]}'),
        (
            '{"clips": [\n  {\n    "a": 1\n  }\n]}',
            '{"clips": [\n  {\n    "a": 1\n  },\n  {\n    "b": 2,\n    "c": 3\n  }\n]}',
        ),
    ],
)
def test_a_new_object_looks_like_the_last(text: str, after: str) -> None:
    found = []
    for start, end in spans(text, "clips"):
        inner = text[start:end]
        found.append((start + len(inner) - len(inner.lstrip()), end - len(inner) + len(inner.rstrip())))
    assert with_element(text, found, {"b": 2, "c": 3}) == after


NAMES = st.sampled_from("abcde")
VALUES = st.one_of(st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=3))


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, st.one_of(st.none(), VALUES)), st.sampled_from([None, 2]))
def test_the_text_says_what_the_object_would(
    before: dict[str, object], values: dict[str, object], indent: int | None
) -> None:
    text = with_values(json.dumps(before, indent=indent), values)
    expected = {name: value for name, value in {**before, **values}.items() if value is not None}
    assert json.loads(text) == expected
    assert list(json.loads(text)) == [name for name in {**before, **values} if name in expected]
