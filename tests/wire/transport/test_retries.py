"""Repeated calls over real sockets, and what a session tells about its calls."""

from __future__ import annotations

import asyncio
import logging

import pytest
from aiohttp import web

from mongorestore_async import (
    NO_RETRY,
    ConfigError,
    ConnectionBroken,
    ExchangeRecord,
    NotFound,
    Options,
    RateLimited,
    RetryPolicy,
    ServerError,
)

TRANSIENT = ["drop", "drop-answer", "truncate", 500, 502, 503, 504, 429]


def fail(times, fault):
    """Let the first so many requests that got past the login fail."""
    met = 0

    async def before_answer(record):
        nonlocal met
        if record.outcome != "accepted" or met >= times:
            return None
        met += 1
        return web.Response(status=fault, text="<html>busy</html>") if isinstance(fault, int) else fault

    return before_answer


@pytest.mark.parametrize("fault", TRANSIENT, ids=str)
async def test_a_read_survives_three_failures_in_a_row(emulate, connect, first_cluster, fault):
    records: list[ExchangeRecord] = []
    options = Options.for_tests(on_exchange=records.append)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        emulator.before_answer = fail(3, fault)
        assert len(await first_cluster(session, emulator).restore_jobs().collect()) == 25
        assert session.stats.retries == 3
        assert emulator.counts.requests == 5
        assert emulator.counts.repeated_nc == 0
    (record,) = records
    assert (record.method, record.status, record.error, record.tries, record.challenges) == ("GET", 200, None, 4, 1)
    assert record.family == "ops-manager"
    assert record.seconds > 0


@pytest.mark.parametrize("fault", TRANSIENT, ids=str)
async def test_the_fourth_failure_is_told(emulate, connect, first_cluster, fault):
    records: list[ExchangeRecord] = []
    options = Options.for_tests(on_exchange=records.append)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        emulator.before_answer = fail(99, fault)
        expected = {int: ServerError, str: ConnectionBroken}[type(fault)] if fault != 429 else RateLimited
        with pytest.raises(expected) as caught:
            await first_cluster(session, emulator).restore_jobs()
        assert caught.value.request is not None
        assert caught.value.request.tries == 4
        assert caught.value.request.unanswered is isinstance(fault, str)
        assert caught.value.resume_at is None
        with pytest.raises(expected) as caught:
            await first_cluster(session, emulator).restore_jobs().collect()
        assert caught.value.resume_at == 1
    assert [record.error for record in records] == [expected.__name__] * 2


async def test_retries_can_be_turned_off_and_replaced_by_a_rule(emulate, connect, first_cluster):
    asked = []

    def never_more_than_two(failure):
        asked.append(failure)
        return 0.0 if failure.tries < 2 else None

    async with emulate() as emulator, connect(emulator) as session:
        emulator.before_answer = fail(99, 503)
        for retry, requests in ((NO_RETRY, 1), (never_more_than_two, 2)):
            start = emulator.counts.accepted
            with pytest.raises(ServerError):
                await first_cluster(session.with_options(retry=retry), emulator).restore_jobs()
            assert emulator.counts.accepted - start == requests
    assert [failure.tries for failure in asked] == [1, 2]
    assert asked[0].method == "GET"


async def test_no_rule_makes_a_create_repeat_what_may_have_been_taken(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options(retry=lambda _failure: 0.0)) as session:
        cluster = first_cluster(session, emulator)
        await cluster.restore_jobs()
        emulator.before_answer = fail(1, 503)
        path = f"/groups/{cluster.project}/clusters/{cluster.cluster}/restoreJobs"
        with pytest.raises(ServerError):
            await session.request("POST", path, family=cluster.family, json={"snapshotId": "5" * 24})
        assert emulator.counts.creates_received == 1


async def test_a_wait_beyond_the_deadline_is_told_at_once(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options(timeout=30)) as session:

        async def busy(record):
            if record.outcome == "accepted":
                return web.Response(status=429, headers={"Retry-After": "3600"})
            return None

        emulator.before_answer = busy
        started = asyncio.get_running_loop().time()
        with pytest.raises(RateLimited) as caught:
            await first_cluster(session, emulator).restore_jobs()
        assert asyncio.get_running_loop().time() - started < 20
        assert caught.value.retry_after == 3600
        assert emulator.counts.requests == 2


async def test_what_the_server_asks_to_wait_is_waited(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        times = []

        async def busy(record):
            if record.outcome == "accepted":
                times.append(asyncio.get_running_loop().time())
                if len(times) == 1:
                    return web.Response(status=503, headers={"Retry-After": "1"})
            return None

        emulator.before_answer = busy
        await first_cluster(session, emulator).restore_jobs()
        assert times[1] - times[0] >= 0.95


async def test_an_outage_is_not_multiplied(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, options=Options.for_tests()) as session:
        emulator.before_answer = fail(10**6, 503)
        cluster = first_cluster(session, emulator)
        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(200)), return_exceptions=True)
        assert all(isinstance(outcome, ServerError) for outcome in outcomes)
        assert emulator.counts.requests <= 600


async def test_a_failing_hook_is_logged_and_does_not_affect_the_call(emulate, connect, first_cluster, caplog):
    def hook(record):
        raise ZeroDivisionError

    async with emulate() as emulator, connect(emulator, options=Options(on_exchange=hook)) as session:
        assert len(await first_cluster(session, emulator).restore_jobs()) == 25
        with pytest.raises(NotFound):
            await first_cluster(session, emulator).restore_job("0" * 24)
    assert sum("on_exchange hook failed" in record.message for record in caplog.records) == 2


async def test_nothing_is_logged_above_debug_in_normal_work(emulate, connect, first_cluster, caplog):
    caplog.set_level(logging.DEBUG, logger="mongorestore_async.transport")
    async with emulate() as emulator, connect(emulator) as session:
        await first_cluster(session, emulator).restore_jobs()
    ours = [record for record in caplog.records if record.name.startswith("mongorestore_async.transport")]
    assert len(ours) == 1
    assert ours[0].levelno == logging.DEBUG
    assert emulator.private_key not in ours[0].getMessage()


async def test_a_cancelled_call_is_recorded_as_such(emulate, connect, first_cluster):
    records: list[ExchangeRecord] = []
    async with emulate() as emulator, connect(emulator, options=Options(on_exchange=records.append)) as session:
        await first_cluster(session, emulator).restore_jobs()
        emulator.gate.close()
        task = asyncio.create_task(first_cluster(session, emulator).restore_jobs().page())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [record.error for record in records] == [None, "CancelledError"]


def test_options_that_are_no_callables_are_refused():
    for name in ("retry", "on_exchange"):
        with pytest.raises(ConfigError, match=name):
            Options(**{name: 3})
    quick = Options.for_tests(timeout=3)
    assert (quick.timeout, quick.retry, quick.rate_limits) == (3, RetryPolicy(base=0), None)
    assert quick.poll.longest < 1
