"""Rate limits over real sockets: the emulator's, and how a session keeps to them."""

from __future__ import annotations

import asyncio

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    ConfigError,
    HttpRestore,
    Options,
    RateLimit,
    RateLimited,
    RequestTimeout,
    ServerError,
    SessionClosed,
)
from mongorestore_async.emulator import Manager, RateCode, RateLimiting, Side, WaitForm, error_answer
from mongorestore_async.ratelimit.limit_queue import LimitQueue

#: As documented, on a clock sixty times as fast: 100 in one second.
MINUTE = RateLimit(100, 100, 60, window=True)
SECOND = RateLimit(100, 100, 1, window=True)


def clock():
    return asyncio.get_running_loop().time()


def name_cluster(session, emulator, number=0, family=OPS_MANAGER):
    """Name the first cluster of a project; on Atlas its replica set, as the first has another kind of jobs."""
    side = Side.ATLAS if family is ATLAS_CLOUD_BACKUP_V1 else Side.MANAGER
    project = emulator.world.project(side, number)
    cluster = next(iter(emulator.world.clusters(project)))
    return session.project(project.id, family).cluster(getattr(cluster, family.cluster_key))


async def many(cluster, count, **arguments):
    calls = (cluster.restore_jobs(items_per_page=1, **arguments).page() for _ in range(count))
    return await asyncio.gather(*calls, return_exceptions=True)


async def until(condition):
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


@pytest.fixture
def limited(emulate):
    """Start an emulator with a rate limit."""

    def start(limit, *, code="RATE_LIMITED", retry_after="none", headers=False, **settings):
        limiting = RateLimiting(limit=limit, code=code, retry_after=retry_after, headers=headers)
        return emulate(rate_limiting=limiting, **settings)

    return start


# The emulator


async def test_the_emulator_counts_in_each_project_and_restarts(limited, connect):
    options = Options(retry=NO_RETRY, rate_limits=None)
    async with limited(MINUTE, speed=0) as emulator, connect(emulator, options=options) as session:
        first, second = (name_cluster(session, emulator, project) for project in (0, 1))
        emulator.clock.advance(59)
        outcomes = await many(first, 103)
        assert [type(outcome) for outcome in outcomes].count(RateLimited) == 3
        assert not any(isinstance(outcome, Exception) for outcome in await many(second, 100))
        await session.projects(OPS_MANAGER)
        emulator.clock.advance(1)
        assert not any(isinstance(outcome, Exception) for outcome in await many(first, 100))
        assert emulator.counts.rate_limited == 3
        error = next(outcome for outcome in outcomes if isinstance(outcome, RateLimited))
        assert (error.status, error.error_code, error.retry_after) == (429, "RATE_LIMITED", None)
        assert "is limited to 100 requests every 1 minutes" in error.detail


@pytest.mark.parametrize("form", WaitForm)
async def test_the_emulators_bucket_refills_and_tells_what_is_left(limited, connect, form):
    records = []
    options = Options(retry=NO_RETRY, rate_limits=None, on_exchange=records.append)
    bucket = RateLimit(3, 2, 60)
    async with (
        limited(bucket, code="RATE_LIMITED_TOKEN_BUCKET", retry_after=form, headers=True, speed=0) as emulator,
        connect(emulator, options=options) as session,
    ):
        cluster = name_cluster(session, emulator)
        for _ in range(3):
            await cluster.restore_jobs()
        with pytest.raises(RateLimited, match="the server asks to wait 30 s") as caught:
            await cluster.restore_jobs()
        assert caught.value.retry_after == 30
        assert caught.value.parameters[1:] == (30, 3, 2, 60)
        emulator.clock.advance(30)
        await cluster.restore_jobs()
        emulator.clock.advance(29)
        with pytest.raises(RateLimited):
            await cluster.restore_jobs()
        emulator.clock.advance(600)
        await cluster.restore_jobs()
    assert [record.rate_remaining for record in records] == [2, 1, 0, 0, 0, 0, 2]
    assert {record.rate_limit for record in records} == {3}


async def test_the_emulator_refuses_addresses_with_400(limited, connect):
    options = Options(retry=NO_RETRY, rate_limits=None)
    limit = RateLimit(1, 1, 60, "caller")
    async with limited(limit, code=RateCode.RATE_LIMITED_IP) as emulator, connect(emulator, options=options) as session:
        await name_cluster(session, emulator, 0).restore_jobs()
        with pytest.raises(RateLimited) as caught:
            await name_cluster(session, emulator, 1).restore_jobs()
        assert (caught.value.status, caught.value.error_code) == (400, "RATE_LIMITED_IP")
        assert emulator.requests[-1].status == 400


def test_the_emulator_wants_a_limit():
    with pytest.raises(ConfigError, match="RateLimit"):
        RateLimiting(limit=100)


# Keeping to it


@pytest.mark.parametrize("limit", [SECOND, RateLimit(100, 100, 1)], ids=["window", "bucket"])
async def test_a_fan_out_over_one_project_completes_with_few_refusals(limited, connect, limit):
    server = RateLimit(100, 100, 60, window=limit.window)
    async with limited(server, speed=60) as emulator, connect(emulator, options=Options(rate_limits=limit)) as session:
        outcomes = await many(name_cluster(session, emulator), 300)
        assert not any(isinstance(outcome, Exception) for outcome in outcomes)
        assert emulator.counts.rate_limited <= 75  # of 300 and more without a limit; a busy machine shifts clocks


async def test_without_limits_all_but_the_first_are_refused(limited, connect):
    options = Options(rate_limits=None, retry=NO_RETRY)
    async with limited(MINUTE, speed=0) as emulator, connect(emulator, options=options) as session:
        outcomes = await many(name_cluster(session, emulator), 300)
        assert sum(isinstance(outcome, RateLimited) for outcome in outcomes) == 200
        assert emulator.counts.rate_limited == 200


@pytest.mark.parametrize("family", [CLOUD_MANAGER, ATLAS_CLOUD_BACKUP_V1], ids=lambda family: family.name)
@pytest.mark.parametrize(("calls", "pages"), [(32, 1), (1, 20)])
async def test_a_session_of_the_usual_size_never_waits(limited, connect, monkeypatch, family, calls, pages):
    async def wait(_queue, ends):
        raise AssertionError(f"it waits until {ends}")

    monkeypatch.setattr(LimitQueue, "enter_in_turn", wait)
    async with (
        limited(MINUTE, manager=Manager.CLOUD_MANAGER, jobs_per_cluster=20, speed=0) as emulator,
        connect(emulator) as session,
    ):
        cluster = name_cluster(session, emulator, family=family)
        pagers = [cluster.restore_jobs(items_per_page=20 // pages) for _ in range(calls)]
        jobs = await asyncio.gather(*(pager.collect() for pager in pagers))
        assert {len(each) for each in jobs} == {20}
        assert emulator.counts.requests == calls * pages + 1
        assert emulator.counts.rate_limited == 0


async def test_after_a_refusal_nobody_asks_until_the_time_is_over(emulate, connect):
    async with emulate() as emulator, connect(emulator) as session:
        cluster = name_cluster(session, emulator)
        await cluster.restore_jobs()
        answers = [error_answer(429, "RATE_LIMITED", headers={"Retry-After": "2"})]
        times = []

        async def refuse_once(_record):
            times.append(clock())
            return answers.pop() if answers else None

        emulator.before_answer = refuse_once
        refused = asyncio.create_task(cluster.restore_jobs().page())
        await until(lambda: session.stats.retries)
        waiting = asyncio.create_task(many(cluster, 20))
        await asyncio.sleep(1)
        assert emulator.counts.requests == 3
        await name_cluster(session, emulator, 1).restore_jobs()
        assert emulator.counts.requests == 4
        assert not any(isinstance(outcome, Exception) for outcome in await waiting)
        await refused
        assert emulator.counts.requests == 4 + 20 + 1
        begun = [time - times[0] for time in times if time - times[0] > 1.5]
        assert min(begun) >= 1.98
        assert len(begun) == 21


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_limit_of_the_address_pauses_every_project(limited, connect, form):
    limit = RateLimit(3, 3, 2, "caller", window=True)
    async with limited(limit, code="RATE_LIMITED_IP", retry_after=form) as emulator, connect(emulator) as session:
        clusters = [name_cluster(session, emulator, project) for project in (0, 1)]
        for _ in range(3):
            await clusters[0].restore_jobs()
        refused = asyncio.create_task(clusters[0].restore_jobs().page())
        await until(lambda: session.stats.retries)
        started = clock()
        waiting = asyncio.create_task(clusters[1].restore_jobs().page())
        await asyncio.sleep(0.3)
        assert emulator.counts.rate_limited == 1
        await asyncio.gather(refused, waiting)
        assert clock() - started < 20
        assert emulator.counts.rate_limited <= 2


async def test_a_wait_beyond_the_deadline_is_told_at_once_to_all(emulate, connect):
    async with emulate() as emulator, connect(emulator, options=Options(timeout=30)) as session:
        cluster = name_cluster(session, emulator)
        await cluster.restore_jobs()
        answers = [error_answer(429, "RATE_LIMITED", headers={"Retry-After": "3600"})]

        async def refuse_once(_record):
            return answers.pop() if answers else None

        emulator.before_answer = refuse_once
        started = clock()
        with pytest.raises(RateLimited, match="the server asks to wait 3600 s") as caught:
            await cluster.restore_jobs()
        assert caught.value.status == 429
        sent = emulator.counts.requests
        for outcome in await many(cluster, 50):
            assert isinstance(outcome, RateLimited)
            assert outcome.status == 0
            assert 3590 < outcome.retry_after <= 3600
            assert outcome.request.status is None
            assert "not sent: the server has refused other calls" in str(outcome)
        assert clock() - started < 5
        assert emulator.counts.requests == sent
        await name_cluster(session, emulator, 1).restore_jobs()


async def test_views_share_the_limits(emulate, connect):
    options = Options(rate_limits=RateLimit(2, 2, 3600))
    async with emulate() as emulator, connect(emulator, options=options) as session:
        await name_cluster(session, emulator).restore_jobs()
        view = session.with_options(timeout=5)
        await name_cluster(view, emulator).restore_jobs()
        with pytest.raises(RateLimited, match="2 calls in 3600 s per project is used up"):
            await name_cluster(session, emulator).restore_jobs()
        with pytest.raises(RateLimited):
            await name_cluster(view.with_options(retry=NO_RETRY), emulator).restore_jobs()
        assert emulator.counts.requests == 3


async def test_no_rule_repeats_a_call_that_was_not_sent(emulate, connect):
    asked = []

    def rule(failure):
        asked.append(failure)
        return 0.0

    options = Options(rate_limits=RateLimit(1, 1, 3600), retry=rule, timeout=5)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        await name_cluster(session, emulator).restore_jobs()
        with pytest.raises(RateLimited):
            await name_cluster(session, emulator).restore_jobs()
    assert asked == []
    assert session.stats.retries == 0


async def test_cancelled_and_late_calls_leave_the_queue(emulate, connect):
    options = Options(rate_limits=RateLimit(1, 1, 1.5))
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = name_cluster(session, emulator)
        await cluster.restore_jobs()
        started = clock()
        tasks = [asyncio.create_task(cluster.restore_jobs().page()) for _ in range(6)]
        hurried = asyncio.create_task(name_cluster(session.with_options(timeout=0.2), emulator).restore_jobs().page())
        await asyncio.sleep(0.05)
        for task in tasks[:5]:
            task.cancel()
        await asyncio.gather(*tasks[:5], return_exceptions=True)
        with pytest.raises(RequestTimeout, match="too many calls wait for the rate limit"):
            await hurried
        await tasks[5]
        assert 1.3 <= clock() - started <= 15
        assert emulator.counts.requests == 3


async def test_closing_ends_the_wait(emulate, connect):
    options = Options(rate_limits=RateLimit(1, 1, 50))
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = name_cluster(session, emulator)
        await cluster.restore_jobs()
        waiting = asyncio.create_task(many(cluster, 5))
        await asyncio.sleep(0.05)
        await session.close()
        assert {type(outcome) for outcome in await waiting} == {SessionClosed}


async def test_a_create_that_was_refused_is_taken_once(limited, connect):
    limit = RateLimit(2, 2, 2, window=True)
    async with limited(limit, retry_after="seconds", manager="cloud-manager") as emulator, connect(emulator) as session:
        cluster = name_cluster(session, emulator, family=CLOUD_MANAGER)
        await many(cluster, 2)
        await cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=1))
        assert emulator.counts.creates_taken == 1
        assert emulator.counts.rate_limited >= 1


async def test_refusals_of_a_service_that_is_down_pause_nobody(emulate, connect):
    async with emulate() as emulator, connect(emulator, options=Options(retry=NO_RETRY)) as session:
        cluster = name_cluster(session, emulator)
        answers = [error_answer(503, "SERVICE_UNAVAILABLE", headers={"Retry-After": "3600"})]

        async def refuse_once(record):
            return answers.pop() if answers and record.outcome == "accepted" else None

        emulator.before_answer = refuse_once
        with pytest.raises(ServerError, match="the server asks to wait 3600 s") as caught:
            await cluster.restore_jobs()
        assert caught.value.retry_after == 3600
        await cluster.restore_jobs()


async def test_a_thousand_projects_are_each_counted(emulate, connect):
    options = Options(rate_limits=RateLimit(1, 1, 3600), timeout=30)
    async with (
        emulate(projects=1000, clusters_per_project=1) as emulator,
        connect(emulator, options=options) as session,
    ):
        clusters = [name_cluster(session, emulator, number) for number in range(1000)]
        pages = await asyncio.gather(*(cluster.restore_jobs(items_per_page=1).page() for cluster in clusters))
        assert len(pages) == 1000
        with pytest.raises(RateLimited):
            await clusters[500].restore_jobs()
        assert len(session._view.transport.limits._queues) == 1000


async def test_by_default_an_unlimited_server_is_never_waited_for(emulate, connect):
    async with (
        emulate(manager=Manager.CLOUD_MANAGER, jobs_per_cluster=150) as emulator,
        connect(emulator) as session,
    ):
        cluster = name_cluster(session, emulator, family=CLOUD_MANAGER)
        started = clock()
        assert len(await cluster.restore_jobs(items_per_page=1).collect()) == 150
        assert clock() - started < 30
