"""Is the restore under way already? Told from the job list, or not told at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.restores import TARGET
from mongorestore_async.codec.structuring import structure
from mongorestore_async.creating.running_restores import find_running, is_same
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    CLOUD_MANAGER,
    OPS_MANAGER,
)
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
)

MOMENT = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
SECONDS = int(MOMENT.timestamp())
FROM_SNAPSHOT = AutomatedRestore(Snapshot("s1"), TARGET)
FROM_CHECKPOINT = AutomatedRestore(Checkpoint("k1"), TARGET)
TO_OPLOG = AutomatedRestore(OplogTime(SECONDS, 3), TARGET)
TO_MOMENT = AutomatedRestore(PointInTime(MOMENT), TARGET)
DOWNLOAD = HttpRestore("s1", 2, expiration_hours=3)
ON_TERMS = HttpRestore.on_server_terms("s1")

TO_TARGET = {"methodName": "HTTP", "targetGroupId": "p2", "targetClusterId": "c2"}
TERMS = {"methodName": "HTTP", "maxDownloads": 2, "expirationHours": 3}
CLOUD_TARGET = {"targetGroupId": "p2", "targetClusterName": "c2"}
FLEX_TARGET = {"targetProjectId": "p2", "targetDeploymentItemName": "c2"}

MANAGER = [
    (FROM_SNAPSHOT, {"snapshotId": "s1", "delivery": TO_TARGET}, True),
    (FROM_SNAPSHOT, {"snapshotId": "s1", "delivery": {"methodName": "HTTP"}}, None),
    (FROM_SNAPSHOT, {"snapshotId": "s1"}, None),
    (FROM_SNAPSHOT, {"delivery": TO_TARGET}, None),
    (FROM_SNAPSHOT, {"snapshotId": "s1", "delivery": {**TO_TARGET, "targetGroupId": None}}, None),
    (FROM_SNAPSHOT, {"snapshotId": "s1", "delivery": {**TO_TARGET, "targetClusterId": "c3"}}, False),
    (FROM_SNAPSHOT, {"snapshotId": "s2", "delivery": TO_TARGET}, False),
    (FROM_SNAPSHOT, {"snapshotId": "s1", "delivery": TERMS}, False),
    (FROM_SNAPSHOT, {"snapshotId": "s1", "pointInTime": True, "delivery": TO_TARGET}, None),
    (FROM_SNAPSHOT, {"snapshotId": "s1", "pointInTime": False, "delivery": TO_TARGET}, True),
    (FROM_CHECKPOINT, {"checkpointId": "k1", "delivery": TO_TARGET}, True),
    (FROM_CHECKPOINT, {"checkpointId": "k2", "delivery": TO_TARGET}, False),
    (FROM_CHECKPOINT, {"snapshotId": "s1", "delivery": TO_TARGET}, None),
    (TO_OPLOG, {"snapshotId": "s1", "delivery": TO_TARGET}, None),
    (TO_MOMENT, {"pointInTime": True, "delivery": TO_TARGET}, None),
    (TO_MOMENT, {"delivery": {**TO_TARGET, "targetGroupId": "p3"}}, False),
    (DOWNLOAD, {"snapshotId": "s1", "delivery": TERMS}, True),
    (DOWNLOAD, {"snapshotId": "s1", "delivery": {**TERMS, "maxDownloads": 9}}, False),
    (DOWNLOAD, {"snapshotId": "s1", "delivery": {"methodName": "HTTP"}}, None),
    (DOWNLOAD, {"snapshotId": "s1", "delivery": TO_TARGET}, False),
    (ON_TERMS, {"snapshotId": "s1", "delivery": TERMS}, True),
]
CLOUD = [
    (FROM_SNAPSHOT, {"deliveryType": "automated", "snapshotId": "s1", **CLOUD_TARGET}, True),
    (FROM_SNAPSHOT, {"deliveryType": "automated", "snapshotId": "s1"}, None),
    (FROM_SNAPSHOT, {"snapshotId": "s1", **CLOUD_TARGET}, None),
    (FROM_SNAPSHOT, {"deliveryType": "download", "snapshotId": "s1", **CLOUD_TARGET}, False),
    (FROM_SNAPSHOT, {"deliveryType": "automated", "snapshotId": "s1", **CLOUD_TARGET, "targetGroupId": "x"}, False),
    (TO_OPLOG, {"deliveryType": "pointInTime", "oplogTs": SECONDS, "oplogInc": 3, **CLOUD_TARGET}, True),
    (TO_OPLOG, {"deliveryType": "pointInTime", "oplogTs": SECONDS, "oplogInc": 4, **CLOUD_TARGET}, False),
    (TO_OPLOG, {"deliveryType": "pointInTime", "oplogTs": SECONDS, **CLOUD_TARGET}, None),
    (TO_MOMENT, {"deliveryType": "pointInTime", "pointInTimeUTCSeconds": SECONDS, **CLOUD_TARGET}, True),
    (TO_MOMENT, {"deliveryType": "pointInTime", "pointInTimeUTCSeconds": SECONDS + 1, **CLOUD_TARGET}, False),
    (TO_MOMENT, {"deliveryType": "pointInTime", **CLOUD_TARGET}, None),
    (ON_TERMS, {"deliveryType": "download", "snapshotId": "s1"}, True),
    (ON_TERMS, {"deliveryType": "automated", "snapshotId": "s1", **CLOUD_TARGET}, False),
]
FLEX = [
    (FROM_SNAPSHOT, {"deliveryType": "RESTORE", "snapshotId": "s1", **FLEX_TARGET}, True),
    (FROM_SNAPSHOT, {"deliveryType": "RESTORE", "snapshotId": "s1"}, None),
    (FROM_SNAPSHOT, {"deliveryType": "DOWNLOAD", "snapshotId": "s1", **FLEX_TARGET}, False),
    (ON_TERMS, {"deliveryType": "DOWNLOAD", "snapshotId": "s1"}, True),
]
ALL = [
    *((OPS_MANAGER, *case) for case in MANAGER),
    *((ATLAS_CLOUD_BACKUP, *case) for case in CLOUD),
    *((ATLAS_FLEX, *case) for case in FLEX),
]


def job(family, name="j1", **members):
    return structure(family.job_type, {"id": name, **members})


def running(name="j1", **members):
    return job(OPS_MANAGER, name, **{"statusName": "IN_PROGRESS", "snapshotId": "s1", "delivery": TO_TARGET, **members})


@pytest.mark.parametrize(("family", "request_", "members", "same"), ALL)
def test_a_job_matches_only_if_it_tells_its_source_and_target(family, request_, members, same):
    assert is_same(family, request_, job(family, **members)) is same


def test_atlas_legacy_tells_its_target_by_name():
    delivery = {"targetGroupId": "p2", "targetClusterName": "c2", "targetClusterId": "5f"}

    assert is_same(ATLAS_LEGACY, FROM_SNAPSHOT, job(ATLAS_LEGACY, snapshotId="s1", delivery=delivery)) is True
    assert is_same(CLOUD_MANAGER, FROM_SNAPSHOT, job(CLOUD_MANAGER, snapshotId="s1", delivery=delivery)) is False


@pytest.mark.parametrize("status", ["FINISHED", "BROKEN", "KILLED"])
def test_what_is_over_does_not_count(status):
    found = find_running(
        OPS_MANAGER, FROM_SNAPSHOT, [running(statusName=status), running("j2", statusName=status, delivery=None)]
    )

    assert (found.restores, found.unsure) == ((), ())


def test_all_jobs_of_a_batch_belong_together_even_finished_ones():
    jobs = [
        running("a", batchId="b1", statusName="FINISHED"),
        running("x", snapshotId="s2"),
        running("b", batchId="b1"),
        running("c", batchId="b1", delivery=None),
    ]
    found = find_running(OPS_MANAGER, FROM_SNAPSHOT, jobs)

    assert [[each.id for each in restore] for restore in found.restores] == [["a", "b", "c"]]
    assert found.unsure == ()


def test_restores_of_their_own_are_told_apart():
    found = find_running(OPS_MANAGER, FROM_SNAPSHOT, [running("a", batchId="b1"), running("b"), running("c")])

    assert [[each.id for each in restore] for restore in found.restores] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize("status", ["OPEN", None])
def test_a_state_that_is_not_known_may_be_under_way(status):
    found = find_running(
        OPS_MANAGER, FROM_SNAPSHOT, [running(statusName=status), running("x", snapshotId="s2", statusName=status)]
    )

    assert found.restores == ()
    assert [each.id for each in found.unsure] == ["j1"]


def test_a_job_that_tells_too_little_is_unsure():
    found = find_running(OPS_MANAGER, FROM_SNAPSHOT, [running(delivery=None)])

    assert (found.restores, [each.id for each in found.unsure]) == ((), ["j1"])
