"""Every kind of tampering with a log of twelve lines: what is found, which line is named, and what needs the head."""

from __future__ import annotations

import json

import pytest

from builders.evidence_logs import changed, hashed_anew, make_entry, make_lines, written_as
from mongorestore_async.evidence.canonical_json import digest
from mongorestore_async.evidence.verifying import verify

LINES = make_lines(12)
OTHERS = make_lines(12, log="another")
FOREIGN = make_lines(9, log="another")
HEAD = {"head": digest(LINES[-1]), "count": 12}


def replaced(place, *lines, upto=None):
    """The lines with others in the place of one, or of some."""
    return [*LINES[: place - 1], *lines, *LINES[(upto or place) :]]


def text(place, old, new):
    """The lines with other bytes in one of them."""
    return replaced(place, LINES[place - 1].replace(old, new, 1))


def moved(place, to):
    rest = replaced(place)
    return [*rest[: to - 1], LINES[place - 1], *rest[to - 1 :]]


def rewritten(place):
    return hashed_anew(replaced(place, changed(LINES[place - 1], data={"size": 0})), place - 1)


#: Lines, what is found without a head (lines and kinds), and what a head adds.
FOUND = {
    "data changed": (replaced(5, changed(LINES[4], data={"size": 0})), [(5, "CHANGED")], []),
    "first line changed": (replaced(1, changed(LINES[0], who="me")), [(1, "CHANGED")], []),
    "last but one changed": (replaced(11, changed(LINES[10], who="me")), [(11, "CHANGED")], []),
    "time changed": (replaced(4, changed(LINES[3], at="2026-01-01T00:00:00.000000Z")), [(4, "CHANGED")], []),
    "number changed": (replaced(6, changed(LINES[5], n=60)), [(6, "CHANGED")], []),
    "number of the first changed": (replaced(1, changed(LINES[0], n=0)), [(1, "CHANGED")], []),
    "hash of the line before changed": (replaced(6, changed(LINES[5], before="a" * 64)), [(6, "CHANGED")], []),
    "hash of nothing changed": (replaced(1, changed(LINES[0], before="a" * 64)), [(1, "CHANGED")], []),
    "number and hash changed": (replaced(6, changed(LINES[5], n=60, before="a" * 64)), [(6, "CHANGED")], []),
    "two lines far apart changed": (
        replaced(3, changed(LINES[2], who="me"), *LINES[3:7], changed(LINES[7], who="me"), upto=8),
        [(3, "CHANGED"), (8, "CHANGED")],
        [],
    ),
    "changed, and the next one hashed anew": (
        replaced(5, *hashed_anew([*LINES[:4], changed(LINES[4], who="me"), LINES[5]], 4)[4:], upto=6),
        [(6, "CHANGED")],
        [],
    ),
    "a member renamed": (text(7, b'"who"', b'"whom"'), [(7, "CHANGED")], []),
    "a member added": (replaced(7, changed(LINES[6], note="x")), [(7, "CHANGED")], []),
    "a member of another type": (replaced(7, changed(LINES[6], data=[])), [(7, "CHANGED")], []),
    "a member written twice": (text(7, b'"n":7', b'"n":7,"n":7'), [(7, "CHANGED")], []),
    "a member of data written twice": (text(7, b'"size"', b'"size":1,"size"'), [(7, "CHANGED")], []),
    "a number as 7000.0": (text(7, b"7000", b"7000.0"), [(7, "CHANGED")], []),
    "a number as 7e3": (text(7, b"7000", b"7e3"), [(7, "CHANGED")], []),
    "a number that is rounded to it": (text(7, b"7000", b"7000.00000000000000001"), [(7, "CHANGED")], []),
    "blanks between members": (text(7, b":7,", b": 7,"), [(7, "CHANGED")], []),
    "a blank behind": (replaced(7, LINES[6] + b" "), [(7, "CHANGED")], []),
    "an escape": (text(7, b"tests", b"\\u0074ests"), [(7, "CHANGED")], []),
    "members in another order": (
        replaced(7, json.dumps(dict(sorted(json.loads(LINES[6]).items(), reverse=True))).encode()),
        [(7, "CHANGED")],
        [],
    ),
    "line ends of Windows": (
        [line + b"\r" for line in LINES],
        [(place, "CHANGED") for place in range(1, 13)],
        [],
    ),
    "a byte order mark": (replaced(1, b"\xef\xbb\xbf" + LINES[0]), [(1, "CHANGED")], []),
    "no UTF-8": (text(7, b"tests", b"t\xffsts"), [(7, "CHANGED")], []),
    "half a line": (replaced(7, LINES[6][:50]), [(7, "CHANGED")], []),
    "two lines made one": (replaced(7, LINES[6] + LINES[7], upto=8), [(7, "CHANGED"), (8, "REMOVED")], []),
    "no object": (replaced(7, b"[]"), [(7, "CHANGED")], []),
    "not a number": (text(7, b"7000", b"NaN"), [(7, "CHANGED")], []),
    "a line dropped": (replaced(5), [(5, "REMOVED")], []),
    "the first line dropped": (replaced(1), [(1, "REMOVED")], []),
    "several lines dropped": (replaced(5, upto=8), [(5, "REMOVED")], []),
    "dropped, and numbered anew": (
        [*LINES[:4], *(changed(line, n=n) for n, line in enumerate(LINES[5:], start=5))],
        [(place, "CHANGED") for place in (5, 7, 9, 10)],
        [(12, "CUT")],
    ),
    "dropped, and the next one hashed anew": (
        replaced(5, changed(LINES[5], n=5, before=digest(LINES[3])), upto=6),
        [(6, "REMOVED")],
        [],
    ),
    "lines swapped": (replaced(5, LINES[5], LINES[4], upto=6), [(5, "MOVED")], []),
    "lines far apart swapped": (
        replaced(3, LINES[9], *LINES[3:9], LINES[2], upto=10),
        [(3, "MOVED"), (10, "MOVED")],
        [],
    ),
    "a line moved up": (moved(9, 3), [(3, "MOVED")], []),
    "a line moved down": (moved(3, 9), [(3, "MOVED"), (9, "MOVED")], []),
    "a line moved to the end": (moved(3, 12), [(3, "MOVED"), (12, "MOVED")], []),
    "the last line moved up": (moved(12, 3), [(3, "ADDED")], [(13, "CUT")]),
    "lines moved to the end": (
        [*LINES[:2], *LINES[4:], *LINES[2:4]],
        [(3, "MOVED"), (11, "MOVED"), (12, "MOVED")],
        [],
    ),
    "a forged line inserted": (replaced(5, LINES[4], make_entry(6, "b" * 64).to_line()), [(6, "ADDED")], []),
    "a forged line inserted with the right hash": (
        replaced(5, LINES[4], make_entry(6, digest(LINES[4]), forged=True).to_line()),
        [(6, "ADDED")],
        [],
    ),
    "a forged line inserted with the right hash and blanks": (
        replaced(5, LINES[4], make_entry(6, digest(LINES[4]), forged=True).to_line() + b" "),
        [(6, "CHANGED")],
        [],
    ),
    "forged lines inserted with the right hashes": (
        replaced(5, *hashed_anew([*LINES[:5], *OTHERS[:3]], 5)[4:]),
        [(6, "ADDED"), (7, "ADDED"), (8, "ADDED")],
        [],
    ),
    "a line doubled": (replaced(5, LINES[4], LINES[4]), [(6, "ADDED")], []),
    "the last line doubled": ([*LINES, LINES[11]], [(13, "ADDED")], []),
    "an early line repeated at the end": ([*LINES, LINES[2]], [(13, "ADDED")], []),
    "lines repeated at the end": ([*LINES, *LINES[2:4]], [(13, "ADDED"), (14, "ADDED")], []),
    "an empty line inserted": (replaced(5, LINES[4], b""), [(6, "ADDED")], []),
    "an empty line at the end": ([*LINES, b""], [(13, "CHANGED")], [(13, "ADDED")]),
    "two files spliced at the same number": ([*LINES[:6], *OTHERS[6:]], [(6, "CHANGED")], [(12, "REWRITTEN")]),
    "two files spliced at a lower number": ([*LINES[:6], *OTHERS[2:]], [(7, "ADDED")], [(16, "REWRITTEN")]),
    "two files spliced at a higher number": ([*LINES[:6], *OTHERS[8:]], [(7, "REMOVED")], [(10, "REWRITTEN")]),
    "another file behind it": ([*LINES, *OTHERS], [(13, "ADDED")], [(13, "ADDED")]),
    "another file in the middle": (
        [*LINES[:5], *FOREIGN, *LINES[5:]],
        [(place, "ADDED") for place in range(6, 15)],
        [],
    ),
}

#: What only a head or a signature finds.
NEEDS_HEAD = {
    "the last line cut": (LINES[:11], (12, "CUT")),
    "most lines cut": (LINES[:2], (3, "CUT")),
    "all lines cut": ([], (1, "CUT")),
    "the last line changed": (replaced(12, changed(LINES[11], who="me")), (12, "REWRITTEN")),
    "changed, and all that follow hashed anew": (rewritten(5), (12, "REWRITTEN")),
    "all rewritten": (hashed_anew(OTHERS, 0), (12, "REWRITTEN")),
    "dropped, and all that follow hashed anew": (hashed_anew(replaced(5), 4), (12, "CUT")),
    "inserted, and all that follow hashed anew": (
        hashed_anew(replaced(5, LINES[4], OTHERS[4]), 5),
        (13, "REWRITTEN"),
    ),
    "lines added at the end": (hashed_anew([*LINES, *OTHERS[:2]], 12), (13, "ADDED")),
}


@pytest.fixture
def verified(tmp_path):
    def run(lines, **known):
        path = tmp_path / "evidence.jsonl"
        path.write_bytes(written_as(lines))
        return verify(path, **known)

    return run


def told(found):
    return [(problem.line, str(problem.kind)) for problem in found.problems]


def test_the_docs_count_the_kinds():
    assert len(FOUND) + len(NEEDS_HEAD) == 66


def test_a_log_as_it_was_written_holds(verified):
    found = verified(LINES, **HEAD)

    assert found.holds
    assert (found.entries, found.head.count, found.head.hash) == (12, 12, HEAD["head"])
    assert found.can_find_cut_tail


@pytest.mark.parametrize("kind", FOUND)
def test_tampering_is_found_without_a_head(kind, verified):
    lines, expected, _ = FOUND[kind]
    found = verified(lines)

    assert told(found) == expected
    assert not found.holds
    assert not found.can_find_cut_tail
    assert all(problem.text for problem in found.problems)


@pytest.mark.parametrize("kind", FOUND)
def test_a_head_adds_only_what_it_alone_can_tell(kind, verified):
    lines, expected, added = FOUND[kind]

    assert told(verified(lines, **HEAD)) == [*expected, *added]


@pytest.mark.parametrize("kind", NEEDS_HEAD)
def test_some_tampering_needs_a_head(kind, verified):
    lines, expected = NEEDS_HEAD[kind]
    blind, seeing = verified(lines), verified(lines, **HEAD)

    assert blind.holds
    assert not blind.can_find_cut_tail
    assert told(seeing) == [expected]
    assert seeing.can_find_cut_tail
