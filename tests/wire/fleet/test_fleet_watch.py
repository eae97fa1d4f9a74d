"""Watching over real sockets: 500 running restores, a project that answers 503, and every change once."""

from __future__ import annotations

import asyncio
from collections import Counter

from aiohttp import web

from mongorestore_async import NO_RETRY, OPS_MANAGER, Options, PollPolicy
from mongorestore_async.fleet import ChangeKind, FailureKind, Fleet

POLL = PollPolicy(shortest=0.05, longest=0.2, budget_share=None)


async def test_every_change_of_500_restores_is_told_once(emulate, connect):
    options = Options(retry=NO_RETRY, rate_limits=None, poll=POLL)
    async with (
        emulate(projects=11, clusters_per_project=5, jobs_per_cluster=0, restore_seconds=1e6, speed=0) as emulator,
        connect(emulator, options=options) as session,
    ):
        world = emulator.world
        *projects, broken = world.projects("manager")
        clusters = [cluster for project in projects for cluster in world.clusters(project)]
        started = [job for cluster in clusters for job in emulator.add_jobs(cluster, restores=5)]
        hidden = emulator.add_jobs(next(iter(world.clusters(broken))))
        is_broken = True

        async def fail(record):
            if is_broken and broken.id in record.path:
                return web.json_response({"error": 503}, status=503)
            return None

        emulator.before_answer = fail
        found = []
        async with Fleet(session, OPS_MANAGER).watch(idle_interval=0.5, until_idle=True) as watch, asyncio.timeout(120):
            while sum(change.kind is ChangeKind.FOUND for change in found) < len(started):
                found.append(await anext(watch))
            for job in started[:200]:
                world.jobs.cancel(job)
            while sum(change.kind is ChangeKind.ENDED for change in found) < 200:
                found.append(await anext(watch))
            is_broken = False
            while not any(change.kind is ChangeKind.RECOVERED for change in found):
                found.append(await anext(watch))
            late = emulator.add_jobs(clusters[0])
            while not any(change.job is not None and change.job.id == late[0].id for change in found):
                found.append(await anext(watch))
            for job in [*started[200:], *hidden, *late]:
                world.jobs.cancel(job)
            found += [change async for change in watch]

    assert len(clusters) == 50
    assert len(started) >= 500
    ids = [job.id for job in [*started, *hidden, *late]]
    told = Counter((change.kind, change.job.id) for change in found if change.job is not None)
    assert told == {(kind, job_id): 1 for kind in (ChangeKind.FOUND, ChangeKind.ENDED) for job_id in ids}
    others = [change for change in found if change.job is None]
    assert [change.kind for change in others] == [ChangeKind.FAILED, ChangeKind.RECOVERED]
    assert [change.project.id for change in others] == [broken.id, broken.id]
    assert others[0].failure.kind is FailureKind.SERVER
