"""What a refusal does to the calls behind it."""

import math

import pytest

from mongorestore_async.ratelimit.backoff import Backoff


class Course:
    """A backoff and its time: calls one after the other, as soon as they may."""

    def __init__(self):
        self.backoff = Backoff(lambda least, _most: least)
        self.now = 0.0
        self.pauses = []

    def refuse(self, count=1, asked=None):
        for _ in range(count):
            admitted = self.backoff.generation
            self.backoff.refuse(asked, self.now, admitted=admitted, current=admitted + 1)
            self.pauses.append(self.backoff.hold(0, self.now))
            self.now += self.pauses[-1]

    def succeed(self, count=1):
        """Give the seconds before each of so many calls that work."""
        waits = []
        for _ in range(count):
            waits.append(self.backoff.hold(0, self.now))
            self.now += waits[-1]
            self.backoff.enter(self.now)
            self.backoff.succeed(self.backoff.generation)
        return waits


def test_pauses_without_a_word_double_from_a_second_to_ten():
    course = Course()
    course.refuse(7)
    assert course.pauses == pytest.approx([0.9, 1.8, 3.6, 7.2, 10, 10, 10])


def test_a_pause_is_spread_by_a_quarter():
    for jitter, pause in ((min, 0.9), (max, 1.125)):
        backoff = Backoff(jitter)
        backoff.refuse(None, 0.0, admitted=0, current=1)
        assert backoff.resumes == pytest.approx(pause)
    backoff = Backoff()
    backoff.refuse(None, 0.0, admitted=0, current=1)
    assert 0.9 <= backoff.resumes <= 1.125


def test_each_success_lets_the_next_call_come_sooner():
    course = Course()
    course.refuse()
    assert course.succeed(5) == pytest.approx([0, 0.45, 0.225, 0.1125, 0.10125])
    course.succeed(40)
    assert course.succeed(10) == [0] * 10  # widened completely
    assert course.now < 3.5


def test_long_pauses_are_forgotten_as_soon_as_calls_get_through():
    course = Course()
    course.refuse(6)
    start = course.now
    course.succeed(40)
    assert course.now - start < 12
    course.refuse()
    assert course.pauses[-1] == pytest.approx(0.9)


def test_a_refusal_among_successes_slows_down_a_little():
    course = Course()
    course.refuse()
    course.succeed(6)
    taken = course.backoff.interval
    course.refuse()
    assert course.pauses[-1] == pytest.approx(1.5 * taken)
    assert course.backoff.width == 3
    course.succeed(3)
    assert course.backoff.interval == pytest.approx(1.2 * taken)
    course.succeed()
    assert course.backoff.interval == pytest.approx(1.2 * taken * 0.99)  # near to what was refused: slowly
    course.refuse(2)
    assert course.pauses[-1] == pytest.approx(2 * course.pauses[-2])
    assert course.backoff.width == 1


def test_a_pause_is_over_after_its_time_and_one_call_asks():
    backoff = Backoff()
    assert backoff.hold(1000, 5.0) == 0
    backoff.refuse(30.0, 5.0, admitted=0, current=1)
    assert [backoff.hold(0, now) for now in (5.0, 34.0, 35.0)] == [30, 1, 0]
    assert backoff.hold(1, 35.0) == math.inf


def test_each_round_doubles_the_calls_in_flight_until_all_pass():
    backoff = Backoff()
    backoff.refuse(0.0, 0.0, admitted=0, current=1)
    widths = [backoff.width]
    for _ in range(5):
        for _ in range(backoff.width):
            backoff.succeed(1)
        widths.append(backoff.width)
    assert widths == [1, 2, 4, 8, 16, 32]
    backoff.succeed(1)
    assert backoff.width is None
    backoff.succeed(1)
    assert backoff.hold(10_000, 0.0) == 0


def test_calls_admitted_before_a_pause_neither_renew_nor_end_it():
    backoff = Backoff()
    backoff.refuse(10.0, 0.0, admitted=0, current=1)
    backoff.succeed(0)
    backoff.refuse(None, 1.0, admitted=0, current=2)
    assert (backoff.generation, backoff.width, backoff.resumes) == (1, 1, 10)
    backoff.refuse(20.0, 1.0, admitted=0, current=3)  # but what the server asks for is kept
    assert (backoff.generation, backoff.width, backoff.resumes) == (1, 1, 21)
    backoff.refuse(5.0, 21.0, admitted=1, current=4)
    assert (backoff.generation, backoff.resumes) == (4, 26)


def test_a_server_that_always_says_zero_is_not_believed_twice():
    course = Course()
    course.refuse(4, asked=0.0)
    assert course.pauses == pytest.approx([0, 0.9, 1.8, 3.6])


def test_no_pause_is_longer_than_an_hour():
    backoff = Backoff()
    backoff.refuse(1e9, 0.0, admitted=0, current=1)
    assert backoff.resumes == 3600


def test_a_pause_that_was_none_is_forgotten():
    course = Course()
    course.refuse(3)
    course.backoff.release()
    assert course.backoff.hold(1000, course.now - 3) == 0
