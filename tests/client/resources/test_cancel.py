"""Cancelling restore jobs, and what a lost answer to a cancel means."""

from __future__ import annotations

import aiohttp
import pytest

from builders.constants import JOB
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_CLOUD_BACKUP_V1,
    FAMILIES,
    NO_RETRY,
    ApiError,
    BadRequest,
    ConnectionBroken,
    DataError,
    Forbidden,
    NotFound,
    Options,
    RateLimited,
    RetryPolicy,
    ServerError,
    Unsupported,
)

NOT_FOUND = {"error": 404, "errorCode": "RESTORE_JOB_NOT_FOUND", "detail": "no such job"}
OVER = {"error": 400, "errorCode": "CANNOT_CANCEL_AUTOMATED_RESTORE", "detail": "not any more"}
LOST = aiohttp.ServerDisconnectedError()
AGAIN = Options(retry=RetryPolicy(base=0), rate_limits=None)


@pytest.fixture
def cluster(open_atlas):
    """Open a cluster whose calls are repeated at once."""
    return open_atlas(ATLAS_CLOUD_BACKUP, options=AGAIN)


@pytest.fixture
def play(server):
    """Answer the cancels one after the other, and every read with one document."""

    def start(*answers, job=None):
        script = iter(answers)
        server.serve(
            lambda sent: next(script) if sent.method == "DELETE" else server.answer(job or {"id": JOB}, status=200)
        )
        return lambda: [sent.method for sent in server.sent]

    return start


@pytest.mark.parametrize(
    ("family", "api"), [(ATLAS_CLOUD_BACKUP, "v2"), (ATLAS_CLOUD_BACKUP_V1, "v1.0")], ids=["v2", "v1.0"]
)
@pytest.mark.parametrize("status", [200, 202, 204])
@pytest.mark.parametrize("body", [None, {"id": JOB, "cancelled": True}, {}])
async def test_any_success_with_or_without_a_body_is_a_cancel(open_atlas, server, family, api, status, body):
    cluster = open_atlas(family)
    server.will(body, status=status) if body is not None else server.will(status=status, body=b"")

    assert await cluster.cancel_restore_job(JOB) is None

    (sent,) = server.sent
    jobs = f"https://cloud.example.com/api/atlas/{api}/groups/{cluster.project}/clusters/Cluster0/backup/restoreJobs"
    assert (sent.method, sent.url, sent.data) == ("DELETE", f"{jobs}/{JOB}", None)
    assert sent.headers["Accept"] == family.media_type
    assert "Content-Type" not in sent.headers


@pytest.mark.parametrize("inner", [{"status": 204}, {"status": 200, "content": {}}])
async def test_a_cancel_in_an_envelope(open_atlas, server, inner):
    cluster = open_atlas(ATLAS_CLOUD_BACKUP, envelope=True)
    server.will(inner)

    await cluster.cancel_restore_job(JOB)

    assert server.last.url.endswith("?envelope=true")


async def test_a_login_page_is_no_cancel(open_atlas, server):
    cluster = open_atlas(ATLAS_CLOUD_BACKUP)
    server.will(body=b"<html>please log in</html>", content_type="text/html")

    with pytest.raises(DataError, match="not JSON"):
        await cluster.cancel_restore_job(JOB)


@pytest.mark.parametrize(
    "family", [family for family in FAMILIES.values() if not family.name.startswith("atlas-cloud-backup")], ids=repr
)
async def test_families_without_the_verb_send_nothing(open_atlas, server, family):
    with pytest.raises(Unsupported, match="cannot be cancelled"):
        await open_atlas(family).cancel_restore_job(JOB)

    assert server.sent == []


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "CANNOT_CANCEL_AUTOMATED_RESTORE", BadRequest),
        (405, "ATLAS_BACKUP_CANCEL_SHARD_RESTORE_JOB_NOT_ALLOWED", ApiError),
        (404, "RESTORE_JOB_NOT_FOUND", NotFound),
        (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", Forbidden),
    ],
)
async def test_a_refusal_at_the_first_try_is_told(cluster, server, play, status, code, kind):
    calls = play(server.answer({"error": status, "errorCode": code}, status=status))

    with pytest.raises(kind, match=code):
        await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE"]


@pytest.mark.parametrize("first", ["lost", 500, 502, 503, 504])
async def test_a_job_that_is_gone_after_a_broken_cancel_was_cancelled(cluster, server, play, first):
    calls = play(
        LOST if first == "lost" else server.answer({"error": first}, status=first), server.answer(NOT_FOUND, status=404)
    )

    await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE", "DELETE"]


async def test_a_gateways_404_after_a_broken_cancel_proves_nothing(cluster, server, play):
    page = server.answer(body="<html>No such page</html>", content_type="text/html", status=404)
    play(LOST, page)

    with pytest.raises(NotFound):
        await cluster.cancel_restore_job(JOB)


@pytest.mark.parametrize("status", [400, 405, 409])
async def test_a_broken_cancel_succeeds_if_the_job_is_cancelled(cluster, server, play, status):
    calls = play(
        LOST,
        server.answer({**OVER, "error": status}, status=status),
        job={"id": JOB, "deliveryType": "download", "cancelled": True},
    )

    await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE", "DELETE", "GET"]


@pytest.mark.parametrize(
    "job", [{"id": JOB, "deliveryType": "download", "cancelled": False}, {"id": JOB, "failed": True}, {"no": "job"}]
)
async def test_a_refusal_after_a_broken_cancel_is_raised_for_open_job(cluster, server, play, job):
    calls = play(LOST, server.answer(OVER, status=400), job=job)

    with pytest.raises(BadRequest, match="CANNOT_CANCEL_AUTOMATED_RESTORE") as caught:
        await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE", "DELETE", "GET"]
    assert (caught.value.request.method, caught.value.request.tries, caught.value.request.in_doubt) == (
        "DELETE",
        2,
        True,
    )


async def test_a_job_not_found_after_a_rate_limit_is_not_found(cluster, server, play):
    calls = play(
        server.answer({"error": 429, "errorCode": "RATE_LIMITED"}, status=429, headers={"Retry-After": "0"}),
        server.answer(NOT_FOUND, status=404),
    )

    with pytest.raises(NotFound) as caught:
        await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE", "DELETE"]
    assert not caught.value.request.in_doubt


async def test_a_version_gone_after_a_broken_cancel_is_not_found(cluster, server, play):
    play(LOST, server.answer({"error": 410, "errorCode": "VERSION_GONE"}, status=410))

    with pytest.raises(NotFound, match="VERSION_GONE"):
        await cluster.cancel_restore_job(JOB)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, Forbidden), (403, Forbidden), (429, RateLimited), (503, ServerError)]
)
async def test_a_refusal_unrelated_to_the_job_is_raised_at_once(open_atlas, server, play, status, kind):
    cluster = open_atlas(ATLAS_CLOUD_BACKUP, options=Options(retry=RetryPolicy(tries=2, base=0), rate_limits=None))
    calls = play(LOST, server.answer({"error": status}, status=status), job={"id": JOB, "cancelled": True})

    with pytest.raises(kind):
        await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE", "DELETE"]


async def test_without_a_second_try_nothing_is_known(open_atlas, play):
    calls = play(LOST)

    with pytest.raises(ConnectionBroken) as caught:
        await open_atlas(ATLAS_CLOUD_BACKUP, options=Options(retry=NO_RETRY)).cancel_restore_job(JOB)

    assert calls() == ["DELETE"]
    assert caught.value.request.unanswered
    assert not caught.value.request.in_doubt


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 410])
@pytest.mark.parametrize("body", [b"", b"<html><h1>Not Found</h1></html>", b'{"message": "no route"}'])
async def test_a_gateways_page_after_a_broken_cancel_is_no_success(cluster, server, play, status, body):
    calls = play(LOST, server.answer(status=status, body=body), job={"id": JOB, "cancelled": True})

    with pytest.raises(ApiError) as caught:
        await cluster.cancel_restore_job(JOB)

    assert (caught.value.status, caught.value.from_gateway) == (status, True)
    assert calls() == ["DELETE", "DELETE"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_gateways_page_is_no_cancel(cluster, server, play, status):
    play(server.answer(status=status, body=b"<html>"))

    with pytest.raises(NotFound):
        await cluster.cancel_restore_job(JOB)


@pytest.mark.parametrize("status", [408, 425])
async def test_a_cancel_is_repeated_after_a_gateways_time_out(cluster, server, play, status):
    calls = play(server.answer(status=status, body=b"<html>"), server.answer({"id": JOB}))

    await cluster.cancel_restore_job(JOB)

    assert calls() == ["DELETE", "DELETE"]
