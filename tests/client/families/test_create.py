"""Creating restore jobs on Cloud Manager and Ops Manager through the client."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import attrs
import pytest

from builders.constants import CLUSTER, JOBS, PROJECT
from mongorestore_async import (
    CLOUD_MANAGER,
    OPS_MANAGER,
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    ConfigError,
    DataError,
    HttpRestore,
    JobState,
    MaybeCreated,
    NotFound,
    OplogTime,
    PointInTime,
    RestoreBatch,
    RestoreJob,
    Snapshot,
    Target,
)

TARGET = Target("{TARGET-PROJECT-ID}", "{TARGET-CLUSTER-ID}")
NOW = datetime(2018, 9, 11, 8, 0, tzinfo=UTC)  # the moment of the vendor's example lies less than 24 hours back

#: Seed fixture -> what a user writes for it.
VARIANTS = {
    "cloud_manager_create_snapshot_http": HttpRestore("{SNAPSHOT-ID}", 1, expiration_hours=1),
    "cloud_manager_create_automated_snapshot": AutomatedRestore(Snapshot("{SNAPSHOT-ID}"), TARGET),
    "cloud_manager_create_automated_oplog": AutomatedRestore(OplogTime(1536610288, 1), TARGET),
    "cloud_manager_create_automated_pit": AutomatedRestore(
        PointInTime(datetime(2018, 9, 10, 20, 11, 28, tzinfo=UTC)), TARGET
    ),
    "cloud_manager_create_automated_checkpoint": AutomatedRestore(Checkpoint("{CHECKPOINT-ID}"), TARGET),
}
SNAPSHOT = VARIANTS["cloud_manager_create_automated_snapshot"]

each_family = pytest.mark.parametrize("family", [OPS_MANAGER, CLOUD_MANAGER], ids=lambda family: family.name)
each_variant = pytest.mark.parametrize(("fixture", "request_"), VARIANTS.items(), ids=VARIANTS)

#: Documented type of every member of a request that is no string.
NUMBERS = {"expirationHours", "maxDownloads", "pointInTimeUTCMillis"}


@pytest.fixture
def open_cluster(connect, server):
    """Open a cluster without jobs at a time of one's choice."""
    server.will_read({"results": [], "totalCount": 0})

    def make(family, now=NOW, **arguments):
        session = connect(**arguments)
        session._view = attrs.evolve(session._view, now=lambda: now)
        return session.project(PROJECT, family).cluster(CLUSTER)

    return make


def coerced(document):
    """The vendor's examples write every number as a string."""
    return {
        name: coerced(value) if isinstance(value, dict) else int(value) if name in NUMBERS else value
        for name, value in document.items()
    }


@each_family
@each_variant
async def test_what_is_sent_is_what_the_vendor_documents(open_cluster, server, seed, family, fixture, request_):
    server.will(seed(fixture))

    await open_cluster(family).create_restore_job(request_)

    (sent,) = server.posts
    assert sent.url == JOBS
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.headers["Accept"] == "application/json"
    assert not sent.allow_redirects
    assert sent.body == coerced(seed(f"{fixture}_request"))
    for name, value in {**sent.body, **sent.body["delivery"]}.items():
        assert type(value) is (int if name in NUMBERS else dict if name == "delivery" else str)


@each_family
async def test_the_job_list_is_read_once_before(open_cluster, server, family):
    server.will({"id": "a"})

    await open_cluster(family, envelope=True, pretty=True).create_restore_job(SNAPSHOT)

    assert [(sent.method, sent.url) for sent in server.sent] == [
        ("GET", f"{JOBS}?pageNum=1&itemsPerPage=500&envelope=true&pretty=true"),
        ("POST", f"{JOBS}?envelope=true&pretty=true"),
    ]


async def test_nothing_is_created_where_the_job_list_cannot_be_read(connect, server):
    server.will({"error": 404, "errorCode": "CLUSTER_NOT_FOUND"}, status=404)

    with pytest.raises(NotFound, match="CLUSTER_NOT_FOUND"):
        await connect().project(PROJECT, OPS_MANAGER).cluster(CLUSTER).create_restore_job(SNAPSHOT)

    assert server.posts == []


@each_family
@each_variant
async def test_the_vendors_answer_is_a_batch_of_one_job(open_cluster, server, seed, family, fixture, request_):
    document = seed(fixture)
    server.will(document, headers=seed("headers_200_ops_cloud_manager")["headers"])

    batch = await open_cluster(family).create_restore_job(request_)

    assert type(batch) is RestoreBatch
    assert len(batch) == 1
    assert [job.raw for job in batch] == document["results"]
    assert type(batch[0]) is RestoreJob
    assert batch[0].created.tzinfo is UTC
    assert batch[0].state is JobState.FINISHED
    assert batch.batch_id == "{BATCH-ID}"
    name = document["results"][0]["id"].strip("{}")
    assert [str(ref) for ref in batch.refs] == [f"{family.name}/{PROJECT}/{CLUSTER}/%7B{name}%7D"]
    assert batch.refs == (batch[0].ref,)


@each_family
@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("bare", [True, False], ids=["bare job", "list document"])
@pytest.mark.parametrize("wrapper", ["content", "envelope", "results beside status", None])
async def test_an_answer_is_read_in_every_form_it_has(open_cluster, server, seed, family, status, bare, wrapper):
    document = seed("cloud_manager_create_automated_oplog")
    job = document["results"][0]
    inner = job if bare else document
    if wrapper is None:
        answer = inner
    elif wrapper == "results beside status":
        answer = {"status": status, **document}
    else:
        answer = {"status": status, wrapper: inner}
    server.will(answer, status=status)

    batch = await open_cluster(family, envelope=wrapper is not None).create_restore_job(SNAPSHOT)

    assert server.last.url == JOBS + ("?envelope=true" if wrapper else "")
    assert [each.raw for each in batch] == [job]
    assert batch[0].ref.job == "{RESTORE-JOB-ID}"


@pytest.mark.parametrize("wrapper", ["content", "envelope"])
async def test_an_envelope_nobody_asked_for_is_opened_too(open_cluster, server, seed, wrapper):
    document = seed("cloud_manager_create_automated_oplog")
    server.will({"status": 201, wrapper: document})

    batch = await open_cluster(CLOUD_MANAGER).create_restore_job(SNAPSHOT)

    assert [job.raw for job in batch] == document["results"]


@each_family
async def test_a_sharded_restore_is_a_batch_of_several_jobs(open_cluster, server, family):
    server.will({"results": [{"id": f"job-{index}", "batchId": "b"} for index in range(3)], "totalCount": 3})

    batch = await open_cluster(family).create_restore_job(SNAPSHOT)

    assert len(batch) == 3
    assert [job.id for job in batch] == [ref.job for ref in batch.refs] == ["job-0", "job-1", "job-2"]
    assert batch.batch_id == "b"


@pytest.mark.parametrize(
    ("batches", "found"),
    [((None,), None), ((None, None), None), (("a", "b"), None), (("a", None), None), (("a", "a"), "a")],
)
async def test_the_batch_id_is_what_all_jobs_agree_on(open_cluster, server, batches, found):
    jobs = [{"id": str(index), "batchId": batch} for index, batch in enumerate(batches)]
    server.will({"results": jobs})

    assert (await open_cluster(OPS_MANAGER).create_restore_job(SNAPSHOT)).batch_id == found


@each_family
@pytest.mark.parametrize("envelope", [True, False])
async def test_zero_jobs_are_no_success(open_cluster, server, family, envelope):
    answer = {"results": [], "totalCount": 0}
    server.will({"status": 200, "envelope": answer} if envelope else answer)

    with pytest.raises(MaybeCreated, match="before you send it again") as caught:
        await open_cluster(family, envelope=envelope).create_restore_job(SNAPSHOT)

    assert len(server.posts) == 1
    assert isinstance(caught.value.__cause__, DataError)
    assert caught.value.__cause__.path == "$.results"
    assert caught.value.request.method == "POST"
    assert caught.value.request.status == 200


async def test_an_expiry_is_sent_in_whole_seconds_utc(open_cluster, server):
    server.will({"id": "a"})
    zone = datetime.fromisoformat("2020-01-02T03:04:05.678+02:00")

    await open_cluster(CLOUD_MANAGER, pretty=True).create_restore_job(HttpRestore("s", 3, expires=zone))

    assert server.last.url == f"{JOBS}?pretty=true"
    assert server.last.body == {
        "snapshotId": "s",
        "delivery": {"methodName": "HTTP", "maxDownloads": 3, "expires": "2020-01-02T01:04:05Z"},
    }


async def test_what_is_left_to_the_server_is_not_sent_at_all(open_cluster, server):
    server.will({"id": "a"})

    await open_cluster(OPS_MANAGER).create_restore_job(
        HttpRestore("s", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT)
    )

    assert server.last.body == {"snapshotId": "s", "delivery": {"methodName": "HTTP"}}


@each_family
@pytest.mark.parametrize("age", [timedelta(hours=24, minutes=4), timedelta(minutes=-4), timedelta(hours=1)])
async def test_a_point_in_time_may_differ_by_what_clocks_differ(open_cluster, server, family, age):
    server.will({"id": "a"})

    await open_cluster(family).create_restore_job(AutomatedRestore(PointInTime(NOW - age), TARGET))

    assert server.last.body["pointInTimeUTCMillis"] == (NOW - age).timestamp() * 1000


@each_family
@pytest.mark.parametrize("age", [timedelta(hours=24, minutes=6), timedelta(minutes=-6)])
async def test_a_point_in_time_out_of_reach_is_never_sent(open_cluster, server, family, age):
    with pytest.raises(ConfigError, match="24 hours"):
        await open_cluster(family).create_restore_job(AutomatedRestore(PointInTime(NOW - age), TARGET))

    assert server.sent == []


async def test_the_clock_is_the_real_one_unless_told(session, server):
    server.will_read({"results": []})
    server.will({"id": "a"})
    cluster = session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER)

    with pytest.raises(ConfigError, match="24 hours"):
        await cluster.create_restore_job(VARIANTS["cloud_manager_create_automated_pit"])
    await cluster.create_restore_job(AutomatedRestore(PointInTime(datetime.now(UTC) - timedelta(hours=1)), TARGET))

    assert len(server.posts) == 1


@pytest.mark.parametrize("request_", [None, {"snapshotId": "s"}, Snapshot("s"), HttpRestore])
async def test_something_else_than_a_request_is_never_sent(open_cluster, server, request_):
    with pytest.raises(ConfigError, match="must be an HttpRestore, an AutomatedRestore or a CollectionRestore"):
        await open_cluster(CLOUD_MANAGER).create_restore_job(request_)

    assert server.sent == []
