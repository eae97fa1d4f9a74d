"""Verifying a file: its arguments, heads of an earlier time, half a line, lines without end."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.evidence_logs import make_lines, written_as
from mongorestore_async.errors import ConfigError
from mongorestore_async.evidence import Head, verify
from mongorestore_async.evidence.canonical_json import digest
from mongorestore_async.evidence.entries import FIRST_BEFORE, MOST_BYTES

LINES = make_lines(6)
WHOLE = written_as(LINES)


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "evidence.jsonl"
    made.write_bytes(written_as(LINES))
    return made


def told(found):
    return [(problem.line, str(problem.kind)) for problem in found.problems]


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"head": "abc"}, "64 hexadecimal digits"),
        ({"head": "A" * 64}, "64 hexadecimal digits"),
        ({"head": 5}, "64 hexadecimal digits"),
        ({"count": -1}, "count must be a whole number"),
        ({"count": True}, "count must be a whole number"),
        ({"count": "6"}, "count must be a whole number"),
    ],
)
def test_a_head_that_is_none_is_refused(known, message, path):
    with pytest.raises(ConfigError, match=message):
        verify(path, **known)


def test_a_head_without_a_count_finds_what_comes_after_it(path):
    head = digest(LINES[3])

    assert told(verify(path, head=digest(LINES[5]))) == []
    assert told(verify(path, head=head)) == [(5, "ADDED")]
    assert told(verify(path, head=FIRST_BEFORE)) == [(1, "ADDED")]
    path.write_bytes(written_as(LINES[:3]))
    found = verify(path, head=head)
    assert told(found) == [(3, "REWRITTEN")]
    assert "or lines were cut off after it" in found.problems[0].text


def test_a_count_without_a_head_finds_a_cut_tail_only(path):
    assert told(verify(path, count=6)) == []
    assert told(verify(path, count=7)) == [(7, "CUT")]
    assert told(verify(path, count=5)) == [(6, "ADDED")]
    assert not verify(path, count=6).can_find_cut_tail  # it does not find what follows
    path.write_bytes(written_as(make_lines(6, another=True)))
    assert told(verify(path, count=6)) == []


def test_an_earlier_head_shows_that_what_it_covers_is_the_same(path):
    found = verify(path, head=digest(LINES[3]), count=4)

    assert told(found) == [(5, "ADDED")]
    assert found.problems[0].text.endswith("written after the head was taken, at line 4")


def test_an_empty_file_is_a_log_without_entries(path):
    path.write_bytes(b"")
    found = verify(path)

    assert found.holds
    assert (found.entries, found.head) == (0, Head(FIRST_BEFORE, 0))
    assert verify(path, head=FIRST_BEFORE, count=0).holds


@pytest.mark.parametrize(
    ("tail", "entries"), [(b'{"at":"20', 6), (b"\x00" * 100, 6), (make_lines(7)[6], 7), (make_lines(7)[6][:-1], 6)]
)
def test_half_a_line_at_the_end_is_told_as_that(tail, entries, path):
    path.write_bytes(written_as(LINES) + tail)
    found = verify(path)

    assert told(found) == [(7, "HALF_LINE")]
    assert found.entries == entries


def test_a_missing_file_is_told(path):
    with pytest.raises(FileNotFoundError):
        verify(path.with_name("missing"))


def test_lines_without_end_take_no_more_memory_than_the_longest_entry(path):
    with path.open("wb") as file:
        for _ in range(6):
            file.write(b"x" * MOST_BYTES)
        file.write(b"\n")
        file.write(b"y" * MOST_BYTES * 2)
    tracemalloc.start()
    found = verify(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert told(found) == [(1, "CHANGED"), (2, "HALF_LINE")]
    assert peak < 4 * MOST_BYTES


def test_a_file_of_any_size_takes_the_same_memory(path):
    def peak(count):
        path.write_bytes(written_as(make_lines(count, text="x" * 500)))
        tracemalloc.start()
        found = verify(path)
        seen = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (found.holds, found.entries) == (True, count)
        return seen

    assert peak(2000) < 1.5 * peak(500)


@given(st.integers(0, len(WHOLE)), st.binary(max_size=2), st.integers(0, 2))
def test_no_byte_can_be_changed_added_or_removed(tmp_path_factory, at, fresh, cut):
    spoilt = WHOLE[:at] + fresh + WHOLE[at + cut :]
    path = tmp_path_factory.getbasetemp() / "spoilt.jsonl"
    path.write_bytes(spoilt)

    assert verify(path, head=digest(LINES[5]), count=6).holds == (spoilt == WHOLE)
