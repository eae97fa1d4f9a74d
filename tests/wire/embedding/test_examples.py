"""What the example applications answer."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from mongorestore_async.emulator import Side


def lines_of(reply):
    assert reply.status_code == 200
    assert reply.headers["Content-Type"] == "application/jsonl"
    return [json.loads(line) for line in reply.text.splitlines()]


def jobs_path(cluster):
    return f"/projects/{cluster.project_id}/clusters/{cluster.id}/jobs"


def refuse(status, code, part, **headers):
    """Answer requests for paths with a part in them with an error of the API."""
    document = {"error": status, "errorCode": code, "detail": "-", "reason": "-", "parameters": []}

    def play(record):
        return web.json_response(document, status=status, headers=headers) if part in record.path else None

    return play


async def test_the_jobs_of_a_cluster_come_as_lines_without_secrets(behind, client):
    async with behind(jobs_per_cluster=45) as emulator, client() as http:
        cluster = emulator.world.first("replica-set")

        found = lines_of(await http.get(jobs_path(cluster)))

    assert len({line["ref"] for line in found}) == 45
    assert {line["job"]["clusterId"] for line in found} == {cluster.id}
    assert {"FINISHED"} <= {line["state"] for line in found}
    urls = [line["job"]["delivery"].get("url") for line in found]
    assert any(urls)
    assert not any("http" in url for url in urls if url)


async def test_an_empty_list_is_an_empty_answer(behind, client):
    async with behind(jobs_per_cluster=0) as emulator, client() as http:
        assert lines_of(await http.get(jobs_path(emulator.world.first("replica-set")))) == []


async def test_a_job_is_found_again_by_its_reference(behind, client):
    async with behind() as emulator, client() as http:
        line = lines_of(await http.get(jobs_path(emulator.world.first("sharded"))))[3]

        reply = await http.get(f"/jobs/{line['ref']}")

    assert reply.status_code == 200
    found = reply.json()
    assert (found["ref"], found["state"]) == (line["ref"], line["state"])
    assert found["job"]["id"] == line["job"]["id"]


@pytest.mark.parametrize("fault", [None, "taken"])
async def test_a_restore_is_started_once_however_often_it_is_asked_for(behind, client, fault):
    async with behind() as emulator, client() as http:
        if fault:  # the answer to the create is lost
            emulator.fail_next_creates(fault)
        path = jobs_path(emulator.world.first("replica-set"))

        first, again = await http.post(path), await http.post(path)

        followed = await http.get(f"/jobs/{first.json()['refs'][0]}")
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json() | {"existing": True}
    assert followed.json()["state"] == "RUNNING"
    assert emulator.counts.creates_taken == 1


async def test_a_restore_that_may_have_been_started_is_no_success(behind, client):
    async with behind() as emulator, client() as http:
        emulator.fail_next_creates("not-taken")

        reply = await http.post(jobs_path(emulator.world.first("replica-set")))

    assert (reply.status_code, reply.json()["error"]) == (502, "MaybeCreated")


async def test_the_fleet_comes_as_lines_with_the_failures_at_the_end(behind, client):
    async with behind(projects=3, clusters_per_project=2, jobs_per_cluster=5) as emulator, client() as http:
        refused = emulator.world.first("sharded")
        emulator.fault_after_login = refuse(403, "USER_UNAUTHORIZED", f"{refused.id}/restoreJobs")

        *found, failure = lines_of(await http.get("/fleet/jobs"))

    assert len({line["ref"] for line in found}) == len(found) > 3 * 5
    assert {line["project"] for line in found} == {project.name for project in emulator.world.projects(Side.MANAGER)}
    assert all(line["cluster"] and line["job"] for line in found)
    assert (failure["failure"], failure["cluster"]) == ("forbidden", refused.name)


async def test_all_requests_share_one_session(behind, client):
    async with behind() as emulator, client() as http:
        path = jobs_path(emulator.world.first("replica-set"))

        replies = await asyncio.gather(*(http.get(path) for _ in range(8)), http.get("/fleet/jobs"))

    assert [reply.status_code for reply in replies] == [200] * 9
    assert emulator.counts.challenges == 1


async def test_other_endpoints_answer_while_the_api_does_not(behind, client):
    async with behind() as emulator, client() as http:
        emulator.gate.close()
        walk = asyncio.create_task(http.get("/fleet/jobs"))
        while not emulator.gate.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0)

        health = await http.get("/health")

        assert not walk.done()
        emulator.gate.open()
        lines_of(await walk)
    assert health.text in {"ok", '"ok"'}


@pytest.mark.parametrize("path", ["/jobs/nonsense", "/jobs/no-such-family/p/c/j", "/jobs/atlas-flex/p/host:h/j"])
async def test_what_is_no_reference_is_the_callers_mistake(behind, client, path):
    async with behind() as emulator, client() as http:
        reply = await http.get(path)

    assert (reply.status_code, reply.json()["message"] != "") == (400, True)
    assert emulator.counts.requests == 0


@pytest.mark.parametrize(
    ("refusal", "status", "error", "retry_after"),
    [
        ((404, "CLUSTER_NOT_FOUND"), 404, "NotFound", None),
        ((403, "USER_UNAUTHORIZED"), 403, "Forbidden", None),
        ((429, "RATE_LIMITED"), 503, "RateLimited", "120"),
        ((400, "INVALID_CLUSTER_ID"), 502, "BadRequest", None),
    ],
)
async def test_an_error_before_the_first_line_is_a_status(behind, client, refusal, status, error, retry_after):
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    async with behind() as emulator, client() as http:
        emulator.fault_after_login = refuse(*refusal, "restoreJobs", **headers)
        cluster = emulator.world.first("replica-set")

        listing = await http.get(jobs_path(cluster))
        job = await http.get(f"/jobs/cloud-manager/{cluster.project_id}/{cluster.id}/5f0000000000000000000000")

    for reply in (listing, job):
        assert (reply.status_code, reply.json()["error"]) == (status, error)
    waits = [reply.headers.get("Retry-After") for reply in (listing, job)]
    assert waits == [None, None] if retry_after is None else all(0 < int(wait) <= 120 for wait in waits)


async def test_a_job_that_is_not_there_is_not_waited_for(behind, client):
    async with behind() as emulator, client() as http:
        cluster = emulator.world.first("replica-set")

        reply = await http.get(f"/jobs/cloud-manager/{cluster.project_id}/{cluster.id}/5f0000000000000000000000")

    assert reply.status_code == 404
    assert emulator.counts.accepted == 1


async def test_an_error_after_the_first_line_is_the_last_line(behind, client):
    async with behind(jobs_per_cluster=600) as emulator, client() as http:
        emulator.fault_after_login = refuse(403, "USER_UNAUTHORIZED", "pageNum=2")

        *found, last = lines_of(await http.get(jobs_path(emulator.world.first("replica-set"))))

    assert len(found) == 500
    assert last["error"] == "Forbidden"


@pytest.mark.parametrize("listing", ["cluster", "fleet"])
async def test_a_key_that_is_not_accepted_is_not_the_callers_fault(behind, client, listing):
    async with behind(key="b8a1f2a6-0000-0000-0000-000000000000") as emulator, client() as http:
        path = "/fleet/jobs" if listing == "fleet" else jobs_path(emulator.world.first("replica-set"))

        reply = await http.get(path)

    assert (reply.status_code, reply.json()["error"]) == (502, "AuthError")
    assert "b8a1f2a6" not in reply.text


async def test_the_schema_of_the_fastapi_application_tells_of_lines(example):
    paths = example("fastapi_app").app.openapi()["paths"]

    content = {path: list(verbs["get"]["responses"]["200"]["content"]) for path, verbs in paths.items()}
    assert content == {
        "/projects/{project}/clusters/{cluster}/jobs": ["application/jsonl"],
        "/fleet/jobs": ["application/jsonl"],
        "/jobs/{ref}": ["application/json"],
        "/events/jobs/{ref}": ["text/event-stream; charset=utf-8"],
        "/events/fleet": ["text/event-stream; charset=utf-8"],
        "/health": ["application/json"],
    }
