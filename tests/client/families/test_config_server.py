"""Config servers (SCCC) of Ops Manager and Cloud Manager through the client: the same verbs, by host."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.constants import PROJECT
from mongorestore_async import (
    ATLAS_LEGACY,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AutomatedRestore,
    Checkpoint,
    HttpRestore,
    JobState,
    OplogTime,
    PointInTime,
    RestoreJob,
    Snapshot,
    Target,
    Unsupported,
)

HOST = "56b9378d601b120738868a50fe4a2e91"
JOB = "56b93ef8e4b0aa9ab0bd4dc8"
JOBS = f"https://om.example.com:8443/api/public/v1.0/groups/{PROJECT}/hosts/{HOST}/restoreJobs"
TARGET = Target(PROJECT, "c")
DOCUMENT = {
    "id": JOB,
    "groupId": PROJECT,
    "hostId": HOST,
    "created": "2016-02-09T01:19:52Z",
    "delivery": {"methodName": "HTTP", "statusName": "READY", "expirationHours": 1, "maxDownloads": 1},
    "hashes": [],
    "links": [{}],
    "snapshotId": "56b93ef8e4b0aa9ab0bd4dc9",
    "statusName": "FINISHED",
}


@pytest.fixture(params=[OPS_MANAGER, CLOUD_MANAGER], ids=repr)
def config_server(request, session):
    return session.project(PROJECT, request.param).config_server(HOST)


async def test_jobs_are_listed_and_read_by_host(config_server, server):
    # The list page's example has no links, and the host's id for a cluster's.
    server.will({"results": [{**DOCUMENT, "clusterId": HOST, "hostId": None}], "totalCount": 1})
    server.will(DOCUMENT)

    page = await config_server.restore_jobs()
    job = await config_server.restore_job(JOB)

    assert [sent.url for sent in server.sent] == [f"{JOBS}?pageNum=1&itemsPerPage=500", f"{JOBS}/{JOB}"]
    assert (page[0].cluster_id, page[0].host_id) == (HOST, None)
    assert (job.cluster_id, job.host_id) == (None, HOST)
    assert type(job) is RestoreJob
    assert job.timestamp is job.batch_id is None
    assert job.state is JobState.FINISHED
    refs = {str(job.ref), str(page[0].ref), str(config_server.ref(JOB))}
    assert refs == {f"{config_server.family.name}/{PROJECT}/host:{HOST}/{JOB}"}


async def test_a_download_sends_one_expiry_and_reads_a_bare_job(config_server, server):
    server.will({"results": [], "totalCount": 0})
    server.will(DOCUMENT)

    batch = await config_server.create_restore_job(HttpRestore("56b93ef8e4b0aa9ab0bd4dc9", 1, expiration_hours=1))

    (sent,) = server.posts
    assert sent.url == JOBS
    assert sent.body == {
        "snapshotId": "56b93ef8e4b0aa9ab0bd4dc9",
        "delivery": {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1},
    }
    assert [job.raw for job in batch] == [DOCUMENT]
    assert batch.refs == (config_server.ref(JOB),)


@pytest.mark.parametrize(
    "source",
    [Snapshot("s"), OplogTime(1_600_000_000, 1), PointInTime(datetime(2026, 1, 1, tzinfo=UTC)), Checkpoint("k")],
    ids=lambda source: type(source).__name__,
)
async def test_there_is_no_cluster_to_restore_into(config_server, server, source):
    with pytest.raises(Unsupported, match=r"config server does not support .*: use one of HttpRestore"):
        await config_server.create_restore_job(AutomatedRestore(source, TARGET))

    assert server.sent == []


async def test_its_jobs_cannot_be_cancelled(config_server, server):
    with pytest.raises(Unsupported, match="cannot be cancelled"):
        await config_server.cancel_restore_job(JOB)

    assert server.sent == []


async def test_atlas_has_no_config_servers_of_its_own(connect, told_about_families):
    project = connect(base_url="https://cloud.example.com").project(PROJECT, ATLAS_LEGACY)

    with pytest.raises(Unsupported, match="Atlas legacy backup does not restore config servers"):
        project.config_server(HOST)
