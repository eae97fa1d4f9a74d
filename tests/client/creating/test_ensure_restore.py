"""Starting a restore unless the same one is under way."""

from __future__ import annotations

import pytest

from builders.lists import listed
from builders.restores import DOWNLOAD, RESTORE, TARGET
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    OPS_MANAGER,
    AutomatedRestore,
    NotUnique,
    OplogTime,
)

TO_TARGET = {"methodName": "HTTP", "targetGroupId": "p2", "targetClusterId": "c2"}
RUNNING = {"id": "j1", "snapshotId": "s1", "statusName": "IN_PROGRESS", "delivery": TO_TARGET}
UNTOLD = {**RUNNING, "delivery": {"methodName": "HTTP"}}
LINK = {**RUNNING, "delivery": {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1}}


@pytest.fixture
def ensure(connect, server):
    """Ensure a restore where the job list holds what it holds; every create would be answered."""

    async def run(request, *jobs, family=OPS_MANAGER, pretty=False, **arguments):
        server.will_read(listed(*jobs))
        server.will({"id": "new"} if family is ATLAS_CLOUD_BACKUP else listed({"id": "new"}))
        return await connect(pretty=pretty).project("p", family).cluster("c").ensure_restore(request, **arguments)

    return run


@pytest.mark.parametrize(
    ("request_", "running", "until"), [(RESTORE, RUNNING, "finished"), (DOWNLOAD, LINK, "downloadable")]
)
async def test_the_same_restore_is_found_and_not_started_again(ensure, server, request_, running, until):
    batch = await ensure(request_, {**RUNNING, "id": "old", "statusName": "FINISHED"}, running)

    assert [job.id for job in batch] == ["j1"]
    assert (batch.existing, batch.until) == (True, until)
    assert [str(ref) for ref in batch.refs] == ["ops-manager/p/c/j1"]
    assert [source.cluster for source in batch.sources] == ["c"]
    assert server.posts == []


async def test_all_jobs_of_its_batch_are_found(ensure, server):
    jobs = [
        {**RUNNING, "id": "a", "batchId": "b1", "statusName": "FINISHED"},
        {**RUNNING, "id": "x", "snapshotId": "s2"},
        {**RUNNING, "id": "b", "batchId": "b1"},
    ]
    batch = await ensure(RESTORE, *jobs)

    assert ([job.id for job in batch], batch.batch_id) == (["a", "b"], "b1")
    assert server.posts == []


@pytest.mark.parametrize(
    ("request_", "jobs"),
    [
        (RESTORE, []),
        (RESTORE, [{**RUNNING, "statusName": status} for status in ("FINISHED", "BROKEN", "KILLED")]),
        (RESTORE, [{**RUNNING, "snapshotId": "s2", "statusName": "FINISHED"}, LINK]),
        (RESTORE, [{**UNTOLD, "snapshotId": "s2", "statusName": "OPEN"}]),
        (RESTORE, [{**RUNNING, "delivery": {**TO_TARGET, "targetClusterId": "c3"}}]),
        (DOWNLOAD, [RUNNING]),
        (DOWNLOAD, [UNTOLD]),
    ],
)
async def test_without_one_it_is_started(ensure, server, request_, jobs):
    batch = await ensure(request_, *({**job, "id": f"j{index}"} for index, job in enumerate(jobs)))

    assert ([job.id for job in batch], batch.existing) == (["new"], False)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("request_", "running"),
    [
        (RESTORE, UNTOLD),
        (RESTORE, {**RUNNING, "snapshotId": None}),
        (RESTORE, {**RUNNING, "statusName": "OPEN"}),
        (AutomatedRestore(OplogTime(1_700_000_000, 1), TARGET), RUNNING),
    ],
)
async def test_a_possible_duplicate_is_reported_and_nothing_starts(ensure, server, request_, running):
    with pytest.raises(NotUnique, match=r"may be this restore.*\(ops-manager/p/c/j1\)\. Wait for them") as caught:
        await ensure(request_, running)

    assert "create_restore_job" in str(caught.value)
    assert server.posts == []


async def test_several_restores_that_are_the_same_are_named(ensure, server):
    with pytest.raises(NotUnique, match=r"more than once \(ops-manager/p/c/j1, ops-manager/p/c/j2\)"):
        await ensure(RESTORE, RUNNING, {**RUNNING, "id": "j2"})
    assert server.posts == []


async def test_of_several_downloads_that_are_the_same_one_is_enough(ensure, server):
    batch = await ensure(DOWNLOAD, LINK, {**LINK, "id": "j2"})

    assert [job.id for job in batch] == ["j1"]
    assert server.posts == []


async def test_atlas_tells_enough_to_be_sure(ensure, server):
    job = {"deliveryType": "automated", "snapshotId": "s1", "targetGroupId": "p2", "targetClusterName": "c2"}
    over = {**job, "id": "over", "finishedAt": "2026-01-01T00:00:00Z"}
    batch = await ensure(RESTORE, over, {**job, "id": "j1"}, family=ATLAS_CLOUD_BACKUP)

    assert ([job.id for job in batch], batch.existing) == (["j1"], True)
    assert server.posts == []


async def test_the_whole_list_is_looked_at(connect, serve_jobs, server):
    serve_jobs(3, cap=1)

    cluster = connect().project("p", OPS_MANAGER).cluster("c")
    # Jobs that tell nothing but their id may be any restore.
    with pytest.raises(NotUnique, match="c/job-0, ops-manager/p/c/job-1, ops-manager/p/c/job-2"):
        await cluster.ensure_restore(RESTORE)
    assert server.pages == [1, 2, 3]


async def test_flags_of_the_session_reach_the_look_and_the_create(ensure, server):
    await ensure(RESTORE, pretty=True)

    # The lists of source and target, and that before the create.
    assert [sent.method for sent in server.sent] == ["GET", "GET", "GET", "POST"]
    assert {sent.query["pretty"] for sent in server.sent} == {"true"}
