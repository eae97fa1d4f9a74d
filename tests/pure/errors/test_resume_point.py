"""Where to resume a walk: a number that knows its page size."""

from __future__ import annotations

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import PaginationError, ResumePoint


def test_it_is_written_and_compared_as_an_int():
    point = ResumePoint(3, 10)

    assert (point, str(point), repr(point), f"{point:>2}", json.dumps(point)) == (3, "3", "3", " 3", "3")
    assert hash(point) == hash(3)
    assert type(point + 1) is int


def pickled(point):
    return pickle.loads(pickle.dumps(point))  # noqa: S301


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize("point", [ResumePoint(3), ResumePoint(3, 10), ResumePoint(3, 10, position=14, total_count=9)])
def test_copies_keep_what_it_carries(point, again):
    other = again(point)

    assert type(other) is ResumePoint
    assert (other, vars(other)) == (point, vars(point))


def test_a_copy_of_the_error_keeps_it():
    error = pickled(PaginationError("what", resume_at=ResumePoint(3, 10)))

    assert error.resume_at.items_per_page == 10


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (ResumePoint(3, 10), "what (resume with starting_at=3, items_per_page=10)"),
        (ResumePoint(3), "what (resume with starting_at=3)"),
        (ResumePoint(1, 10), "what"),  # the first page needs no advice
        (1, "what"),
        (3, "what (resume with starting_at=3)"),
    ],
)
def test_an_error_tells_the_page_size_as_well(point, text):
    assert str(PaginationError("what", resume_at=point)) == text


def test_without_a_size_another_one_starts_again():
    assert ResumePoint(7).in_pages_of(10) == 1


@given(number=st.integers(1, 10**6), size=st.integers(1, 500), other=st.integers(1, 500))
def test_in_pages_of_another_size_nothing_lies_before(number, size, other):
    page = ResumePoint(number, size).in_pages_of(other)

    assert (page - 1) * other <= (number - 1) * size < page * other
    assert ResumePoint(number, size).in_pages_of(size) == number
