"""What a refusal does to the calls behind it."""

import math

import pytest

from mongorestore_async.families import RateLimit
from mongorestore_async.ratelimit.backoff import Backoff, choose_pause


@pytest.mark.parametrize(
    ("refusals", "rate", "seconds"),
    [
        (1, None, 10),
        (2, None, 20),
        (3, None, 40),
        (1000, None, 40),
        (2, RateLimit(100, 100, 60), 20),
        (3, RateLimit(100, 100, 30), 30),
        (1, RateLimit(10, 10, 1), 1),
    ],
)
def test_an_unannounced_pause_is_the_recommended_one(refusals, rate, seconds):
    assert choose_pause(refusals, rate, lambda least, _most: least) == seconds
    assert choose_pause(refusals, rate, lambda _least, most: most) == seconds * 1.25
    assert seconds <= choose_pause(refusals, rate) <= seconds * 1.25


def test_a_pause_is_over_after_its_time_and_one_call_asks():
    backoff = Backoff()
    assert backoff.hold(1000, 5.0) == 0
    backoff.refuse(30.0, None, 5.0, admitted=0, current=1)
    assert [backoff.hold(0, now) for now in (5.0, 34.0, 35.0)] == [30, 1, 0]
    assert backoff.hold(1, 35.0) == math.inf


def test_each_round_doubles_the_calls_in_flight_until_all_pass():
    backoff = Backoff()
    backoff.refuse(0.0, None, 0.0, admitted=0, current=1)
    widths = [backoff.width]
    for _ in range(5):
        for _ in range(backoff.width):
            backoff.succeed(1)
        widths.append(backoff.width)
    assert widths == [1, 2, 4, 8, 16, 32]
    backoff.succeed(1)
    assert backoff.width is None
    assert backoff.hold(10_000, 0.0) == 0


def test_calls_admitted_before_a_pause_neither_renew_nor_end_it():
    backoff = Backoff()
    backoff.refuse(10.0, None, 0.0, admitted=0, current=1)
    backoff.succeed(0)
    backoff.refuse(None, None, 1.0, admitted=0, current=2)
    assert (backoff.generation, backoff.width, backoff.resumes) == (1, 1, 10)
    backoff.refuse(20.0, None, 1.0, admitted=0, current=3)  # but what the server asks for is kept
    assert (backoff.generation, backoff.width, backoff.resumes) == (1, 1, 21)
    backoff.refuse(5.0, None, 21.0, admitted=1, current=4)
    assert (backoff.generation, backoff.resumes) == (4, 26)


def test_pauses_without_a_word_grow_until_a_call_works():
    backoff, now = Backoff(), 0.0
    for generation, least in enumerate((10, 20, 40, 40)):
        backoff.refuse(None, None, now, admitted=generation, current=generation + 1)
        assert least <= backoff.resumes - now <= least * 1.25
        now = backoff.resumes
    backoff.succeed(4)
    backoff.refuse(None, None, now, admitted=4, current=5)
    assert backoff.resumes - now <= 12.5


def test_no_pause_is_longer_than_an_hour():
    backoff = Backoff()
    backoff.refuse(1e9, None, 0.0, admitted=0, current=1)
    assert backoff.resumes == 3600


def test_an_unannounced_pause_is_no_longer_than_the_limit():
    backoff = Backoff()
    backoff.refuse(None, RateLimit(1, 1, 2), 0, admitted=0, current=1)

    assert 2 <= backoff.resumes <= 4
