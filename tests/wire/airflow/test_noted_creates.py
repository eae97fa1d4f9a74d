"""Restores that a task starts once for all its tries, over sockets; the state of the task is a dictionary here."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import attrs
import pytest

from mongorestore_async import OPS_MANAGER, ConfigError, MaybeCreated, NotFound, Options, PollPolicy
from mongorestore_async.airflow.noted_creates import start_noted
from mongorestore_async.airflow.restore_orders import RestoreOrder
from mongorestore_async.emulator import ClusterKind, CreateFault, Side

pytestmark = pytest.mark.asyncio
QUICK = Options(retry=Options.for_tests().retry, timeout=0.5, poll=PollPolicy(shortest=0.05, longest=0.05, grace=0.2))


class State(dict):
    """What Airflow keeps for the tries of a task: JSON."""

    def get(self, key):
        return json.loads(self[key]) if key in self else None

    def set(self, key, value):
        self[key] = json.dumps(value)

    def delete(self, key):
        self.pop(key, None)


@pytest.fixture
def state():
    return State()


def order_for(emulator, *, download=False, snapshot="latest"):
    first, second, *_ = emulator.world.projects(Side.MANAGER)
    source, target = (
        next(c for c in emulator.world.clusters(project) if c.kind is ClusterKind.REPLICA_SET)
        for project in (first, second)
    )
    into = None if download else f"{second.id}/{target.id}"
    return RestoreOrder(cluster=f"ops-manager/{first.id}/{source.id}", snapshot=snapshot, target=into)


def cluster_of(session, order):
    return session.project(order.place.project, OPS_MANAGER).cluster(order.place.cluster)


async def test_a_second_try_gives_what_the_first_one_noted(emulate, connect, state):
    async with emulate(projects=2) as emulator, connect(emulator, options=QUICK) as session:
        order = order_for(emulator)
        first = await start_noted(state, cluster_of(session, order), order)
        requests = emulator.counts.requests
        second = await start_noted(state, cluster_of(session, order), order)

    assert first == second != ()
    assert emulator.counts.requests == requests
    assert emulator.counts.creates_received == 1


async def test_a_try_that_died_after_its_request_is_found(emulate, connect, state):
    """Also when the restore is over by then, which ensure_restore() alone would not see."""
    async with emulate(projects=2, restore_seconds=1) as emulator:
        order = order_for(emulator)
        taken = asyncio.Event()

        async def hold(record):
            if record.method == "POST":
                taken.set()
                await asyncio.sleep(30)

        emulator.before_answer = hold
        async with connect(emulator, options=QUICK) as session:
            dying = asyncio.create_task(start_noted(state, cluster_of(session, order), order))
            await taken.wait()
            dying.cancel()
            await asyncio.gather(dying, return_exceptions=True)
        emulator.before_answer = None
        emulator.clock.advance(3600)
        async with connect(emulator, options=QUICK) as session:
            jobs = await start_noted(state, cluster_of(session, order), order)
            batch = await session.batch(jobs)

    assert [job.ok for job in batch] == [True]
    assert emulator.counts.creates_taken == emulator.counts.creates_received == 1


async def test_a_list_that_cannot_be_read_after_a_lost_answer_keeps_the_note(emulate, connect, state):
    async with emulate(projects=2, restore_seconds=1, create_faults=[CreateFault.TAKEN]) as emulator:
        order = order_for(emulator)
        emulator.fault_after_login = lambda record: (
            "drop" if record.method == "GET" and emulator.counts.creates_taken else None
        )
        async with connect(emulator, options=QUICK) as session:
            with pytest.raises(MaybeCreated):
                await start_noted(state, cluster_of(session, order), order)
        emulator.fault_after_login = None
        emulator.clock.advance(3600)
        async with connect(emulator, options=QUICK) as session:
            jobs = await start_noted(state, cluster_of(session, order), order)

    assert len(jobs) == 1
    assert emulator.counts.creates_received == 1


async def test_latest_stays_the_snapshot_of_the_first_try(emulate, connect, state):
    async with emulate(projects=2, create_faults=[CreateFault.NOT_TAKEN]) as emulator, connect(emulator) as session:
        order = order_for(emulator, download=True)
        with pytest.raises(MaybeCreated):
            await start_noted(state, cluster_of(session, order), order)
    newest = json.loads(state[order.key])["snapshot"]

    assert newest not in {None, "latest"}


@pytest.mark.parametrize("again", [False, True])
async def test_a_create_without_a_trace_is_not_sent_again(emulate, connect, state, again):
    async with emulate(projects=2, create_faults=[CreateFault.NOT_TAKEN]) as emulator:
        order = order_for(emulator)
        async with connect(emulator, options=QUICK) as session:
            with pytest.raises(MaybeCreated):
                await start_noted(state, cluster_of(session, order), order)
        async with connect(emulator, options=QUICK) as session:
            if again:
                jobs = await start_noted(state, cluster_of(session, order), order, if_unknown="start")
                assert len(jobs) == 1
            else:
                with pytest.raises(MaybeCreated, match=r"earlier try .*jobs that fit: none"):
                    await start_noted(state, cluster_of(session, order), order)

    assert emulator.counts.creates_received == 1 + again
    assert emulator.counts.creates_taken == again


async def test_another_word_for_what_is_unknown_is_refused(emulate, connect, state):
    async with emulate(projects=2) as emulator, connect(emulator, options=QUICK) as session:
        order = order_for(emulator)
        with pytest.raises(ConfigError, match="if_unknown must be"):
            await start_noted(state, cluster_of(session, order), order, if_unknown="skip")

    assert emulator.counts.requests == 0


async def test_a_download_without_a_trace_is_started_again(emulate, connect, state):
    async with emulate(projects=2, create_faults=[CreateFault.NOT_TAKEN]) as emulator:
        order = order_for(emulator, download=True)
        async with connect(emulator, options=QUICK) as session:
            with pytest.raises(MaybeCreated):
                await start_noted(state, cluster_of(session, order), order)
        async with connect(emulator, options=QUICK) as session:
            jobs = await start_noted(state, cluster_of(session, order), order)

    assert len(jobs) == 1
    assert emulator.counts.creates_taken == 1


async def test_an_answer_that_is_lost_is_looked_up_at_once(emulate, connect, state):
    async with emulate(projects=2, create_faults=[CreateFault.TAKEN]) as emulator:
        order = order_for(emulator)
        async with connect(emulator, options=QUICK) as session:
            jobs = await start_noted(state, cluster_of(session, order), order)

    assert len(jobs) == 1
    assert json.loads(state[order.key]) == {"jobs": list(jobs)}
    assert emulator.counts.creates_received == emulator.counts.creates_taken == 1


async def test_two_jobs_that_fit_are_named_and_none_is_taken(emulate, connect, state):
    async with emulate(projects=2) as emulator, connect(emulator, options=QUICK) as session:
        order = order_for(emulator, download=True)
        cluster = cluster_of(session, order)
        snapshot = (await cluster.snapshots().latest_restorable()).id
        now = datetime.now(UTC).isoformat()
        note = {
            "snapshot": snapshot,
            "ids": [],
            "complete": True,
            "moment": emulator.clock.now().isoformat(),
            "at": now,
        }
        state.set(order.key, note)
        for _ in range(2):
            await cluster.create_restore_job(order.request(snapshot))
        with pytest.raises(MaybeCreated, match=r"jobs that fit: ops-manager/\S+, ops-manager/"):
            await start_noted(state, cluster, order)

    assert emulator.counts.creates_received == 2


async def test_a_refused_create_leaves_no_note(emulate, connect, state):
    async with emulate(projects=2) as emulator, connect(emulator, options=QUICK) as session:
        order = attrs.evolve(order_for(emulator), snapshot="0" * 24)
        with pytest.raises(NotFound):
            await start_noted(state, cluster_of(session, order), order, precheck=True)

    assert state == {}
    assert emulator.counts.creates_received == 0


async def test_a_restore_that_is_running_is_joined(emulate, connect, state):
    async with emulate(projects=2) as emulator, connect(emulator, options=QUICK) as session:
        order = order_for(emulator)
        first = await start_noted(state, cluster_of(session, order), order)
        second = await start_noted(State(), cluster_of(session, order), order)  # another run of the DAG

    assert first == second
    assert emulator.counts.creates_received == 1
