"""``mongorestore-async wait`` and ``watch``: every end with its exit code, and how to go on after an early one."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import signal
import time

import pytest
from aiohttp import web

from mongorestore_async.models import PollPolicy

FAST = ("--poll", "0.05s")
SECRET = "/backup/restore/"


@pytest.fixture
def settings():
    # Without a documented rate limit, so that looks are as close together as told.
    return {"clusters_per_project": 7, "speed": 3000.0, "manager": "ops-manager"}


@pytest.fixture
def started(call, place, emulator):
    """Start a restore through the command line; its references."""

    def start(kind="replica-set", family="ops-manager", *, download=True):
        words = ["--snapshot-id", emulator.world.snapshots.id(emulator.world.first(kind))]
        if not download:
            other = emulator.world.first(kind)
            words += ["--target-cluster-id", other.name if family.startswith("atlas") else other.id]
            words += ["--overwrite-source", "--yes"]
        elif family.startswith(("ops", "cloud", "atlas-legacy")):
            words += ["--max-downloads", "1", "--expiration-hours", "4"]
        ended = call("create", *place(kind, family), *words)
        assert ended.code == 0, ended.err
        return re.findall(r"^  \w+ +(\S+/\S+/\S+/\S+)$", ended.out, re.MULTILINE)

    return start


@pytest.mark.parametrize("command", ["wait", "watch"])
def test_a_restore_that_ends_well_is_code_0(command, call, started):
    refs = started(download=False)

    ended = call(command, *refs, *FAST)

    assert ended.code == 0
    assert "FINISHED" in ended.out
    assert refs[0].rpartition("/")[2] in ended.out
    assert "\x1b" not in ended.out


def test_progress_is_apart_from_the_output_in_every_format(call, started):
    refs = started("sharded", download=False)

    ended = call("wait", *refs, *FAST, "-o", "jsonl")

    jobs = [json.loads(line) for line in ended.out.splitlines()]
    assert {job["statusName"] for job in jobs} == {"FINISHED"}
    assert {job["id"] for job in jobs} == {ref.rpartition("/")[2] for ref in refs}
    assert re.search(r"^\d\d:\d\d:\d\d  0 running, \d+ done$", ended.err, re.MULTILINE)


@pytest.mark.parametrize("command", ["wait", "watch"])
@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_a_restore_that_ends_badly_is_code_3(outcome, command, call, started, emulator):
    emulator.end_next_jobs(outcome)
    refs = started(download=False)

    ended = call(command, *refs, *FAST)

    assert ended.code == 3
    assert f"error: 1 of 1 restore jobs failed: {refs[0].rpartition('/')[2]}" in ended.err
    assert "FAILED" in ended.out or "CANCELLED" in ended.out
    assert "Resume with" not in ended.err


@pytest.mark.parametrize("command", ["wait", "watch"])
def test_a_time_out_exits_5_and_prints_the_command_to_resume(command, call, started, emulator):
    refs = started(download=False)
    emulator.clock.speed = 0

    ended = call(command, *refs, *FAST, "--timeout", "0.3s")

    assert ended.code == 5
    # A slow machine may not have found it by then.
    assert re.search(r"^The restore (continues without this command|may be running)\. 1 job:$", ended.err, re.MULTILINE)
    assert "session.batch" not in ended.err
    assert f"\n  {refs[0]}\n" in ended.err
    emulator.clock.speed = 3000
    follow = shlex.split(ended.err.partition("Resume with:\n")[2].replace("\\\n", " "))
    assert follow[:3] == ["mongorestore-async", command, refs[0]]
    follow[follow.index("--timeout") + 1] = "1m"
    assert call(*follow[1:]).code == 0


@pytest.mark.parametrize("command", ["wait", "watch"])
async def test_ctrl_c_exits_130_and_prints_the_command_to_resume(command, start, emulator, on_terminal):
    cluster = emulator.world.first("replica-set")
    job = emulator.add_jobs(cluster)[0]
    emulator.clock.speed = 0
    ref = f"ops-manager/{cluster.project_id}/{cluster.id}/{job.id}"
    async with start(command, ref, "--timeout", "2h", "--poll", "1s") as process:
        stream = process.stderr if command == "wait" else process.stdout
        while b"running" not in (line := await asyncio.wait_for(stream.readline(), 120)).lower():
            assert b"looking for 1 job" in line
        process.send_signal(signal.SIGINT)
        _, err = await asyncio.wait_for(process.communicate(), 120)

    assert process.returncode == 130
    assert err.decode().splitlines()[-5:] == [
        "interrupted",
        "The restore continues without this command. 1 job:",
        f"  {ref}",
        "Resume with:",
        f"  mongorestore-async {command} {ref} --until finished --timeout 2h --poll 1s",
    ]


def test_jobs_are_named_by_options_as_well(call, started, place, emulator):
    refs = started("sharded", download=False)
    ids = [ref.rpartition("/")[2] for ref in refs]
    batch = emulator.world.jobs.find(emulator.world.first("sharded"), ids[0]).batch_id

    by_batch = call("wait", *place("sharded", "ops-manager"), "--batch-id", batch, *FAST, "-o", "jsonl")
    by_id = call("wait", *place("sharded", "ops-manager"), "--job-id", ids[0], *FAST, "-o", "jsonl")

    assert (by_batch.code, by_id.code) == (0, 0)
    assert {json.loads(line)["id"] for line in by_batch.out.splitlines()} == set(ids)
    assert ids[0] in by_id.out


def test_jobs_of_several_families_are_waited_for_together(call, started):
    refs = [
        *started(download=False),
        *started("cloud-backup", "atlas-cloud-backup"),
        *started("flex", "atlas-flex"),
    ]

    ended = call("wait", *refs, "--until", "finished", *FAST, "-o", "csv")

    assert ended.code == 0
    assert all(ref in ended.out for ref in refs)


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_urls_are_shown_on_demand_only(form, call, started):
    refs = started()

    ended = call("wait", *refs, "--until", "downloadable", *FAST, "-o", form)
    shown = call("wait", *refs, "--until", "downloadable", *FAST, "-o", form, "--show-secrets")

    assert ended.code == shown.code == 0
    assert SECRET not in ended.out + ended.err
    assert (SECRET in shown.out) == (form in {"json", "jsonl"})


def test_a_temporarily_unreadable_cluster_is_retried(call, started, emulator):
    emulator.clock.speed = 0  # a job that is over at the first look is looked at no more
    refs = started(download=False)
    left = 3

    def fault(record):
        nonlocal left
        if refs[0].rpartition("/")[2] not in record.path and "restoreJobs" not in record.path:
            return None
        left -= 1
        emulator.clock.speed = 3000 if left < 0 else 0
        # The first look is that of the command itself, which is not repeated.
        return web.json_response({"error": 500, "detail": "no"}, status=500) if -8 < left < 2 else None

    emulator.fault_after_login = fault
    ended = call("wait", *refs, *FAST)

    assert ended.code == 0
    assert re.search(r"  (cluster \S+ of project \S+ \(\S+\)) cannot be read, retrying: HTTP 500", ended.err)
    assert re.search(r"  cluster \S+ of project \S+ \(\S+\) can be read again", ended.err)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "no job is named"),
        (["nonsense"], "not a job reference"),
        (["mainframe/p/c/j"], "no product family is called 'mainframe'"),
        (["cloud-manager/p/c/j", "--job-id", "k"], "not both"),
        (["--job-id", "k"], "--family is required"),
        (["--job-id", "k", "--family", "cloud-manager"], "--project-id is required"),
        (["--job-id", "k", "--family", "cloud-manager", "--project-id", "p"], "--cluster-id is required"),
        (["cloud-manager/p/c/j", "--timeout", "soon"], "not a duration"),
        (["cloud-manager/p/c/j", "--timeout", "0s"], "not a duration"),
        (["cloud-manager/p/c/j", "--until", "later"], "--until"),
        (["ops-manager/p/c/j", "UNSET"], "--base-url"),
    ],
)
@pytest.mark.parametrize("command", ["wait", "watch", "download"])
def test_what_makes_no_sense_is_refused(command, words, reason, call, requests_of):
    variables = {"MONGODB_ATLAS_BASE_URL": None} if "UNSET" in words else {}
    if command == "download" and "--until" in words:
        reason = "Unknown option"
    with requests_of() as paths:
        ended = call(command, *(word for word in words if word != "UNSET"), **variables)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert reason in ended.err
    assert ended.err.count("\n") == 1


def test_a_job_that_is_not_there_is_an_error(call, emulator, monkeypatch):
    monkeypatch.setattr(
        "mongorestore_async.cli.commands.wait_command.poll_policy", lambda _: PollPolicy(shortest=0.05, grace=0.1)
    )
    cluster = emulator.world.first("replica-set")

    ended = call("wait", f"ops-manager/{cluster.project_id}/{cluster.id}/{'f' * 24}")

    assert (ended.code, ended.out) == (1, "")
    assert "404" in ended.err


@pytest.mark.parametrize("command", ["wait", "watch"])
def test_the_time_out_bounds_finding_the_job(command, call, emulator):
    """The grace for a job that is not listed yet is 30 s, with polls that come 10 s apart and more."""
    cluster = emulator.world.first("replica-set")
    ref = f"ops-manager/{cluster.project_id}/{cluster.id}/{'f' * 24}"
    begun = time.monotonic()

    ended = call(command, ref, "--timeout", "0.5s")

    assert (ended.code, ended.out) == (5, "")
    assert time.monotonic() - begun < 25  # the grace alone is more
    lines = ended.err.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  looking for 1 job", lines[0])
    assert lines[1].startswith("error: not all jobs were found within 0.5s: check that they exist")
    assert "The restore may be running. 1 job:" in lines
    assert any("--timeout 0.5s" in line for line in lines)


@pytest.mark.parametrize("command", ["wait", "watch"])
def test_the_time_out_bounds_listing_a_batch(command, call, place, emulator):
    emulator.fault_after_login = lambda _: web.json_response({}, status=503, headers={"Retry-After": "30"})

    ended = call(command, *place("sharded"), "--batch-id", "f" * 24, "--timeout", "0.5s")

    assert ended.code == 5
    assert "not all jobs were found within 0.5s" in ended.err


@pytest.mark.parametrize("command", ["wait", "watch"])
def test_a_job_that_vanishes_exits_5_and_says_what_to_do(command, call, started, emulator, monkeypatch):
    policy = PollPolicy(shortest=0.02, longest=0.02, grace=0.1, patience=0.1)
    monkeypatch.setattr(f"mongorestore_async.cli.commands.{command}_command.poll_policy", lambda _: policy)
    refs = started(download=False)
    emulator.clock.speed = 0
    looks = []

    def vanish(request):
        if "/restoreJobs/" in request.path:
            looks.append(request.path)
            if len(looks) > 2:
                document = {"error": 404, "errorCode": "RESTORE_JOB_NOT_FOUND", "detail": "No such job."}
                return web.json_response(document, status=404)
        return None

    emulator.fault_after_login = vanish

    ended = call(command, *refs)

    assert ended.code == 5
    assert "1 of 1 restore jobs can no longer be found" in ended.err
    assert "they may have succeeded. Check the target" in ended.err
    assert "The restore may be running. 1 job:" in ended.err
    assert "Resume with:" in ended.err
    assert "failed" not in ended.err
    if command == "wait":
        assert re.search(r"0 running, 0 done, 1 not found at the moment$", ended.err, re.MULTILINE)
        assert re.search(r"0 running, 0 done, 1 lost$", ended.err, re.MULTILINE)


async def test_on_a_terminal_watching_is_a_live_table(on_terminal, emulator):
    cluster = emulator.world.first("replica-set")
    job = emulator.add_jobs(cluster)[0]
    ref = f"ops-manager/{cluster.project_id}/{cluster.id}/{job.id}"
    emulator.clock.speed = 0
    async with on_terminal("watch", ref, *FAST, columns=100) as terminal:
        await terminal.expect("RUNNING")
        emulator.clock.speed = 3000
        assert await terminal.end() == 0

    text = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", terminal.text)
    assert "RUNNING" in text
    assert text.rstrip().splitlines()[-1].startswith("1 restore job:  1 FINISHED")
    assert job.id in text


async def test_a_wait_shows_at_once_in_which_state_it_found_the_jobs(on_terminal, emulator):
    cluster = emulator.world.first("replica-set")
    job = emulator.add_jobs(cluster)[0]
    emulator.clock.speed = 0
    ref = f"ops-manager/{cluster.project_id}/{cluster.id}/{job.id}"
    async with on_terminal("wait", ref, "--poll", "1h") as terminal:
        await terminal.expect("waiting: 1 RUNNING")
        terminal.interrupt()
        assert await terminal.end() == 130


async def test_leaving_a_live_table_prints_the_command_to_go_on_with(on_terminal, emulator):
    cluster = emulator.world.first("replica-set")
    job = emulator.add_jobs(cluster)[0]
    emulator.clock.speed = 0
    async with on_terminal("watch", f"ops-manager/{cluster.project_id}/{cluster.id}/{job.id}") as terminal:
        await terminal.expect("1 restore job:")
        terminal.interrupt()
        assert await terminal.end() == 130

    assert "Resume with:" in terminal.text
    assert "Traceback" not in terminal.text
    # The cursor is shown again.
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")
