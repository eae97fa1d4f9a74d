"""``mongorestore-async fleet watch``: what is told, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import threading

import pytest
from aiohttp import web

WATCH = ("fleet", "watch", "--family", "cloud-manager", "--poll", "0.05s", "--idle-interval", "0.3s")


@pytest.fixture
def settings():
    return {"projects": 2, "jobs_per_cluster": 0, "restore_seconds": 1e6, "speed": 0}


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


async def read_until(process, word):
    """Read lines of a command up to the first one with a word."""
    found = []
    while not found or word not in found[-1]:
        found.append((await asyncio.wait_for(process.stdout.readline(), 60)).decode())
    return "".join(found)


async def test_a_watch_tells_each_change_and_ends_when_nothing_runs(start, emulator):
    cluster = emulator.world.first("replica-set")
    [job] = emulator.add_jobs(cluster)
    async with start(*WATCH, "--until-idle", "--output", "jsonl") as process:
        out = await read_until(process, '"found"')
        emulator.clock.advance(2e6)
        rest, err = await asyncio.wait_for(process.communicate(), 60)

    found = lines(out + rest.decode())
    assert (process.returncode, err) == (0, b"")
    assert [(line["kind"], line["state"]) for line in found] == [("found", "RUNNING"), ("ended", "FINISHED")]
    assert {line["job"]["id"] for line in found} == {job.id}
    assert {line["cluster"]["id"] for line in found} == {cluster.id}
    assert found[1]["before"].startswith("statusName IN_PROGRESS")
    assert found[1]["ref"].startswith(f"cloud-manager/{cluster.project_id}/{cluster.id}/")


async def test_a_restore_that_ended_badly_is_code_3(start, emulator):
    [job] = emulator.add_jobs(emulator.world.first("replica-set"))
    async with start(*WATCH, "--until-idle") as process:
        out = await read_until(process, "RUNNING")
        emulator.world.jobs.cancel(job)
        rest, _ = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == 3
    first, last = (out + rest.decode()).splitlines()
    ref = f"cloud-manager/{job.cluster.project_id}/{job.cluster.id}/{job.id}"
    assert first.split()[1:4] == ["RUNNING", f"manager-project-0/{job.cluster.name}", ref]
    assert last.split()[1:4] == ["CANCELLED", f"manager-project-0/{job.cluster.name}", ref]


async def test_a_restore_of_collections_that_is_over_did_not_end_badly(start, run, emulator):
    own = emulator.world.first("cloud-backup")
    place = ("--project-id", own.project_id, "--cluster", own.name, "--target-cluster", own.name)
    words = ("--latest", "--database", "shop", "--write", "create-new", "--yes")
    created = await run("create-collections", *place, *words)
    assert created.code == 0, created.err
    words = ("--family", "atlas-collection-restore", "--projects", own.project_id, "--clusters", own.name)
    async with start(*WATCH[:2], *words, *WATCH[4:], "--until-idle", "--output", "jsonl") as process:
        out = await read_until(process, '"found"')
        emulator.clock.advance(2e6)
        rest, err = await asyncio.wait_for(process.communicate(), 60)

    assert [(line["kind"], line["state"]) for line in lines(out + rest.decode())][-1] == ("ended", "FINISHED")
    assert (process.returncode, err) == (0, b"")


async def test_a_project_that_fails_is_told_and_stops_nothing(start, emulator):
    first, second = emulator.world.projects("manager")
    emulator.add_jobs(next(iter(emulator.world.clusters(first))))
    broken = threading.Event()
    broken.set()

    async def fail(record):
        if broken.is_set() and second.id in record.path:
            return web.json_response({"error": 500, "errorCode": "UNEXPECTED_ERROR", "detail": "no"}, status=500)
        return None

    emulator.before_answer = fail
    async with start(*WATCH) as process:
        out = await read_until(process, "FAILED")
        broken.clear()
        out += await read_until(process, "RECOVERED")
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 60)

    assert (process.returncode, err.decode()) == (130, "interrupted\n")
    assert [line.split()[1] for line in sorted(out.splitlines(), key=lambda line: line.split()[1])] == [
        "FAILED",
        "RECOVERED",
        "RUNNING",
    ]
    assert "manager-project-1" in out
    assert "cannot be read: HTTP 500" in out


def test_the_help_of_the_group_says_what_each_command_does(call):
    for words in (("--help",), ()):
        out = " ".join(call("fleet", *words).out.split())
        assert "Watch the running restores" in out
        assert "Write a report of all clusters" in out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--output", "csv"), "Choose from"),
        (("--idle-interval", "soon"), "not a duration"),
        (("--concurrency", "0"), "Must be >= 1"),
        (("--since", "1h"), "Unknown option"),
    ],
)
def test_what_a_watch_does_not_know_is_refused(call, words, reason):
    ended = call("fleet", "watch", "--family", "cloud-manager", *words)

    assert ended.code == 2
    assert reason in ended.err
