"""What calls wait for before they are sent, on the clock of the client layer."""

from __future__ import annotations

import asyncio
import functools
import math
import threading

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looptime import new_event_loop

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    ConnectionBroken,
    DataError,
    NotFound,
    Options,
    RateLimit,
    RateLimited,
    ServerError,
)
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.rate_limit_headers import TOKEN_BUCKET
from mongorestore_async.ratelimit import RateLimiter, limit_queue
from mongorestore_async.ratelimit import rate_limiter as limits_module
from mongorestore_async.transport.options import choose_limit

MINUTE = RateLimit(100, 100, 60, window=True)
BUCKET = RateLimit(4, 2, 10)


def now():
    return asyncio.get_running_loop().time() - 1000.0


class Caller:
    """Makes calls through the limits of one session."""

    def __init__(self, rule="documented", rate=None):
        self.limits = RateLimiter(rule)
        self.rule = rule
        self.rates = () if rate is None else (rate,)
        self.passed = []
        self.failed = []

    @property
    def times(self):
        return [time for time, _ in self.passed]

    async def call(
        self,
        name="",
        *,
        project="P",
        takes=0.0,
        error=None,
        headers=(),
        timeout=math.inf,  # noqa: ASYNC109
        answered=True,
        family=OPS_MANAGER,
    ):
        ends = asyncio.get_running_loop().time() + timeout
        limit = choose_limit(self.rule, family and attrs.evolve(family, rates=self.rates), "/clusters", project)
        failed = None
        try:
            admission = self.limits.try_admit(limit, project)
            if admission is None:
                admission = await self.limits.admit(limit, project, ends)
            try:
                self.passed.append((now(), name))
                await asyncio.sleep(takes)
                if error is not None:
                    raise error  # noqa: TRY301 - what the call ends with
            except BaseException as failure:
                failed = failure
                raise
            finally:
                self.limits.finish(admission, limit, project, Headers(headers) if answered else None, failed)
        except Exception as failure:
            self.failed.append((now(), failure))
            raise

    def start(self, count=1, **arguments):
        return [asyncio.create_task(self.call(number, **arguments)) for number in range(count)]

    async def all(self, count, **arguments):
        return await asyncio.gather(*self.start(count, **arguments), return_exceptions=True)

    async def is_refused(self, seconds=None, code="RATE_LIMITED", parameters=(), **arguments):
        error = RateLimited("no", status=429, error_code=code, parameters=parameters)
        error.retry_after = seconds
        with pytest.raises(RateLimited) as caught:
            await self.call(error=error, **arguments)
        assert caught.value is error


# How fast


async def test_what_fits_passes_at_once_and_in_order():
    caller = Caller(rate=MINUTE)
    await caller.all(100)
    assert caller.times == [0.0] * 100
    assert [name for _, name in caller.passed] == list(range(100))


async def test_a_bucket_refills_evenly():
    caller = Caller(rate=BUCKET)
    await caller.all(8)
    assert caller.times == pytest.approx([0, 0, 0, 0, 5, 10, 15, 20], abs=0.01)
    await asyncio.sleep(100)
    await caller.all(5)
    assert caller.times[8:] == pytest.approx([120, 120, 120, 120, 125], abs=0.01)


async def test_a_window_is_kept_whenever_the_server_restarts_it():
    caller = Caller(rate=RateLimit(2, 2, 10, window=True))
    await caller.call()
    await asyncio.sleep(9)
    await caller.all(4)
    assert caller.times == pytest.approx([0, 9, 10, 19, 20], abs=0.01)


@given(
    pauses=st.lists(st.sampled_from([0.0, 0.0, 0.3, 1.0, 4.0, 30.0]), min_size=1, max_size=40),
    capacity=st.integers(1, 5),
    refill=st.integers(1, 5),
    window=st.booleans(),
)
def test_calls_stay_within_the_limit_with_minimal_waits(pauses, capacity, refill, window):
    limit = RateLimit(capacity, capacity if window else refill, 10, window=window)
    came, passed = [], []

    async def drive():
        caller = Caller(rate=limit)
        tasks = []
        for pause in pauses:
            await asyncio.sleep(pause)
            came.append(now())
            tasks += caller.start()
        await asyncio.gather(*tasks)
        passed.extend(caller.times)

    with asyncio.Runner(loop_factory=functools.partial(new_event_loop, start=1000, noop_cycles=0)) as runner:
        runner.run(drive())
    step = 10 / limit.refill
    level, at, last = float(capacity), 0.0, []
    for arrived, left in zip(came, passed, strict=True):
        begun = max(arrived, last[-1] if last else 0.0)
        if window:
            due = max(begun, last[-capacity] + 10 if len(last) >= capacity else 0.0)
        else:
            due = begun + max(0.0, (1 - min(capacity, level + (begun - at) / step)) * step)
            level, at = min(capacity, level + (due - at) / step) - 1, due
        assert left == pytest.approx(due, abs=0.002 * (len(last) + 1))
        last.append(left)


async def test_projects_do_not_wait_for_each_other():
    caller = Caller(rate=BUCKET)
    await asyncio.gather(caller.all(4, project="A"), caller.all(4, project="B"), caller.call(project=None))
    assert set(caller.times) == {0.0}


async def test_a_limit_of_the_caller_counts_all_projects():
    caller = Caller(RateLimit(2, 2, 10, "caller"))
    await asyncio.gather(*(caller.call(project=project) for project in ("A", "B", "C", None)))
    assert caller.times == pytest.approx([0, 0, 5, 10], abs=0.01)


async def test_what_is_not_limited_never_waits():
    for rule, rate in ((None, MINUTE), ("documented", None), ({CLOUD_MANAGER: None}, MINUTE)):
        caller = Caller(rule, rate)
        await caller.all(1000, family=CLOUD_MANAGER, takes=1)
        assert len(set(caller.times)) == 1


async def test_rules_choose_the_limit():
    chosen = RateLimit(1, 1, 10)
    for rule, family, project, at in (
        (chosen, CLOUD_MANAGER, "P", 10),
        (chosen, None, "P", 10),
        (chosen, CLOUD_MANAGER, None, 0),
        ({OPS_MANAGER: chosen}, OPS_MANAGER, "P", 10),
        ({OPS_MANAGER: chosen}, CLOUD_MANAGER, "P", 2),
        ("documented", OPS_MANAGER, "P", 2),
    ):
        caller = Caller(rule, RateLimit(1, 1, 2))
        start = now()
        await caller.all(2, family=family, project=project)
        assert caller.times[-1] - start == pytest.approx(at if project else 0, abs=0.01)


# Giving up


async def test_a_call_that_cannot_be_in_time_is_told_at_once():
    caller = Caller(rate=BUCKET)
    outcomes = await caller.all(6, timeout=7)
    assert outcomes[:5] == [None] * 5
    assert isinstance(outcomes[5], RateLimited)
    assert outcomes[5].status == 0
    assert outcomes[5].retry_after == pytest.approx(5, abs=0.01)
    assert "4 calls at once and 2 in 10 s per project" in str(outcomes[5])
    assert caller.failed[0][0] == pytest.approx(5, abs=0.01)


async def test_cancelled_calls_take_nothing_from_the_others():
    caller = Caller(rate=BUCKET)
    tasks = caller.start(9)
    await asyncio.sleep(1)
    for number in (4, 6, 7):
        tasks[number].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert caller.times[4:] == pytest.approx([5, 10], abs=0.01)
    assert [name for _, name in caller.passed] == [0, 1, 2, 3, 5, 8]
    (queue,) = caller.limits._queues.values()
    assert (queue.pending, queue.waiting) == (0, 0)


async def test_cancelling_all_leaves_the_next_its_turn():
    caller = Caller(rate=BUCKET)
    await caller.all(4)
    for pause in (0.0, 0.5, 4.0):
        tasks = caller.start(5)
        await asyncio.sleep(pause)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await caller.call()
    assert caller.times[4:] == pytest.approx([5], abs=0.01)


async def test_a_call_cancelled_before_the_last_queue_frees_the_first():
    caller = Caller(rate=BUCKET)
    await caller.is_refused(10, "RATE_LIMITED_IP")
    (task,) = caller.start()
    await asyncio.sleep(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    queues = [*caller.limits._queues.values(), caller.limits._address]
    assert [(queue.pending, queue.waiting) for queue in queues] == [(0, 0)] * 2


async def test_calls_cancelled_in_the_last_queue_take_nothing():
    caller = Caller(rate=RateLimit(4, 1, 1000))
    await caller.is_refused(10, "RATE_LIMITED_IP")
    for _ in range(8):
        (task,) = caller.start()
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(10)
    started = asyncio.get_running_loop().time()
    await caller.call()
    assert asyncio.get_running_loop().time() - started < 1  # it is one of the four at once


# Refusals


async def test_after_a_refusal_calls_wait_and_then_double_each_round():
    caller = Caller()
    await caller.is_refused(30)
    await caller.all(100, takes=1)
    rounds = [(30, 1), (31, 2), (32, 4), (33, 8), (34, 16), (35, 32), (36, 37)]
    assert caller.times[1:] == pytest.approx([time for time, calls in rounds for _ in range(calls)], abs=0.01)


async def test_a_refusal_in_the_next_round_pauses_again():
    caller = Caller()
    await caller.is_refused(10)
    await caller.is_refused(20)
    await caller.call()
    assert caller.times == pytest.approx([0, 10, 30], abs=0.01)


async def test_unannounced_pauses_grow_until_a_call_works():
    caller = Caller()
    for _ in range(4):
        await caller.is_refused()
    await caller.call()
    await caller.is_refused()
    await caller.call()
    waits = [after - before for before, after in zip(caller.times, caller.times[1:], strict=False)]
    for wait, least in zip(waits, (0.9, 1.8, 3.6, 7.2, 3.6, 5.4), strict=True):
        assert least <= wait <= least * 1.25 + 0.01


async def test_refusals_of_calls_that_were_under_way_are_one_refusal():
    caller = Caller()
    refused = [asyncio.create_task(caller.is_refused(takes=takes)) for takes in (1, 1, 1, 2, 3)]
    await asyncio.gather(*refused)
    await caller.call()
    assert 3 <= caller.times[-1] <= 3.01  # when all are over, for their pause began at 1 s


async def test_calls_that_were_under_way_and_worked_widen_nothing():
    caller = Caller()
    slow = caller.start(10, takes=2)
    await asyncio.sleep(1)
    await caller.is_refused(5)
    await caller.all(3, takes=1)
    await asyncio.gather(*slow)
    assert caller.times[11:] == pytest.approx([6, 7, 7], abs=0.01)


async def test_a_call_that_breaks_lets_the_next_ask():
    caller = Caller()
    await caller.is_refused(10)
    (broken,) = caller.start(takes=1, error=ConnectionBroken(), answered=False)
    await asyncio.sleep(0)
    await caller.call()
    assert isinstance(broken.exception(), ConnectionBroken)
    assert caller.times[1:] == pytest.approx([10, 11], abs=0.01)


async def test_the_longest_wait_asked_for_counts():
    caller = Caller()
    await asyncio.gather(*(caller.is_refused(seconds, takes=1) for seconds in (5, 20, 10)))
    await caller.call()
    assert caller.times[-1] == pytest.approx(21, abs=0.01)


async def test_a_pause_beyond_the_deadline_is_raised_to_all_waiters():
    caller = Caller(rate=BUCKET)
    await caller.all(4)
    waiting = caller.start(5, timeout=60)
    await asyncio.sleep(1)
    await_refusal = asyncio.create_task(caller.is_refused(3600, project="Q"))
    await await_refusal
    assert not any(task.done() for task in waiting)
    for task in waiting[2:]:
        task.cancel()
    queue = caller.limits._queues[BUCKET, "P"]
    queue.refuse(3600.0, asyncio.get_running_loop().time(), admitted=1, current=2)
    await asyncio.sleep(0.01)
    for task in waiting[:2]:
        error = task.exception()
        assert error.retry_after == pytest.approx(3600, abs=1)
        assert "the server has refused other calls" in str(error)
    with pytest.raises(RateLimited):
        await caller.call(timeout=60)
    await caller.call(project="R")
    assert caller.times[-1] == pytest.approx(1.01, abs=0.01)


async def test_no_pause_is_for_ever():
    caller = Caller()
    await caller.is_refused(1e9)
    await caller.call()
    assert caller.times[-1] == pytest.approx(3600, abs=0.01)


async def test_a_limit_of_the_address_pauses_all_projects():
    caller = Caller()
    await caller.is_refused(10, "RATE_LIMITED_IP", project="A")
    await asyncio.gather(caller.call(project="B"), caller.call(project=None))
    assert caller.times[1:] == pytest.approx([10, 10], abs=0.01)


async def test_other_errors_do_not_pause_and_do_not_count_as_progress():
    for error, wide in ((NotFound("", status=404), True), (ServerError("", status=503), False), (DataError(), False)):
        caller = Caller()
        await caller.is_refused(0)
        with pytest.raises(type(error)):
            await caller.call(error=error)
        start = now()
        await caller.all(2, takes=1)
        assert [time - start for time in caller.times[-2:]] == pytest.approx([0, 0 if wide else 1], abs=0.01)


async def test_a_try_without_an_answer_teaches_nothing():
    caller = Caller()
    for error in (ConnectionBroken(), RateLimited("by the token endpoint", status=429)):
        with pytest.raises(type(error)):
            await caller.call(error=error, answered=False)
    await caller.call()
    assert caller.times == [0.0] * 3


# The server's word


async def test_less_than_thought_is_believed():
    caller = Caller(rate=BUCKET)
    await caller.call(headers=[("RateLimit-Remaining", "1")])
    await caller.all(3)
    assert caller.times == pytest.approx([0, 0, 5, 10], abs=0.01)


async def test_a_higher_remaining_is_believed_for_documented_limits():
    for rule, times in (("documented", [0, 0, 0, 0, 0, 0, 5]), (BUCKET, [0, 0, 0, 0, 5, 10, 15])):
        caller = Caller(rule, BUCKET)
        start = now()
        await caller.all(3)
        await caller.call(headers=[("RateLimit-Remaining", "2")])
        await caller.all(3)
        assert [time - start for time in caller.times] == pytest.approx(times, abs=0.01)


async def test_what_is_left_is_less_those_under_way():
    caller = Caller(rate=BUCKET)
    slow = caller.start(3, takes=1)
    await asyncio.sleep(0)
    await caller.call(headers=[("RateLimit-Remaining", "4")])
    await caller.all(2)
    await asyncio.gather(*slow)
    assert caller.times == pytest.approx([0, 0, 0, 0, 0, 5], abs=0.01)


async def test_what_is_left_ends_a_wait():
    caller = Caller(rate=BUCKET)
    slow = caller.start(1, takes=2, headers=[("RateLimit-Remaining", "50")])
    await asyncio.sleep(0)
    await caller.all(10)
    await asyncio.gather(*slow)
    assert caller.times == pytest.approx([0] * 4 + [2] * 7, abs=0.01)


async def test_what_is_left_of_an_unknown_limit_holds_nobody_back():
    caller = Caller()
    await caller.call(headers=[("RateLimit-Remaining", "0")])
    await caller.all(50)
    assert set(caller.times) == {0.0}


async def test_a_bucket_that_a_refusal_describes_is_kept_to():
    for rate in (None, BUCKET):
        caller = Caller(rate=rate)
        start = now()
        await caller.is_refused(2, TOKEN_BUCKET, ("x", 2, 10, 1, 1))
        await caller.all(3)
        await asyncio.sleep(60)
        await caller.all(11)
        times = [time - start for time in caller.times]
        # Nothing was left, and it refilled during the pause.
        assert times[1:4] == pytest.approx([2, 2, 3], abs=0.01)
        assert times[4:] == pytest.approx([63] * 10 + [64], abs=0.01)


async def test_the_time_a_refusal_names_counts_more_than_our_count():
    caller = Caller(rate=BUCKET)
    await caller.all(3)
    await caller.call(headers=[("RateLimit-Remaining", "10")])
    await caller.is_refused(1)
    await caller.all(2)
    assert caller.times == pytest.approx([0, 0, 0, 0, 0, 1, 5], abs=0.01)


async def test_a_bucket_that_is_told_during_a_pause_counts_at_once():
    told = TOKEN_BUCKET, ("x", 1, 2, 1, 10)
    caller = Caller(rate=BUCKET)
    other = asyncio.create_task(caller.is_refused(1, *told, takes=1))
    await asyncio.sleep(0)
    await caller.is_refused(5)
    await caller.all(2)
    await other
    # The first when both refusals allow it, whatever the bucket has; the second by the bucket that was told.
    assert caller.times[2:] == pytest.approx([5, 11], abs=0.01)


async def test_a_new_bucket_ends_the_wait_for_the_old_one():
    caller = Caller(rate=RateLimit(1, 1, 3600))
    refused = asyncio.create_task(caller.is_refused(2, TOKEN_BUCKET, ("x", 2, 10, 1, 1), takes=1))
    await asyncio.sleep(0)
    await caller.call()
    await refused
    assert caller.times == pytest.approx([0, 3], abs=0.01)


async def test_calls_of_a_past_window_are_not_counted_again():
    caller = Caller(rate=RateLimit(4, 4, 10, window=True))
    await caller.all(3)
    await asyncio.sleep(5)
    await caller.call(takes=6, headers=[("RateLimit-Remaining", "1")])
    await caller.all(2)
    assert caller.times == pytest.approx([0, 0, 0, 5, 11, 15], abs=0.01)


async def test_a_chosen_limit_is_kept_whatever_a_refusal_describes():
    caller = Caller(BUCKET)
    await caller.is_refused(0, TOKEN_BUCKET, ("x", 0, 1000, 1000, 1))
    await caller.all(5)
    assert caller.times == pytest.approx([0, 0, 0, 0, 5, 10], abs=0.01)


@pytest.mark.parametrize(("rule", "project"), [({OPS_MANAGER: None}, "P"), (BUCKET, None)])
async def test_where_no_limit_was_chosen_none_is_kept_to(rule, project):
    caller = Caller(rule)
    await caller.is_refused(2, TOKEN_BUCKET, ("x", 2, 1, 1, 1000), project=project)
    await caller.call(project=project)  # alone after the pause
    await caller.all(2, project=project)
    assert caller.times == pytest.approx([0, 2, 2, 2], abs=0.01)


# Many


async def test_thousands_of_projects_do_not_grow_for_ever(monkeypatch):
    monkeypatch.setattr(limits_module, "MAX_QUEUES", 50)
    caller = Caller(rate=BUCKET)
    busy = caller.start(6, project="busy", takes=100)
    await asyncio.sleep(0)
    await caller.all(4, project="often")
    for number in range(1000):
        await caller.call(project=f"P{number}")
        if number % 10 == 0:
            (late,) = caller.start(project="often")
            await asyncio.sleep(0)
            late.cancel()
    assert len(caller.limits._queues) == 50
    assert (BUCKET, "often") in caller.limits._queues
    assert (BUCKET, "busy") in caller.limits._queues
    await asyncio.gather(*busy)
    assert [time for time, name in caller.passed if time and name in {4, 5}] == pytest.approx([5, 10], abs=0.01)


async def test_projects_are_forgotten_once_their_limits_are_full():
    caller = Caller(rate=RateLimit(30, 10, 60))  # full again after three minutes
    for number in range(10):
        await caller.all(30, project=f"P{number}")
    await caller.is_refused(300, project="refused")
    (slow,) = caller.start(project="slow", takes=1000)
    for pause, left in ((170, 13), (20, 4), (150, 4), (850, 1)):
        await asyncio.sleep(pause)
        await caller.call(project=f"after {pause}")
        assert len(caller.limits._queues) == left, pause
    await slow


async def test_more_projects_than_are_remembered_all_get_through(monkeypatch):
    monkeypatch.setattr(limits_module, "MAX_QUEUES", 5)
    caller = Caller(rate=BUCKET)
    await asyncio.gather(*(caller.call(project=f"P{number}", takes=1) for number in range(100)))
    assert len(caller.limits._queues) == 100
    await caller.call(project="one more")
    assert len(caller.limits._queues) == 100


async def test_counting_starts_no_thread():
    threads = threading.active_count()
    caller = Caller(rate=MINUTE)
    await asyncio.gather(*(caller.call(project=f"P{number}") for number in range(200)))
    assert threading.active_count() == threads


# Settings


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rate_limits": 3}, "rate_limits must be"),
        ({"rate_limits": "all"}, "rate_limits must be"),
        ({"rate_limits": {"cloud-manager": MINUTE}}, "a dict passed as rate_limits"),
        ({"rate_limits": {CLOUD_MANAGER: 100}}, "a dict passed as rate_limits"),
        ({"shared_limits": "redis://localhost"}, "shared_limits must be SharedLimits"),
    ],
)
def test_settings_that_are_none_are_refused(options, says):
    with pytest.raises(ConfigError, match=says):
        Options(**options)


def test_settings_are_values():
    mapping = {ATLAS_CLOUD_BACKUP_V1: None, OPS_MANAGER: MINUTE}
    options = Options(rate_limits=mapping)
    mapping.clear()
    assert dict(options.rate_limits) == {ATLAS_CLOUD_BACKUP_V1: None, OPS_MANAGER: MINUTE}
    assert Options().rate_limits == "adaptive"
    assert Options(rate_limits="documented").rate_limits == "documented"
    assert Options.for_tests().rate_limits is None
    assert Options.for_tests(rate_limits=MINUTE).rate_limits == MINUTE


@pytest.mark.parametrize("name", ["rate_limits", "shared_limits"])
def test_a_view_shares_the_limits_and_cannot_have_its_own(name):
    with pytest.raises(ConfigError, match=f"{name} is shared by all views of a session"):
        AsyncSession(None).with_options(**{name: None})


# Adaptive: a documented limit counts from the server's first word on


async def test_an_adaptive_queue_is_open_until_the_server_limits_it():
    caller = Caller("adaptive", rate=MINUTE)
    await caller.all(250)
    assert set(caller.times) == {0}

    await caller.is_refused(5)
    await caller.all(150)

    assert max(caller.times) >= 60  # the documented limit is kept to from now on


async def test_an_adaptive_queue_keeps_to_a_limit_that_headers_tell():
    caller = Caller("adaptive", rate=BUCKET)
    await caller.call(headers=[("RateLimit-Limit", "3"), ("RateLimit-Remaining", "0")])
    await caller.all(2)
    assert caller.times[0] == 0
    assert caller.times[-1] > 0


# What a call costs that nothing holds back


async def test_calls_without_a_known_limit_share_one_permission():
    for rule in (None, "adaptive"):
        caller = Caller(rule, rate=MINUTE)
        await caller.all(50, headers=[("Content-Type", "application/json")])
        assert caller.limits.try_admit(MINUTE, "A") is caller.limits.try_admit(MINUTE, "B")
        assert not caller.limits._queues


async def test_a_queue_nobody_waited_in_has_only_its_bucket():
    caller = Caller(rate=MINUTE)
    await caller.all(50, takes=1, headers=[("RateLimit-Remaining", "50")])
    (queue,) = caller.limits._queues.values()
    assert (queue._turn, queue._changed) == (None, None)
    assert queue.backoff is limit_queue._CALM


async def test_a_refusal_of_one_queue_is_no_refusal_of_another():
    caller = Caller()
    for project in ("A", "A", "B"):
        await caller.is_refused(5, project=project)
        await caller.call(project=project)
    start = now()
    await caller.all(100, project="C")
    assert set(caller.times[-100:]) == {start}
    untouched = vars(limit_queue.Backoff())
    assert vars(limit_queue._CALM) == untouched


async def test_a_limit_of_the_address_is_forgotten_too():
    caller = Caller(rate=BUCKET)
    await caller.is_refused(10, "RATE_LIMITED_IP", project="A")
    await caller.call(project="B")
    assert caller.limits._address is not None
    await asyncio.sleep(40)
    await caller.call(project="C")  # makes a queue, so others are forgotten
    assert caller.limits._address is None
    await caller.all(3, project="C")
    assert caller.times[-3:] == [caller.times[-4]] * 3


async def test_what_is_left_says_nothing_of_the_limit_of_the_address():
    caller = Caller()
    await caller.is_refused(10, "RATE_LIMITED_IP")
    await caller.call(headers=[("RateLimit-Remaining", "0")])
    await caller.all(1)
    assert caller.times == pytest.approx([0, 10, 10], abs=0.01)
    assert not caller.limits._queues


# The example in the docstring of the room


async def test_the_example_of_the_room_is_true():
    caller = Caller(rate=RateLimit(2, 2, 10))
    refused = RateLimited("no", status=429, error_code="RATE_LIMITED")
    refused.retry_after = 7.0
    endings = {"A": None, "B": refused, "C": None, "D": None, "E": None}
    tasks = {name: asyncio.create_task(caller.call(name, takes=1, error=error)) for name, error in endings.items()}
    await asyncio.sleep(2)
    tasks["D"].cancel()
    await asyncio.gather(*tasks.values(), return_exceptions=True)
    assert [name for _, name in caller.passed] == ["A", "B", "C", "E"]
    assert caller.times == pytest.approx([0, 0, 8, 10], abs=0.01)
