"""Errors of the API as the caller gets them: class, attributes, advice, and the call they came from."""

from __future__ import annotations

import pytest

from builders.constants import CLUSTER, JOBS, PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    ApiError,
    BadRequest,
    Conflict,
    DataError,
    Forbidden,
    NotFound,
    ProtocolError,
    RateLimited,
    RequestContext,
    ServerError,
)


def refusal(status, code, **members):
    return {"error": status, "reason": "So it is", "detail": "A word for people.", "errorCode": code, **members}


@pytest.mark.parametrize(
    ("status", "code", "kind", "advice"),
    [
        (400, "INVALID_ATTRIBUTE", BadRequest, None),
        (400, "RATE_LIMITED_IP", RateLimited, None),
        (400, "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED", BadRequest, "use its own id, not a shard's"),
        (400, "INCORRECT_BACKUP_API_ENDPOINT", BadRequest, "use the other Atlas family"),
        (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API", BadRequest, "flex"),
        (401, "USER_CANNOT_ACCESS_GROUP", Forbidden, None),
        (401, "NOT_IN_GROUP", Forbidden, None),
        (402, "ACCOUNT_SUSPENDED", ApiError, None),
        (403, "IP_ADDRESS_NOT_ON_ACCESS_LIST", Forbidden, "API access list of the key"),
        (403, "RESOURCE_REQUIRES_ACCESS_LIST", Forbidden, "add this machine's address"),
        (403, "ORG_REQUIRES_ACCESS_LIST", Forbidden, "add this machine's address"),
        (404, "RESTORE_JOB_NOT_FOUND", NotFound, None),
        (404, "INVALID_GROUP_ID", NotFound, "project ids are 24 hexadecimal characters"),
        (404, "INVALID_CLUSTER_ID", NotFound, "pass the id, not the name"),
        (404, "INVALID_JOB_ID", NotFound, "24 hexadecimal characters"),
        (404, "ATLAS_GROUP", NotFound, "use one of the Atlas families"),
        (404, "NOT_ATLAS_GROUP", NotFound, "use CLOUD_MANAGER"),
        (404, "UNEXPECTED_ERROR", NotFound, None),
        (405, "WRITES_NOT_ALLOWED_DURING_APP_UPGRADES", ApiError, None),
        (406, None, ApiError, None),
        (409, "ATLAS_CLUSTER_RESTORE_IN_PROGRESS", Conflict, None),
        (410, "VERSION_GONE", NotFound, "use the family that replaces it"),
        (415, None, ApiError, None),
        (429, "RATE_LIMITED", RateLimited, None),
        (429, "RATE_LIMITED_TOKEN_BUCKET", RateLimited, None),
        (429, None, RateLimited, None),
        (500, "UNEXPECTED_ERROR", ServerError, None),
        (502, None, ServerError, None),
        (503, "SERVICE_UNAVAILABLE", ServerError, None),
        (504, None, ServerError, None),
        (599, "A_WORD_OF_TOMORROW", ServerError, None),
        (418, "A_WORD_OF_TOMORROW", ApiError, None),
    ],
)
async def test_status_and_code_decide_the_class(cluster, server, status, code, kind, advice):
    server.will(refusal(status, code), status=status)

    with pytest.raises(ApiError) as caught:
        await cluster.restore_job("a")

    error = caught.value
    assert type(error) is kind
    assert error.status == status
    assert error.error_code == code
    assert error.detail == "A word for people."
    assert error.reason == "So it is"
    assert "A word for people." in str(error)
    assert str(status) in str(error)
    if code:
        assert code in str(error)
    if advice:
        assert advice in str(error)


async def test_an_error_keeps_all_that_the_api_said(cluster, server, seed):
    parameters = ["5196d3628d022db4cbc26d9e", 7, True, None, 1.5]
    server.will(
        refusal(409, "CONFLICT_OF_SORTS", parameters=parameters),
        status=409,
        headers=seed("headers_200_ops_cloud_manager")["headers"],
    )

    with pytest.raises(Conflict) as caught:
        await cluster.restore_job("a")

    assert caught.value.parameters == tuple(parameters)
    assert caught.value.service_version == "gitHash={gitHash}; versionString={ApplicationVersion}"


@pytest.mark.parametrize("parameters", [None, [], "text", {"a": 1}])
async def test_odd_parameters_are_no_parameters(cluster, server, parameters):
    server.will(refusal(404, "X", parameters=parameters), status=404)

    with pytest.raises(NotFound) as caught:
        await cluster.restore_job("a")

    assert caught.value.parameters == ()


async def test_the_real_status_wins_over_the_one_in_the_body(cluster, server):
    server.will(refusal(500, "UNEXPECTED_ERROR"), status=404)

    with pytest.raises(NotFound) as caught:
        await cluster.restore_job("a")

    assert caught.value.status == 404


@pytest.mark.parametrize(
    "body", ["", "   ", "<html><h1>Bad gateway</h1></html>", '{"error": 5', "[]", "null", "7", b"\xff\xfe"]
)
@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, 502])
async def test_an_error_without_a_document_is_one_all_the_same(cluster, server, body, status):
    server.will(body=body, status=status, headers={"X-Error-Code": "FROM_THE_HEADER"}, reason="So it is")

    with pytest.raises(ApiError) as caught:
        await cluster.restore_job("a")

    assert caught.value.status == status
    assert caught.value.error_code == "FROM_THE_HEADER"
    assert caught.value.detail is None
    assert caught.value.reason == "So it is"
    assert type(caught.value) is not ApiError


@pytest.mark.parametrize(("text", "seconds"), [("7", 7.0), (" 120 ", 120.0), ("", None), ("soon", None), (None, None)])
async def test_how_long_to_wait_is_told_if_the_server_says_so(cluster, server, text, seconds):
    server.will(refusal(429, "RATE_LIMITED"), status=429, headers={} if text is None else {"Retry-After": text})

    with pytest.raises(RateLimited) as caught:
        await cluster.restore_jobs()

    assert caught.value.retry_after == seconds


HTML = "<!DOCTYPE html>\n<html>\n<title>Sign\tin</title>" + "x" * 5000


@pytest.mark.parametrize("verb", ["list", "one"])
@pytest.mark.parametrize(
    ("body", "says"),
    [(HTML, "is not JSON"), ('{"results": [{"id": "a"}', "is not JSON"), ("", "is not JSON: the body is empty")],
)
async def test_200_with_something_else_than_json_is_no_empty_list(cluster, server, verb, body, says):
    server.will(body=body, content_type="text/html")

    with pytest.raises(DataError, match=says) as caught:
        await (cluster.restore_jobs() if verb == "list" else cluster.restore_job("a"))

    error = caught.value
    assert error.status == 200
    assert error.path == "$"
    assert len(error.excerpt) <= 210
    assert error.excerpt.isprintable()
    assert body.startswith(error.excerpt[:15])
    assert "proxy or login page" in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"results": [{"id": "a"}, {"no": "id"}]}, "$.results[1].id"),
        ({"results": [{"id": "a"}, {"id": None}]}, "$.results[1].id"),
        ({"results": [{"id": 7}]}, "$.results[0].id"),
        ({"results": [{"id": "a"}, "text"]}, "$.results[1]"),
        ({"results": [{"id": "a", "delivery": {"expires": "tomorrow"}}]}, "$.results[0].delivery.expires"),
        ({"results": [{"id": "a", "timestamp": {"increment": "x"}}]}, "$.results[0].timestamp.increment"),
        ({"results": [{"id": "a", "created": "2020-99-99"}]}, "$.results[0].created"),
        ({"results": {"id": "a"}}, "$.results"),
        ({"results": None}, "$.results"),
        ({"totalCount": 3}, "$.results"),
        ({"results": [], "totalCount": "many"}, "$.totalCount"),
        ({"results": [], "links": "none"}, "$.links"),
        ([], "$"),
        (7, "$"),
        ("text", "$"),
    ],
)
async def test_a_list_of_another_shape_is_an_error_with_its_path(cluster, server, document, path):
    server.will(document)

    with pytest.raises(DataError) as caught:
        await cluster.restore_jobs()

    assert caught.value.path == path
    assert path in str(caught.value)
    assert caught.value.status == 200
    assert caught.value.request == RequestContext(
        method="GET", url=f"{JOBS}?pageNum=1&itemsPerPage=500", family="ops-manager", status=200
    )


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({}, "$.id"),
        ({"id": None}, "$.id"),
        ({"id": []}, "$.id"),
        ([], "$"),
        ("text", "$"),
        ({"id": "a", "hashes": [{"hash": 1}]}, "$.hashes[0].hash"),
    ],
)
async def test_a_job_of_another_shape_is_an_error_with_its_path(cluster, server, document, path):
    server.will(document)

    with pytest.raises(DataError) as caught:
        await cluster.restore_job("a")

    assert caught.value.path == path
    assert caught.value.status == 200
    assert caught.value.request == RequestContext(method="GET", url=f"{JOBS}/a", family="ops-manager", status=200)


async def test_a_value_that_does_not_fit_is_never_shown(cluster, server):
    secret = "https://api-backup.mongodb.com/backup/restore/v2/pull/j/s3cr3t/x.tar.gz"
    server.will({"id": "a", "created": secret, "delivery": {"url": [secret], "authValue": {"s3cr3t": 1}}})

    with pytest.raises(DataError) as caught:
        await cluster.restore_job("a")

    assert "s3cr3t" not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/login", "https://sso.example.com/?token=s3cr3t", None])
async def test_a_redirect_is_not_followed(cluster, server, status, location):
    server.will(status=status, headers={} if location is None else {"Location": location})

    with pytest.raises(ProtocolError, match="redirects are not followed with credentials; set base_url") as caught:
        await cluster.restore_jobs()

    assert len(server.sent) == 1
    assert str(status) in str(caught.value)
    assert (location or "none given").partition("?")[0] in str(caught.value)
    assert "s3cr3t" not in str(caught.value)
    assert caught.value.request.status == status


async def test_every_error_of_the_api_names_its_call(connect, server):
    cluster = connect(pretty=True).project(PROJECT, OPS_MANAGER).cluster(CLUSTER)
    server.will(refusal(404, "RESTORE_JOB_NOT_FOUND"), status=404)

    with pytest.raises(NotFound) as caught:
        await cluster.restore_job("5196d3628d022db4cbc26d9f")

    url = f"{JOBS}/5196d3628d022db4cbc26d9f?pretty=true"
    assert caught.value.request == RequestContext(method="GET", url=url, family="ops-manager", status=404)
    assert str(caught.value).endswith(f"[GET {url}]")


async def test_a_call_without_family_names_none_and_redacts_its_query(session, server):
    server.will(refusal(404, "X"), status=404)

    with pytest.raises(NotFound) as caught:
        await session.request("DELETE", "/x", query={"token": "s3cr3t", "page": 7})

    assert caught.value.request.family is None
    assert caught.value.request.method == "DELETE"
    assert caught.value.request.url == "https://om.example.com:8443/x?token=**redacted**&page=7"
