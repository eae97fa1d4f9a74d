"""Cloud Manager v1.0: listing and reading restore jobs through the client."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.constants import CLUSTER, PROJECT
from mongorestore_async import (
    CLOUD_MANAGER,
    AsyncSession,
    DeliveryStatus,
    JobState,
    OplogTimestamp,
    RestoreJob,
    Secret,
    Unsupported,
)

JOBS = f"https://cloud.mongodb.com/api/public/v1.0/groups/{PROJECT}/clusters/{CLUSTER}/restoreJobs"
HEADERS = "headers_200_ops_cloud_manager"


@pytest.fixture
async def cluster(server):
    # The default base URL: the vendor's own host.
    async with AsyncSession(None) as session:
        yield session.project(PROJECT, CLOUD_MANAGER).cluster(CLUSTER)


async def test_all_jobs_are_asked_for_at_the_vendors_host(cluster, answers, seed, server):
    document = answers(seed("cloud_manager_list"))

    page = await cluster.restore_jobs()

    (sent,) = server.sent
    assert (sent.method, sent.url) == ("GET", f"{JOBS}?pageNum=1&itemsPerPage=500")
    assert sent.headers["Accept"] == "application/json"
    assert [job.raw for job in page] == document["results"]
    assert (page.number, page.total_count, page.status) == (1, 2, 200)
    assert [link.href for link in page.links] == [document["links"][0]["href"]]
    assert page.headers["Vary"] == "Accept-Encoding"
    assert page.service_version.version == "{ApplicationVersion}"


async def test_the_fields_of_a_listed_job_have_their_types(cluster, answers, seed):
    document = answers(seed("cloud_manager_list"))

    job = (await cluster.restore_jobs())[1]

    assert type(job) is RestoreJob
    assert job.created == datetime(2017, 4, 18, 19, 21, 23, tzinfo=UTC)
    assert job.timestamp == OplogTimestamp(date=datetime(2017, 4, 19, 21, 14, 25, tzinfo=UTC), increment=1)
    assert job.point_in_time is None  # D7: not in the example, so unknown
    assert job.encryption_enabled is False
    assert job.state is JobState.FINISHED
    assert job.delivery.status_name is DeliveryStatus.READY
    assert job.delivery.expires == datetime(2017, 4, 18, 20, 21, 23, tzinfo=UTC)
    assert isinstance(job.delivery.url, Secret)
    assert str(job.delivery.url) == document["results"][1]["delivery"]["url"]


async def test_the_key_in_a_download_url_is_not_shown(cluster, answers, seed):
    answers(seed("cloud_manager_list"))

    page = await cluster.restore_jobs()

    assert "/NWRlMTk4NzgxYzNjNDIzOTg2Yzc3YzkyODYxYjNjMzY=/electron" in page[1].delivery.url
    for shown in (repr(page), str(page), repr(page[1]), repr(page[1].raw), str(page[1].to_dict()), f"{page[1]}"):
        assert "NWRlMTk4" not in shown
        assert "OTY0ZmFi" not in shown


async def test_a_job_knows_where_it_was_found(cluster, answers, seed):
    answers(seed("cloud_manager_list"))

    job = (await cluster.restore_jobs())[0]

    assert str(job.ref) == f"cloud-manager/{PROJECT}/{CLUSTER}/%7BJOB-ID%7D"


async def test_the_jobs_of_one_batch_are_asked_for_by_its_id(cluster, answers, seed, server):
    answers(seed("cloud_manager_list"))

    jobs = [job async for job in cluster.restore_jobs(batch_id="55a7eb7fe4b0ad5b9c8a1c29")]

    assert len(jobs) == 2
    assert [sent.url for sent in server.sent] == [f"{JOBS}?pageNum=1&itemsPerPage=500&batchId=55a7eb7fe4b0ad5b9c8a1c29"]


async def test_the_batch_is_asked_for_on_every_page(cluster, serve_jobs, server):
    serve_jobs(5)

    await cluster.restore_jobs(batch_id="b", items_per_page=2).collect()

    assert [(sent.page, sent.query["batchId"]) for sent in server.sent] == [(1, "b"), (2, "b"), (3, "b")]


async def test_one_job(cluster, answers, seed, server):
    document = answers(seed("cloud_manager_list")["results"][1])

    job = await cluster.restore_job("58f66453e4b0d1e8e4b0d1e8")

    assert [(sent.method, sent.url) for sent in server.sent] == [("GET", f"{JOBS}/58f66453e4b0d1e8e4b0d1e8")]
    assert job.raw == document
    assert job.created == datetime(2017, 4, 18, 19, 21, 23, tzinfo=UTC)
    assert str(job.ref) == f"cloud-manager/{PROJECT}/{CLUSTER}/%7BJOB-ID%7D"


@pytest.mark.parametrize(
    ("flags", "query"),
    [
        ({"envelope": True}, "envelope=true"),
        ({"pretty": True}, "pretty=true"),
        ({"envelope": False, "pretty": False}, ""),
    ],
)
async def test_the_documented_flags_of_one_job(connect, answers, seed, server, flags, query):
    cluster = connect(**flags).project(PROJECT, CLOUD_MANAGER).cluster(CLUSTER)
    answers(seed("cloud_manager_list")["results"][0])

    await cluster.restore_job("x")

    assert server.last.url.partition("?")[2] == query


async def test_an_unrelated_query_parameter_is_passed_through(cluster, answers, seed, server):
    answers(seed("cloud_manager_list"))

    await cluster.restore_jobs(query={"backupJobsEnabledOnly": True})

    assert server.last.url == f"{JOBS}?pageNum=1&itemsPerPage=500&backupJobsEnabledOnly=true"


async def test_no_call_cancels_a_job(cluster, server):
    with pytest.raises(Unsupported, match="Cloud Manager does not support it"):
        await cluster.cancel_restore_job("x")

    assert server.sent == []
