"""The board's events through gateways of others, with their defaults: at once, and never a second time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from builders.board_fleet import NOW, Job, cluster_of
from mongorestore_async import JobState

A = cluster_of("a")


async def test_events_come_through_at_once_and_are_not_replayed(gateway, workshop, serve, look, fleet):
    if gateway.forward:
        pytest.skip("a forward proxy is the browser's affair")
    # nginx names its upstream as the host unless it is told to pass on the browser's.
    async with serve(hosts=["api"]) as server:
        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        proxy = await asyncio.to_thread(gateway.start, workshop, port, patient=True)
        through = SimpleNamespace(url=f"{proxy.url}/")
        async with look(through) as events, asyncio.timeout(10):
            fleet.tell("ended", A, Job("1").over(JobState.FAILED))
            assert "a: failed" in await events.until("c1")
        async with look(through) as events, asyncio.timeout(10):
            fleet.tell("found", A, Job("2", requested_at=NOW))
            _, data, _ = await events.next()
            assert "a: failed" not in data.get("c1", "")
            assert "a: running" in (data.get("c1") or await events.until("c1"))
