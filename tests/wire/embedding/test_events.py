"""Server-sent events of the example applications: a wait, and a watched fleet."""

from __future__ import annotations

import asyncio
import json
import re
import sys

import httpx
import pytest
from aiohttp import web

from builders.tools import tool
from mongorestore_async import JobState


def events_of(text):
    """Read a stream of events: kinds and documents; comments are left out."""
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    pairs = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(pair["event"], json.loads(pair["data"])) for pair in pairs]


async def job_in(http, emulator, state):
    """Reference of a job in a state, as the list of the application tells."""
    cluster = emulator.world.first("replica-set")
    reply = await http.get(f"/projects/{cluster.project_id}/clusters/{cluster.id}/jobs")
    return next(line["ref"] for line in map(json.loads, reply.text.splitlines()) if line["state"] == state)


@pytest.mark.parametrize(("state", "last"), [(JobState.FINISHED, "end"), (JobState.FAILED, "error")])
async def test_a_job_that_is_over_is_told_once(behind, client, state, last):
    async with behind(jobs_per_cluster=45) as emulator, client() as http:
        ref = await job_in(http, emulator, state)

        reply = await http.get(f"/events/jobs/{ref}")

    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "text/event-stream; charset=utf-8")
    assert reply.headers["Cache-Control"] == "no-store"
    (kind, told), (end, document) = events_of(reply.text)
    assert (kind, told["ref"], told["state"], end) == ("job", ref, state, last)
    assert document.get("error") == ("RestoreFailed" if last == "error" else None)
    assert "https://" not in reply.text


@pytest.mark.parametrize("path", ["/events/jobs/nonsense", "/events/fleet"])
async def test_an_error_before_the_first_event_is_a_status(behind, client, path):
    key = None if path.endswith("nonsense") else "b8a1f2a6-0000-0000-0000-000000000000"
    async with behind(key=key), client() as http:
        reply = await http.get(path)

    assert reply.status_code == (502 if key else 400)
    assert reply.json()["error"] == ("AuthError" if key else "ConfigError")


async def test_a_silent_stream_says_that_it_is_alive_until_its_client_goes(behind, visited, example, monkeypatch):
    monkeypatch.setattr(example("restores"), "SILENCE", 0.02)
    async with behind(projects=1, clusters_per_project=2, jobs_per_cluster=3) as emulator, visited() as visit:
        before = asyncio.all_tasks()
        client = visit("/events/fleet")
        client.take()
        async with asyncio.timeout(60):
            while client.received.count(b": alive\n\n") < 5:  # noqa: ASYNC110 - what others do has no event
                await asyncio.sleep(0.01)

        await client.leave()
        async with asyncio.timeout(60):
            while not asyncio.all_tasks() <= before:  # noqa: ASYNC110 - the same
                await asyncio.sleep(0.005)
        asked = len(emulator.requests)
        await asyncio.sleep(0.1)

    assert len(emulator.requests) == asked


async def test_a_failure_of_a_watched_fleet_is_an_event(behind, visited, example, monkeypatch):
    monkeypatch.setattr(example("restores"), "SILENCE", 0.05)
    refusal = {"error": 403, "errorCode": "USER_UNAUTHORIZED", "detail": "-", "reason": "-", "parameters": []}
    async with behind(projects=1, clusters_per_project=2, jobs_per_cluster=3) as emulator, visited() as visit:
        refused = emulator.world.first("replica-set")
        emulator.fault_after_login = lambda record: (
            web.json_response(refusal, status=403) if f"{refused.id}/restoreJobs" in record.path else None
        )
        client = visit("/events/fleet")
        client.take()
        async with asyncio.timeout(60):
            while not (told := re.search(rb"event: failed\ndata: (.*)\n\n", client.received)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await client.leave()

    assert json.loads(told[1])["cluster"] == refused.name


async def test_a_server_that_is_told_to_stop_ends_its_event_streams(behind, examples):
    tool("uvicorn")
    words = f"-m uvicorn --app-dir {examples} --port 0 --timeout-graceful-shutdown 1 fastapi_app:app".split()
    async with behind() as emulator:
        cluster = emulator.world.first("replica-set")
        server = await asyncio.create_subprocess_exec(sys.executable, *words, stderr=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(60), httpx.AsyncClient(trust_env=False, timeout=60) as http:
                log = ""
                while not (url := re.search("http://[0-9.:]+", log)):
                    log += (await server.stderr.readline()).decode()
                started = await http.post(f"{url[0]}/projects/{cluster.project_id}/clusters/{cluster.id}/jobs")
                ref = started.json()["refs"][0]
                async with http.stream("GET", f"{url[0]}/events/jobs/{ref}") as reply:
                    chunks = reply.aiter_text()
                    assert '"state": "RUNNING"' in await anext(chunks)
                    server.terminate()
                    log += (await server.stderr.read()).decode()
                    await server.wait()
                    with pytest.raises(httpx.RemoteProtocolError):  # no event "end": a browser connects again
                        await anext(chunks)
        finally:
            if server.returncode is None:
                server.kill()
                await server.wait()
    assert "Application shutdown complete" in log
    assert "Unclosed" not in log
