"""Lines of a log: written in one form, and whatever else stands there is seen for what it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.evidence_logs import changed, make_entry
from mongorestore_async.evidence.canonical_json import digest
from mongorestore_async.evidence.entries import SeenLine, read_entry, see_line

ENTRY = make_entry(3, "a" * 64)
LINE = ENTRY.to_line()


def test_a_line_has_the_members_in_their_order():
    assert list(json.loads(LINE)) == ["at", "before", "data", "n", "version", "what", "where", "who"]
    assert read_entry(LINE) == ENTRY


def test_an_entry_is_seen_with_number_and_hashes():
    assert see_line(7, LINE) == SeenLine(line=7, n=3, before="a" * 64, hash=digest(LINE))


def without(name):
    members = json.loads(LINE)
    del members[name]
    return json.dumps(members, separators=(",", ":")).encode()


FAULTS = {
    "it is empty": b"",
    "it is no JSON object": b'["a"]',
    "it is no JSON": b"{",
    "it lacks the member 'who'": without("who"),
    "it has members that entries do not have": changed(LINE, more=1),
    "its member 'n'": changed(LINE, n=0),
    "its member 'data'": changed(LINE, data=None),
    "its member 'what'": changed(LINE, what=5),
    "its member 'before'": changed(LINE, before="a"),
    "its member 'at'": changed(LINE, at="yesterday"),
    "it has blanks around it": LINE + b" ",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_no_entry_says_why(fault):
    line = FAULTS[fault]

    assert fault in see_line(1, line).fault
    with pytest.raises(ValueError, match=fault):
        read_entry(line)


@pytest.mark.parametrize("at", ["2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00"])
def test_times_are_utc_and_say_so(at):
    assert "'at'" in see_line(1, changed(LINE, at=at)).fault


@pytest.mark.parametrize(("n", "before"), [("3", "a" * 64), (True, "a" * 64), (3, 5)])
def test_members_of_another_type_are_none(n, before):
    seen = see_line(1, changed(LINE, n=n, before=before))

    assert (seen.n, seen.before) == (3 if n == 3 and n is not True else None, "a" * 64 if before != 5 else None)
    assert seen.hash
    assert seen.fault


#: The line with some bytes in place of one, or before it.
SPOILT = st.builds(
    lambda at, fresh, cut: LINE[:at] + fresh + LINE[at + cut :],
    st.integers(0, len(LINE)),
    st.binary(min_size=1, max_size=2) | st.sampled_from([b" ", b"0", b"\\u0061", b"e0", b",", b"}"]),
    st.integers(0, 1),
)


@given(st.binary() | SPOILT)
def test_no_line_is_an_entry_that_was_not_written_as_one(line):
    seen = see_line(1, line)
    try:
        entry = read_entry(line)
    except ValueError:
        assert seen.fault
    else:
        assert not seen.fault
        assert entry.to_line() == line
