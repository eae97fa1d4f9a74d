"""Does a job come from a request?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mongorestore_async.creating.matching import fits
from mongorestore_async.families import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_SERVERLESS,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
)
from mongorestore_async.models import (
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    Delivery,
    HttpRestore,
    OplogTime,
    OplogTimestamp,
    PointInTime,
    RestoreJob,
    Snapshot,
    Target,
    TenantRestoreJob,
)

SECONDS = 1_600_000_000
MOMENT = datetime.fromtimestamp(SECONDS, UTC)
TARGET = Target("p", "there")
DOWNLOAD = HttpRestore.on_server_terms("s")
WHOLE = AutomatedRestore(Snapshot("s"), TARGET)
BY_OPLOG = AutomatedRestore(OplogTime(SECONDS, 7), TARGET)
BY_TIME = AutomatedRestore(PointInTime(MOMENT.replace(microsecond=900_000)), TARGET)
BY_CHECKPOINT = AutomatedRestore(Checkpoint("k"), TARGET)


@pytest.mark.parametrize(
    ("request_", "fields", "fitting"),
    [
        (DOWNLOAD, {"delivery_type": "download", "snapshot_id": "s"}, True),
        (DOWNLOAD, {"delivery_type": "automated", "snapshot_id": "s"}, False),
        (DOWNLOAD, {"snapshot_id": "t"}, False),
        (DOWNLOAD, {}, True),
        (WHOLE, {"delivery_type": "automated", "snapshot_id": "s", "target_cluster_name": "there"}, True),
        (WHOLE, {"delivery_type": "download", "snapshot_id": "s"}, False),
        (WHOLE, {"delivery_type": "pointInTime"}, False),
        (WHOLE, {"target_cluster_name": "elsewhere"}, False),
        (WHOLE, {"target_group_id": "q"}, False),
        (WHOLE, {"snapshot_id": "t"}, False),
        # An internal name, nothing anybody asked for.
        (WHOLE, {"target_deployment_item_name": "atlas-x"}, True),
        (BY_OPLOG, {"delivery_type": "pointInTime", "oplog_ts": SECONDS, "oplog_inc": 7, "snapshot_id": "any"}, True),
        (BY_OPLOG, {"oplog_ts": SECONDS + 1}, False),
        (BY_OPLOG, {"oplog_inc": 8}, False),
        (BY_OPLOG, {"point_in_time_utc_seconds": SECONDS - 1}, False),
        (BY_OPLOG, {"desired_timestamp": OplogTimestamp(date=MOMENT.replace(second=0))}, False),
        (BY_OPLOG, {"oplog_ts": 0, "oplog_inc": 0, "point_in_time_utc_seconds": 0}, True),
        (BY_OPLOG, {"delivery_type": "automated"}, False),
        (BY_TIME, {"delivery_type": "pointInTime", "point_in_time_utc_seconds": SECONDS}, True),
        (BY_TIME, {"desired_timestamp": OplogTimestamp(date=MOMENT, increment=1)}, True),
        (BY_TIME, {"desired_timestamp": OplogTimestamp(time=1)}, True),
        (BY_TIME, {"point_in_time_utc_seconds": SECONDS + 1}, False),
        (BY_TIME, {"desired_timestamp": OplogTimestamp(date=MOMENT.replace(second=0))}, False),
        # Which operation was the last one before the moment is the server's to find.
        (BY_TIME, {"oplog_ts": SECONDS - 60, "oplog_inc": 3}, True),
    ],
)
@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_SERVERLESS], ids=repr)
def test_jobs_of_cloud_backup_and_serverless_instances(family, request_, fields, fitting):
    assert fits(family, request_, CloudBackupRestoreJob(id="j", **fields)) is fitting


@pytest.mark.parametrize(
    ("request_", "fields", "fitting"),
    [
        (DOWNLOAD, {"delivery_type": "DOWNLOAD", "snapshot_id": "s"}, True),
        # As the vendor's example has it.
        (DOWNLOAD, {"target_project_id": "q", "target_deployment_item_name": "here"}, True),
        (DOWNLOAD, {"delivery_type": "RESTORE"}, False),
        (DOWNLOAD, {"snapshot_id": "t"}, False),
        (WHOLE, {"delivery_type": "RESTORE", "target_project_id": "p", "target_deployment_item_name": "there"}, True),
        (WHOLE, {"delivery_type": "DOWNLOAD"}, False),
        (WHOLE, {"snapshot_id": "t"}, False),
        (WHOLE, {"target_project_id": "q"}, False),
        (WHOLE, {"target_deployment_item_name": "here"}, False),
        (WHOLE, {}, True),
    ],
)
@pytest.mark.parametrize("family", [ATLAS_TENANT_V1, ATLAS_FLEX], ids=repr)
def test_jobs_of_tenant_and_flex_clusters(family, request_, fields, fitting):
    assert fits(family, request_, TenantRestoreJob(id="j", **fields)) is fitting


@pytest.mark.parametrize(
    ("request_", "fields", "fitting"),
    [
        # Automated jobs come back as HTTP.
        (WHOLE, {"method_name": "HTTP"}, True),
        (WHOLE, {"method_name": "AUTOMATED_RESTORE"}, True),
        (WHOLE, {"method_name": "QUERY"}, False),
        (DOWNLOAD, {"method_name": "HTTP"}, True),
        (DOWNLOAD, {"method_name": "AUTOMATED_RESTORE"}, False),
        (DOWNLOAD, {"target_group_id": "p"}, False),
        (DOWNLOAD, {"target_cluster_id": "c"}, False),
        (DOWNLOAD, {"target_cluster_name": "there"}, False),
        (DOWNLOAD, {"max_downloads": 3, "expiration_hours": 3}, True),
        (HttpRestore("s", 2, expiration_hours=4), {"max_downloads": 2, "expiration_hours": 4}, True),
        (HttpRestore("s", 2, expiration_hours=4), {"max_downloads": 3}, False),
        (HttpRestore("s", 2, expiration_hours=4), {"expiration_hours": 3}, False),
    ],
)
def test_deliveries_of_jobs_of_ops_manager(request_, fields, fitting):
    assert fits(CLOUD_MANAGER, request_, RestoreJob(id="j", delivery=Delivery(**fields))) is fitting


@pytest.mark.parametrize("request_", [DOWNLOAD, WHOLE, BY_OPLOG, BY_TIME])
def test_only_checkpoint_restores_have_a_checkpoint(request_):
    assert not fits(CLOUD_MANAGER, request_, RestoreJob(id="j", checkpoint_id="k"))
    assert fits(CLOUD_MANAGER, BY_CHECKPOINT, RestoreJob(id="j", checkpoint_id="k"))
    assert not fits(CLOUD_MANAGER, BY_CHECKPOINT, RestoreJob(id="j", checkpoint_id="l"))


def test_targets_are_compared_by_what_the_family_calls_them():
    by_id, by_name = Delivery(target_cluster_id="there"), Delivery(target_cluster_id="1f", target_cluster_name="there")
    other = Delivery(target_cluster_id="there", target_cluster_name="elsewhere")

    assert fits(CLOUD_MANAGER, WHOLE, RestoreJob(id="j", delivery=by_id))
    assert not fits(CLOUD_MANAGER, WHOLE, RestoreJob(id="j", delivery=by_name))
    assert fits(ATLAS_LEGACY, WHOLE, RestoreJob(id="j", delivery=by_name))
    assert not fits(ATLAS_LEGACY, WHOLE, RestoreJob(id="j", delivery=other))
