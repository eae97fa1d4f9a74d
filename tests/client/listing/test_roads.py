"""A document gives the same job, or the same error, by every public road: list, page, one job, load_job."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import attrs
import pytest

from mongorestore_async import OPS_MANAGER, DataError, RestoreJob, converter, load_job
from mongorestore_async.codec.structuring import reset_hooks

ODD = [
    b'{"id":"J","created":"2017-04-21T03:49:57.1234567Z"}',
    b'{"id":"J","created":"2017-04-21t03:49:57z"}',
    b'{"id":"J","created":1492746597,"checkPointId":"C","statusName":"finished"}',
    b'{"batchId":null,"id":"\\u004a","more":{"deep":[1.50,1e5]}}',
    b'{\n  "id" : "J",\n  "delivery" : { "maxDownloads" : "1" }\n}',
]
BROKEN = {
    b'{"id":"J","id":"K"}': "$.id",
    b'{"id":"J","delivery":{"url":"u", "url":"u"}}': "$.delivery.url",
    b'{"id":"J","more":[{"a":1,"a":1}]}': "$.more[0].a",
    b'{"id":"J","created":"0001-01-01T00:00:00+14:00"}': "$.created",
    b'{"id":"J","delivery":{"expires":"9999-12-31T23:59:59-12:00"}}': "$.delivery.expires",
    b'{"id":"J","pointInTime":"yes"}': "$.pointInTime",
    b'{"id":"J","more":' + b"[" * 100 + b"]" * 100 + b"}": "$",
}


@pytest.fixture
def roads(cluster, server):
    """Read one document by every road; gives the jobs, or the errors."""

    async def read(body):
        def told(error):
            path = error.path.replace("$.results[0]", "$")
            return path, str(error).replace("$.results[0]", "$").partition("; it begins")[0].partition(" [GET")[0]

        async def walk():
            (job,) = [job async for job in cluster.restore_jobs()]
            return job

        async def page():
            return (await cluster.restore_jobs())[0]

        found = []
        for road in (walk, page, cluster.restore_jobs().first, lambda: cluster.restore_job("J")):
            is_list = len(found) < 3
            server.will(
                body=b'{"results":[' + body + b'],"totalCount":1}' if is_list else body, content_type="application/json"
            )
            try:
                found.append(await road())
            except DataError as error:
                found.append(told(error))
        return found

    return read


@pytest.mark.parametrize("body", ODD)
async def test_the_same_document_is_the_same_job(roads, body):
    jobs = await roads(body)
    loaded = load_job(OPS_MANAGER, json.loads(body))

    assert [repr(job) for job in jobs] == [repr(loaded)] * 4
    assert [json.dumps(job.to_dict()) for job in jobs] == [json.dumps(json.loads(body))] * 4


@pytest.mark.parametrize(("body", "path"), BROKEN.items())
async def test_the_same_document_is_refused_with_the_same_words(roads, body, path):
    errors = await roads(body)

    assert errors[0][0] == path
    assert errors == [errors[0]] * 4


@pytest.fixture
def own_hooks():
    yield converter()
    reset_hooks()


async def test_hooks_of_users_count_on_every_road(roads, own_hooks):
    plain = own_hooks.get_structure_hook(datetime)
    own_hooks.register_structure_hook(datetime, lambda value, kind: plain(value // 1000, kind))
    body = b'{"id":"J","created":1492746597000,"timestamp":{"date":1000}}'

    jobs = [*await roads(body), load_job(OPS_MANAGER, json.loads(body))]

    assert [job.created for job in jobs] == [datetime(2017, 4, 21, 3, 49, 57, tzinfo=UTC)] * 5
    assert [job.timestamp.date for job in jobs] == [datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)] * 5
    assert [job.raw for job in jobs] == [json.loads(body)] * 5


async def test_a_hook_of_a_model_counts_on_every_road(roads, own_hooks):
    plain = own_hooks.get_structure_hook(RestoreJob)
    hook = lambda value, kind: attrs.evolve(plain(value, kind), cluster_name=value["label"])  # noqa: E731
    own_hooks.register_structure_hook(RestoreJob, hook)
    body = b'{"id":"J","label":"orders"}'

    jobs = [*await roads(body), load_job(OPS_MANAGER, json.loads(body))]

    assert [job.cluster_name for job in jobs] == ["orders"] * 5
    assert all(job.ref is not None for job in jobs[:4])


async def test_a_hook_that_raises_refuses_the_document(roads, own_hooks):
    def refuse(value, _):
        raise ValueError(value)

    own_hooks.register_structure_hook(bool, refuse)
    errors = await roads(b'{"id":"J","pointInTime":true}')

    assert errors == [errors[0]] * 4
    assert errors[0][0] == "$.pointInTime"
    assert "$.pointInTime: refused with ValueError" in errors[0][1]
