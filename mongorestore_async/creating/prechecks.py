"""Reasons why a restore would fail, from its snapshot and target, before it is created. Pure.

Only rules the vendor documents are checked, and only on what is known: a rule without evidence finds nothing. The
server decides in the end; its codes are named beside the rules.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from mongorestore_async.errors import Finding, Hint, HintKind, Rule
from mongorestore_async.models import Checkpoint, CollectionRestore, HttpRestore, OplogTime, PointInTime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mongorestore_async.creating.precheck_facts import Evidence, Release
    from mongorestore_async.families import Family
    from mongorestore_async.models import OplogTimestamp, RestoreRequest, Target, TimeRange

__all__ = ["check_restore", "no_backup"]

_FCV_WITH_OPLOG = (4, 2)
_SECOND = timedelta(seconds=1)


def check_restore(family: Family[Any], request: RestoreRequest, evidence: Evidence) -> tuple[Finding, ...]:
    """Compare a request with what is known of its snapshot and its target.

    Args:
        family: The product family.
        request: What would be asked for.
        evidence: What was read.

    """
    found = [*_about_snapshot(evidence)]
    if isinstance(request, HttpRestore):
        return (*found, *_about_link(request, evidence))
    if isinstance(request, CollectionRestore):
        # Single collections are restored by their documents: topology and versions need not be the same.
        return (*found, *_about_target(family, request.target, evidence), *_about_running(evidence))
    if isinstance(request.source, Checkpoint):
        found += _about_checkpoint(evidence)
    elif isinstance(request.source, (OplogTime, PointInTime)):
        found += _about_oplog(evidence)
        found += _about_ranges(request.source, evidence)
    found += _about_target(family, request.target, evidence)
    found += _about_topology(evidence)
    found += _about_versions(family, evidence)
    return tuple(found)


def no_backup(cluster: str) -> str:
    """Say that a cluster cannot be restored into, because its backup is off and its id is not known."""
    return (
        f"backup is not enabled on the target: cluster {cluster} has no snapshot that shows its id;"
        f" enable backup, and try again once the first snapshot exists"
    )


def _about_snapshot(evidence: Evidence) -> Iterator[Finding]:
    snapshot = evidence.snapshot
    obstacles = () if snapshot is None else snapshot.obstacles(evidence.now)
    if snapshot is not None and obstacles:
        yield Finding(
            Rule.SNAPSHOT,
            f"snapshot {snapshot.id} cannot be restored ({', '.join(obstacles)}):"
            f" choose another one, such as the latest restorable snapshot",
        )


def _about_link(request: HttpRestore, evidence: Evidence) -> Iterator[Finding]:
    kept_until = None if evidence.snapshot is None else evidence.snapshot.kept_until
    end = request.expires
    if end is None and isinstance(request.expiration_hours, int):
        # They count from the end of the job: the link ends then or later.
        end = evidence.now.astimezone(UTC) + timedelta(hours=min(request.expiration_hours, 10**6))
    if kept_until is not None and end is not None and end > kept_until:
        yield Finding(
            Rule.LINK,
            f"the link would outlive the snapshot, which is deleted at {kept_until:%Y-%m-%d %H:%M} UTC:"
            f" set an earlier expiry, or choose a newer snapshot",
        )


def _about_checkpoint(evidence: Evidence) -> Iterator[Finding]:
    if evidence.checkpoint is not None and evidence.checkpoint.restorable is not True:
        yield Finding(Rule.CHECKPOINT, f"checkpoint {evidence.checkpoint.id} is not restorable: choose one that is")
    if evidence.source_is_sharded is False:
        yield Finding(Rule.CHECKPOINT, "a replica set has no checkpoints: restore a snapshot or to an oplog time")
    compatibility = evidence.compatibility
    if compatibility is not None and compatibility >= _FCV_WITH_OPLOG:
        yield Finding(
            Rule.CHECKPOINT,
            f"with feature compatibility version {_dotted(compatibility)} there are no checkpoints (4.0 or lower only):"
            f" restore to a point in time or an oplog time",
        )


def _about_oplog(evidence: Evidence) -> Iterator[Finding]:
    compatibility = evidence.compatibility
    if evidence.source_is_sharded and compatibility is not None and compatibility < _FCV_WITH_OPLOG:
        yield Finding(
            Rule.OPLOG,
            f"a sharded cluster with feature compatibility version {_dotted(compatibility)} cannot be restored to"
            f" a point in time (requires 4.2 or higher): restore a snapshot or a checkpoint",
        )


def _about_ranges(wanted: OplogTime | PointInTime, evidence: Evidence) -> Iterator[Finding]:
    if evidence.ranges is None or any(_is_within(wanted, found) for found in evidence.ranges):
        return
    ends = [found.end.date for found in evidence.ranges if found.end is not None and found.end.date is not None]
    latest = f"; the latest moment is {max(ends):%Y-%m-%d %H:%M:%S} UTC" if ends else ", there is none"
    yield Finding(Rule.TIME_RANGE, f"the point in time is outside all restorable time ranges{latest}")


def _about_target(family: Family[Any], into: Target, evidence: Evidence) -> Iterator[Finding]:
    if not evidence.target_read:
        return
    name, target = into.cluster, evidence.target
    by_id = family.cluster_key == "id"
    if target is None:
        # A restore into another kind of cluster, such as from flex into a dedicated one, is not in this list.
        yield Finding(
            Rule.TARGET,
            f"the target project has no cluster {name} of this kind: check project and cluster, and pass the cluster's"
            f" {family.cluster_key}",
            fatal=by_id,
        )
    elif not target.takes_restores:
        yield Finding(Rule.TARGET, f"cluster {name} is a shard of a sharded cluster: restore into the whole cluster")
    elif by_id and evidence.target_has_backup is False:
        yield Finding(
            Rule.TARGET,
            no_backup(name),
        )


def _about_running(evidence: Evidence) -> Iterator[Finding]:
    if evidence.running:
        problem = (
            f"another restore of single collections is running ({', '.join(evidence.running)}), and a cluster takes one"
            f" at a time:"
        )
        yield Finding(Rule.RUNNING, problem, hint=Hint(HintKind.WAIT_FOR_OTHER))


def _about_topology(evidence: Evidence) -> Iterator[Finding]:
    source, target = evidence.source_is_sharded, evidence.target_is_sharded
    if source is None or target is None or source == target:
        return
    here, there = ("a sharded cluster", "a replica set") if source else ("a replica set", "a sharded cluster")
    yield Finding(Rule.TOPOLOGY, f"the backup is one of {here}, the target is {there}: restore into {here}")


def _about_versions(family: Family[Any], evidence: Evidence) -> Iterator[Finding]:
    source, target = evidence.source_release, evidence.target_release
    if source is None or target is None:
        return
    told = f"the backup is from MongoDB {_dotted(source)}, the target's newest backup from {_dotted(target)}"
    if family.encoding == "tenant" and source != target:
        yield Finding(Rule.VERSION, f"{told}: clusters of this kind only accept backups of the same version")
    elif target < source:
        yield Finding(
            Rule.VERSION, f"{told}: an older server may not be able to read it; upgrade the target first", fatal=False
        )


def _dotted(release: Release) -> str:
    return f"{release[0]}.{release[1]}"


def _is_within(wanted: OplogTime | PointInTime, found: TimeRange) -> bool:
    """Whether a range holds a moment. What a range does not tell is no bound."""
    if isinstance(wanted, OplogTime):
        position = (datetime.fromtimestamp(wanted.seconds, UTC), wanted.increment)
        after_start = found.start is None or found.start.date is None or _position(found.start, 0) <= position
        return after_start and (found.end is None or found.end.date is None or position <= _position(found.end, 2**32))
    moment = wanted.moment.astimezone(UTC)
    starts = None if found.start is None else found.start.date
    ends = None if found.end is None else found.end.date
    # A range ends with an operation somewhere within its last second.
    return (starts is None or starts <= moment) and (ends is None or moment - ends < _SECOND)


def _position(timestamp: OplogTimestamp, default: int) -> tuple[datetime | None, int]:
    return timestamp.date, default if timestamp.increment is None else timestamp.increment
