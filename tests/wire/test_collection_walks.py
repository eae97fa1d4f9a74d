"""Restores of single collections from end to end by the library: browse, create, wait, what came out in the world."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    AsyncSession,
    CollectionRestore,
    Conflict,
    IndexState,
    IndexStrategy,
    JobRef,
    JobState,
    JobVanished,
    MaybeCreated,
    NotFound,
    NotRestorable,
    OplogTime,
    Options,
    PointInTime,
    Renamed,
    RestoreFailed,
    RestoreIncomplete,
    Snapshot,
    Target,
    WaitTimeout,
    WriteStrategy,
)
from mongorestore_async.emulator import CollectionOutcome

CREATE, OVERWRITE = WriteStrategy


class Walk:
    """A cluster by the library, and the same one in the emulator's world."""

    def __init__(self, emulator, session):
        self.emulator = emulator
        self.world = emulator.world
        self.session: AsyncSession = session
        self.place = emulator.world.first("cloud-backup")
        self.other = emulator.world.first("cloud-backup-sharded")
        project = session.project(self.place.project_id, ATLAS_COLLECTION_RESTORE)
        self.cluster = project.cluster(self.place.name)
        self.target = Target(self.place.project_id, self.place.name)
        self.source = Snapshot(emulator.world.snapshots.id(self.place))

    def request(self, *names, into=None, write=CREATE, source=None, **more):
        databases = [name for name in names if isinstance(name, str) and "." not in name]
        collections = [name for name in names if name not in databases]
        target = self.target if into is None else Target(into.project_id, into.name)
        entries = {"databases": databases, "collections": collections, **more}
        return CollectionRestore(source or self.source, target, write=write, **entries)

    async def wait(self, batch, **how):
        return await batch.wait(timeout=20, on_poll=lambda _: self.emulator.clock.advance(200), **how)

    async def restored(self, batch):
        return {one.source_namespace: one async for one in self.cluster.restored_collections(batch[0].id)}

    def names(self, place=None):
        return [one.namespace for one in self.world.namespaces.of(place or self.place)]


@pytest.fixture
def walking(emulate, connect):
    @asynccontextmanager
    async def begin(**settings):
        settings = {"start": datetime.now(UTC), "speed": 0, "projects": 1, **settings}
        async with emulate(**settings) as emulator, connect(emulator, options=Options.for_tests()) as session:
            yield Walk(emulator, session)

    return begin


async def test_a_lost_collection_is_browsed_and_restored(walking):
    async with walking() as walk:
        walk.world.namespaces.drop(walk.place, "shop.orders")
        snapshot = await walk.cluster.snapshots().latest_restorable()
        found = [
            f"{database.name}.{collection.name}"
            async for database in walk.cluster.snapshot_databases(snapshot.id)
            async for collection in walk.cluster.snapshot_collections(snapshot.id, database.name)
        ]
        lost = [name for name in found if name not in walk.names()]
        assert lost == ["shop.orders"]

        request = walk.request(*lost, source=Snapshot(snapshot.id))
        batch = await walk.cluster.create_restore_job(request, precheck=True)
        assert (batch[0].state, batch[0].ok, batch.until) == (JobState.PENDING, None, "finished")
        done = await walk.wait(batch)

        assert (done[0].state, done[0].ok, done.skipped) == (JobState.FINISHED, True, ())
        assert walk.world.namespaces.find(walk.place, "shop.orders").restored_by == done[0].id


async def test_a_taken_name_is_renamed_and_told(walking):
    async with walking() as walk:
        before = walk.world.namespaces.find(walk.place, "shop.orders")
        batch = await walk.cluster.create_restore_job(
            walk.request("shop.orders", Renamed("shop.customers", "shop.saved"))
        )
        await walk.wait(batch)
        found = await walk.restored(batch)
        orders, customers = found["shop.orders"], found["shop.customers"]

        assert orders.renamed
        assert not customers.renamed
        assert customers.effective_target_namespace == "shop.saved"
        assert orders.effective_target_namespace not in {None, "shop.orders"}
        came_out = walk.world.namespaces.find(walk.place, orders.effective_target_namespace)
        assert came_out.documents == orders.restored_documents == orders.total_documents
        assert walk.world.namespaces.find(walk.place, "shop.orders") == before


async def test_overwriting_replaces_what_was_there(walking):
    async with walking() as walk:
        walk.world.namespaces.add(walk.place, "shop.orders", documents=3, in_snapshots=False)
        request = walk.request("shop.orders", write=OVERWRITE, indexes=IndexStrategy.NONE)
        done = await walk.wait(await walk.cluster.create_restore_job(request))
        found = walk.world.namespaces.find(walk.place, "shop.orders")

        assert found.restored_by == done[0].id
        assert [index.name for index in found.indexes] == ["_id_"]
        assert done[0].ok


@pytest.mark.parametrize("source", ["snapshot", "moment", "oplog"])
async def test_a_database_goes_into_another_cluster(walking, source):
    async with walking() as walk:
        now = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
        sources = {"snapshot": walk.source, "moment": PointInTime(now), "oplog": OplogTime(int(now.timestamp()), 1)}
        request = walk.request(
            "shop", into=walk.other, source=sources[source], database_suffix="_old", collection_suffix="_2"
        )
        done = await walk.wait(await walk.cluster.create_restore_job(request))

        assert [one.source_namespace for one in done.skipped] == ["shop.open_orders"]
        assert done[0].ok
        assert [name for name in walk.names(walk.other) if "_old" in name] == [
            "shop_old.customers_2", "shop_old.orders_2", "shop_old.sessions_2",
        ]  # fmt: skip


#: Endings that a restore which names the collection does not take for a success.
INCOMPLETE = sorted(set(CollectionOutcome) - {CollectionOutcome.SUCCESSFUL})


@pytest.mark.parametrize("ending", INCOMPLETE)
async def test_a_named_collection_that_ends_badly_is_incomplete(walking, ending):
    async with walking() as walk:
        walk.emulator.end_next_jobs("done")
        walk.emulator.end_next_collections({"shop.orders": ending})
        batch = await walk.cluster.create_restore_job(walk.request("shop.orders", "shop.sessions"))
        with pytest.raises(RestoreIncomplete) as caught:
            await walk.wait(batch)
        again = await walk.session.batch(batch.refs)
        told = await walk.wait(again, until="finished", accept_incomplete=True)

        assert [one.source_namespace for one in caught.value.collections] == ["shop.orders"]
        assert (told[0].state, told[0].ok) == (JobState.FINISHED, False)


@pytest.mark.parametrize("ending", ["INDEX_BUILD_FAILED", "INDEXES_FAILED"])
async def test_failed_indexes_are_told_by_name(walking, ending):
    async with walking() as walk:
        walk.emulator.end_next_collections({"shop.orders": ending})
        batch = await walk.cluster.create_restore_job(walk.request("shop.orders"))
        with pytest.raises(RestoreIncomplete) as caught:
            await walk.wait(batch)
        (one,) = caught.value.collections

        assert one.index_status.state is IndexState.FAILED
        assert [index.name for index in one.index_status.failed_indexes] == ["customer_1", "placed_1"]


async def test_a_view_that_was_named_is_incomplete(walking):
    async with walking() as walk:
        batch = await walk.cluster.create_restore_job(walk.request("shop.open_orders", "shop.orders"))
        with pytest.raises(RestoreIncomplete) as caught:
            await walk.wait(batch)

        assert [one.source_namespace for one in caught.value.collections] == ["shop.open_orders"]


@pytest.mark.parametrize(
    ("play", "state"),
    [
        (lambda _: None, JobState.FAILED),
        (lambda walk: walk.emulator.end_next_collections({"shop.orders": "FAILED"}), JobState.FAILED),
        (lambda walk: walk.emulator.end_next_jobs("cancelled"), JobState.CANCELLED),
    ],
    ids=["not found", "failed", "cancelled"],
)
async def test_a_job_that_fails_changes_nothing_and_says_why(walking, play, state):
    async with walking() as walk:
        before = walk.names()
        play(walk)
        names = ["shop.orders"] if state is JobState.CANCELLED else ["shop.orders", "shop.nothing"]
        batch = await walk.cluster.create_restore_job(walk.request(*names))
        with pytest.raises(RestoreFailed) as caught:
            await walk.wait(batch)
        job = await walk.cluster.restore_job(batch[0].id)

        assert not isinstance(caught.value, RestoreIncomplete)
        assert (job.state, job.ok, bool(job.error_message)) == (state, False, True)
        assert walk.names() == before


async def test_removing_the_target_ends_the_wait(walking):
    async with walking() as walk:
        batch = await walk.cluster.create_restore_job(walk.request("shop.orders", into=walk.other))
        walk.emulator.clock.advance(120)
        walk.world.remove_cluster(walk.other)
        with pytest.raises(RestoreFailed):
            await walk.wait(batch)
        assert (await walk.cluster.restore_job(batch[0].id)).state is JobState.CANCELLED


async def test_a_watch_sees_each_state_once(walking):
    async with walking() as walk:
        batch = await walk.cluster.create_restore_job(walk.request("shop.orders"))
        seen, later = [], iter((100, 450, 100, 0))
        async for job in walk.cluster.watch_restore_job(batch[0].id):
            seen.append(str(job.state_name))
            walk.emulator.clock.advance(next(later))

        assert seen == ["INITIALIZING", "IN_PROGRESS", "FINALIZING", "SUCCESSFUL"]


async def test_a_second_restore_of_a_cluster_is_refused(walking):
    async with walking() as walk:
        await walk.cluster.create_restore_job(walk.request("shop.orders"))
        with pytest.raises(Conflict):
            await walk.cluster.create_restore_job(walk.request("shop.sessions"))
        with pytest.raises(NotRestorable):
            await walk.cluster.create_restore_job(walk.request("shop.sessions"), precheck=True)
        same = await walk.cluster.ensure_restore(walk.request("shop.orders"))

        assert same.existing
        assert walk.emulator.counts.creates_taken == 1


@pytest.mark.parametrize("fault", ["taken", "not-taken"])
async def test_a_create_answered_500_is_reconciled(walking, fault):
    async with walking() as walk:
        walk.emulator.fail_next_creates(fault)
        with pytest.raises(MaybeCreated) as caught:
            await walk.cluster.create_restore_job(walk.request("shop.orders"))
        found = await caught.value.reconcile()

        assert (found.batch is not None) is (fault == "taken")
        assert walk.emulator.counts.creates_taken == (fault == "taken")


async def test_a_wait_that_times_out_leaves_the_job_running(walking):
    async with walking() as walk:
        batch = await walk.cluster.create_restore_job(walk.request("shop.orders"))
        with pytest.raises(WaitTimeout):
            await batch.wait(timeout=0.2)
        again = await walk.session.batch([JobRef.parse(str(batch.refs[0]))])
        assert (await walk.wait(again, until="finished"))[0].ok


async def test_a_job_that_is_gone_has_vanished(walking):
    async with walking() as walk:
        batch = await walk.cluster.create_restore_job(walk.request("shop.orders"))
        job = walk.world.collection_restores.find(walk.place, batch[0].id)
        walk.world.collection_restores.remove(job)
        with pytest.raises(JobVanished):
            await walk.wait(batch)


@pytest.mark.parametrize("namespace", ["shop.a/b", "shop.a?b#c", "shop.a b", "shop.{a}%2F", "shöp.ü"])
async def test_odd_names_travel_unchanged(walking, namespace):
    async with walking(restore_seconds=0) as walk:
        walk.world.namespaces.add(walk.place, namespace)
        batch = await walk.cluster.create_restore_job(walk.request(namespace))
        one = await walk.cluster.restored_collection(batch[0].id, namespace)
        database, _, name = namespace.partition(".")
        held = await walk.cluster.snapshot_collections(walk.source.id, database).collect()
        filtered = await walk.cluster.restored_collections(batch[0].id, source=namespace).collect()
        with pytest.raises(NotFound):
            await walk.cluster.restored_collection(batch[0].id, namespace + "x")

        assert one.source_namespace == namespace
        assert name in [collection.name for collection in held]
        assert [found.source_namespace for found in filtered] == [namespace]


async def test_many_collections_are_read_page_by_page(walking):
    async with walking(restore_seconds=0) as walk:
        for number in range(250):
            walk.world.namespaces.add(walk.place, f"wide.c{number:03}")
        walk.world.namespaces.add(walk.place, "wide.view", "view", documents=0, indexes=())
        batch = await walk.cluster.create_restore_job(walk.request("wide"))
        pages = [
            len(page.items) async for page in walk.cluster.restored_collections(batch[0].id, items_per_page=100).pages()
        ]
        done = await walk.wait(batch)

        assert pages == [100, 100, 51]
        assert [one.source_namespace for one in done.skipped] == ["wide.view"]
        assert len(await walk.cluster.restored_collections(batch[0].id, state="UNSUPPORTED").collect()) == 1
