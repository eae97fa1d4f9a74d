"""Ops Manager v1.0: listing and reading restore jobs through the client."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import ANY

import pytest

from builders.constants import CLUSTER, PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    DeliveryStatus,
    JobState,
    JobStatus,
    OplogTimestamp,
    RestoreJob,
    Secret,
    ServiceVersion,
    Unsupported,
)

BASE = "https://om.example.com:8443/api/public/v1.0"
JOBS = f"{BASE}/groups/{PROJECT}/clusters/{CLUSTER}/restoreJobs"
BATCH = "55a7eb7fe4b0ad5b9c8a1c29"
HEADERS = "headers_200_ops_cloud_manager"


async def test_listing_all_jobs_sends_only_page_and_size(cluster, answers, seed, server):
    document = answers(seed("ops_manager_list"))

    page = await cluster.restore_jobs()

    (sent,) = server.sent
    assert sent.method == "GET"
    assert sent.url == f"{JOBS}?pageNum=1&itemsPerPage=500"
    assert sent.headers["Accept"] == "application/json"
    assert sent.headers.keys() == {"Accept", "User-Agent"}
    assert sent.data is None
    assert not sent.allow_redirects
    assert [job.raw for job in page] == document["results"]


async def test_the_page_tells_what_came_around_the_jobs(cluster, answers, seed):
    document = answers(seed("ops_manager_list"))

    page = await cluster.restore_jobs()

    assert page.number == 1
    assert page.total_count == 2
    assert [(link.rel, link.href) for link in page.links] == [("self", document["links"][0]["href"])]
    assert page.status == 200
    assert not page.drifted
    assert dict(page.headers) == {**seed("headers_200_ops_cloud_manager")["headers"], "Content-Length": ANY}
    assert page.headers["strict-transport-security"] == "max-age=300"
    assert page.service_version == ServiceVersion(
        git_hash="{gitHash}",
        version="{ApplicationVersion}",
        raw="gitHash={gitHash}; versionString={ApplicationVersion}",
    )


async def test_the_fields_of_a_listed_job_have_their_types(cluster, answers, seed):
    document = answers(seed("ops_manager_list"))

    job = (await cluster.restore_jobs())[0]

    assert type(job) is RestoreJob
    assert job.id == "{JOB-ID}"
    assert job.batch_id == "{BATCH-ID}"
    assert job.cluster_id == "{CLUSTER-ID}"
    assert job.group_id == "{PROJECT-ID}"
    assert job.snapshot_id == "{SNAPSHOT-ID}"
    assert job.created == datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)
    assert job.timestamp == OplogTimestamp(date=datetime(2017, 4, 18, 15, 14, 25, tzinfo=UTC), increment=1)
    assert job.snapshot_moment == datetime(2017, 4, 18, 15, 14, 25, tzinfo=UTC)
    assert job.status_name is JobStatus.FINISHED
    assert job.state is JobState.FINISHED
    assert job.encryption_enabled is False
    assert job.point_in_time is False
    assert job.delivery.status_name is DeliveryStatus.READY
    assert job.delivery.expiration_hours == job.delivery.max_downloads == 1
    assert job.delivery.expires == datetime(2017, 4, 21, 4, 49, 57, tzinfo=UTC)
    assert isinstance(job.delivery.url, Secret)
    assert str(job.delivery.url) == document["results"][0]["delivery"]["url"]
    assert [link.name for link in job.links] == ["self"]


async def test_a_job_knows_where_it_was_found(cluster, answers, seed):
    answers(seed("ops_manager_list"))

    job = (await cluster.restore_jobs())[1]

    # From the path of the request; the document says {PROJECT-ID} and {CLUSTER-ID}.
    assert str(job.ref) == f"ops-manager/{PROJECT}/{CLUSTER}/%7BJOB-ID%7D"


async def test_a_walk_keeps_two_jobs_that_share_a_placeholder_id(cluster, answers, seed, server):
    answers(seed("ops_manager_list"))

    jobs = [job async for job in cluster.restore_jobs()]

    assert [job.timestamp.date.day for job in jobs] == [18, 19]
    assert server.pages == [1]


async def test_the_jobs_of_one_batch_are_asked_for_by_its_id(cluster, answers, seed, server):
    answers(seed("ops_manager_list"))

    page = await cluster.restore_jobs(batch_id=BATCH)

    assert len(page) == 2
    assert server.last.url == f"{JOBS}?pageNum=1&itemsPerPage=500&batchId={BATCH}"


async def test_one_job(cluster, answers, seed, server):
    document = answers(seed("ops_manager_list")["results"][0])

    job = await cluster.restore_job("58f9a3a2e4b0d1e8e4b0d1e8")

    (sent,) = server.sent
    assert sent.method == "GET"
    assert sent.url == f"{JOBS}/58f9a3a2e4b0d1e8e4b0d1e8"
    assert sent.headers["Accept"] == "application/json"
    assert type(job) is RestoreJob
    assert job.raw == document
    assert job.state is JobState.FINISHED
    # The placeholder of the vendor's example contradicts no id; the reference names it.
    assert str(job.ref) == f"ops-manager/{PROJECT}/{CLUSTER}/%7BJOB-ID%7D"


async def test_the_job_listed_and_the_job_read_are_equal(cluster, answers, seed):
    document = seed("ops_manager_list")
    answers(document)
    answers(document["results"][1])

    page = await cluster.restore_jobs()
    job = await cluster.restore_job("x")

    assert job == page[1]
    assert hash(job) == hash(page[1])
    assert job != page[0]


async def test_envelope_and_pretty_are_asked_for_on_lists_and_jobs(connect, seed, server):
    cluster = connect(envelope=True, pretty=True).project(PROJECT, OPS_MANAGER).cluster(CLUSTER)
    document = seed("ops_manager_list")
    server.will({"status": 200, **document})
    server.will({"status": 200, "content": document["results"][0]})

    page = await cluster.restore_jobs()
    job = await cluster.restore_job("x")

    assert server.sent[0].url == f"{JOBS}?pageNum=1&itemsPerPage=500&envelope=true&pretty=true"
    assert server.sent[1].url == f"{JOBS}/x?envelope=true&pretty=true"
    assert [each.raw for each in page] == document["results"]
    assert page.total_count == 2
    assert job == page[0]


async def test_no_call_cancels_a_job(cluster, server):
    with pytest.raises(Unsupported, match="Ops Manager does not support it"):
        await cluster.cancel_restore_job("58f9a3a2e4b0d1e8e4b0d1e8")

    assert server.sent == []


async def test_projects_and_clusters_are_listed(session, server):
    server.will({"results": [{"id": PROJECT, "name": "drill"}], "totalCount": 1})
    server.will(
        {
            "results": [
                {"id": "c1", "clusterName": "animals", "typeName": "SHARDED_REPLICA_SET"},
                {"id": "c2", "clusterName": "animals", "typeName": "REPLICA_SET", "shardName": "shard-0"},
                {"id": "c3", "clusterName": "animals", "typeName": "CONFIG_SERVER_REPLICA_SET"},
            ],
            "totalCount": 3,
        }
    )

    projects = [project async for project in session.projects(OPS_MANAGER)]
    clusters = [each async for each in session.project(projects[0].id, OPS_MANAGER).clusters(items_per_page=7)]

    assert [sent.url for sent in server.sent] == [
        f"{BASE}/groups?pageNum=1&itemsPerPage=500",
        f"{BASE}/groups/{PROJECT}/clusters?pageNum=1&itemsPerPage=7",
    ]
    assert [project.name for project in projects] == ["drill"]
    assert [each.id for each in clusters if each.takes_restores] == ["c1"]
