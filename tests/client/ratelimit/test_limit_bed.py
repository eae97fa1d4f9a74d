"""Servers that take so many requests a second and say no word: lists complete, in time, with few refusals."""

from __future__ import annotations

import asyncio
from collections import deque

import attrs
import pytest
from aioresponses import CallbackResult

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    ApiError,
    Options,
    RateLimited,
    RetryPolicy,
    ServerError,
)

EMPTY = {"results": [], "totalCount": 0}


def clock():
    return asyncio.get_running_loop().time()


class Window:
    """A counter that restarts every second."""

    def __init__(self, rate, period=1.0):
        self.rate, self.period = rate, period
        self.current, self.count = None, 0

    def take(self, now):
        number = (now + 0.3) // self.period
        if number != self.current:
            self.current, self.count = number, 0
        self.count += 1
        return self.count <= self.rate


class Log:
    """Requests of any second, those it refused included."""

    def __init__(self, rate, *, counts_refused=True):
        self.rate, self.counts_refused = rate, counts_refused
        self.log = deque()

    def take(self, now):
        while self.log and self.log[0] <= now - 1:
            self.log.popleft()
        taken = len(self.log) < self.rate
        if taken or self.counts_refused:
            self.log.append(now)
        return taken


class Bucket:
    """So many at once, and one comes back at a time; with a capacity of 1 it is limit_req of nginx."""

    def __init__(self, rate, capacity=None):
        self.rate = rate
        self.capacity = rate if capacity is None else capacity
        self.level, self.at = float(self.capacity), clock()

    def take(self, now):
        self.level, self.at = min(self.capacity, self.level + (now - self.at) * self.rate), now
        if self.level < 0.9999:
            return False
        self.level -= 1
        return True


LIMITS = {
    "a counter that restarts": lambda: Window(10),
    "the last second": lambda: Log(10),
    "the last second, refusals not counted": lambda: Log(10, counts_refused=False),
    "a bucket": lambda: Bucket(10),
    "no two within 100 ms": lambda: Bucket(10, 1),
    "a burst of five more": lambda: Bucket(10, 6),
}

REFUSALS = {
    "429": {"payload": {"error": 429, "errorCode": "RATE_LIMITED", "detail": "slow down"}, "status": 429},
    "a page, 429": {"body": "<html>429 Too Many Requests</html>", "status": 429},
    "a page, 503": {"body": "<html>503 Service Temporarily Unavailable</html>", "status": 503},
    "429, later in a second": {"body": "", "status": 429, "headers": {"Retry-After": "1"}},
    "429, later in 0 seconds": {"body": "", "status": 429, "headers": {"Retry-After": "0"}},
}


@attrs.define
class Bed:
    """A server with a limit, and what it did.

    Attributes:
        limit: Takes a request or not.
        refusal: Its answer to those it does not take.
        concerns: Which requests the limit is about.
        latency: Seconds to it and back.

    """

    limit: object
    refusal: dict
    concerns: str = "/"
    latency: float = 0.02
    taken: int = 0
    refused: int = 0

    async def serve(self, sent):
        await asyncio.sleep(self.latency / 2)
        takes = self.concerns not in sent.url or self.limit.take(clock())
        await asyncio.sleep(self.latency / 2)
        self.taken += takes
        self.refused += not takes
        return CallbackResult(payload=EMPTY) if takes else CallbackResult(**self.refusal)


@pytest.fixture
def bed(server, connect):
    """Start a server with a limit, and a session at it that worked before."""

    async def start(limit="a bucket", refusal="429", options=None, **arguments):
        limit = LIMITS[limit]() if isinstance(limit, str) else limit
        bed = Bed(limit, REFUSALS[refusal], **arguments)
        server.serve(bed.serve)
        session = connect(options=options or Options())
        await session.project("warm", OPS_MANAGER).cluster("c").restore_jobs()
        await asyncio.sleep(1)
        bed.taken = 0
        return bed, session

    return start


async def many(session, lists, *, projects=1, family=OPS_MANAGER):
    """Read so many lists at once; gives the seconds it took."""
    start = clock()
    places = [session.project(f"p{number % projects}-", family).cluster("c") for number in range(lists)]
    await asyncio.gather(*(place.restore_jobs().page() for place in places))
    return clock() - start


@pytest.mark.parametrize("refusal", ["429", "a page, 429", "a page, 503"])
@pytest.mark.parametrize("limit", LIMITS)
async def test_fifteen_lists_get_through_ten_a_second(bed, limit, refusal):
    bed, session = await bed(limit, refusal)
    assert await many(session, 15) < 5
    assert bed.taken == 15
    assert bed.refused <= bed.taken


@pytest.mark.parametrize("projects", [1, 100])
@pytest.mark.parametrize("limit", LIMITS)
async def test_a_hundred_lists_take_twice_the_least_time(bed, limit, projects):
    bed, session = await bed(limit)
    assert await many(session, 100, projects=projects) < 20
    assert bed.taken == 100
    assert bed.refused <= bed.taken


@pytest.mark.parametrize("family", [CLOUD_MANAGER, ATLAS_CLOUD_BACKUP_V1], ids=lambda family: family.name)
async def test_a_documented_limit_is_no_reason_to_wait_longer(bed, family):
    bed, session = await bed("no two within 100 ms", "a page, 503")
    assert await many(session, 15, family=family) < 5
    assert bed.refused <= bed.taken


@pytest.mark.parametrize("refusal", ["429, later in a second", "429, later in 0 seconds"])
async def test_lists_get_through_where_the_server_names_a_time(bed, refusal):
    bed, session = await bed(refusal=refusal)
    assert await many(session, 100) < 20
    assert bed.refused <= bed.taken


async def test_a_slow_way_to_the_server_changes_little(bed):
    bed, session = await bed(latency=0.3)
    assert await many(session, 100) < 20
    assert bed.refused <= bed.taken


async def test_a_walk_outlasts_a_counter_that_restarts_each_minute(bed):
    bed, session = await bed(Window(20, 60.0))
    for _ in range(50):
        await session.project("p", OPS_MANAGER).cluster("c").restore_jobs()
    assert bed.taken == 50
    assert bed.refused <= 20


async def test_a_limit_of_one_project_slows_no_other(bed):
    bed, session = await bed("no two within 100 ms", concerns="/p0-/")
    limited = asyncio.create_task(many(session, 30))
    await asyncio.sleep(0.1)
    start = clock()
    others = [session.project(f"other{number}", OPS_MANAGER).cluster("c") for number in range(100)]
    await asyncio.gather(*(other.restore_jobs().page() for other in others))
    assert clock() - start < 0.2
    await limited


async def test_two_projects_with_limits_of_their_own_slow_no_other(bed):
    bed, session = await bed(Bucket(0.2, 1), concerns="-/")
    limited = asyncio.create_task(many(session, 4, projects=2))
    for _ in range(5):
        await asyncio.sleep(1)
        start = clock()
        await session.project("other", OPS_MANAGER).cluster("c").restore_jobs()
        assert clock() - start < 0.1
    await limited


async def test_once_the_limit_is_gone_calls_are_as_fast_as_before(bed):
    bed, session = await bed("no two within 100 ms")
    await many(session, 15)
    bed.limit = Bucket(1e6)
    await many(session, 150)
    assert await many(session, 100) < 2


async def test_a_service_that_went_down_is_told_as_such(bed):
    bed, session = await bed(refusal="a page, 503")
    bed.limit = Bucket(1e-9, 0)
    start = clock()
    with pytest.raises(ServerError, match="503"):
        await many(session, 10)
    assert clock() - start < 40
    assert bed.refused < 60


async def test_refusals_from_the_start_use_up_the_tries(server, connect):
    bed = Bed(Bucket(1e-9, 0), REFUSALS["429"])
    server.serve(bed.serve)
    with pytest.raises(RateLimited) as caught:
        await many(connect(options=Options()), 1)
    assert (caught.value.status, bed.refused) == (429, 4)


@pytest.mark.parametrize(("retry", "sent"), [(NO_RETRY, 1), (lambda _failure: None, 1)])
async def test_a_rule_that_gives_up_is_obeyed(bed, retry, sent):
    bed, session = await bed(Bucket(1e-9, 1.5), options=Options(retry=retry))
    await asyncio.sleep(1)
    with pytest.raises(RateLimited):
        await many(session, 1)
    assert bed.refused == sent


async def test_a_refused_call_is_tried_while_others_get_through(bed):
    seen = []

    def rule(failure):
        seen.append(failure.tries)
        return RetryPolicy(tries=2)(failure)

    bed, session = await bed("no two within 100 ms", options=Options(retry=rule))
    await many(session, 60)
    assert bed.taken == 60
    assert set(seen) == {1}  # being refused out of turn is no failed try
    assert session.stats.retries == bed.refused


async def test_waiting_for_a_turn_costs_no_budget_of_retries(bed):
    bed, session = await bed("no two within 100 ms")
    for _ in range(4):
        await many(session, 50)
    assert bed.refused > 30
    assert session._view.transport._budget.left == session._view.transport._budget.capacity


# What the server says


async def test_the_time_a_bucket_names_wins_over_its_refill(server, connect):
    """A bucket that had a call left for others: 2 seconds, though one comes back in 60."""
    told = {"error": 429, "errorCode": "RATE_LIMITED_TOKEN_BUCKET", "parameters": ["clusters", "2", "1", "1", "60"]}
    server.will(told, status=429)
    server.will(EMPTY)
    start = clock()
    await many(connect(options=Options()), 1)
    assert 2 <= clock() - start < 4


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {"Retry-After": "1.5"}, 2),
        (503, {"Retry-After": "3 seconds"}, 3),
        (429, {"Retry-After": "1.5"}, 2),
        (429, {"RateLimit": '"default";r=0;t=7'}, 7),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "7"}, 7),
        (502, {"Retry-After": "5"}, 5),
        (504, {"Retry-After": "5"}, 5),
        (408, {"Retry-After": "5"}, 5),
        (500, {"Retry-After": "5"}, 5),
    ],
)
async def test_what_the_server_asks_is_waited(server, connect, status, headers, seconds):
    server.will(status=status, headers=headers, body="<html>busy</html>")
    server.will(EMPTY)
    start = clock()
    await many(connect(options=Options()), 1)
    assert seconds <= clock() - start < seconds + 1


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_a_wait_beyond_the_deadline_in_any_spelling_fails_now(server, connect, status):
    server.will(status=status, headers={"Retry-After": "600 seconds"}, body="")
    start = clock()
    with pytest.raises(ApiError) as caught:
        await many(connect(options=Options()), 1)
    assert caught.value.retry_after == 600
    assert clock() - start < 1
