"""How restores of single collections are typed. Never executed: type checkers must agree with it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import assert_type

from mongorestore_async import (
    ATLAS_COLLECTION_RESTORE,
    AsyncSession,
    Checkpoint,
    CollectionRestore,
    CollectionRestoreJob,
    IndexStatus,
    IndexStrategy,
    Pager,
    PointInTime,
    Renamed,
    RestoreBatch,
    RestoredCollection,
    RestoredCollectionState,
    RestoreIncomplete,
    RestoreRequest,
    Snapshot,
    SnapshotCollection,
    SnapshotDatabase,
    Target,
    WriteStrategy,
)


async def restores(session: AsyncSession, names: Iterable[str]) -> None:
    cluster = session.project("p", ATLAS_COLLECTION_RESTORE).cluster("c")
    request: RestoreRequest = CollectionRestore(
        Snapshot("s"),
        Target("p", "c"),
        write=WriteStrategy.CREATE_NEW,
        databases=["shop", Renamed("crm", "crm2")],
        collections={f"hr.{name}" for name in names},
        indexes=IndexStrategy.NONE,
        database_suffix="_1",
    )
    batch = await cluster.ensure_restore(request)
    assert_type(batch, RestoreBatch[CollectionRestoreJob])
    done = await batch.wait(timeout=None, accept_incomplete=True)
    assert_type(done.skipped, tuple[RestoredCollection, ...])
    assert_type(done[0].ok, bool | None)
    assert_type(done[0].index_status, IndexStatus | None)
    _ = assert_type(cluster.restored_collections("j", state=RestoredCollectionState.FAILED), Pager[RestoredCollection])
    assert_type(await cluster.restored_collection("j", "a.b"), RestoredCollection)
    _ = assert_type(cluster.snapshot_databases("s"), Pager[SnapshotDatabase])
    _ = assert_type(cluster.snapshot_collections("s", "d"), Pager[SnapshotCollection])
    async for job in cluster.watch_restore_job("j", accept_incomplete=True):
        assert_type(job, CollectionRestoreJob)


def refused(error: RestoreIncomplete) -> None:
    assert_type(error.missing, tuple[str, ...])
    now = PointInTime(datetime.now(UTC))
    CollectionRestore(now, Target("p", "c"), databases=["a"])  # type: ignore[call-arg]
    CollectionRestore(now, Target("p", "c"), write="CREATE_NEW", databases=["a"])  # type: ignore[arg-type]
    CollectionRestore(Checkpoint("k"), Target("p", "c"), write=WriteStrategy.CREATE_NEW)  # type: ignore[arg-type]
    CollectionRestore(now, Target("p", "c"), write=WriteStrategy.CREATE_NEW, databases=5)  # type: ignore[arg-type]
