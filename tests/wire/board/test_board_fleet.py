"""The board of a real fleet, over sockets on both sides."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import web

from mongorestore_async import NO_RETRY, OPS_MANAGER, Fleet, Options, PollPolicy, Unsupported
from mongorestore_async.board import create_board

OPTIONS = Options(retry=NO_RETRY, rate_limits=None, poll=PollPolicy(shortest=0.05, longest=0.2, budget_share=None))


async def test_restores_are_followed_to_their_end(emulate, connect, serve, look):
    async with (
        emulate(projects=2, clusters_per_project=3, jobs_per_cluster=0, restore_seconds=1e6, speed=0) as emulator,
        connect(emulator, options=OPTIONS) as session,
    ):
        clusters = [each for project in emulator.world.projects("manager") for each in emulator.world.clusters(project)]
        jobs = [job for cluster in clusters for job in emulator.add_jobs(cluster)]
        async with serve(of=Fleet(session, OPS_MANAGER)) as server, look(server) as events:
            for job in jobs:
                emulator.world.jobs.cancel(job)
            async with asyncio.timeout(30):
                while "cancelled" not in (counts := await events.until("counts")) or "running" in counts:
                    pass

        assert f"<b>{len(clusters)}</b>cancelled" in counts


async def test_a_project_that_recovers_is_read_again(emulate, connect, serve, look, client):
    is_broken, refused = True, asyncio.Event()
    async with (
        emulate(projects=2, clusters_per_project=3, jobs_per_cluster=0, restore_seconds=1e6, speed=0) as emulator,
        connect(emulator, options=OPTIONS) as session,
    ):
        broken, other = emulator.world.projects("manager")
        emulator.add_jobs(next(iter(emulator.world.clusters(other))))
        (ended, *_) = emulator.add_jobs(next(iter(emulator.world.clusters(broken))))
        emulator.world.jobs.cancel(ended)

        async def fail(record):
            if is_broken and broken.id in record.path:
                refused.set()
                return web.json_response({"error": 503}, status=503)
            return None

        emulator.before_answer = fail
        async with serve(of=Fleet(session, OPS_MANAGER)) as server, look(server) as events:
            async with client.get(server.url) as response:
                page = await response.text()
            assert page.count(": unread") == 3
            async with asyncio.timeout(60):
                refused.clear()
                await refused.wait()  # of the watch, which has to see it fail
                await asyncio.sleep(0.2)
                is_broken = False
                while "unread" in (counts := await events.until("counts")):
                    pass

        assert "cancelled" in counts


async def test_no_page_has_a_link_of_a_download_or_a_key(emulate, connect, serve, client):
    settings = {"projects": 1, "clusters_per_project": 3, "jobs_per_cluster": 20}
    async with emulate(**settings) as emulator, connect(emulator, options=OPTIONS) as session:
        async with serve(of=Fleet(session, OPS_MANAGER)) as server:
            texts = []
            for path in ("", "project/1", "events?after=x"):
                async with client.get(server.url + path) as response:
                    texts.append(await response.text())
        async with Fleet(session, OPS_MANAGER).restore_jobs() as stream:
            links = [found.job.delivery.url async for found in stream if found.job.delivery is not None]

    assert any(links)
    assert re.findall(r"https?://[^\"'<\s]+", "".join(texts)) == []
    assert not [text for text in texts if emulator.private_key in text]


async def test_what_a_family_does_not_have_is_told_at_once(connect, emulate):
    async with emulate() as emulator, connect(emulator) as session:
        with pytest.raises(Unsupported):
            create_board(Fleet(session, OPS_MANAGER), include_deleted=True)
