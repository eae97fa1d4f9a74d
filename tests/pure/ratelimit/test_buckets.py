"""The arithmetic of limits, against a table and against models that count every call."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.families import RateLimit
from mongorestore_async.ratelimit.buckets import SlidingWindow, TokenBucket

#: Powers of two, so that no step is rounded and models can be compared to the last bit.
STEP = 0.25

#: What happens, one after another: time passes, a call comes, or the server says how many calls are left.
PASSES = st.integers(0, 60).map(lambda steps: ("pass", steps * STEP))
EVENTS = st.lists(st.one_of(PASSES, st.just(("call", 0)), st.integers(0, 8).map(lambda left: ("told", left))))


@pytest.mark.parametrize(
    ("kind", "limit", "waits"),
    [
        # Three calls at once, then one every two seconds; four that come late wait for as much.
        (TokenBucket, RateLimit(3, 5, 10), [(0, 0), (0, 0), (0, 0), (0, 2), (2, 0), (2, 2), (3, 1), (100, 0)]),
        (SlidingWindow, RateLimit(2, 2, 10, window=True), [(0, 0), (4, 0), (4, 6), (10, 0), (10, 4), (14, 0), (90, 0)]),
        (TokenBucket, RateLimit(1, 1, 10), [(0, 0), (0, 10), (9.5, 0.5), (10, 0), (10, 10)]),
        (SlidingWindow, RateLimit(1, 1, 10, window=True), [(0, 0), (0, 10), (9.5, 0.5), (10, 0), (10, 10)]),
    ],
)
def test_calls_wait_as_long_as_they_have_to(kind, limit, waits):
    bucket = kind(limit)
    for now, wait in waits:
        assert bucket.wait(now) == wait
        assert bucket.take(now) is not bool(wait)


@pytest.mark.parametrize("window", [False, True])
def test_a_call_that_is_given_back_is_as_never_counted(window):
    limit = RateLimit(4, 4, 10, window=window)
    bucket, without = (
        (SlidingWindow(limit), SlidingWindow(limit)) if window else (TokenBucket(limit), TokenBucket(limit))
    )
    for now in (0, 1, 2):
        bucket.take(now)
    for now in (0, 2):
        without.take(now)

    bucket.give_back(1)

    for now in (2, 2, 2, 2, 5, 11):
        assert bucket.wait(now) == without.wait(now)
        bucket.take(now)
        without.take(now)


def test_a_call_that_a_full_window_has_dropped_is_not_missed():
    bucket = SlidingWindow(RateLimit(1, 1, 10, window=True))
    bucket.take(0)
    bucket.take(10)

    bucket.give_back(0)

    assert bucket.wait(10) == 10


@pytest.mark.parametrize(
    ("limit", "taken", "left", "waits"),
    [
        (RateLimit(4, 2, 10), 0, 1, [0, 5]),
        (RateLimit(4, 2, 10), 3, 1, [0, 5]),
        (RateLimit(4, 2, 10), 3, 4, [0, 5]),  # more than was counted is not believed
        (RateLimit(4, 2, 10), 0, 0, [5]),
        (RateLimit(4, 4, 10, window=True), 0, 1, [0, 10]),
        (RateLimit(4, 4, 10, window=True), 3, 1, [0, 10]),
        (RateLimit(4, 4, 10, window=True), 3, 99, [0, 10]),
        (RateLimit(4, 4, 10, window=True), 0, 0, [10]),
    ],
)
def test_the_server_lowers_what_is_left(limit, taken, left, waits):
    bucket = SlidingWindow(limit) if limit.window else TokenBucket(limit)
    for _ in range(taken):
        bucket.take(100.0)
    bucket.lower(left, 100.0)
    for wait in waits:
        assert bucket.wait(100.0) == wait
        bucket.take(100.0)


def test_all_is_back_when_the_last_call_is():
    for bucket, full_at in (
        (TokenBucket(RateLimit(4, 2, 10)), 110),
        (SlidingWindow(RateLimit(4, 4, 10, window=True)), 114),
    ):
        assert bucket.full_at < -1e300
        bucket.take(100.0)
        bucket.take(104.0)
        assert bucket.full_at == full_at


def test_calls_that_are_over_are_not_counted_as_left_out():
    window = SlidingWindow(RateLimit(4, 4, 10, window=True))
    for now in (0.0, 0.0, 5.0):
        window.take(now)
    window.lower(2, 10.0)  # one of the window is left, so one more is missing
    assert window.wait(10.0) == 0
    window.take(10.0)
    window.take(10.0)
    assert window.wait(10.0) == 5


@given(events=EVENTS, capacity=st.integers(1, 6), period=st.integers(1, 40).map(lambda steps: steps * STEP))
def test_no_window_ever_sees_more_calls_than_the_limit(events, capacity, period):
    window = SlidingWindow(RateLimit(capacity, capacity, period, window=True))
    now, calls, gone = 0.0, [], []  # gone: calls that only the server saw
    for kind, value in events:
        if kind == "pass":
            now += value
        elif kind == "told":
            inside = [time for time in calls + gone if now - period < time]
            gone += [now] * (capacity - min(value, capacity) - len(inside))
            window.lower(value, now)
        else:
            inside = sorted(time for time in calls + gone if now - period < time)
            # The oldest of the last so many has to leave the window; not a moment longer is waited.
            due = max(0.0, inside[-capacity] + period - now) if len(inside) >= capacity else 0.0
            assert window.wait(now) == due
            if not due:
                calls.append(now)
                window.take(now)
    for start in calls:
        assert sum(start <= time < start + period for time in calls + gone) <= capacity


@given(
    events=EVENTS,
    capacity=st.integers(1, 6),
    refill=st.sampled_from([1, 2, 4, 8]),
    period=st.integers(1, 40).map(lambda steps: steps * STEP),
)
def test_a_token_bucket_counts_like_one_filled_step_by_step(events, capacity, refill, period):
    bucket = TokenBucket(RateLimit(capacity, refill, period))
    rate = Fraction(refill) / Fraction(period)
    now, level, calls = Fraction(0), Fraction(capacity), []
    for kind, value in events:
        if kind == "pass":
            now += Fraction(value)
            level = min(Fraction(capacity), level + Fraction(value) * rate)
        elif kind == "told":
            bucket.lower(value, float(now))
            level = min(level, Fraction(value))
        else:
            due = max(Fraction(0), (1 - level) / rate)
            assert bucket.wait(float(now)) == due
            if not due:
                level -= 1
                calls.append(now)
                bucket.take(float(now))
    for number, start in enumerate(calls):
        for count, end in enumerate(calls[number:], 1):
            assert count <= capacity + (end - start) * rate
