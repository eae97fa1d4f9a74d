"""Snapshots of every kind: which can be restored, of when they are, in documents as the vendor's tables have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from builders.constants import NOW
from mongorestore_async.codec.structuring import structure, structure_each
from mongorestore_async.errors import DataError
from mongorestore_async.models import (
    CloudBackupSnapshot,
    ClusterCheckpoint,
    ClusterSnapshot,
    HostSummary,
    OplogTimestamp,
    TenantSnapshot,
    TimeRange,
)

TAKEN = datetime(2026, 11, 1, 6, 0, tzinfo=UTC)
PART = {
    "clusterId": "c1",
    "completedTime": "2026-11-01T06:10:00Z",
    "compressionSetting": "GZIP",
    "dataSizeBytes": 4292,
    "encryptionEnabled": True,
    "fcv": "4.4",
    "fileSizeBytes": 17,
    "machineId": "m1",
    "masterKeyUUID": "key",
    "mongodVersion": "4.4.6",
    "replicaSetName": "rs0",
    "replicaState": "SECONDARY",
    "storageSizeBytes": 8,
    "typeName": "REPLICA_SET",
}
CLUSTER = {
    "id": "s1",
    "groupId": "p1",
    "clusterId": "c1",
    "complete": True,
    "created": {"date": "2026-11-01T06:00:00Z", "increment": 2},
    "expires": "2026-11-03T06:00:00Z",
    "doNotDelete": False,
    "isPossiblyInconsistent": False,
    "incremental": True,
    "lastOplogAppliedTimestamp": {"date": "2026-11-01T06:00:01Z", "increment": 1},
    "missingShards": [],
    "namespaceFilterList": {"filterList": ["a.b"], "filterType": "denyList"},
    "parts": [PART],
    "links": [{"href": "https://elsewhere/self", "rel": "self"}],
}
CLOUD = {
    "id": "s1",
    "status": "completed",
    "type": "replicaSet",
    "snapshotType": "onDemand",
    "frequencyType": "ondemand",
    "createdAt": "2026-11-01T06:00:00Z",
    "expiresAt": "2026-11-03T06:00:00Z",
    "storageSizeBytes": 9,
    "mongodVersion": "8.0.4",
    "masterKeyUUID": "key",
    "cloudProvider": "AWS",
}
TENANT = {
    "id": "s1",
    "status": "COMPLETED",
    "scheduledTime": "2026-11-01T05:50:00Z",
    "startTime": "2026-11-01T05:55:00Z",
    "finishTime": "2026-11-01T06:00:00Z",
    "expiration": "2026-11-03T06:00:00Z",
    "mongoDBVersion": "8.0.4",
}
KINDS = [
    (ClusterSnapshot, CLUSTER, "expires"),
    (CloudBackupSnapshot, CLOUD, "expiresAt"),
    (TenantSnapshot, TENANT, "expiration"),
]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=[kind.__name__ for kind, *_ in KINDS])


@each_kind
class TestEveryKind:
    def test_a_complete_one_has_no_obstacles(self, kind):
        model, document, *_ = kind
        snapshot = structure(model, document)

        assert snapshot.obstacles(NOW) == ()
        assert (snapshot.id, snapshot.taken_at, snapshot.is_sharded) == ("s1", TAKEN, False)
        assert snapshot.kept_until == datetime(2026, 11, 3, 6, 0, tzinfo=UTC)

    @pytest.mark.parametrize("late", [timedelta(0), timedelta(days=400)])
    def test_one_that_has_expired_says_when(self, kind, late):
        model, document, expiry = kind
        snapshot = structure(model, {**document, expiry: "2026-11-02T12:00:00Z"})

        assert snapshot.obstacles(NOW + late) == ("expired at 2026-11-02 12:00 UTC",)
        assert snapshot.obstacles(NOW - timedelta(seconds=1)) == ()

    def test_one_without_an_end_is_kept(self, kind):
        model, document, expiry = kind
        snapshot = structure(model, {key: value for key, value in document.items() if key != expiry})

        assert (snapshot.kept_until, snapshot.obstacles(NOW)) == (None, ())

    def test_the_id_alone_is_a_snapshot_but_not_one_to_restore(self, kind):
        model = kind[0]
        snapshot = structure(model, {"id": "s1"})

        assert snapshot.taken_at is None
        assert snapshot.obstacles(NOW) != ()

    def test_without_an_id_it_is_none(self, kind):
        model, document, *_ = kind
        with pytest.raises(DataError, match=r"\$\.id"):
            structure(model, {**document, "id": None})

    def test_unknown_members_are_kept_in_raw(self, kind):
        model, document, *_ = kind
        assert structure(model, {**document, "copyRegions": ["EU"]}).raw["copyRegions"] == ["EU"]


class TestClusterSnapshot:
    def test_every_member_of_the_table_is_read(self):
        snapshot = structure(ClusterSnapshot, CLUSTER)

        assert (snapshot.group_id, snapshot.cluster_id, snapshot.incremental) == ("p1", "c1", True)
        assert snapshot.last_oplog_applied_timestamp == OplogTimestamp(
            date=datetime(2026, 11, 1, 6, 0, 1, tzinfo=UTC), increment=1
        )
        assert snapshot.namespace_filter_list is not None
        assert snapshot.namespace_filter_list.filter_list == ("a.b",)
        (part,) = snapshot.parts
        assert (part.fcv, part.mongod_version, part.master_key_uuid) == ("4.4", "4.4.6", "key")
        assert (part.completed_time, part.data_size_bytes) == (datetime(2026, 11, 1, 6, 10, tzinfo=UTC), 4292)

    @pytest.mark.parametrize(
        ("members", "obstacles"),
        [
            ({"complete": False}, ("incomplete",)),
            ({"complete": None}, ("incomplete",)),
            ({"isPossiblyInconsistent": True}, ("possibly inconsistent",)),
            ({"isPossiblyInconsistent": None}, ()),
            ({"missingShards": [{"id": "x", "shardName": "shard0"}]}, ("shards are missing",)),
            ({"missingShards": None}, ()),
            (
                {
                    "complete": False,
                    "isPossiblyInconsistent": True,
                    "missingShards": [{}],
                    "expires": "2026-11-01T00:00:00Z",
                },
                ("incomplete", "possibly inconsistent", "shards are missing", "expired at 2026-11-01 00:00 UTC"),
            ),
        ],
    )
    def test_obstacles(self, members, obstacles):
        assert structure(ClusterSnapshot, {**CLUSTER, **members}).obstacles(NOW) == obstacles

    @pytest.mark.parametrize(
        ("kinds", "sharded"),
        [
            (["REPLICA_SET"], False),
            (["REPLICA_SET", "REPLICA_SET"], True),
            (["REPLICA_SET", "CONFIG_SERVER_REPLICA_SET"], True),
            (["CONFIG_SHARD_REPLICA_SET"], True),
            (["CONFIG_SERVER"], True),
            ([], None),
        ],
    )
    def test_its_parts_tell_the_topology(self, kinds, sharded):
        parts = [{**PART, "typeName": kind} for kind in kinds]

        assert structure(ClusterSnapshot, {**CLUSTER, "parts": parts}).is_sharded is sharded

    def test_one_that_misses_shards_is_of_a_sharded_cluster(self):
        members = {"missingShards": [{"shardName": "shard1"}]}

        assert structure(ClusterSnapshot, {**CLUSTER, **members}).is_sharded is True

    def test_placeholder_keys_of_the_config_server_are_no_fields(self):
        document = {"id": "s1", "CLUSTER-ID": "c", "GROUP-ID": "g", "HOST-ID": "h", "hostId": "h1", "complete": True}
        snapshot = structure(ClusterSnapshot, document)

        assert (snapshot.cluster_id, snapshot.group_id, snapshot.host_id) == (None, None, "h1")
        assert snapshot.raw["HOST-ID"] == "h"


class TestCloudBackupSnapshot:
    @pytest.mark.parametrize("status", ["queued", "inProgress", "failed", "newWord"])
    def test_only_a_completed_one_can_be_restored(self, status):
        snapshot = structure(CloudBackupSnapshot, {**CLOUD, "status": status})

        assert snapshot.obstacles(NOW) == (f"its status is {status}",)

    def test_without_a_status_it_cannot_be_restored(self):
        assert structure(CloudBackupSnapshot, {"id": "s"}).obstacles(NOW) == ("its status is unknown",)

    def test_the_case_of_a_word_does_not_matter(self):
        snapshot = structure(CloudBackupSnapshot, {**CLOUD, "status": "COMPLETED", "type": "SHARDEDCLUSTER"})

        assert (snapshot.obstacles(NOW), snapshot.is_sharded) == ((), True)

    def test_a_sharded_one_names_its_members(self):
        members = [{"cloudProvider": "AWS", "id": "m1", "replicaSetName": "shard-0"}]
        snapshot = structure(
            CloudBackupSnapshot,
            {
                **CLOUD,
                "type": "shardedCluster",
                "members": members,
                "snapshotIds": ["m1"],
                "configServerType": "EMBEDDED",
            },
        )

        assert snapshot.is_sharded is True
        assert [(member.id, member.replica_set_name) for member in snapshot.members] == [("m1", "shard-0")]
        assert (snapshot.snapshot_ids, snapshot.config_server_type) == (("m1",), "EMBEDDED")

    def test_the_topology_may_be_unknown(self):
        assert structure(CloudBackupSnapshot, {"id": "s", "serverlessInstanceName": "i"}).is_sharded is None


class TestTenantSnapshot:
    @pytest.mark.parametrize("status", ["PENDING", "QUEUED", "RUNNING", "FAILED", "NEW_WORD"])
    def test_only_a_completed_one_can_be_restored(self, status):
        assert structure(TenantSnapshot, {**TENANT, "status": status}).obstacles(NOW) == (f"its status is {status}",)

    def test_its_times_and_version_are_read(self):
        snapshot = structure(TenantSnapshot, TENANT)

        assert snapshot.scheduled_time == datetime(2026, 11, 1, 5, 50, tzinfo=UTC)
        assert snapshot.start_time == datetime(2026, 11, 1, 5, 55, tzinfo=UTC)
        assert snapshot.mongo_db_version == "8.0.4"


def test_a_checkpoint_has_dates_as_text_and_parts_with_tokens():
    document = {
        "id": "k1",
        "groupId": "p1",
        "clusterId": "c1",
        "started": "2026-11-01T06:00:00Z",
        "completed": "2026-11-01T06:01:00Z",
        "timestamp": "2026-11-01T06:00:30Z",
        "restorable": True,
        "parts": [
            {
                "replicaSetName": "rs0",
                "shardName": "shard0",
                "tokenDiscovered": True,
                "tokenTimestamp": {"date": "2026-11-01T06:00:30Z", "increment": 1},
                "typeName": "REPLICA_SET",
            },
            {"hostId": "h1", "typeName": "CONFIG_SERVER", "tokenDiscovered": True},
        ],
    }
    checkpoint = structure(ClusterCheckpoint, document)

    assert (checkpoint.id, checkpoint.restorable) == ("k1", True)
    assert checkpoint.timestamp == datetime(2026, 11, 1, 6, 0, 30, tzinfo=UTC)
    assert [part.host_id for part in checkpoint.parts] == [None, "h1"]
    assert checkpoint.parts[0].token_timestamp == OplogTimestamp(date=checkpoint.timestamp, increment=1)
    assert structure(ClusterCheckpoint, {"id": "k2"}).restorable is None


def test_ranges_are_read_with_and_without_shards():
    moment = {"date": "2026-11-01T06:00:00Z", "increment": 1}
    plain, sharded = structure_each(
        TimeRange,
        [
            {"start": moment, "end": moment, "snapshotId": "s1"},
            {"start": moment, "end": moment, "snapshotId": "s2", "shardCount": 2, "configServerType": "Embedded"},
        ],
    )

    assert (plain.snapshot_id, plain.shard_count) == ("s1", None)
    assert (sharded.shard_count, sharded.config_server_type) == (2, "Embedded")
    assert plain.start == OplogTimestamp(date=TAKEN, increment=1)


def test_a_host_is_read_whatever_its_id_looks_like():
    host = structure(
        HostSummary,
        {"id": "d41d8cd98f00b204e9800998ecf8427e", "typeName": "SHARD_CONFIG", "hostname": "h", "port": 27019},
    )

    assert (host.id, host.port) == ("d41d8cd98f00b204e9800998ecf8427e", 27019)
