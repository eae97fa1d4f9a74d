"""How long a fan-out will take: what a dry run foretells, and what the run takes, on a virtual clock."""

from __future__ import annotations

import asyncio

import pytest

from builders.lists import listed
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    OPS_MANAGER,
    Fleet,
    Options,
    RateLimit,
)

V2 = "https://cloud.example.com"
API = "/api/atlas/v2"
BACKUP = "/groups/{groupId}/clusters/{clusterName}/backup/restoreJobs"


def endpoint_set(name, capacity, refill, *paths, scope="USER", seconds=1, **more):
    return {
        "endpointSetId": name,
        "endpointSetName": name,
        "scope": scope,
        "capacity": {"value": capacity},
        "refillRate": {"value": refill},
        "refillDurationSeconds": {"value": seconds},
        "endpoints": [{"method": "GET", "path": API + path} for path in paths],
        **more,
    }


class Bucket:
    """A bucket of the server, which refills evenly."""

    def __init__(self, capacity, refill):
        self.capacity, self.refill = capacity, refill
        self.left, self.at = float(capacity), None
        self.refused = 0

    def take(self):
        now = asyncio.get_running_loop().time()
        if self.at is not None:
            self.left = min(self.capacity, self.left + (now - self.at) * self.refill)
        self.at = now
        if self.left < 1 - 1e-6:
            self.refused += 1
            return False
        self.left -= 1
        return True


class LimitedServer:
    """A fleet of Atlas whose lists of clusters and of jobs have a bucket each."""

    def __init__(self, server, make_world, *, projects, clusters, sizes, latency=0.0):
        self.world = make_world(projects=projects, clusters=clusters, jobs=1)
        self.server = server
        self.latency = latency
        self.buckets = [Bucket(*size) for size in sizes]
        self.limits = [
            endpoint_set("clusters", *sizes[0], "/groups/{groupId}/clusters"),
            endpoint_set("cloudBackups", *sizes[1], BACKUP),
        ]
        self.asked = []
        server.serve(self)

    async def __call__(self, sent):
        await asyncio.sleep(self.latency)
        if "/rateLimits?" in sent.url:
            self.asked.append(sent.query.get("groupId"))
            return self.server.answer(listed(*self.limits))
        found = 1 if "/restoreJobs?" in sent.url else 0 if "/clusters?" in sent.url else None
        if found is not None and not self.buckets[found].take():
            return self.server.answer({"error": 429, "errorCode": "RATE_LIMITED"}, status=429)
        return await self.world(sent)


@pytest.fixture
def limited(server, make_world):
    return lambda **arguments: LimitedServer(server, make_world, **arguments)


async def timed(stream):
    began = asyncio.get_running_loop().time()
    async with stream:
        jobs = [found async for found in stream]
        assert stream.failures == ()
    return len(jobs), asyncio.get_running_loop().time() - began


async def test_the_time_of_a_run_is_foretold_within_15_percent(limited, connect):
    play = limited(projects=300, clusters=4, sizes=[(40, 10), (20, 10)], latency=0.05)
    session = connect(base_url=V2, options=Options(timeout=600))
    fleet = Fleet(session, ATLAS_CLOUD_BACKUP)
    asyncio.get_running_loop().set_debug(False)  # it takes most of the time

    await session.use_rate_limits()
    plan = await fleet.dry_run()
    await asyncio.sleep(10)  # until the buckets are full again
    count, seconds = await timed(fleet.restore_jobs())

    assert (plan.projects, plan.clusters, count) == (300, 1200, 1200)
    assert (plan.bound_by.name, plan.documented) == ("cloudBackups", False)
    assert plan.seconds == pytest.approx((1200 - 20) / 10)
    assert seconds == pytest.approx(plan.seconds, rel=0.15)
    assert [bucket.refused for bucket in play.buckets] == [0, 0]
    assert set(play.asked) == {None}


async def test_it_is_foretold_also_where_the_dry_run_was_refused(limited, connect):
    play = limited(projects=60, clusters=4, sizes=[(40, 10), (20, 10)], latency=0.05)
    session = connect(base_url=V2, options=Options(timeout=600))
    fleet = Fleet(session, ATLAS_CLOUD_BACKUP)

    plan = await fleet.dry_run()
    assert play.buckets[0].refused > 0
    await session.use_rate_limits()
    _, seconds = await timed(fleet.restore_jobs())

    assert plan.seconds == pytest.approx((240 - 20) / 10)
    assert seconds == pytest.approx(plan.seconds, rel=0.15)


async def test_the_discovery_may_be_what_takes_longest(limited, connect):
    limited(projects=60, clusters=1, sizes=[(10, 2), (20, 10)])
    session = connect(base_url=V2, options=Options(timeout=600))
    await session.use_rate_limits()
    await asyncio.sleep(60)
    fleet = Fleet(session, ATLAS_CLOUD_BACKUP)

    plan = await fleet.dry_run()
    await asyncio.sleep(60)  # until the buckets are full again
    _, seconds = await timed(fleet.restore_jobs())

    assert (plan.bound_by.name, plan.seconds) == ("clusters", 25)
    assert seconds == pytest.approx(plan.seconds, rel=0.15)


async def test_without_a_limit_that_holds_it_back_the_pace_counts(limited, connect):
    limited(projects=20, clusters=4, sizes=[(9999, 10), (9999, 10)], latency=0.5)
    fleet = Fleet(connect(base_url=V2), ATLAS_CLOUD_BACKUP)

    plan = await fleet.dry_run(concurrency=8)
    _, seconds = await timed(fleet.restore_jobs(concurrency=8))

    assert plan.bound_by is None
    assert not plan.documented
    assert seconds == pytest.approx(plan.seconds, rel=0.2)


@pytest.mark.parametrize("refusal", [403, 404, 406, 500, None])
async def test_what_the_server_does_not_tell_is_taken_as_documented(limited, connect, refusal, server):
    play = limited(projects=2, clusters=2, sizes=[(40, 10), (20, 10)])
    play.limits = [{"endpointSetId": "odd"}]

    async def refuse(sent):
        if refusal is not None and "/rateLimits?" in sent.url:
            return server.answer({"error": refusal, "errorCode": "X"}, status=refusal)
        return await play(sent)

    server.serve(refuse)
    plan = await Fleet(connect(base_url=V2), ATLAS_CLOUD_BACKUP).dry_run()

    assert (plan.clusters, plan.seconds, plan.bound_by, plan.documented) == (4, 0.0, None, True)


async def test_a_project_that_decides_is_asked_for_its_own_limit(limited, connect, server):
    play = limited(projects=2, clusters=30, sizes=[(400, 10), (20, 10)])
    own = endpoint_set("cloudBackups", 25, 1, BACKUP, scope="GROUP")
    usual = endpoint_set("cloudBackups", 20, 1, BACKUP, scope="GROUP")

    async def tell(sent):
        play.limits[1] = own if sent.url.endswith("p0") or "groupId=p0" in sent.url else usual
        return await play(sent)

    server.serve(tell)
    plan = await Fleet(connect(base_url=V2), ATLAS_CLOUD_BACKUP).dry_run()

    assert sorted(map(str, play.asked)) == ["None", "p0", "p1"]
    assert (plan.seconds, plan.bound_by.capacity) == (10.0, 20)  # p1 takes longest now


@pytest.mark.parametrize(
    ("rule", "seconds", "calls"),
    [
        ("adaptive", 0.0, None),
        (RateLimit(1, 1, 10), 10.0, 1),
        (RateLimit(2, 1, 10, "caller"), 50.0, 2),
        (RateLimit(1, 1, 10, window=True), 10.0, 1),
    ],
)
async def test_limits_that_the_user_chose_count(connect, world, rule, seconds, calls):
    fleet = Fleet(connect(options=Options(rate_limits=rule)), OPS_MANAGER)  # 3 projects of 2 clusters

    plan = await fleet.dry_run()

    assert plan.seconds == seconds
    assert (None if plan.bound_by is None else plan.bound_by.capacity) == calls
    assert plan.documented


@pytest.mark.parametrize(("sessions", "seconds"), [(1, 120.0), (2, 50.0)])
async def test_fleets_of_one_session_share_its_limits(connect, world, sessions, seconds):
    options = Options(rate_limits=RateLimit(2, 1, 10, "caller"), timeout=600)
    made = [connect(options=options) for _ in range(sessions)]
    both = Fleet.merge(*(Fleet(made[number % sessions], OPS_MANAGER, name=name) for number, name in enumerate("ab")))

    plan = await both.dry_run()

    assert (plan.requests, plan.discovery, plan.seconds) == (12, 2, seconds)


async def test_an_empty_fleet_takes_no_time(connect, make_world):
    make_world(projects=0)

    plan = await Fleet(connect(), OPS_MANAGER).dry_run()

    assert (plan.clusters, plan.seconds, plan.bound_by) == (0, 0.0, None)
