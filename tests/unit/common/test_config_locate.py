"""The locator finds every key that the parser finds, each on its own line."""

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.config.locate import KeyPath, locate_json, locate_toml

KEYS = st.text(max_size=6)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)

TRICKY = """\
# a = "comment"
title = "a # no comment, [no table]"
dotted.inner . "quoted.key" = 1_000
literal = 'C:\\path' # comment
many = \"\"\"
not = "a key"
# nor a comment \\\"""
ends with two quotes\"\"\"\"\"
plain = '''
[neither]'''
list = [ 1, # one
  [ 'x', "]" ], { a = 1, b.c = [ { d = 2 } ] },
  2024-01-01T00:00:00Z,
]
[table]
"key with \\u0041" = { }
[table.sub]
x = 1
[[rows]]
name = "first"
[rows.inner]
y = 1
[[rows.deep]]
[[rows.deep]]
z = 1
[[rows]]
  [rows.inner]
  y = 2
"""


def paths_of(value: Any, path: KeyPath = ()) -> set[KeyPath]:
    """Return every key path in parsed values."""
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return {path for path in [path] if path}.union(*(paths_of(item, (*path, key)) for key, item in pairs))


def test_every_toml_key_has_a_line() -> None:
    lines = locate_toml(TRICKY)
    assert set(lines) == paths_of(tomllib.loads(TRICKY))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("dotted", "inner", "quoted.key"), 3),
        (("plain",), 9),
        (("list", 2, "b", "c", 0, "d"), 12),
        (("list", 3), 13),
        (("table", "key with A"), 16),
        (("rows", 0, "inner", "y"), 22),
        (("rows", 0, "deep", 1, "z"), 25),
        (("rows", 1, "inner", "y"), 28),
    ],
)
def test_toml_lines(path: KeyPath, line: int) -> None:
    assert locate_toml(TRICKY)[path] == line


@given(JSON_VALUES, st.sampled_from([None, 0, 2]))
def test_every_json_key_has_a_line(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    lines, repeated = locate_json(text)
    assert set(lines) == paths_of(value)
    assert repeated == []
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


def test_json_keys_given_twice_are_found() -> None:
    assert locate_json('{"a": {"b": 1, "b": 2}, "a": 3}')[1] == [("a", "b"), ("a",)]
