"""Atlas v1.0 cloud backup: the vendor's example through the client."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import ANY

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    AsyncSession,
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    HttpRestore,
    JobState,
    Secret,
    Target,
    Unsupported,
)
from mongorestore_async.models.states import CloudBackupDeliveryType

PROJECT = "5b6212af90dc76637950a2c6"
JOBS = f"https://cloud.mongodb.com/api/atlas/v1.0/groups/{PROJECT}/clusters/Cluster0/backup/restoreJobs"
HEADERS = "headers_200_atlas"


@pytest.fixture
async def cluster(server):
    async with AsyncSession(None) as session:
        yield session.project(PROJECT, ATLAS_CLOUD_BACKUP_V1).cluster("Cluster0")


async def test_all_jobs_are_asked_for_by_cluster_name(cluster, answers, seed, server):
    document = answers(seed("atlas_cloud_backup_list"))

    page = await cluster.restore_jobs()

    (sent,) = server.sent
    assert (sent.method, sent.url) == ("GET", f"{JOBS}?pageNum=1&itemsPerPage=500")
    assert sent.headers["Accept"] == "application/json"
    assert [job.raw for job in page] == document["results"]
    assert (page.number, page.total_count, page.status) == (1, 2, 200)
    assert [(link.name, link.href) for link in page.links] == [("self", document["links"][0]["href"])]


async def test_atlas_does_not_tell_its_release(cluster, answers, seed):
    answers(seed("atlas_cloud_backup_list"))

    page = await cluster.restore_jobs()

    assert page.service_version is None
    assert dict(page.headers) == {**seed("headers_200_atlas")["headers"], "Content-Length": ANY}


async def test_the_fields_of_an_automated_job_have_their_types(cluster, answers, seed):
    answers(seed("atlas_cloud_backup_list"))

    job = (await cluster.restore_jobs())[0]

    assert type(job) is CloudBackupRestoreJob
    assert job.id == "5b622f7087d9d6039fafe03f"
    assert job.delivery_type is CloudBackupDeliveryType.AUTOMATED
    assert job.cancelled is job.expired is False
    assert job.failed is None
    assert job.created_at is None
    assert job.expires_at == datetime(2018, 8, 2, 2, 8, 48, tzinfo=UTC)
    assert job.timestamp == job.snapshot_moment == datetime(2018, 8, 1, 20, 2, 7, tzinfo=UTC)
    assert job.snapshot_id == "5b6211ff87d9d663c59d3feg"  # not hexadecimal, and not for us to judge
    assert (job.target_cluster_name, job.target_group_id) == ("MyOtherCluster", PROJECT)
    assert job.delivery_url == ()
    assert [link.name for link in job.links] == ["self", "snapshot", "cluster", "group"]
    assert job.state is JobState.RUNNING


async def test_the_fields_of_a_download_job_have_their_types(cluster, answers, seed):
    answers(seed("atlas_cloud_backup_list"))

    job = (await cluster.restore_jobs())[1]

    assert job.delivery_type is CloudBackupDeliveryType.DOWNLOAD
    assert job.created_at == datetime(2018, 8, 1, 22, 5, 41, tzinfo=UTC)
    assert [str(url) for url in job.delivery_url] == [
        "https://restore.mongodb.net:27017/restore-5b622e3587d9d6039faf713f.tar.gz"
    ]
    assert isinstance(job.delivery_url[0], Secret)
    assert "restore.mongodb.net" not in repr(job)
    assert job.state is JobState.FINISHED


async def test_a_job_knows_where_it_was_found(cluster, answers, seed):
    answers(seed("atlas_cloud_backup_list"))

    page = await cluster.restore_jobs()

    assert [str(job.ref) for job in page] == [
        f"atlas-cloud-backup-v1/{PROJECT}/Cluster0/5b622f7087d9d6039fafe03f",
        f"atlas-cloud-backup-v1/{PROJECT}/Cluster0/5b622e3587d9d6039faf713f",
    ]


async def test_one_job(cluster, answers, seed, server):
    document = answers(seed("atlas_cloud_backup_list")["results"][1])

    job = await cluster.restore_job("5b622e3587d9d6039faf713f")

    assert [(sent.method, sent.url) for sent in server.sent] == [("GET", f"{JOBS}/5b622e3587d9d6039faf713f")]
    assert job.raw == document
    assert job.created_at == datetime(2018, 8, 1, 22, 5, 41, tzinfo=UTC)
    assert str(job.ref) == f"atlas-cloud-backup-v1/{PROJECT}/Cluster0/5b622e3587d9d6039faf713f"


async def test_a_cluster_name_is_percent_encoded(server):
    async with AsyncSession(None) as session:
        cluster = session.project(PROJECT, ATLAS_CLOUD_BACKUP_V1).cluster("Größe 1+1=2&%2F;x")
        server.will({"results": [{"id": "a/b"}], "totalCount": 1})

        page = await cluster.restore_jobs()

    encoded = "Gr%C3%B6%C3%9Fe%201%2B1%3D2%26%252F%3Bx"
    assert server.last.url.partition("?")[0] == JOBS.replace("Cluster0", encoded)
    assert str(page[0].ref) == f"atlas-cloud-backup-v1/{PROJECT}/{encoded}/a%2Fb"


async def test_there_is_no_batch_filter(cluster, server):
    with pytest.raises(Unsupported, match=r"Atlas cloud backup v1\.0 lists have no batch filter; leave batch_id out"):
        cluster.restore_jobs(batch_id="55a7eb7fe4b0ad5b9c8a1c29")

    assert server.sent == []


async def test_the_answer_to_a_create_is_a_bare_job(cluster, answers, seed, server):
    document = seed("atlas_cloud_backup_list")["results"][1]
    answers({"results": [], "totalCount": 0})
    answers(document)

    batch = await cluster.create_restore_job(HttpRestore.on_server_terms("5b6211ff87d9d663c59d3dee"))

    assert [(sent.method, sent.url.partition("?")[0]) for sent in server.sent] == [("GET", JOBS), ("POST", JOBS)]
    assert [job.raw for job in batch] == [document]
    assert type(batch[0]) is CloudBackupRestoreJob
    assert batch.batch_id is None
    assert [str(ref) for ref in batch.refs] == [f"atlas-cloud-backup-v1/{PROJECT}/Cluster0/5b622e3587d9d6039faf713f"]


async def test_a_checkpoint_is_none_of_cloud_backup(cluster, server):
    with pytest.raises(
        Unsupported, match=r"v1\.0 does not support restores to a checkpoint: use one of HttpRestore, O"
    ):
        await cluster.create_restore_job(AutomatedRestore(Checkpoint("k"), Target(PROJECT, "c")))

    assert server.sent == []
