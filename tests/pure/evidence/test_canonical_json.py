"""Canonical JSON: one form for each value, read without losing anything, and the ways in which bytes differ from it."""

from __future__ import annotations

import json
import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence import canonical_json
from mongorestore_async.evidence.canonical_json import (
    LARGEST_INT,
    canonical_bytes,
    form_fault,
    read_json,
    require_canonical_json,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-LARGEST_INT, LARGEST_INT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


def shuffled(value, draw):
    """The same value with members in another order."""
    if isinstance(value, dict):
        return {name: shuffled(value[name], draw) for name in draw(st.permutations(sorted(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@given(VALUES)
def test_what_was_written_is_read_and_written_alike(value):
    written = canonical_bytes(value)

    assert canonical_bytes(read_json(written)) == written
    assert read_json(written) == value
    assert b"\n" not in written


@given(VALUES, st.data())
def test_every_other_form_of_a_value_has_the_same_canonical_form(value, data):
    other = json.dumps(
        shuffled(value, data.draw),
        ensure_ascii=data.draw(st.booleans()),
        indent=data.draw(st.none() | st.integers(0, 2)),
    ).encode()
    written = canonical_bytes(value)

    assert canonical_bytes(read_json(other)) == written
    if other != written:
        assert form_fault(other)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_shortest_that_is_read_as_the_same(number):
    written = canonical_bytes(number).decode()

    assert float(written) == number
    assert len(written) <= len(repr(number)) + 20  # up to 21 digits are written without an exponent
    assert "E" not in written
    assert not written.endswith(".0")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (1.0, b"1"),
        (1e20, b"100000000000000000000"),
        (1e21, b"1e+21"),
        (1e-6, b"0.000001"),
        (1e-7, b"1e-7"),
        (5e-324, b"5e-324"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (333333333.33333329, b"333333333.3333333"),
        ({"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\xf6": 7},
         '{"\\r":2,"1":4,"\x80":6,"\xf6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'.encode()),
        ("\u20ac$\x0f\nA'\"\\/\x7f", '"\u20ac$\\u000f\\nA\'\\"\\\\/\x7f"'.encode()),
    ],
)  # fmt: skip
def test_examples_of_rfc_8785_are_written_as_it_says(value, written):
    assert canonical_bytes(value) == written


@pytest.mark.parametrize("value", [2**53, -(2**53), math.nan, math.inf, "\ud800", {"\ud800": 1}, object()])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises(ValueError, match=r"."):
        canonical_bytes(value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "UTF-8"),
        (b"\xef\xbb\xbf1", "no JSON"),
        (b"NaN", "not finite"),
        (b"-Infinity", "not finite"),
        (b"1e999", "too large"),
        (b"1" * 400, "too large"),
        (b"1" * 5000, "too large"),
        (b"[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused(line, reason):
    with pytest.raises(ValueError, match=reason):
        read_json(line)


def test_what_can_be_read_may_be_nested_too_deeply_to_be_written():
    value = []
    for _ in range(5 * sys.getrecursionlimit()):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        canonical_bytes(value)


@pytest.mark.parametrize("text", ["9007199254740992", "9007199254740993", "-9007199254740993", "1" * 18])
def test_integers_beyond_those_of_every_reader_are_floats(text):
    assert read_json(text.encode()) == float(text)
    assert isinstance(read_json(text.encode()), float)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'{"a":1,"a":1}', "more than once"),
        (b'[{"b":{"a":1,"a":2}}]', "more than once"),
        (b" 1", "blanks around it"),
        (b"1\r", "blanks around it"),
        (b'{"a": 1}', "canonical form"),
        (b"1.0", "canonical form"),
    ],
)
def test_the_difference_to_the_canonical_form_is_named(line, fault):
    assert fault in form_fault(line)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    require_canonical_json.cache_clear()
    monkeypatch.setitem(sys.modules, "rfc8785", None)
    with pytest.raises(ConfigError, match=r"install mongorestore-async\[evidence\]"):
        canonical_bytes(1)
    monkeypatch.undo()

    assert canonical_json.canonical_bytes(1) == b"1"
