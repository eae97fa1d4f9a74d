"""What stands against a restore, told from what was read before it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.constants import NOW
from builders.restores import TARGET
from mongorestore_async.creating.precheck_facts import Evidence
from mongorestore_async.creating.prechecks import check_restore
from mongorestore_async.errors import Finding, Rule
from mongorestore_async.families import ATLAS_CLOUD_BACKUP, ATLAS_FLEX, OPS_MANAGER
from mongorestore_async.models import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    CloudBackupSnapshot,
    CloudBackupSnapshotStatus,
    ClusterCheckpoint,
    ClusterSnapshot,
    ClusterSummary,
    HttpRestore,
    OplogTime,
    OplogTimestamp,
    PointInTime,
    Snapshot,
    SnapshotPart,
    TenantSnapshot,
    TenantStatus,
    TimeRange,
)

FROM_SNAPSHOT = AutomatedRestore(Snapshot("s1"), TARGET)
FROM_CHECKPOINT = AutomatedRestore(Checkpoint("k1"), TARGET)
TO_OPLOG = AutomatedRestore(OplogTime(int(NOW.timestamp()) - 60, 5), TARGET)
TO_MOMENT = AutomatedRestore(PointInTime(NOW - timedelta(seconds=60)), TARGET)
REPLICA_SET = ClusterSummary(id="c2", type_name="REPLICA_SET")
SHARDED = ClusterSummary(id="c2", type_name="SHARDED_REPLICA_SET")


def snapshot(*, shards=0, version="6.0.1", fcv="6.0", days=1, **fields):
    part = SnapshotPart(type_name="REPLICA_SET", mongod_version=version, fcv=fcv)
    fields.setdefault("cluster_id", "c2")
    fields.setdefault("complete", True)
    fields.setdefault("created", OplogTimestamp(date=NOW - timedelta(days=days)))
    return ClusterSnapshot(id="s1", parts=(part,) * (shards + 1), **fields)


def found(request, family=OPS_MANAGER, **evidence):
    return check_restore(family, request, Evidence(now=NOW, **evidence))


def rules(*arguments, **evidence):
    return [(str(finding.rule), finding.fatal) for finding in found(*arguments, **evidence)]


@pytest.mark.parametrize(
    "request_",
    [
        HttpRestore("s1", 1, expires=NOW + timedelta(days=9)),
        FROM_SNAPSHOT,
        FROM_CHECKPOINT,
        TO_OPLOG,
        TO_MOMENT,
    ],
)
def test_without_evidence_nothing_is_found(request_):
    assert found(request_) == ()


@pytest.mark.parametrize("request_", [HttpRestore("s1", 1, expiration_hours=1), FROM_SNAPSHOT])
def test_an_unrestorable_snapshot_reports_all_its_obstacles(request_):
    (finding,) = found(request_, snapshot=snapshot(complete=False, is_possibly_inconsistent=True))

    assert (finding.rule, finding.fatal) == (Rule.SNAPSHOT, True)
    assert "snapshot s1 cannot be restored (incomplete, possibly inconsistent)" in finding.words


class TestLinks:
    KEPT = NOW + timedelta(hours=10)

    @pytest.mark.parametrize(
        ("terms", "outlives"),
        [
            ({"expires": KEPT}, False),
            ({"expires": KEPT + timedelta(seconds=1)}, True),
            ({"expiration_hours": 10}, False),
            ({"expiration_hours": 11}, True),
            ({"expiration_hours": 10**30}, True),
            ({"expiration_hours": SERVER_DEFAULT}, False),
        ],
    )
    def test_may_not_outlive_the_snapshot(self, terms, outlives):
        request = HttpRestore("s1", 1, **terms)

        assert rules(request, snapshot=snapshot(expires=self.KEPT)) == [("link", True)] * outlives
        assert rules(request, snapshot=snapshot(expires=None)) == []


class TestTopology:
    @pytest.mark.parametrize(
        ("shards", "target", "fits"),
        [(0, REPLICA_SET, True), (2, SHARDED, True), (2, REPLICA_SET, False), (0, SHARDED, False)],
    )
    def test_of_snapshot_and_target_have_to_agree(self, shards, target, fits):
        evidence = {"snapshot": snapshot(shards=shards), "target": target, "target_read": True}

        assert rules(FROM_SNAPSHOT, **evidence) == [("topology", True)] * (not fits)

    def test_the_topology_is_read_from_snapshots_of_the_target(self):
        target = ClusterSummary(id="c2", type_name="NEW_WORD")
        others = (snapshot(shards=0, days=9), snapshot(shards=2, days=1))

        (finding,) = found(FROM_SNAPSHOT, snapshot=snapshot(), target=target, target_read=True, target_snapshots=others)

        assert finding.words == (
            "the backup is one of a replica set, the target is a sharded cluster: restore into a replica set"
        )

    @pytest.mark.parametrize("kind", ["REPLICASET", "SHARDED", "GEOSHARDED"])
    def test_the_words_of_atlas_are_known(self, kind):
        target = ClusterSummary(id="x", name="c2", type_name=kind)
        backup = CloudBackupSnapshot(id="s1", status=CloudBackupSnapshotStatus.COMPLETED, type="replicaSet")

        expected = [] if kind == "REPLICASET" else [("topology", True)]
        assert rules(FROM_SNAPSHOT, ATLAS_CLOUD_BACKUP, snapshot=backup, target=target, target_read=True) == expected


class TestCheckpoints:
    OLD = (snapshot(shards=2, fcv="4.0", version="4.0.9"),)

    @pytest.mark.parametrize(("restorable", "fits"), [(True, True), (False, False), (None, False)])
    def test_have_to_say_that_they_are_restorable(self, restorable, fits):
        checkpoint = ClusterCheckpoint(id="k1", restorable=restorable)

        expected = [("checkpoint", True)] * (not fits)
        assert rules(FROM_CHECKPOINT, checkpoint=checkpoint, source_snapshots=self.OLD) == expected

    @pytest.mark.parametrize(
        ("fcv", "fits"), [("3.6", True), ("4.0", True), ("4.2", False), ("10.0", False), ("?", True), (None, True)]
    )
    def test_are_of_old_compatibility_versions(self, fcv, fits):
        backups = (snapshot(shards=2, fcv=fcv),)

        assert rules(FROM_CHECKPOINT, source_snapshots=backups) == [("checkpoint", True)] * (not fits)

    def test_are_not_of_replica_sets(self):
        (finding,) = found(FROM_CHECKPOINT, source=REPLICA_SET)

        assert finding.words.startswith("a replica set has no checkpoints")


@pytest.mark.parametrize("request_", [TO_OPLOG, TO_MOMENT])
class TestMoments:
    @pytest.mark.parametrize(
        ("shards", "fcv", "fits"),
        [(0, "3.6", True), (2, "4.2", True), (2, "6.0", True), (2, "4.0", False), (2, None, True)],
    )
    def test_of_sharded_clusters_need_a_compatibility_version(self, request_, shards, fcv, fits):
        backups = (snapshot(shards=shards, fcv=fcv), snapshot(shards=shards, fcv="3.4", days=5))
        if fcv is None:
            backups = backups[:1]

        assert rules(request_, source_snapshots=backups) == [("oplog", True)] * (not fits)

    @pytest.mark.parametrize(
        ("start", "end", "fits"),
        [(-120, 0, True), (-60, -60, True), (-59, 0, False), (-120, -61, False), (None, None, True), (None, 0, True)],
    )
    def test_lie_in_a_restorable_range(self, request_, start, end, fits):
        def at(seconds, increment):
            return (
                None if seconds is None else OplogTimestamp(date=NOW + timedelta(seconds=seconds), increment=increment)
            )

        ranges = (TimeRange(start=at(start, 5), end=at(end, 5)),)

        assert rules(request_, ranges=ranges) == [("time-range", True)] * (not fits)

    def test_without_any_range_cannot_be_reached(self, request_):
        (finding,) = found(request_, ranges=())

        assert finding.words == "the point in time is outside all restorable time ranges, there is none"

    def test_outside_all_ranges_are_told_the_latest(self, request_):
        past = OplogTimestamp(date=NOW - timedelta(days=2), increment=1)
        (finding,) = found(request_, ranges=(TimeRange(start=past, end=past),))

        assert finding.words.endswith("the latest moment is 2026-10-31 12:00:00 UTC")


@pytest.mark.parametrize(("increment", "fits"), [(4, False), (5, True), (6, False)])
def test_an_operation_at_the_edge_of_a_range_needs_its_ordinal(increment, fits):
    edge = OplogTimestamp(date=NOW, increment=5)
    request = AutomatedRestore(OplogTime(int(NOW.timestamp()), increment), TARGET)

    assert rules(request, ranges=(TimeRange(start=edge, end=edge),)) == [("time-range", True)] * (not fits)


class TestVersions:
    @pytest.mark.parametrize(
        ("source", "target", "expected"),
        [
            ("6.0.1", "6.0.0", []),
            ("6.0.1", "7.0.0", []),
            ("10.0.1", "9.0.0", [("version", False)]),
            ("6.0.1", "5.0.9", [("version", False)]),
            (None, "5.0.9", []),
            ("6.0.1", "unreadable", []),
        ],
    )
    def test_an_older_target_is_a_warning(self, source, target, expected):
        evidence = {
            "snapshot": snapshot(version=source),
            "target": REPLICA_SET,
            "target_snapshots": (snapshot(version=target), snapshot(version="3.0.0", days=9)),
        }
        if target == "unreadable":
            evidence["target_snapshots"] = evidence["target_snapshots"][:1]

        assert rules(FROM_SNAPSHOT, **evidence, target_read=True) == expected

    @pytest.mark.parametrize(
        ("target", "expected"), [("8.0.9", []), ("8.1.0", [("version", True)]), ("7.0.1", [("version", True)])]
    )
    def test_a_flex_cluster_takes_its_own_version_only(self, target, expected):
        def backup(version):
            return TenantSnapshot(id="s1", status=TenantStatus.COMPLETED, finish_time=NOW, mongo_db_version=version)

        evidence = {"snapshot": backup("8.0.4"), "target_snapshots": (backup(target),)}

        assert rules(FROM_SNAPSHOT, ATLAS_FLEX, **evidence) == expected


class TestTargets:
    @pytest.mark.parametrize("snapshots", [(), (snapshot(cluster_id=None),)])
    def test_without_backup_cannot_be_named(self, snapshots):
        (finding,) = found(FROM_SNAPSHOT, target=REPLICA_SET, target_read=True, target_snapshots=snapshots)

        assert (finding.rule, finding.fatal) == (Rule.TARGET, True)
        assert finding.words.startswith("backup is not enabled on the target: cluster c2 has no snapshot")

    def test_on_atlas_are_named_without_a_snapshot(self):
        target = ClusterSummary(id="x", name="c2")

        assert rules(FROM_SNAPSHOT, ATLAS_FLEX, target=target, target_read=True, target_snapshots=()) == []

    @pytest.mark.parametrize(("family", "fatal"), [(OPS_MANAGER, True), (ATLAS_FLEX, False)])
    def test_that_are_not_listed_may_be_of_another_kind_on_atlas(self, family, fatal):
        assert rules(FROM_SNAPSHOT, family, target=None, target_read=True) == [("target", fatal)]

    def test_a_shard_is_none(self):
        shard = ClusterSummary(id="c2", type_name="REPLICA_SET", shard_name="shard0")
        (finding,) = found(FROM_SNAPSHOT, target=shard, target_read=True)

        assert "shard of a sharded cluster" in finding.words


def test_all_findings_are_told_at_once():
    told = rules(
        FROM_SNAPSHOT,
        snapshot=snapshot(shards=2, complete=False),
        target=REPLICA_SET,
        target_read=True,
        target_snapshots=(snapshot(version="4.4.0"),),
    )

    assert told == [("snapshot", True), ("topology", True), ("version", False)]


def test_a_finding_is_fatal_unless_it_says_otherwise():
    assert Finding(Rule.LINK, "words").fatal
