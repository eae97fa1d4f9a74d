"""The check of the chain: no file but the one that was written holds against its head; what is kept is bounded."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders.evidence_logs import changed, hashed_anew, make_lines
from mongorestore_async.evidence.canonical_json import digest
from mongorestore_async.evidence.chain_check import ChainCheck
from mongorestore_async.evidence.entries import SeenLine, see_line

LINES = make_lines(8)
OTHERS = make_lines(8, log="another")
PLACES = st.integers(0, 30)
STEPS = ["drop", "double", "move", "change", "forge", "splice", "hash", "spoil"]
CHANGES = [{"who": "me"}, {"before": "b" * 64}, {"n": 3}, {"n": 50}, {"n": 4, "before": "b" * 64}, {"who": 5}]


def check_lines(lines):
    check = ChainCheck(see_line(number, line) for number, line in enumerate(lines, start=1))
    tips = list(check)
    return check, tips, check.problems()


@st.composite
def tampered(draw):
    """The lines after some steps of tampering, each at a place of its own."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 5))):
        step, at = draw(st.sampled_from(STEPS)), draw(PLACES) % (len(lines) + 1)
        taken = lines[at] if at < len(lines) else OTHERS[0]
        match step:
            case "drop":
                del lines[at : at + draw(st.integers(1, 3))]
            case "double":
                lines.insert(draw(PLACES) % (len(lines) + 1), taken)
            case "move":
                lines = [*lines[:at], *lines[at + 1 :]]
                lines.insert(draw(PLACES) % (len(lines) + 1), taken)
            case "change" if taken.startswith(b"{"):
                lines[at : at + 1] = [changed(taken, **draw(st.sampled_from(CHANGES)))]
            case "forge":
                lines.insert(at, draw(st.sampled_from(OTHERS)))
            case "splice":
                lines[at:] = OTHERS[draw(PLACES) % 8 :]
            case "hash" if all(line.startswith(b"{") for line in lines[at:]):
                lines = hashed_anew(lines, at)
            case _:
                lines[at : at + 1] = [draw(st.binary(max_size=5)).translate(None, b"\n{")]
    return lines


@given(tampered())
def test_only_the_file_that_was_written_holds_against_its_head(lines):
    _, tips, problems = check_lines(lines)
    ends_well = bool(tips) and (tips[-1].n, tips[-1].hash) == (8, digest(LINES[-1]))

    assert (not problems and ends_well) == (lines == LINES)
    assert all(1 <= problem.line <= len(lines) + 1 and problem.text for problem in problems)


@given(tampered())
def test_lines_before_the_first_problem_follow_one_another(lines):
    _, _, problems = check_lines(lines)
    first = problems[0].line if problems else len(lines) + 1

    assert not check_lines(lines[: first - 1])[2]


@pytest.mark.parametrize("guests", [make_lines(400, log="another"), make_lines(600)[200:500]], ids=["foreign", "own"])
def test_after_many_lines_from_elsewhere_the_log_goes_on(guests):
    lines = make_lines(700)
    check, tips, problems = check_lines([*lines[:600], *guests, *lines[600:]])

    assert [(problem.line, str(problem.kind)) for problem in problems] == [(601, "ADDED")]
    assert (check.entries, tips[-1].n, tips[-1].hash) == (700, 700, digest(lines[-1]))


def chain(count):
    return (SeenLine(line=n, n=n, before=f"{n - 1:064x}", hash=f"{n:064x}") for n in range(1, count + 1))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: SeenLine(line=line.line, fault="it is no JSON"),
        lambda line: SeenLine(line=line.line, n=line.n, before="x", hash="y"),
        lambda line: SeenLine(line=line.line, n=line.n * 3, before=line.before, hash=line.hash),
        lambda line: SeenLine(line=line.line, n=line.n * 3, before="x", hash=line.hash),
        lambda line: SeenLine(line=line.line, n=1, before="x", hash=line.hash),
        lambda line: SeenLine(line=line.line, n=line.n, before=line.before, hash=line.hash, fault="blanks"),
    ],
)
def test_of_a_spoilt_file_a_thousand_problems_are_kept(spoil):
    check = ChainCheck(map(spoil, chain(5000)))
    list(check)

    assert len(check.problems()) == 1000
    assert check.more > 100


def test_a_file_with_every_other_line_missing_keeps_a_thousand_gaps():
    check = ChainCheck(line for line in chain(20_000) if line.n % 4)
    list(check)

    assert len(check.problems()) == 1000
    assert check.more > 3000


def test_a_check_holds_some_lines_and_not_all():
    def peak(count):
        tracemalloc.start()
        check = ChainCheck(line for line in chain(count) if line.n != 500)
        for _ in check:
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found, check

    (small, _), (large, check) = peak(2_000), peak(40_000)

    assert large < 1.5 * small
    assert [str(problem.kind) for problem in check.problems()] == ["REMOVED"]
    assert check.entries == 39_999
