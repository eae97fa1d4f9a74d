"""Creating restore jobs of all families of Atlas through the client."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from builders.constants import PROJECT
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_LEGACY_V1,
    ATLAS_SERVERLESS,
    ATLAS_SERVERLESS_V1,
    ATLAS_TENANT,
    ATLAS_TENANT_V1,
    AutomatedRestore,
    Checkpoint,
    ConfigError,
    HttpRestore,
    OplogTime,
    PointInTime,
    Snapshot,
    Target,
    Unsupported,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AN_HOUR_AGO = int(NOW.timestamp()) - 3600
TARGET = Target("5c0000000000000000000001", "there")
DOWNLOAD = HttpRestore.on_server_terms("s")
ON_TERMS = HttpRestore("s", 3, expiration_hours=2)
UNTIL = HttpRestore("s", 3, expires=NOW + timedelta(days=1))
WHOLE = AutomatedRestore(Snapshot("s"), TARGET)
BY_OPLOG = AutomatedRestore(OplogTime(1_700_000_000, 4), TARGET)
BY_TIME = AutomatedRestore(PointInTime(NOW - timedelta(hours=1)), TARGET)
LONG_AGO = AutomatedRestore(PointInTime(NOW - timedelta(days=5)), TARGET)
SOON = AutomatedRestore(PointInTime(NOW + timedelta(hours=1)), TARGET)
BY_CHECKPOINT = AutomatedRestore(Checkpoint("k"), TARGET)

LEGACY = "clusters/Cluster0/restoreJobs"
CLOUD = "clusters/Cluster0/backup/restoreJobs"
TENANT = "clusters/Cluster0/backup/tenant"
FLEX = "flexClusters/Cluster0/backup"
SERVERLESS = "serverless/Cluster0/backup/restoreJobs"

V1, V2 = "/api/atlas/v1.0", "/api/atlas/v2"
TO = {"targetGroupId": TARGET.project_id, "targetClusterName": "there"}
AUTOMATED = {"methodName": "AUTOMATED_RESTORE", **TO}
TENANT_TO = {"targetDeploymentItemName": "there", "targetProjectId": TARGET.project_id}


def legacy(family, api, oplog):
    yield family, api, LEGACY, WHOLE, {"snapshotId": "s", "delivery": AUTOMATED}
    yield family, api, LEGACY, BY_OPLOG, {**oplog, "delivery": AUTOMATED}
    yield family, api, LEGACY, BY_TIME, {"pointInTimeUTCMillis": AN_HOUR_AGO * 1000, "delivery": AUTOMATED}
    yield family, api, LEGACY, DOWNLOAD, {"snapshotId": "s", "delivery": {"methodName": "HTTP"}}
    terms = {"methodName": "HTTP", "maxDownloads": 3, "expirationHours": 2}
    yield family, api, LEGACY, ON_TERMS, {"snapshotId": "s", "delivery": terms}


def cloud_backup(family, api):
    yield family, api, CLOUD, DOWNLOAD, {"deliveryType": "download", "snapshotId": "s"}
    yield family, api, CLOUD, WHOLE, {"deliveryType": "automated", "snapshotId": "s", **TO}
    oplog = {"oplogTs": 1_700_000_000, "oplogInc": 4}
    yield family, api, CLOUD, BY_OPLOG, {"deliveryType": "pointInTime", **oplog, **TO}
    seconds = {"pointInTimeUTCSeconds": AN_HOUR_AGO}
    yield family, api, CLOUD, BY_TIME, {"deliveryType": "pointInTime", **seconds, **TO}
    far = {"pointInTimeUTCSeconds": int((NOW - timedelta(days=5)).timestamp())}
    yield family, api, CLOUD, LONG_AGO, {"deliveryType": "pointInTime", **far, **TO}


def tenant(family, api, restore, download):
    yield family, api, restore, WHOLE, {"snapshotId": "s", **TENANT_TO}
    yield family, api, download, DOWNLOAD, {"snapshotId": "s"}


CREATES = [
    *legacy(ATLAS_LEGACY_V1, V1, {"oplogTs": "1700000000", "oplogInc": "4"}),
    *legacy(ATLAS_LEGACY, V2, {"oplogTs": "2023-11-14T22:13:20Z", "oplogInc": 4}),
    (
        ATLAS_LEGACY_V1,
        V1,
        LEGACY,
        UNTIL,
        {"snapshotId": "s", "delivery": {"methodName": "HTTP", "maxDownloads": 3, "expires": "2026-03-02T12:00:00Z"}},
    ),
    *cloud_backup(ATLAS_CLOUD_BACKUP_V1, V1),
    *cloud_backup(ATLAS_CLOUD_BACKUP, V2),
    *tenant(ATLAS_TENANT_V1, V1, f"{TENANT}/restore", f"{TENANT}/download"),
    *tenant(ATLAS_TENANT, V2, f"{TENANT}/restore", f"{TENANT}/download"),
    *tenant(ATLAS_FLEX, V2, f"{FLEX}/restoreJobs", f"{FLEX}/download"),
    (ATLAS_SERVERLESS_V1, V1, SERVERLESS, WHOLE, {"deliveryType": "automated", "snapshotId": "s", **TO}),
    (ATLAS_SERVERLESS, V2, SERVERLESS, WHOLE, {"deliveryType": "automated", "snapshotId": "s", **TO}),
    (
        ATLAS_SERVERLESS,
        V2,
        SERVERLESS,
        BY_TIME,
        {"deliveryType": "pointInTime", "pointInTimeUTCSeconds": AN_HOUR_AGO, **TO},
    ),
]


def name_of(value):
    if isinstance(value, AutomatedRestore):
        return type(value.source).__name__
    return getattr(value, "name", None) or (type(value).__name__ if isinstance(value, HttpRestore) else "")


@pytest.mark.parametrize(("family", "api", "path", "request_", "body"), CREATES, ids=name_of)
async def test_what_is_sent_is_what_the_vendor_documents(open_atlas, server, family, api, path, request_, body):
    server.will({"id": "made"}, status=201)

    batch = await open_atlas(family, now=NOW).create_restore_job(request_)

    (sent,) = server.posts
    assert sent.url == f"https://cloud.example.com{api}/groups/{PROJECT}/{path}"
    assert json.dumps(sent.body, sort_keys=True) == json.dumps(body, sort_keys=True)  # where 1 is not "1", 1.0 or true
    assert sent.headers["Accept"] == sent.headers["Content-Type"] == family.media_type
    assert not sent.allow_redirects
    assert [type(job) for job in batch] == [family.job_type]
    assert [str(ref) for ref in batch.refs] == [f"{family.name}/{PROJECT}/Cluster0/made"]
    assert batch.until == ("downloadable" if isinstance(request_, HttpRestore) else "finished")


@pytest.mark.parametrize("family", [ATLAS_LEGACY_V1, ATLAS_LEGACY], ids=name_of)
async def test_a_legacy_create_reads_a_bare_job_or_a_list_document(open_atlas, server, family):
    cluster = open_atlas(family, now=NOW)
    server.will({"id": "alone", "clusterName": "Cluster0"})
    server.will({"results": [{"id": "a", "batchId": "b"}, {"id": "c", "batchId": "b"}], "totalCount": 2})

    alone, several = await cluster.create_restore_job(WHOLE), await cluster.create_restore_job(WHOLE)

    assert [job.cluster_name for job in alone] == ["Cluster0"]
    assert [job.id for job in several] == ["a", "c"]
    assert several.batch_id == "b"


REFUSED = [
    *((family, BY_CHECKPOINT, Unsupported, "restores to a checkpoint") for family in {row[0] for row in CREATES}),
    *(
        (family, request, Unsupported, r"use HttpRestore\.on_server_terms")
        for family in (ATLAS_CLOUD_BACKUP_V1, ATLAS_CLOUD_BACKUP, ATLAS_TENANT_V1, ATLAS_TENANT, ATLAS_FLEX)
        for request in (ON_TERMS, UNTIL)
    ),
    *(
        (family, request, Unsupported, "does not support .*: use one of HttpRestore, Snapshot")
        for family in (ATLAS_TENANT_V1, ATLAS_TENANT, ATLAS_FLEX)
        for request in (BY_OPLOG, BY_TIME)
    ),
    (ATLAS_LEGACY, UNTIL, Unsupported, "pass expiration_hours instead"),
    (ATLAS_LEGACY, LONG_AGO, ConfigError, "more than 24 hours ago"),
    (ATLAS_LEGACY_V1, LONG_AGO, ConfigError, "more than 24 hours ago"),
    (ATLAS_SERVERLESS_V1, BY_TIME, Unsupported, "does not support restores to a point in time: use one of Snapshot"),
    *(
        (family, request, Unsupported, "Atlas serverless.* does not support")
        for family in (ATLAS_SERVERLESS_V1, ATLAS_SERVERLESS)
        for request in (DOWNLOAD, ON_TERMS, BY_OPLOG)
    ),
    *(
        (family, SOON, ConfigError, "in the future")
        for family in (ATLAS_LEGACY_V1, ATLAS_LEGACY, ATLAS_CLOUD_BACKUP_V1, ATLAS_CLOUD_BACKUP, ATLAS_SERVERLESS)
    ),
    (ATLAS_CLOUD_BACKUP, AutomatedRestore(OplogTime(1_199_145_599, 1), TARGET), ConfigError, "before 2008"),
]


@pytest.mark.parametrize(
    ("family", "request_", "error", "complaint"), sorted(REFUSED, key=lambda row: row[0].name), ids=name_of
)
async def test_what_a_family_does_not_take_is_never_sent(open_atlas, server, family, request_, error, complaint):
    with pytest.raises(error, match=complaint):
        await open_atlas(family, now=NOW).create_restore_job(request_)

    assert server.sent == []
