"""Creates that must not be started twice, lost, or let loose on a protected cluster."""

from __future__ import annotations

import asyncio

import pytest

from builders.constants import CLUSTER, PROJECT
from builders.lists import EMPTY
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    CLOUD_MANAGER,
    NO_RETRY,
    AutomatedRestore,
    HttpRestore,
    MaybeCreated,
    Options,
    Snapshot,
    Target,
)
from mongorestore_async.errors import ProtectedTarget
from mongorestore_async.models import RestoreGuard
from mongorestore_async.transport import transport

SNAPSHOT = "51a2ac88e4b0371c2dbf46eb"


class Elsewhere(Target):
    """A target of somebody who likes classes."""


@pytest.mark.parametrize(
    "target", [Target(PROJECT.upper(), CLUSTER), Target(PROJECT, CLUSTER.upper()), Elsewhere(PROJECT, CLUSTER)]
)
@pytest.mark.parametrize(
    "guard", [RestoreGuard([Target(PROJECT, CLUSTER)]), RestoreGuard([Target(PROJECT, "*")]), RestoreGuard()]
)
async def test_a_guard_knows_a_target_in_any_spelling(connect, server, target, guard):
    place = connect(options=Options.for_tests(guard=guard)).project(PROJECT, CLOUD_MANAGER).cluster(CLUSTER)

    with pytest.raises(ProtectedTarget):
        await place.create_restore_job(AutomatedRestore(Snapshot("s"), target))
    assert server.sent == []


@pytest.mark.parametrize(
    ("snapshot", "target"),
    [
        (SNAPSHOT.upper(), Target(PROJECT, CLUSTER)),
        (SNAPSHOT, Target(PROJECT.upper(), CLUSTER)),
        (SNAPSHOT, Target(PROJECT, CLUSTER.upper())),
    ],
)
async def test_the_same_ids_in_another_case_are_the_same_restore(connect, server, snapshot, target):
    running = {
        "id": "j1",
        "snapshotId": SNAPSHOT,
        "statusName": "IN_PROGRESS",
        "delivery": {"methodName": "HTTP", "targetGroupId": PROJECT, "targetClusterId": CLUSTER},
    }
    server.will_read({"results": [running], "totalCount": 1})

    batch = (
        await connect()
        .project("p", CLOUD_MANAGER)
        .cluster("c")
        .ensure_restore(AutomatedRestore(Snapshot(snapshot), target))
    )

    assert batch.existing
    assert server.posts == []


async def test_names_in_another_case_are_other_clusters(connect, server):
    running = {
        "id": "j1",
        "snapshotId": SNAPSHOT,
        "deliveryType": "automated",
        "targetGroupId": PROJECT,
        "targetClusterName": "Orders",
    }
    server.will_read({"results": [running], "totalCount": 1})
    server.will({"id": "new"})

    batch = (
        await connect(base_url="https://cloud.example.com")
        .project("p", ATLAS_CLOUD_BACKUP)
        .cluster("c")
        .ensure_restore(AutomatedRestore(Snapshot(SNAPSHOT), Target(PROJECT, "orders")))
    )

    assert not batch.existing


@pytest.mark.parametrize("ending", ["deadline", "close"])
async def test_a_create_with_an_answer_not_read_in_time_may_be_taken(connect, server, monkeypatch, ending):
    """A large answer is decoded in a thread, and the deadline or ``close()`` may come meanwhile."""
    server.will_read(EMPTY)
    server.will({"results": [{"id": "new"}], "totalCount": 1})
    session = connect(options=Options(retry=NO_RETRY, timeout=0.2))
    real = transport.decode

    async def slow(raw, call, bench):
        if call.method == "POST":
            if ending == "close":
                asyncio.get_running_loop().call_soon(closing.set)
            await asyncio.sleep(5)
        return await real(raw, call, bench)

    closing = asyncio.Event()
    monkeypatch.setattr(transport, "SHORT", -1)
    monkeypatch.setattr(transport, "decode", slow)

    async def close():
        await closing.wait()
        await session.close()

    closer = asyncio.create_task(close())
    try:
        with pytest.raises(MaybeCreated):
            await (
                session.project("p", CLOUD_MANAGER)
                .cluster("c")
                .create_restore_job(HttpRestore("s", 1, expiration_hours=1))
            )
    finally:
        closing.set()
        await closer
