"""Atlas v2, and what is new with it: listing and reading through the client, each by its version."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.constants import JOB, PROJECT
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY,
    ATLAS_LEGACY_V1,
    ATLAS_SERVERLESS,
    ATLAS_SERVERLESS_V1,
    ATLAS_TENANT,
    FAMILIES,
    CloudBackupRestoreJob,
    JobState,
    RestoreJob,
    Secret,
    TenantRestoreJob,
    Unsupported,
)

HOST = "https://cloud.example.com"
BASIC = "application/vnd.atlas.2023-01-01+json"
CLUSTERS = "application/vnd.atlas.2024-08-05+json"
FLEX = "application/vnd.atlas.2024-11-13+json"
URL = "https://restore-66b6.mongodb.net:27017/aaaa/restore-66b6.tar.gz"

#: A download of a sharded cluster in v2: no createdAt, an array of URLs, members of a time that are all null.
SHARDED = {
    "id": JOB,
    "cancelled": False,
    "components": [
        {"downloadUrl": f"{URL}?shard=0", "replicaSetName": "atlas-x-shard-0", "privateDownloadDeliveryUrls": []},
        {"downloadUrl": f"{URL}?shard=1", "replicaSetName": "atlas-x-shard-1"},
    ],
    "deliveryType": "download",
    "deliveryUrl": [],
    "desiredTimestamp": {"date": None, "increment": None, "time": None},
    "expired": False,
    "expiresAt": "2026-03-01T13:00:00Z",
    "failed": False,
    "links": [{"rel": "https://cloud.mongodb.com/snapshot", "href": "https://cloud.mongodb.com/api/atlas/v2/x"}],
    "snapshotId": "66b6a3b2c1d2e3f405060709",
    "timestamp": "2026-03-01T10:00:00Z",
}
FLEX_JOB = {
    "deliveryType": "RESTORE",
    "expirationDate": "2026-03-01T18:00:00Z",
    "id": JOB,
    "instanceName": "Cluster0",
    "projectId": PROJECT,
    "restoreFinishedDate": "2026-03-01T12:30:00Z",
    "restoreScheduledDate": "2026-03-01T12:00:00Z",
    "snapshotFinishedDate": "2026-03-01T10:00:00Z",
    "snapshotId": "66b6a3b2c1d2e3f405060709",
    "status": "FAILED",
    "targetDeploymentItemName": "there",
    "targetProjectId": "5c0000000000000000000001",
}
LEGACY_JOB = {
    "batchId": "66b6a3b2c1d2e3f405060710",
    "clusterId": "66b6a3b2c1d2e3f405060711",
    "clusterName": "Cluster0",
    "created": "2026-03-01T12:00:00Z",
    "delivery": {
        "methodName": "HTTP",
        "statusName": "PENDING",
        "urlV2": "https://api-backup.mongodb.com/backup/restore/v3/pull/66b6/restore.tar.gz",
        "authHeader": "Authorization",
        "authValue": "token",
        "expirationHours": 1,
        "maxDownloads": 2147483647,
    },
    "groupId": PROJECT,
    "hashes": [{"fileName": "restore.tar.gz", "hash": "0a", "typeName": "SHA1", "links": []}],
    "id": JOB,
    "snapshotId": "66b6a3b2c1d2e3f405060709",
    "statusName": "FINISHED",
    "timestamp": {"date": "2026-03-01T10:00:00Z", "increment": 1},
}
SERVERLESS_JOB = {
    "id": JOB,
    "cancelled": False,
    "deliveryType": "automated",
    "deliveryUrl": [],
    "expired": False,
    "failed": True,
    "finishedAt": "2026-03-01T12:30:00Z",
    "snapshotId": "66b6a3b2c1d2e3f405060709",
    "targetClusterName": "there",
    "targetDeploymentItemName": "atlas-y",
    "targetGroupId": "5c0000000000000000000001",
}

JOBS = [
    (ATLAS_CLOUD_BACKUP, "v2", "clusters/Cluster0/backup/restoreJobs", SHARDED, BASIC),
    (ATLAS_LEGACY, "v2", "clusters/Cluster0/restoreJobs", LEGACY_JOB, BASIC),
    (ATLAS_LEGACY_V1, "v1.0", "clusters/Cluster0/restoreJobs", LEGACY_JOB, "application/json"),
    (ATLAS_TENANT, "v2", "clusters/Cluster0/backup/tenant/restores", FLEX_JOB, BASIC),
    (ATLAS_FLEX, "v2", "flexClusters/Cluster0/backup/restoreJobs", FLEX_JOB, FLEX),
    (ATLAS_SERVERLESS, "v2", "serverless/Cluster0/backup/restoreJobs", SERVERLESS_JOB, BASIC),
    (ATLAS_SERVERLESS_V1, "v1.0", "serverless/Cluster0/backup/restoreJobs", SERVERLESS_JOB, "application/json"),
]
each_family = pytest.mark.parametrize(
    ("family", "version", "path", "document", "media_type"), JOBS, ids=lambda value: getattr(value, "name", "")
)


@each_family
async def test_jobs_are_listed_and_read_by_name_and_version(
    open_atlas, server, family, version, path, document, media_type
):
    cluster = open_atlas(family)
    versioned = {"Content-Type": f"{media_type};charset=utf-8"}
    server.serve(
        lambda sent: server.answer(
            {"results": [document], "totalCount": 1} if "?" in sent.url else document, headers=versioned
        )
    )

    (listed,) = await cluster.restore_jobs()
    one = await cluster.restore_job(JOB)

    jobs = f"{HOST}/api/atlas/{version}/groups/{PROJECT}/{path}"
    assert [sent.url for sent in server.sent] == [f"{jobs}?pageNum=1&itemsPerPage=500", f"{jobs}/{JOB}"]
    assert [sent.headers["Accept"] for sent in server.sent] == [media_type] * 2
    assert all("Content-Type" not in sent.headers for sent in server.sent)
    assert listed == one
    assert one.raw == document
    assert type(one) is family.job_type
    assert str(one.ref) == str(cluster.ref(JOB)) == f"{family.name}/{PROJECT}/Cluster0/{JOB}"


async def test_a_sharded_download_of_cloud_backup(open_atlas, server):
    cluster = open_atlas(ATLAS_CLOUD_BACKUP)
    server.will_read(SHARDED)

    job = await cluster.restore_job(JOB)

    assert type(job) is CloudBackupRestoreJob
    assert [part.replica_set_name for part in job.components] == ["atlas-x-shard-0", "atlas-x-shard-1"]
    assert all(isinstance(part.download_url, Secret) for part in job.components)
    assert job.desired_timestamp is job.created_at is job.finished_at is None
    assert job.expires_at == datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert job.state is JobState.FINISHED


async def test_a_flex_job_that_failed_has_a_finish_date(open_atlas, server):
    cluster = open_atlas(ATLAS_FLEX)
    server.will_read(FLEX_JOB)

    job = await cluster.restore_job(JOB)

    assert type(job) is TenantRestoreJob
    assert job.cluster_name == "Cluster0"
    assert job.restore_finished_date == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert job.state is JobState.FAILED
    assert job.links == ()


async def test_a_serverless_job_that_failed_was_not_cancelled(open_atlas, server):
    cluster = open_atlas(ATLAS_SERVERLESS_V1)
    server.will_read(SERVERLESS_JOB)

    assert (await cluster.restore_job(JOB)).state is JobState.FAILED


async def test_a_legacy_job_has_the_fields_of_ops_manager_and_more(open_atlas, server):
    cluster = open_atlas(ATLAS_LEGACY)
    server.will_read(LEGACY_JOB)

    job = await cluster.restore_job(JOB)

    assert type(job) is RestoreJob
    assert job.cluster_name == "Cluster0"
    assert job.delivery.status_name == "PENDING"
    assert isinstance(job.delivery.url_v2, Secret)
    assert job.hashes[0].type_name == "SHA1"
    assert job.state is JobState.FINISHED


@pytest.mark.parametrize("family", [ATLAS_LEGACY, ATLAS_LEGACY_V1], ids=repr)
async def test_legacy_jobs_are_filtered_by_batch(open_atlas, server, family):
    await open_atlas(family).restore_jobs(batch_id="66b6a3b2c1d2e3f405060710")

    assert server.last.query["batchId"] == "66b6a3b2c1d2e3f405060710"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=repr)
async def test_other_lists_have_no_batch_filter(open_atlas, server, family):
    cluster = open_atlas(family)

    if family.filters:
        await cluster.restore_jobs(batch_id="b")
    else:
        with pytest.raises(Unsupported, match="leave batch_id out"):
            cluster.restore_jobs(batch_id="b")
        assert server.sent == []


@pytest.mark.parametrize(
    ("family", "clusters", "path"),
    [
        (ATLAS_CLOUD_BACKUP, CLUSTERS, "clusters"),
        (ATLAS_LEGACY, CLUSTERS, "clusters"),
        (ATLAS_TENANT, CLUSTERS, "clusters"),
        (ATLAS_FLEX, FLEX, "flexClusters"),
        (ATLAS_SERVERLESS, BASIC, "serverless"),
        (ATLAS_LEGACY_V1, "application/json", "clusters"),
    ],
)
async def test_every_list_is_asked_for_in_its_own_version(connect, server, told_about_families, family, clusters, path):
    server.will_read({"results": [], "totalCount": 0})
    session = connect(base_url=HOST)
    cluster = session.project(PROJECT, family).cluster("Cluster0")

    await session.projects(family)
    await session.project(PROJECT, family).clusters()
    await cluster.snapshots()

    basic = "application/json" if family is ATLAS_LEGACY_V1 else BASIC
    assert [sent.headers["Accept"] for sent in server.sent] == [basic, clusters, family.media_type]
    assert server.sent[1].url.partition("?")[0].endswith(f"/groups/{PROJECT}/{path}")


@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_LEGACY], ids=repr)
async def test_listing_clusters_of_all_projects_has_its_own_version(connect, server, told_about_families, family):
    server.will_read({"results": [], "totalCount": 0})

    await connect(base_url=HOST).clusters(family)

    assert server.last.headers["Accept"] == BASIC
    assert server.last.url.partition("?")[0] == f"{HOST}/api/atlas/v2/clusters"
