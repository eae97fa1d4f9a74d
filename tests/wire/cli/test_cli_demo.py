"""``mongorestore-async demo`` and ``emulator``: the first thing a newcomer runs."""

from __future__ import annotations

import asyncio
import re
import shlex
import signal
import time

import pytest
from aiohttp import web

from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, NotFound
from mongorestore_async.cli.commands.demo_command import summarize_jobs
from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator

NO_KEYS = dict.fromkeys(
    ("MONGODB_ATLAS_BASE_URL", "MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY"), None
)


async def test_the_demo_lists_restores_downloads_and_verifies(run):
    begun = time.monotonic()
    ended = await run("demo", "--projects", "2", "--clusters", "2", "--jobs", "40", "--seed", "11", **NO_KEYS)

    assert (ended.code, ended.err) == (0, "")
    assert time.monotonic() - begun < 60
    assert "\x1b" not in ended.out
    rows = re.findall(r"^manager-project-\d  +\w+-\d .*?  +(\d+)  ", ended.out, re.MULTILINE)
    assert rows == ["40"] * 4
    assert "160 restore jobs of 4 clusters in 2 projects" in ended.out
    states = re.findall(r"^  \d\d:\d\d:\d\d  (\w+) +delivery (\w+)$", ended.out, re.MULTILINE)
    assert states == 2 * [("RUNNING", "NOT_STARTED"), ("RUNNING", "IN_PROGRESS"), ("FINISHED", "READY")]
    assert re.search(r"^[\w-]+\.tar\.gz: 262\.1 kB, SHA-1 [0-9a-f]{40}$", ended.out, re.MULTILINE)
    assert "Compared with the SHA-1 that the API publishes: verified." in ended.out
    assert re.search(r"^\d+ requests and 1 login challenge ", ended.out, re.MULTILINE)


async def test_a_narrow_terminal_cuts_nothing_and_the_advice_works(on_terminal):
    async with on_terminal("demo", "--projects", "2", "--clusters", "1", "--jobs", "1", columns=80) as terminal:
        assert await terminal.end() == 0

    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.text)
    lines = re.split(r"[\r\n]+", text)
    assert [line for line in lines if len(line) > 80] == []
    advice = re.findall(r"^  (mongorestore-async .*)$", re.sub(r" \\\r?\n", " ", text).replace("\r", ""), re.MULTILINE)
    emulator, jobs, create = (shlex.split(command)[1:] for command in advice)
    assert (emulator[0], jobs[0], create[0]) == ("emulator", "jobs", "create")
    sizes = dict(zip(emulator[1::2], map(int, emulator[2::2]), strict=True))
    settings = EmulatorSettings(
        projects=sizes["--projects"],
        clusters_per_project=sizes["--clusters"],
        jobs_per_cluster=sizes["--jobs"],
        seed=sizes["--seed"],
        check_snapshots=True,
    )
    with ThreadedEmulator(settings) as same:
        keys = {
            "MONGODB_ATLAS_BASE_URL": same.url,
            "MONGODB_ATLAS_PUBLIC_API_KEY": same.public_key,
            "MONGODB_ATLAS_PRIVATE_API_KEY": same.private_key,
        }
        async with on_terminal(*jobs, **keys) as listed:
            assert await listed.end() == 0
        async with on_terminal(*create, "--yes", **keys) as created:
            assert await created.end() == 0
    assert "1 restore job:" in listed.text


async def test_an_error_of_one_cluster_ends_the_survey_as_it_is(emulator):
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 404, "detail": "gone"}, status=404) if "/restoreJobs" in record.path else None
    )
    progress = []
    async with AsyncSession(DigestAuth(emulator.public_key, emulator.private_key), base_url=emulator.url) as session:
        with pytest.raises(NotFound):
            await summarize_jobs(session, CLOUD_MANAGER, lambda *seen: progress.append(seen))

    assert progress == [(0, 6, 0)]


async def test_the_demo_can_be_interrupted(start):
    async with start("demo", **NO_KEYS) as process:
        while b"The emulator's clock" not in await asyncio.wait_for(process.stdout.readline(), 120):
            pass
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 120)

    assert (process.returncode, err) == (130, b"interrupted\n")


@pytest.mark.parametrize("stop", ["SIGINT", "SIGHUP"])
async def test_the_emulator_prints_the_variables_that_lead_to_it(stop, start, run):
    async with start("emulator", "--projects", "1", "--jobs", "2", "--seed", "5") as process:
        announced = [(await asyncio.wait_for(process.stdout.readline(), 120)).decode() for _ in range(4)]
        variables = dict(shlex.split(line)[1].split("=", 1) for line in announced[1:])
        cluster = ThreadedEmulator(EmulatorSettings(projects=1, seed=5)).world.first("replica-set")
        place = ("--family", "cloud-manager", "--project-id", cluster.project_id, "--cluster-id", cluster.id)
        ended = await run("jobs", *place, **variables)
        process.send_signal(getattr(signal, stop))
        _, err = await asyncio.wait_for(process.communicate(), 120)

    assert "2 restore jobs" in ended.out
    assert (process.returncode, err) == (0, b"")
