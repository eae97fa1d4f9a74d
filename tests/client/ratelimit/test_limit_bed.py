"""Servers that take so many requests a second and say no word: lists complete, in time, with few refusals."""

from __future__ import annotations

import asyncio
import random
from collections import deque

import attrs
import pytest

from mongorestore_async import OPS_MANAGER, Options


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

    def __init__(self, rate, counts_refused=True):
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


@attrs.define
class Bed:
    server: object
    limit: object
    latency: float
    answer: object
    by_project: bool = False
    accepted: int = 0
    refused: int = 0

    async def serve(self, sent):
        await asyncio.sleep(self.latency * random.uniform(0.4, 0.6))
        taken = self.limit.take(clock())
        await asyncio.sleep(self.latency * random.uniform(0.4, 0.6))
        if taken:
            self.accepted += 1
            return self.server.answer({"results": [], "totalCount": 0})
        self.refused += 1
        return self.answer()


REFUSALS = {
    "429": lambda server: server.answer({"error": 429, "errorCode": "RATE_LIMITED", "detail": "no"}, status=429),
    "429 page": lambda server: server.answer(body="<html>429", status=429),
    "503 page": lambda server: server.answer(body="<html>503", status=503),
}
LIMITS = {
    "window": lambda: Window(10),
    "log": lambda: Log(10),
    "log of those it took": lambda: Log(10, counts_refused=False),
    "bucket": lambda: Bucket(10),
    "no burst": lambda: Bucket(10, 1),
    "burst of 5": lambda: Bucket(10, 6),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("latency", [0.004, 0.05, 0.3])
@pytest.mark.parametrize("projects", [1, 100])
@pytest.mark.parametrize(("lists", "seconds"), [(15, 5), (100, 20)])
async def test_lists_get_through(server, connect, limit, latency, lists, seconds, refusal, projects):
    bed = Bed(server, LIMITS[limit](), latency, lambda: REFUSALS[refusal](server))
    server.serve(bed.serve)
    session = connect(options=Options())
    await session.project("warm", OPS_MANAGER).cluster("c").restore_jobs()
    start = clock()
    places = [session.project(f"p{n % projects}", OPS_MANAGER).cluster("c") for n in range(lists)]
    outcomes = await asyncio.gather(*(place.restore_jobs().page() for place in places), return_exceptions=True)
    took = clock() - start
    failed = [o for o in outcomes if isinstance(o, Exception)]
    print(f"BED {limit:20} {latency} {refusal} {projects} {lists}: {took:.2f} s, failed {len(failed)}, ok {bed.accepted}, refused {bed.refused} {'!!!' if failed or took > seconds or bed.refused > bed.accepted else ''}")
    assert not failed, failed[0]
    assert took <= seconds
    assert bed.refused <= bed.accepted
