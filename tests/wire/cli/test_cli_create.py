"""``mongorestore-async create``: the five variants, the question before it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from mongorestore_async.cli.creates.create_options import CreateOptions
from mongorestore_async.errors import ConfigError
from mongorestore_async.families import ATLAS_FLEX, ATLAS_LEGACY, CLOUD_MANAGER, FAMILIES
from mongorestore_async.models import SERVER_DEFAULT, Checkpoint, HttpRestore, OplogTime, PointInTime, Snapshot, Target

SNAPSHOT = "500000006e8548cb9095e0a3"
RECENT = (datetime.now(UTC) - timedelta(minutes=30)).replace(microsecond=0)
INTO = {"target_project_id": "p", "target_cluster_id": "c"}


@pytest.fixture
def newest(emulator):
    """The job a cluster got last."""
    return lambda kind="replica-set": emulator.world.jobs.at(emulator.world.first(kind), 0)


@pytest.mark.parametrize(
    ("words", "source"),
    [
        (["--snapshot-id", SNAPSHOT], {"snapshot_id": SNAPSHOT}),
        (["--snapshotId", SNAPSHOT], {"snapshot_id": SNAPSHOT}),
        (["--oplog-ts", "1700000000", "--oplog-inc", "3"], {"oplog": (1_700_000_000, 3)}),
        (["--oplogTs", "1700000000", "--oplogInc", "3"], {"oplog": (1_700_000_000, 3)}),
        (["--point-in-time", RECENT.isoformat()], {"moment": RECENT}),
        (["--point-in-time", f"{RECENT:%Y-%m-%dT%H:%M:%SZ}"], {"moment": RECENT}),
        (["--pointInTimeUTCMillis", str(int(RECENT.timestamp() * 1000))], {"moment": RECENT}),
    ],
)
def test_a_restore_into_a_cluster_asks_for_what_was_given(words, source, call, place, target, newest, emulator):
    ended = call("create", *place(), *words, *target, "--yes")

    job = newest()
    assert (ended.code, ended.err) == (0, "")
    assert {name: getattr(job.order, name) for name in source} == source
    assert not job.order.over_http
    assert job.order.target_cluster == emulator.world.first("sharded").id
    assert f"  RUNNING    cloud-manager/{job.cluster.project_id}/{job.cluster.id}/{job.id}\n" in ended.out


def test_a_checkpoint_restores_a_sharded_cluster_in_a_batch(call, place, target, emulator, newest):
    checkpoint = emulator.world.checkpoints.id(emulator.world.first("sharded-fcv-4.0"))

    ended = call("create", *place("sharded-fcv-4.0"), "--checkpointId", checkpoint, *target, "--force")

    assert ended.code == 0
    assert newest("sharded-fcv-4.0").order.checkpoint_id == checkpoint
    assert len(re.findall(r"^  RUNNING ", ended.out, re.MULTILINE)) == 3
    assert len(set(re.findall(r"cloud-manager/\w+/\w+/\w+", ended.out.partition("Wait for the end:")[2]))) == 3


def test_without_a_target_it_is_a_download_and_nothing_is_asked(call, place, newest):
    words = ("--snapshot-id", SNAPSHOT, "--maxDownloads", "2", "--expirationHours", "3", "-o", "jsonl")
    ended = call("create", *place(), *words)

    order = newest().order
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["id"] == newest().id
    assert (order.over_http, order.max_downloads, order.expiration_hours) == (True, 2, 3)


def test_the_command_it_ends_with_waits_for_the_job(call, place, target, newest, emulator):
    ended = call("create", *place(), "--snapshot-id", SNAPSHOT, *target, "-y")

    follow = re.sub(r" \\\n", " ", ended.out.partition("Wait for the end:\n")[2]).split()
    assert follow[:2] == ["mongorestore-async", "wait"]
    emulator.clock.advance(3600)
    waited = call(*follow[1:], "-o", "jsonl")
    assert (waited.code, json.loads(waited.out)["id"]) == (0, newest().id)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "exactly one of --snapshot-id"),
        (["--snapshot-id", "s", "--checkpoint-id", "c"], "exactly one of --snapshot-id"),
        (["--oplog-ts", "1700000000"], "--oplog-ts and --oplog-inc belong together"),
        (["--oplog-ts", "0", "--oplog-inc", "1"], "--oplog-ts"),
        (["--snapshot-id", "s"], "a download needs --max-downloads and one of --expires and --expiration-hours"),
        (["--snapshot-id", "s", "--max-downloads", "1"], "a download needs one of --expires"),
        (["--checkpoint-id", "c", "--max-downloads", "1"], "only a snapshot can be downloaded"),
        (["--snapshot-id", "s", "--target-project-id", "p"], "needs --target-cluster-id"),
        (["--snapshot-id", "s", "TARGET", "--max-downloads", "1"], "are for downloads"),
        (["--snapshot-id", "s", "TARGET", "--server-defaults"], "are for downloads"),
        (["--snapshot-id", "s", "TARGET"], "there is no terminal to ask for confirmation: pass --yes"),
        (["--point-in-time", "2026-11-02T12:00:00", "TARGET"], "--point-in-time: no time zone"),
        (["--point-in-time", "noon", "TARGET"], "--point-in-time: not an ISO 8601 date"),
        (["--point-in-time", "2020-01-01T00:00:00Z", "TARGET"], "more than 24 hours ago"),
        (["--pointInTimeUTCMillis", "soon", "TARGET"], "not a number of milliseconds"),
        (["--pointInTimeUTCMillis", "9" * 30, "TARGET"], "not a number of milliseconds"),
    ],
)
def test_contradictory_options_are_refused_before_any_request(words, reason, call, place, target, requests_of):
    given = [part for word in words for part in (target if word == "TARGET" else [word])]
    with requests_of() as paths:
        ended = call("create", *place(), *given)

    assert (ended.code, ended.out, paths) == (2, "", [])
    assert ended.err.startswith("error: ")
    assert ended.err.count("\n") == 1
    assert reason in ended.err


def test_a_variant_that_a_family_does_not_take_is_refused(call, place, requests_of):
    with requests_of() as paths:
        ended = call("create", *place("tenant", "atlas-tenant"), "--oplog-ts", "1700000000", "--oplog-inc", "1",
                     "--target-cluster-id", "x", "--yes")  # fmt: skip

    assert (ended.code, paths) == (2, [])
    assert "does not support restores to an oplog timestamp" in ended.err


@pytest.mark.parametrize(
    ("order", "request_made"),
    [
        (
            CreateOptions(snapshot_id="s", server_defaults=True),
            HttpRestore("s", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT),
        ),
        (CreateOptions(snapshot_id="s", max_downloads=1, expires=RECENT), HttpRestore("s", 1, expires=RECENT)),
        (
            CreateOptions(snapshot_id="s", max_downloads=1, server_defaults=True),
            HttpRestore("s", 1, expiration_hours=SERVER_DEFAULT),
        ),
    ],
)
def test_downloads_leave_out_what_they_are_told_to(order, request_made):
    assert order.request(CLOUD_MANAGER, "own") == request_made


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"snapshot_id": "s"}, Snapshot("s")),
        ({"checkpoint_id": "c"}, Checkpoint("c")),
        ({"oplog_ts": 1, "oplog_inc": 2}, OplogTime(1, 2)),
        ({"point_in_time": RECENT}, PointInTime(RECENT)),
        ({"point_in_time_millis": RECENT}, PointInTime(RECENT)),
    ],
)
def test_each_source_makes_an_automated_restore(given, source):
    assert CreateOptions(**given, **INTO).request(CLOUD_MANAGER, "own").source == source


def test_a_download_takes_one_expiry():
    with pytest.raises(ConfigError, match="never both"):
        CreateOptions(snapshot_id="s", max_downloads=1, expires=RECENT, expiration_hours=1).request(
            CLOUD_MANAGER, "own"
        )


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_a_download_needs_limits_where_there_are_any(family):
    bare = CreateOptions(snapshot_id="s")

    if family.encoding in {"manager", "legacy"}:
        with pytest.raises(ConfigError, match="a download needs --max-downloads"):
            bare.request(family, "own")
    else:
        assert bare.request(family, "own") == HttpRestore.on_server_terms("s")


def test_limits_are_never_dropped_in_silence(call):
    flex = ("--family", ATLAS_FLEX.name, "--project-id", "p", "--cluster-id", "c")

    ended = call("create", *flex, "--snapshot-id", "s", "--max-downloads", "1", "--expiration-hours", "1")

    assert (ended.code, ended.out) == (2, "")
    assert "leave --max-downloads, --expires and --expiration-hours out" in ended.err


def test_the_target_is_in_the_project_of_the_backup_unless_told():
    order = CreateOptions(snapshot_id="s", target_cluster_id="c")

    assert order.request(ATLAS_LEGACY, "own").target == Target("own", "c")
    assert CreateOptions(snapshot_id="s", **INTO).request(ATLAS_LEGACY, "own").target == Target("p", "c")


async def test_an_unknown_outcome_has_its_own_exit_code_and_advice(run, place, target, emulator):
    emulator.faults.play("lost_answer")
    before = emulator.counts.creates_taken

    ended = await run("create", *place(), "--snapshot-id", SNAPSHOT, *target, "--yes")

    assert (ended.code, ended.out) == (6, "")
    assert emulator.counts.creates_taken == before + 1
    assert "outcome is unknown" in ended.err.splitlines()[0]
    assert ended.err.endswith(
        f"List the jobs before you send it again:\n  mongorestore-async jobs {' '.join(place())}\n"
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_interrupted_create_is_an_unknown_outcome(number, start, place, target, emulator):
    arrived, released = threading.Event(), threading.Event()

    async def hold(record):
        if record.method == "POST" and record.status == 200:
            arrived.set()
            await asyncio.to_thread(released.wait, 120)

    emulator.before_answer = hold
    async with start("create", *place(), "--snapshot-id", SNAPSHOT, *target, "--yes") as process:
        assert await asyncio.to_thread(arrived.wait, 120)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 120)
    released.set()

    assert (process.returncode, out) == (6, b"")
    assert b"its outcome is unknown" in err.splitlines()[0]
    assert b"a restore may be running" in err.splitlines()[0]
    assert err.splitlines()[1].startswith(b"List the jobs before")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_create_interrupted_before_it_is_sent_says_so(number, start, place, target, emulator):
    arrived, released = threading.Event(), threading.Event()

    async def hold(_):
        arrived.set()
        await asyncio.to_thread(released.wait, 120)

    emulator.before_answer = hold  # the challenge, or what is read before the create
    before = emulator.counts.creates_taken
    async with start("create", *place(), "--snapshot-id", SNAPSHOT, *target, "--yes", "--precheck") as process:
        assert await asyncio.to_thread(arrived.wait, 120)
        process.send_signal(number)
        out, err = await asyncio.wait_for(process.communicate(), 120)
    released.set()

    assert (process.returncode, out, err) == (130, b"", b"interrupted\nNothing was sent.\n")
    assert emulator.counts.creates_taken == before


@pytest.mark.parametrize(("status", "code"), [(403, 4), (409, 1), (400, 1)])
def test_a_refused_create_ends_with_the_code_of_its_error(status, code, call, place, target, emulator):
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": status, "detail": "no"}, status=status) if record.method == "POST" else None
    )

    ended = call("create", *place(), "--snapshot-id", SNAPSHOT, *target, "--yes")

    assert (ended.code, ended.out) == (code, "")
    assert emulator.private_key not in ended.err


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 408, 499])
def test_a_create_that_a_gateway_answered_is_not_known(status, call, place, target, emulator):
    emulator.fault_after_login = lambda record: (
        web.Response(status=status, text="<html>No</html>", content_type="text/html")
        if record.method == "POST"
        else None
    )

    ended = call("create", *place(), "--snapshot-id", SNAPSHOT, *target, "--yes")

    assert (ended.code, ended.out) == (6, "")
    assert "List the jobs before you send it again" in ended.err


def test_a_gateways_403_says_nothing_about_the_key(call, place, emulator):
    emulator.fault_after_login = lambda _: web.Response(status=403, text="<html>No</html>", content_type="text/html")

    assert call("jobs", *place()).code == 1
