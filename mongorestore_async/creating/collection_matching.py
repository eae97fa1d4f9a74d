"""Whether a job that restores single collections comes from a request: every member that it echoes is compared.

What an answer may leave out says nothing: a member that is missing, and a list of names that is empty where the other
one is not. Entries are compared as sets, each with the name that it is to have in the target.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mongorestore_async.models import OplogTime, Snapshot
from mongorestore_async.protocol.dates import count_since_epoch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mongorestore_async.models import (
        CollectionRestore,
        CollectionRestoreJob,
        PointInTime,
        Renamed,
        RequestedNamespace,
    )

__all__ = ["is_told", "pairs_of", "spell"]

_SECOND = timedelta(seconds=1)


def spell(request: CollectionRestore) -> tuple[object, ...]:
    """Spell what a request asks for, its target apart: two ask for the same if these are equal."""
    return (
        "CollectionRestore",
        *_spell_source(request.source),
        request.write,
        request.indexes,
        _renames(request.named_databases()),
        _renames(request.named_collections()),
        request.database_suffix or "",
        request.collection_suffix or "",
    )


def pairs_of(request: CollectionRestore, job: CollectionRestoreJob) -> Iterator[tuple[object, object]]:
    """Give what was asked for beside what the job says; None where it says nothing.

    Args:
        request: What was, or would be, asked for.
        job: The job.

    """
    yield request.target.project_id.casefold(), None if job.target_group_id is None else job.target_group_id.casefold()
    yield request.target.cluster, job.target_cluster_name
    yield from _sources(request.source, job)
    yield request.write, job.write_strategy
    yield request.indexes, job.index_strategy
    yield from _names(request, job)
    yield request.database_suffix or "", job.database_suffix
    yield request.collection_suffix or "", job.collection_suffix


def is_told(request: CollectionRestore, job: CollectionRestoreJob) -> bool:
    """Whether a job that contradicts a request in nothing tells enough to be certainly its own."""
    members = (job.target_group_id, job.target_cluster_name, job.write_strategy, job.index_strategy)
    suffixes = ((request.database_suffix, job.database_suffix), (request.collection_suffix, job.collection_suffix))
    lists = ((request.databases, job.databases), (request.collections, job.collections))
    return (
        None not in members
        and _tells_source(request.source, job)
        and all(told is not None for asked, told in suffixes if asked)
        and all(told for asked, told in lists if asked)
    )


def _spell_source(source: Snapshot | PointInTime | OplogTime) -> tuple[str, object]:
    if isinstance(source, Snapshot):
        return "snapshot", source.id.casefold()
    if isinstance(source, OplogTime):
        return "operation", (source.seconds, source.increment)
    return "moment", count_since_epoch(source.moment, _SECOND)


def _sources(source: Snapshot | PointInTime | OplogTime, job: CollectionRestoreJob) -> Iterator[tuple[object, object]]:
    # All are documented as greater than 0, so a 0 is no time.
    moment, seconds = job.point_in_time_utc_seconds or None, job.oplog_ts or None
    if isinstance(source, Snapshot):
        yield source.id.casefold(), None if job.snapshot_id is None else job.snapshot_id.casefold()
        # A restore to a moment may name the snapshot that it starts from.
        yield False, True if moment or seconds else None
        return
    asked = source.seconds if isinstance(source, OplogTime) else count_since_epoch(source.moment, _SECOND)
    yield asked, moment
    yield asked, seconds
    if isinstance(source, OplogTime):
        yield source.increment, job.oplog_inc or None


def _tells_source(source: Snapshot | PointInTime | OplogTime, job: CollectionRestoreJob) -> bool:
    if isinstance(source, Snapshot):
        return job.snapshot_id is not None
    if isinstance(source, OplogTime):
        return bool(job.oplog_ts and job.oplog_inc)
    return bool(job.point_in_time_utc_seconds)


def _names(request: CollectionRestore, job: CollectionRestoreJob) -> Iterator[tuple[object, object]]:
    asked = (_renames(request.named_databases()), _renames(request.named_collections()))
    told = (_echoed(job.databases), _echoed(job.collections))
    for wanted, found in zip(asked, told, strict=True):
        yield wanted, found or None


def _renames(entries: Iterable[Renamed]) -> frozenset[tuple[str, str]]:
    return frozenset((entry.source, entry.target) for entry in entries)


def _echoed(entries: Iterable[RequestedNamespace]) -> frozenset[tuple[str, str]]:
    return frozenset(
        (entry.source_namespace or "", entry.target_namespace or entry.source_namespace or "") for entry in entries
    )
