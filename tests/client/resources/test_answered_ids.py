"""An answer counts for what was asked for by its id, and for nothing else."""

import pytest
from aiohttp import ServerDisconnectedError

from builders.constants import PROJECT
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_LEGACY_V1,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AutomatedRestore,
    BadRequest,
    Checkpoint,
    ConfigError,
    DataError,
    HttpRestore,
    JobRef,
    NotFound,
    Options,
    PollPolicy,
    RetryPolicy,
    Target,
)

ASKED, OTHER = "1" * 23 + "a", "9" * 23 + "b"
FAMILIES = [OPS_MANAGER, CLOUD_MANAGER, ATLAS_LEGACY_V1, ATLAS_CLOUD_BACKUP, ATLAS_FLEX]

READS = {
    "job": lambda cluster: cluster.restore_job(ASKED),
    "snapshot": lambda cluster: cluster.snapshot(ASKED),
    "precheck of a snapshot": lambda cluster: cluster.dry_run(HttpRestore.on_server_terms(ASKED), precheck=True),
}


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_an_answer_about_another_is_refused(open_atlas, server, family, read):
    cluster = open_atlas(family)
    server.will_read({"id": OTHER, "status": "COMPLETED", "statusName": "FINISHED", "complete": True})

    with pytest.raises(DataError, match="about another") as caught:
        await read(cluster)

    assert (caught.value.path, caught.value.status, caught.value.transient) == ("$.id", 200, True)
    assert OTHER not in f"{caught.value} {caught.value!r}"
    assert caught.value.request.method == "GET"


@pytest.mark.parametrize("family", FAMILIES, ids=str)
@pytest.mark.parametrize("read", READS.values(), ids=READS)
async def test_ids_in_another_case_are_the_same(open_atlas, server, family, read):
    cluster = open_atlas(family)
    server.will_read({"id": ASKED.upper(), "status": "COMPLETED", "complete": True})

    await read(cluster)


async def test_another_job_of_a_config_server_is_refused(session, server):
    server.will_read({"id": OTHER})

    with pytest.raises(DataError, match="another RestoreJob"):
        await session.project(PROJECT, OPS_MANAGER).config_server("h" * 32).restore_job(ASKED)


async def test_another_checkpoint_is_refused(cluster, server):
    server.will_read({"id": OTHER, "restorable": True})

    with pytest.raises(DataError, match="another ClusterCheckpoint"):
        await cluster.checkpoint(ASKED)


async def test_a_precheck_takes_no_other_checkpoint(cluster, server):
    def answer(sent):
        if "/checkpoints/" in sent.url:
            return server.answer({"id": OTHER, "restorable": True})
        return server.answer({"results": [], "totalCount": 0})

    server.serve(answer)

    with pytest.raises(DataError, match="another ClusterCheckpoint"):
        await cluster.dry_run(AutomatedRestore(Checkpoint(ASKED), Target("p", "c")), precheck=True)


async def test_a_cancel_is_not_proved_by_another_job(open_atlas, server):
    """The answer to the cancel was lost, the next one is a refusal: whether the first had its effect is looked up."""
    cluster = open_atlas(ATLAS_CLOUD_BACKUP, options=Options(retry=RetryPolicy(base=0), rate_limits=None))
    refusal = {"error": 400, "errorCode": "CANNOT_CANCEL_AUTOMATED_RESTORE", "detail": "not any more"}
    script = iter([ServerDisconnectedError(), server.answer(refusal, status=400)] * 2)
    answered = {"id": OTHER, "cancelled": True}
    server.serve(lambda sent: next(script) if sent.method == "DELETE" else server.answer(answered))

    with pytest.raises(BadRequest):
        await cluster.cancel_restore_job(ASKED)
    answered["id"] = ASKED.upper()
    await cluster.cancel_restore_job(ASKED)


@pytest.mark.parametrize("family", [OPS_MANAGER, CLOUD_MANAGER, ATLAS_LEGACY_V1], ids=str)
async def test_a_list_of_another_batch_is_refused(open_atlas, server, family):
    cluster = open_atlas(family)
    jobs = [{"id": "a", "batchId": "B1"}, {"id": "b"}, {"id": "c", "batchId": "b2"}]
    server.will_read({"results": jobs, "totalCount": 3})

    with pytest.raises(DataError, match="another batch") as caught:
        await cluster.restore_jobs(batch_id="b1").collect()

    assert caught.value.path == "$.results[2].batchId"
    assert [job.id async for job in cluster.restore_jobs()] == ["a", "b", "c"]
    server.will_read({"results": jobs[:2], "totalCount": 2})
    assert [job.id async for job in cluster.restore_jobs(batch_id="b1")] == ["a", "b"]


async def test_the_shard_that_a_job_names_is_not_compared(cluster, server):
    """Sharded clusters have ids of their own for their members: only the id of the job is what was asked for."""
    server.will_read({"id": ASKED, "clusterId": "shard", "groupId": "elsewhere", "clusterName": "other"})

    assert (await cluster.restore_job(ASKED)).cluster_id == "shard"


ADDRESSES = [
    (OPS_MANAGER, f"ops-manager/{PROJECT}/c/{ASKED}", f"/groups/{PROJECT}/clusters/c/restoreJobs/{ASKED}"),
    (OPS_MANAGER, f"ops-manager/{PROJECT}/host:h/{ASKED}", f"/groups/{PROJECT}/hosts/h/restoreJobs/{ASKED}"),
    (ATLAS_FLEX, f"atlas-flex/{PROJECT}/c/{ASKED}", f"/groups/{PROJECT}/flexClusters/c/backup/restoreJobs/{ASKED}"),
]


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(("family", "address", "path"), ADDRESSES)
async def test_a_job_is_read_by_its_address(connect, server, family, address, path, as_text):
    session = connect(base_url="https://om.example.com")
    server.will({"id": ASKED, "status": "COMPLETED"})

    job = await session.restore_job(address if as_text else JobRef.parse(address))

    assert (type(job), str(job.ref)) == (family.job_type, address)
    assert [sent.url.partition("?")[0].endswith(path) for sent in server.sent] == [True]


async def test_an_address_is_looked_at_once_without_grace(connect, server):
    session = connect(options=Options(poll=PollPolicy(grace=3600)))
    server.will({"error": 404, "errorCode": "RESTORE_JOB_NOT_FOUND", "detail": "No."}, status=404)

    with pytest.raises(NotFound):
        await session.restore_job(ADDRESSES[0][1])
    assert len(server.sent) == 1


@pytest.mark.parametrize("ref", ["nonsense", "levitation/p/c/j", "ops-manager/p/c/..", 7, None])
async def test_a_bad_address_is_refused_before_any_call(session, server, ref):
    with pytest.raises(ConfigError):
        await session.restore_job(ref)
    assert server.sent == []
