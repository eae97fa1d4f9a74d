"""Waiting for many restores against a server: every outcome right, and few calls."""

import asyncio
import subprocess
import sys
from collections import Counter

import attrs
import pytest

from mongorestore_async import (
    CLOUD_MANAGER,
    OPS_MANAGER,
    AsyncSession,
    HttpRestore,
    Options,
    RestoreBatch,
    RestoreFailed,
    WaitTimeout,
    load_job,
)
from mongorestore_async.emulator import error_answer
from mongorestore_async.models import PollPolicy

STEADY = PollPolicy(shortest=0.15, longest=0.15, growth=1, jitter=0, budget_share=None)
FINISHED, BROKEN, KILLED, UNKNOWN = "FINISHED", "BROKEN", "KILLED", "OPEN"


@attrs.define
class Scene:
    """Restores in the emulator that change their states when the wait has come to a round."""

    emulator: object
    jobs: list = attrs.field(factory=list)
    last: dict = attrs.field(factory=dict)
    ends: Counter = attrs.field(factory=Counter)
    script: dict = attrs.field(factory=dict)
    reports: list = attrs.field(factory=list)

    def plan(self, job, *words):
        """Give a job one word after the other, from a round on that depends on where it stands."""
        for step, word in enumerate(words):
            after = 1 + (job.dice % 4) + 2 * step
            self.script.setdefault(after, []).append((job, word))
            self.ends[job.cluster.id] = max(self.ends[job.cluster.id], after + 1)
        self.last[job.id] = words[-1]

    def on_poll(self, report):
        self.reports.append(report)
        for job, word in self.script.pop(len(self.reports), ()):
            self.emulator.patch_job(job, {"statusName": word})

    def calls(self, since):
        """Count the calls by the cluster they are about."""
        paths = [record.path.split("/") for record in self.emulator.requests if record.number > since]
        return Counter(path[path.index("clusters") + 1] for path in paths)


def set_up(emulator, restores):
    """Put restores onto every cluster; gives them by cluster, each a list of jobs that end together."""
    found = {}
    for project in emulator.world.projects("manager"):
        for cluster in emulator.world.clusters(project):
            each = 3 if cluster.kind.batched else 1
            jobs = emulator.add_jobs(cluster, restores[each])
            found[cluster.id] = [jobs[start : start + each] for start in range(0, len(jobs), each)]
    return found


def refs_of(groups, family):
    return [
        f"{family.name}/{job.cluster.project_id}/{cluster}/{job.id}"
        for cluster, restores in groups.items()
        for restore in restores
        for job in restore
    ]


@pytest.mark.parametrize(
    ("projects", "clusters", "restores"), [(50, 1, {1: 10}), (5, 10, {1: 7, 3: 4})], ids=["50 projects", "5 projects"]
)
async def test_five_hundred_jobs_on_fifty_clusters(emulate, connect, projects, clusters, restores):
    sizes = {"projects": projects, "clusters_per_project": clusters, "jobs_per_cluster": 5}
    async with emulate(**sizes, restore_seconds=1e6, speed=0) as emulator:
        scene = Scene(emulator)
        groups = set_up(emulator, restores)
        endings = [
            (FINISHED,),
            (BROKEN,),
            (UNKNOWN, FINISHED),
            (KILLED,),
            ("finished",),
            (UNKNOWN, BROKEN),
            (FINISHED,),
        ]
        for place in groups.values():
            for number, restore in enumerate(place):
                for job in restore:
                    scene.plan(job, *endings[number % len(endings)])
        stricken = next(iter(groups))
        looks_down = []

        def fault(record):
            down = stricken in record.path and 2 <= len(scene.reports) < 6
            looks_down.extend([record] * down)
            return error_answer(503, "SERVICE_UNAVAILABLE") if down else None

        async with connect(emulator, options=Options.for_tests(poll=STEADY)) as session:
            batch = await session.batch(refs_of(groups, OPS_MANAGER), until="finished")
            assert (len(batch), len(batch.sources)) == (500, 50)
            emulator.fault_after_login = fault
            before = emulator.counts.requests
            with pytest.raises(RestoreFailed) as caught:
                await batch.wait(timeout=200, on_poll=scene.on_poll)

        error = caught.value
        assert len(error.jobs) == 500
        bad = {job for job, word in scene.last.items() if word in {BROKEN, KILLED}}
        over = [job for place in groups.values() for restore in place for job in restore if job.id not in bad]
        # A restore of several jobs is over with the first bad one: the others are left as they were then.
        assert {job.id for job in error.failed} <= bad
        assert {job.batch_id or job.id for job in error.failed} == {
            job.batch_id or job.id for place in groups.values() for restore in place for job in restore if job.id in bad
        }
        states = {job.id: job.state for job in error.jobs}
        assert {states[job.id] for job in over} == {"FINISHED"}
        assert {states[job.id] for job in error.failed} == {"FAILED", "CANCELLED"}
        # One call for each cluster and round until its last job is over, whatever their number; one more for a batch.
        rounds = len(scene.reports)
        calls = scene.calls(before)
        batches = sum(1 for place in groups.values() for restore in place if len(restore) > 1)
        own = calls - Counter({stricken: calls[stricken]})
        if batches:
            assert sum(own.values()) <= 49 * rounds + batches
        else:
            assert own == scene.ends - Counter({stricken: scene.ends[stricken]})
        assert calls[stricken] - len(looks_down) <= rounds + batches
        assert len(looks_down) > 0
        assert any(report.failures for report in scene.reports)
        assert {str(each.source) for report in scene.reports for each in report.failures} == {
            str(source) for source in batch.sources if source.cluster == stricken
        }
        assert scene.reports[-1].open == 0


class Enough(Exception):
    """Ends a wait from its hook."""


def enough(report):
    raise Enough(report)


async def test_the_limit_of_a_project_leaves_room_for_others(emulate, connect):
    """By the policy's own default, fifty clusters of one project are looked at once a minute: 50 calls of the 100."""
    async with emulate(
        manager="cloud-manager", projects=1, clusters_per_project=50, jobs_per_cluster=0, restore_seconds=1e6, speed=0
    ) as emulator:
        groups = set_up(emulator, {1: 10, 3: 3})
        async with connect(emulator) as session:
            batch = await session.batch(refs_of(groups, CLOUD_MANAGER), until="finished")
            before = emulator.counts.requests
            with pytest.raises(WaitTimeout):
                await batch.wait(timeout=0.3)
            assert emulator.counts.requests == before, "what was read just now is read again after a minute"
            with pytest.raises(Enough) as caught:
                await attrs.evolve(batch, read_at=None).wait(timeout=200, on_poll=enough)

        assert emulator.counts.requests - before == 50
        assert 55 < caught.value.args[0].next_delay <= 66


async def test_a_restore_goes_on_when_the_wait_for_it_is_cancelled(emulate, connect, first_cluster):
    async with (
        emulate(restore_seconds=30, speed=60) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        cluster = first_cluster(session, emulator)
        snapshot = emulator.world.jobs.snapshot_id(emulator.world.first("replica-set"))
        batch = await cluster.create_restore_job(HttpRestore(snapshot, max_downloads=1, expiration_hours=1))
        waiting = asyncio.create_task(batch.wait(timeout=None))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        assert {record.method for record in emulator.requests} == {"GET", "POST"}
        done = await batch.wait(timeout=60)
        assert [str(job.state) for job in done] == ["FINISHED"]
        assert done[0].delivery.url


async def test_one_job_of_a_sharded_restore_waits_for_all_of_them(emulate, connect):
    async with (
        emulate(restore_seconds=20, speed=60) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        restores = emulator.add_jobs(emulator.world.first("sharded"))
        batch = await session.batch(refs_of({restores[0].cluster.id: [restores[:1]]}, OPS_MANAGER), until="finished")
        before = len(emulator.requests)

        done = await batch.wait(timeout=60)

        assert {job.id for job in done} == {job.id for job in restores}
        assert {job.batch_id for job in done} == {restores[0].batch_id}
        assert all("batchId=" in record.path for record in emulator.requests[before:])


_PROCESS = """
import asyncio, sys
from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth, HttpRestore, Options

async def main(url, public, private, project, cluster, snapshot):
    async with AsyncSession(DigestAuth(public, private), base_url=url, options=Options.for_tests()) as session:
        place = session.project(project, OPS_MANAGER).cluster(cluster)
        batch = await place.create_restore_job(HttpRestore(snapshot, max_downloads=1, expiration_hours=1))
        print(*batch.refs, sep="\\n")

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_job_created_by_one_process_is_waited_for_by_another(emulate, connect):
    async with emulate(restore_seconds=60, speed=60) as emulator:
        cluster = emulator.world.first("sharded")
        snapshot = emulator.world.jobs.snapshot_id(cluster)
        login = (emulator.url, emulator.public_key, emulator.private_key)
        command = (sys.executable, "-c", _PROCESS, *login, cluster.project_id, cluster.id, snapshot)
        process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
        printed, _ = await process.communicate()
        refs = printed.decode().split()

        async with connect(emulator, options=Options.for_tests()) as session:
            done = await (await session.batch(refs, until="downloadable")).wait(timeout=60)

        assert [str(ref) for ref in done.refs] == refs
        assert len(refs) == 3
        assert all(job.delivery.url for job in done)


async def test_the_time_out_comes_in_time_when_the_server_drips(play_raw):
    async def drip(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.01)

    async with play_raw(drip) as raw, AsyncSession(None, base_url=raw.url) as session:
        cluster = session.project("p", OPS_MANAGER).cluster("c")
        job = load_job(OPS_MANAGER, {"id": "j"}, project="p", cluster="c")
        batch = RestoreBatch((job,), sources=(cluster,), until="finished")
        started = asyncio.get_running_loop().time()
        with pytest.raises(WaitTimeout, match="1 of 1") as caught:
            await batch.wait(timeout=0.3)

    assert asyncio.get_running_loop().time() - started < 10
    assert caught.value.jobs == (job,)
    assert len(raw.heads) == 1


async def test_a_watch_shows_a_restore_from_its_start_to_its_end(emulate, connect, first_cluster):
    async with (
        emulate(restore_seconds=30, speed=0) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        cluster = first_cluster(session, emulator)
        snapshot = emulator.world.jobs.snapshot_id(emulator.world.first("replica-set"))
        batch = await cluster.create_restore_job(HttpRestore(snapshot, max_downloads=1, expiration_hours=1))

        seen = []
        async for job in batch.watch(timeout=60):
            seen.append((str(job.status_name), str(job.delivery.status_name)))
            emulator.clock.speed = 60

        assert seen[0] == ("IN_PROGRESS", "NOT_STARTED")
        assert seen[-1] == ("FINISHED", "READY")
        assert len(seen) == len(set(seen))


async def test_a_batch_that_is_over_already_is_listed_at_once(emulate, connect):
    async with (
        emulate() as emulator,
        connect(emulator, options=Options(poll=PollPolicy(shortest=600, longest=600))) as session,
    ):
        place = emulator.world.first("sharded")
        cluster = session.project(place.project_id, OPS_MANAGER).cluster(place.id)
        finished = next(job for job in await cluster.restore_jobs() if job.state == "FINISHED")
        batch = await session.batch([finished.ref], until="finished")
        async with asyncio.timeout(60):
            done = await batch.wait(timeout=None)
        assert len(done) == 3
