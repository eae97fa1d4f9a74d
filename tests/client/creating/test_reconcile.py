"""Finding out about a create whose answer got lost."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import aiohttp
import pytest

from mongorestore_async import (
    OPS_MANAGER,
    AutomatedRestore,
    ConfigError,
    HttpRestore,
    MaybeCreated,
    Snapshot,
    Target,
)

REQUEST = HttpRestore("s", 1, expiration_hours=1)
OLD = {"id": "old", "snapshotId": "s", "created": "2026-01-01T00:00:00Z"}
DATE = {"Date": "Thu, 01 Jan 2026 12:00:00 GMT"}
NEW = {"id": "new", "snapshotId": "s", "created": "2026-01-01T12:00:01Z"}


@pytest.fixture
def uncertain(connect, server):
    """Lose the answer to a create, then let the list hold what it holds."""

    async def make(before, after, request=REQUEST, **page):
        listed = {"document": before, "headers": DATE}
        server.serve(
            lambda sent: aiohttp.ServerDisconnectedError() if sent.method == "POST" else server.answer(**listed)
        )
        with pytest.raises(MaybeCreated) as caught:
            await connect().project("p", OPS_MANAGER).cluster("c").create_restore_job(request)
        listed["document"] = {"results": after, "totalCount": len(after), **page}
        return caught.value

    return make


def whole(*jobs):
    return {"results": list(jobs), "totalCount": len(jobs)}


async def test_one_new_job_that_fits_was_the_create(uncertain, server):
    found = await (await uncertain(whole(OLD), [NEW, OLD])).reconcile()

    assert found.verdict == "taken"
    assert [job.id for job in found.batch] == [job.id for job in found.candidates] == ["new"]
    assert str(found.batch[0].ref).endswith("/c/new")
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    "after",
    [
        [OLD],
        [],
        [{**NEW, "snapshotId": "another"}, OLD],
        [{**NEW, "delivery": {"maxDownloads": 7}}, OLD],
        [{**NEW, "created": "2025-12-31T00:00:00Z"}, OLD],
    ],
)
async def test_no_new_job_that_fits_proves_nothing(uncertain, after):
    found = await (await uncertain(whole(OLD), after)).reconcile()

    assert (found.verdict, found.batch, found.candidates) == ("cannot tell", None, ())


async def test_two_new_jobs_that_fit_are_both_told(uncertain):
    found = await (await uncertain(whole(OLD), [{**NEW, "id": "x"}, NEW, OLD])).reconcile()

    assert (found.verdict, found.batch) == ("cannot tell", None)
    assert [job.id for job in found.candidates] == ["x", "new"]


async def test_the_jobs_of_one_new_batch_were_the_create(uncertain):
    shards = [{**NEW, "id": f"new-{index}", "batchId": "b"} for index in range(3)]

    found = await (await uncertain(whole(OLD), [*shards, OLD])).reconcile()

    assert found.verdict == "taken"
    assert found.batch.batch_id == "b"
    assert len(found.batch) == 3


@pytest.mark.parametrize(
    "before",
    [
        {"results": [OLD], "totalCount": 7},
        {"results": [OLD], "links": [{"rel": "next", "href": "x"}]},
        # Neither a count nor a link says that this was all.
        {"results": [OLD]},
    ],
)
async def test_a_job_possibly_on_an_unread_page_is_not_surely_new(uncertain, before):
    undated = {"id": "new", "snapshotId": "s"}

    found = await (await uncertain(before, [undated, OLD])).reconcile()

    assert (found.verdict, found.batch) == ("cannot tell", None)
    assert [job.id for job in found.candidates] == ["new"]


async def test_it_can_be_asked_again_later(uncertain, server):
    error = await uncertain(whole(), [])

    assert (await error.reconcile()).verdict == "cannot tell"
    server.serve(lambda _: server.answer(whole(NEW)))
    assert (await error.reconcile()).verdict == "taken"


async def test_an_automated_restore_is_known_by_its_target(uncertain):
    request = AutomatedRestore(Snapshot("s"), Target("p", "t"))
    after = [{**NEW, "id": name, "delivery": {"targetGroupId": "p", "targetClusterId": name}} for name in ("t", "u")]

    found = await (await uncertain(whole(), after, request)).reconcile()

    assert found.verdict == "taken"
    assert [job.id for job in found.batch] == ["t"]
    assert found.batch[0].created == datetime(2026, 1, 1, 12, 0, 1, tzinfo=UTC)


async def test_a_copy_of_the_error_cannot_reach_the_server(uncertain):
    error = pickle.loads(pickle.dumps(await uncertain(whole(), [NEW])))  # noqa: S301 - our own

    assert isinstance(error, MaybeCreated)
    assert error.request.method == "POST"
    with pytest.raises(ConfigError, match="list the cluster's restore jobs instead"):
        await error.reconcile()
