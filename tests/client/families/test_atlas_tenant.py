"""Atlas v1.0 M2/M5 (tenant): the vendor's example through the client."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from unittest.mock import ANY

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_TENANT_V1,
    CLOUD_MANAGER,
    AsyncSession,
    JobState,
    Secret,
    TenantRestoreJob,
    Unsupported,
    load_job,
)
from mongorestore_async.models.states import TenantDeliveryType, TenantStatus

PROJECT = "5b69d0349b15c62cdfc38b78"
JOBS = f"https://cloud.mongodb.com/api/atlas/v1.0/groups/{PROJECT}/clusters/aws-cluster-1/backup/tenant/restores"
HEADERS = "headers_200_atlas"


@pytest.fixture
async def session(server):
    async with AsyncSession(None) as session:
        yield session


@pytest.fixture
def cluster(session, told_about_tenant):
    return session.project(PROJECT, ATLAS_TENANT_V1).cluster("aws-cluster-1")


async def test_all_jobs_are_asked_for_at_the_plural_path(cluster, answers, seed, server):
    document = answers(seed("atlas_tenant_list"))

    page = await cluster.restore_jobs()

    (sent,) = server.sent
    assert (sent.method, sent.url) == ("GET", f"{JOBS}?pageNum=1&itemsPerPage=500")
    assert sent.headers["Accept"] == "application/json"
    assert [job.raw for job in page] == document["results"]
    assert (page.number, page.total_count, page.status) == (1, 2, 200)
    assert page.links == ()  # the vendor's example has none at all
    assert page.service_version is None
    assert dict(page.headers) == {**seed("headers_200_atlas")["headers"], "Content-Length": ANY}


async def test_the_fields_of_a_download_job_have_their_types(cluster, answers, seed):
    answers(seed("atlas_tenant_list"))

    job = (await cluster.restore_jobs())[0]

    assert type(job) is TenantRestoreJob
    assert job.id == "5cc9b501e5dc7c8ab1e45d65"
    assert job.cluster_name == job.target_deployment_item_name == "aws-cluster-1"
    assert job.project_id == job.target_project_id == PROJECT
    assert job.snapshot_id == "5cc9ad92e5dc7c8ab1e41c50"
    assert job.delivery_type is TenantDeliveryType.DOWNLOAD
    assert job.status is TenantStatus.COMPLETED
    assert job.restore_scheduled_date == datetime(2019, 5, 1, 15, 2, 25, tzinfo=UTC)  # submittedAt
    assert job.restore_finished_date == datetime(2019, 5, 1, 15, 2, 25, tzinfo=UTC)  # finishedDate
    assert job.snapshot_finished_date == datetime(2019, 5, 1, 14, 33, 19, tzinfo=UTC)  # timestamp
    assert job.snapshot_moment == job.snapshot_finished_date
    assert job.expiration_date == datetime(2019, 5, 1, 19, 2, 25, tzinfo=UTC)
    assert isinstance(job.snapshot_url, Secret)
    assert str(job.snapshot_url) == "{SNAPSHOT-URL}"
    assert job.links == ()
    assert job.state is JobState.FINISHED


async def test_the_fields_of_a_restore_job_have_their_types(cluster, answers, seed):
    answers(seed("atlas_tenant_list"))

    job = (await cluster.restore_jobs())[1]

    assert job.delivery_type is TenantDeliveryType.RESTORE
    assert job.status is TenantStatus.PENDING
    assert job.snapshot_url is None
    assert job.restore_finished_date is None
    assert job.state is JobState.PENDING


async def test_a_job_knows_where_it_was_found(cluster, answers, seed):
    answers(seed("atlas_tenant_list"))

    page = await cluster.restore_jobs()

    assert [str(job.ref) for job in page] == [
        f"atlas-tenant-v1/{PROJECT}/aws-cluster-1/5cc9b501e5dc7c8ab1e45d65",
        f"atlas-tenant-v1/{PROJECT}/aws-cluster-1/5cc9ae6be5dc7c8ab1e422df",
    ]


async def test_one_job(cluster, answers, seed, server):
    document = answers(seed("atlas_tenant_list")["results"][0])

    job = await cluster.restore_job("5cc9b501e5dc7c8ab1e45d65")

    assert [(sent.method, sent.url) for sent in server.sent] == [("GET", f"{JOBS}/5cc9b501e5dc7c8ab1e45d65")]
    assert job.raw == document
    assert job.state is JobState.FINISHED
    assert str(job.ref) == f"atlas-tenant-v1/{PROJECT}/aws-cluster-1/5cc9b501e5dc7c8ab1e45d65"


@pytest.mark.parametrize("status", ["PENDING", "completed", "SOMETHING_NEW"])
async def test_a_job_status_is_not_taken_for_an_envelope_status(session, told_about_tenant, answers, status):
    cluster = session.with_options(envelope=True).project(PROJECT, ATLAS_TENANT_V1).cluster("aws-cluster-1")
    document = answers({"id": "5cc9b501e5dc7c8ab1e45d65", "status": status})

    job = await cluster.restore_job("5cc9b501e5dc7c8ab1e45d65")

    assert job.raw == document
    assert job.status == status.upper()


async def test_there_is_no_batch_filter(cluster, server):
    with pytest.raises(Unsupported, match=r"Atlas M2/M5 v1\.0 lists have no batch filter; leave batch_id out"):
        cluster.restore_jobs(batch_id="55a7eb7fe4b0ad5b9c8a1c29")

    assert server.sent == []


async def test_a_job_cannot_be_cancelled(cluster, server):
    with pytest.raises(Unsupported, match=r"cannot be cancelled: Atlas M2/M5 v1\.0 does not support it"):
        await cluster.cancel_restore_job("5cc9b501e5dc7c8ab1e45d65")

    assert server.sent == []


async def test_the_process_is_told_once_that_the_api_is_deprecated(session, connect, warned_families):
    with pytest.warns(DeprecationWarning, match="M2/M5") as caught:
        session.project(PROJECT, ATLAS_TENANT_V1)

    assert len(caught) == 1
    assert caught[0].filename == __file__  # the caller's line, not one of ours
    # Warnings are errors here: none of these may warn again, on this or on another session.
    session.project("another", ATLAS_TENANT_V1).cluster("one").restore_jobs()
    session.with_options(timeout=5).projects(ATLAS_TENANT_V1)
    connect().project(PROJECT, ATLAS_TENANT_V1)


async def test_listing_projects_tells_it_as_well(session, warned_families):
    with pytest.warns(DeprecationWarning, match="Atlas Administration API") as caught:
        session.projects(ATLAS_TENANT_V1)

    assert caught[0].filename == __file__


async def test_the_escape_hatch_tells_it_as_well(session, server, warned_families):
    server.will({})

    with pytest.warns(DeprecationWarning, match="Atlas Administration API") as caught:
        await session.request("GET", "/groups", family=ATLAS_TENANT_V1)

    assert caught[0].filename == __file__


async def test_nothing_else_is_deprecated(session, seed, warned_families):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session.project(PROJECT, CLOUD_MANAGER)
        session.project(PROJECT, ATLAS_CLOUD_BACKUP_V1)
        load_job(ATLAS_TENANT_V1, seed("atlas_tenant_list")["results"][0])

    assert warned_families == set()
