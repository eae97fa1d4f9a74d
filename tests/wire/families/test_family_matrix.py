"""Every family and every verb: each works, or is refused before anything is sent, as the fact sheet has it.

The table in docs/families.rst is what these tests saw.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from mongorestore_async import (
    AutomatedRestore,
    BadRequest,
    Checkpoint,
    CollectionRestore,
    HttpRestore,
    OplogTime,
    Options,
    PointInTime,
    Snapshot,
    Target,
    Unsupported,
    WriteStrategy,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

VERBS = (
    "list", "read one", "batch filter", "download on own terms", "download", "snapshot", "oplog time", "point in time",
    "checkpoint", "collections", "cancel", "snapshots", "sharded snapshots", "browse", "checkpoints", "time ranges",
    "hosts", "all clusters",
)  # fmt: skip

#: What the fact sheet says, in the order of VERBS; ``!`` is sent and refused by the server.
EXPECTED = {
    "Ops Manager":                  "yes yes yes yes yes yes yes yes !   no  no  yes no  no  yes yes yes yes",
    "Ops Manager, config server":   "yes yes no  yes yes no  no  no  no  no  no  yes no  -   -   -   -   -",
    "Cloud Manager":                "yes yes yes yes yes yes yes yes yes no  no  yes no  no  yes yes yes yes",
    "Cloud Manager, config server": "yes yes no  yes yes no  no  no  no  no  no  yes no  -   -   -   -   -",
    "Atlas legacy v1.0":            "yes yes yes yes yes yes yes yes no  no  no  yes no  no  yes no  no  yes",
    "Atlas legacy v2":              "yes yes yes yes yes yes yes yes no  no  no  yes no  no  yes no  no  yes",
    "Atlas cloud backup v1.0":      "yes yes no  no  yes yes yes yes no  no  yes yes yes no  no  no  no  yes",
    "Atlas cloud backup v2":        "yes yes no  no  yes yes yes yes no  no  yes yes yes no  no  no  no  yes",
    "Atlas collection restore v2":  "yes yes no  no  no  no  no  no  no  yes no  yes yes yes no  no  no  yes",
    "Atlas M2/M5 v1.0":             "yes yes no  no  yes yes no  no  no  no  no  yes no  no  no  no  no  yes",
    "Atlas M2/M5 v2":               "yes yes no  no  yes yes no  no  no  no  no  yes no  no  no  no  no  yes",
    "Atlas flex v2":                "yes yes no  no  yes yes no  no  no  no  no  yes no  no  no  no  no  no",
    "Atlas serverless v1.0":        "yes yes no  no  no  yes no  no  no  no  no  yes no  no  no  no  no  no",
    "Atlas serverless v2":          "yes yes no  no  no  yes no  yes no  no  no  yes no  no  no  no  no  no",
}  # fmt: skip


@pytest.fixture(scope="session")
def table(book):
    return book.table("families.rst", "matrix", ("family", *VERBS), [(title,) for title in EXPECTED])


class Bench:
    """One family, to try each verb on."""

    def __init__(self, place: Any, session: Any, emulator: Any) -> None:
        self.place, self.session, self.emulator = place, session, emulator
        self.here = place.of(session, emulator)
        self.now = emulator.clock.now()

    async def create(self, request: Any, here: Any = None) -> Any:
        here = self.here if here is None else here
        batch = await here.create_restore_job(request)
        found = await here.restore_job(batch[0].id)
        assert found.id == batch[0].id
        return batch

    async def automated(self, source: Any, here: Any = None) -> None:
        here = self.here if here is None else here
        target = Target("0" * 24, "nowhere") if self.place.kind is None else await here.restore_target()
        await self.create(AutomatedRestore(source, target), here)

    async def snapshot_id(self, here: Any = None) -> str:
        found = await (self.here if here is None else here).snapshots().latest_restorable()
        return found.id

    async def try_list(self) -> None:
        assert len(await self.here.restore_jobs().collect()) == 25

    async def try_read_one(self) -> None:
        job = await self.here.restore_jobs().first()
        assert (await self.here.restore_job(job.id)).id == job.id

    async def try_batch_filter(self) -> None:
        await self.here.restore_jobs(batch_id="4f0000000000000000000000").collect()

    async def try_download_on_own_terms(self) -> None:
        await self.create(HttpRestore(await self.snapshot_id(), max_downloads=2, expiration_hours=1))

    async def try_download(self) -> None:
        await self.create(HttpRestore.on_server_terms(await self.snapshot_id()))

    async def try_snapshot(self) -> None:
        await self.automated(Snapshot(await self.snapshot_id()))

    async def try_oplog_time(self) -> None:
        await self.automated(OplogTime(int(self.now.timestamp()) - 3600, 1))

    async def try_point_in_time(self) -> None:
        # The client checks the day by its own clock, the emulator by the one it was started with.
        await self.automated(PointInTime(datetime.now(UTC) - timedelta(hours=1)))

    async def try_checkpoint(self) -> None:
        here = self.place.of(self.session, self.emulator, sharded=True)
        found = [one async for one in here.checkpoints() if one.restorable] if self.place.sharded else []
        await self.automated(Checkpoint(found[0].id if found else "5" * 24), here)

    async def try_collections(self) -> None:
        target = Target("0" * 24, "nowhere") if self.place.kind is None else await self.here.restore_target()
        source = Snapshot(await self.snapshot_id())
        request = CollectionRestore(source, target, write=WriteStrategy.CREATE_NEW, collections=["shop.orders"])
        batch = await self.create(request)
        self.emulator.clock.advance(self.emulator.settings.restore_seconds)
        (found,) = await self.here.restored_collections(batch[0].id).collect()
        assert (await self.here.restored_collection(batch[0].id, "shop.orders")) == found

    async def try_cancel(self) -> None:
        if self.here.family.cancel_path is None:
            await self.here.cancel_restore_job("5" * 24)
        batch = await self.create(HttpRestore.on_server_terms(await self.snapshot_id()))
        await self.here.cancel_restore_job(batch[0].id)
        assert (await self.here.restore_job(batch[0].id)).state == "CANCELLED"

    async def try_snapshots(self) -> None:
        found = [one async for one in self.here.snapshots()]
        assert found
        assert (await self.here.snapshot(found[0].id)).id == found[0].id

    async def try_sharded_snapshots(self) -> None:
        here = self.place.of(self.session, self.emulator, sharded=True)
        found = [one async for one in here.snapshots(sharded=True)]
        assert found
        assert found[0].is_sharded
        assert (await here.snapshot(found[0].id, sharded=True)).id == found[0].id

    async def try_browse(self) -> None:
        snapshot = await self.snapshot_id()
        databases = await self.here.snapshot_databases(snapshot).collect()
        assert [one.name for one in databases] == ["shop", "staff", "telemetry"]
        assert await self.here.snapshot_collections(snapshot, "shop").collect()

    async def try_checkpoints(self) -> None:
        here = self.place.of(self.session, self.emulator, sharded=True)
        async for one in here.checkpoints():
            assert (await here.checkpoint(one.id)).id == one.id

    async def try_time_ranges(self) -> None:
        assert await self.here.restorable_time_ranges()

    async def try_hosts(self) -> None:
        project = self.session.project(self.here.project, self.here.family)
        assert await project.hosts().first() is not None

    async def try_all_clusters(self) -> None:
        found = await self.session.clusters(self.here.family).collect()
        assert self.here.project in {one.group_id for one in found}


async def outcome(attempt: Callable[[], Awaitable[None]], emulator: Any) -> str:
    """``yes``; ``no`` for a verb that is refused before a POST or DELETE is sent; ``!`` where the server refuses."""
    changes = sum(record.method in {"POST", "DELETE"} for record in emulator.requests)
    try:
        await attempt()
    except Unsupported:
        assert sum(record.method in {"POST", "DELETE"} for record in emulator.requests) == changes
        return "no"
    except BadRequest:
        return "!"
    return "yes"


async def test_each_verb_works_or_is_refused_before_it_is_sent(place, emulate, connect, table):
    expected = dict(zip(VERBS, EXPECTED[place.title].split(), strict=True))
    seen = {}
    async with (
        emulate(
            **place.settings, collection_restores_per_cluster=25, start=datetime.now(UTC).replace(microsecond=0)
        ) as emulator,
        connect(emulator, options=Options.for_tests()) as session,
    ):
        bench = Bench(place, session, emulator)
        for verb, word in expected.items():
            attempt = getattr(bench, f"try_{verb.replace(' ', '_')}")
            seen[verb] = word if word == "-" else await outcome(attempt, emulator)
    assert seen == expected
    words = {"!": "refused", "-": ""}
    table.check((place.title,), tuple(words.get(word, word) for word in seen.values()))


def test_the_table_has_every_family(table):
    table.check_keys()
