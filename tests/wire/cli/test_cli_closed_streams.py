"""Commands whose standard output or standard error cannot be written: full disks, closed pipes, closed descriptors.

A command is a process with pipes of its own. Starting Python costs a second or more, so one process loads the command
line once, and forks for each command: the child has the descriptors of the case, and ends as an interpreter does.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from mongorestore_async.emulator import EmulatorSettings, ThreadedEmulator
from mongorestore_async.emulator.world import Order

if not hasattr(os, "fork") or not Path("/dev/full").exists():
    pytest.skip("needs fork, and a device that is always full", allow_module_level=True)

#: Reads a command a line, forks, gives the child its descriptors, and answers with the exit code.
SERVER = """
import json, os, sys
import mongorestore_async
from mongorestore_async.cli import entry, main
mongorestore_async.AsyncSession, mongorestore_async.Fleet
answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    case = json.loads(line)
    child = os.fork()
    if not child:
        os.environ.update(case["environment"])
        for descriptor, name in ((1, case["out"]), (2, case["err"])):
            if name == "closed":
                os.close(descriptor)
            elif name == "pipe":
                reading, writing = os.pipe()
                os.dup2(writing, descriptor)
                os.close(reading)
                os.close(writing)
            else:
                opened = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(opened, descriptor)
                os.close(opened)
        os.close(answers.fileno())
        sys.stdin = open(os.devnull)
        # As an interpreter makes them when it starts: none for a closed descriptor.
        sys.stdout = sys.__stdout__ = None if case["out"] == "closed" else open(1, "w", encoding=case["encoding"])
        sys.stderr = sys.__stderr__ = None if case["err"] == "closed" else open(2, "w", encoding="utf-8", buffering=1)
        sys.exit(main(case["words"]))
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), file=answers, flush=True)
"""

FULL = "/dev/full"
#: Where the two streams of a command go: a file, a full disk, a pipe that nobody reads, a closed descriptor.
STREAMS = {
    "full-disk": {"out": FULL},
    "closed-pipe": {"out": "pipe"},
    "closed": {"out": "closed"},
    "stderr-full-disk": {"err": FULL},
    "stderr-closed-pipe": {"err": "pipe"},
    "stderr-closed": {"err": "closed"},
    "both-closed": {"out": "closed", "err": "closed"},
    "both-closed-pipes": {"out": "pipe", "err": "pipe"},
    "both-full-disk": {"out": FULL, "err": FULL},
}
LOST = [name for name, streams in STREAMS.items() if "out" in streams]
UNSEEN = [name for name, streams in STREAMS.items() if "err" not in streams]
FORMS = ("table", "json", "jsonl", "csv")
#: Where the one for results breaks while it is written, and where it does from the start.
BROKEN = ["full-disk", "both-closed"]


def cases(shift, streams=STREAMS):
    """Pair every state of the streams with one format: another one for each command, for all share their writer."""
    return [(name, FORMS[(number + shift) % len(FORMS)]) for number, name in enumerate(streams)]


#: What Python prints about an error that nobody caught, or that it met while it ended.
NOISE = re.compile("Traceback|Exception ignored|Task exception|never retrieved|Warning")


@pytest.fixture(scope="module")
def emulator():
    with ThreadedEmulator(
        EmulatorSettings(start=datetime.now(UTC), seed=3, speed=0.0, clusters_per_project=7)
    ) as server:
        yield server


@pytest.fixture(autouse=True)
def without_faults(emulator):
    yield
    emulator.fault_after_login = None
    emulator.faults.clear()


@pytest.fixture(scope="module")
def server():
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with process:
        yield process
        process.stdin.close()


@pytest.fixture
def run(server, emulator, tmp_path, environment):
    """Run a command: its exit code, and what it wrote where that was a file."""
    out, err = tmp_path / "out", tmp_path / "err"

    def running(*words, encoding="utf-8", **streams):
        known = {name: text for name, text in environment.items() if name.startswith("MONGODB_")}
        case = {"out": str(out), "err": str(err), **streams, "words": words, "environment": known, "encoding": encoding}
        out.write_text("")
        err.write_text("")
        print(json.dumps(case), file=server.stdin, flush=True)
        code = int(server.stdout.readline())
        assert not NOISE.search(err.read_text()), err.read_text()
        return code, out.read_text(encoding="latin-1"), err.read_text()

    return running


@pytest.fixture
def made(emulator):
    """Reference of a job that ended a certain way."""

    def making(outcome="done", kind="replica-set", family="cloud-manager", **order):
        cluster = emulator.world.first(kind)
        emulator.end_next_jobs(outcome)
        wanted = {"max_downloads": 3, "expiration_hours": 200, **order}
        (job,) = emulator.world.jobs.create(cluster, Order(snapshot_id=emulator.world.snapshots.id(cluster), **wanted))
        emulator.clock.advance(2 * emulator.settings.restore_seconds)
        name = cluster.name if family.startswith("atlas") else cluster.id
        return f"{family}/{cluster.project_id}/{name}/{job.id}"

    return making


@pytest.fixture
def create(emulator, place):
    into = emulator.world.first("sharded")
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    target = ("--target-project-id", into.project_id, "--target-cluster-id", into.id)
    return ("create", *place(), "--snapshot-id", snapshot, *target, "--yes")


@pytest.mark.parametrize(("streams", "form"), cases(0))
def test_a_started_restore_is_told_somewhere(streams, form, run, create, emulator):
    taken = emulator.counts.creates_taken
    code, out, err = run(*create, "-o", form, **STREAMS[streams])

    job = emulator.world.jobs.at(emulator.world.first("replica-set"), 0)
    assert (code, emulator.counts.creates_taken) == (0, taken + 1)
    assert job.id in out + err or not ({"out", "err"} - set(STREAMS[streams]))
    assert ("could not be written to standard output" in err) == (streams in LOST and streams in UNSEEN)
    if streams in LOST and streams in UNSEEN:
        assert f"/{job.id}\n" in err


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(("streams", "form"), cases(1, LOST))
def test_a_restore_of_collections_is_told_somewhere(streams, form, wait, run, emulator):
    cluster = emulator.world.first("cloud-backup")
    words = ("--snapshot-id", emulator.world.snapshots.id(cluster), "--target-cluster", cluster.name, "--database",
             "shop", "--write", "create-new", "-o", form, *["--wait", "--timeout", "0.01s"] * wait)  # fmt: skip
    code, _, err = run(
        "create-collections", "--project-id", cluster.project_id, "--cluster", cluster.name, *words, **STREAMS[streams]
    )

    job = emulator.world.collection_restores.of(cluster)[-1]
    emulator.clock.advance(2 * emulator.settings.restore_seconds)  # one runs at a time
    assert code == (5 if wait else 0)
    assert f"/{job.id}\n" in err or streams not in UNSEEN


@pytest.mark.parametrize("streams", [*LOST, "stderr-closed-pipe"])
def test_an_unknown_outcome_keeps_its_code_unseen(streams, run, create, emulator):
    emulator.faults.play("lost_answer")

    code, out, err = run(*create, **STREAMS[streams])

    assert (code, out) == (6, "")
    assert ("outcome is unknown" in err) == (streams in UNSEEN)


@pytest.mark.parametrize(("streams", "form"), cases(1))
def test_a_wait_that_is_not_read_keeps_its_code(streams, form, run, made):
    assert run("wait", made("failed"), "-o", form, **STREAMS[streams])[0] == 3


@pytest.mark.parametrize("streams", STREAMS)
def test_a_watch_that_is_not_read_ends_by_what_was_seen(streams, run, made):
    assert run("watch", made("cancelled"), made(), **STREAMS[streams])[0] == 3


@pytest.mark.parametrize("streams", BROKEN)
@pytest.mark.parametrize("command", ["wait", "watch"])
def test_a_good_end_that_is_not_read_is_code_0(command, streams, run, made):
    assert run(command, made(), **STREAMS[streams])[0] == 0


@pytest.mark.parametrize("streams", ["full-disk", "closed-pipe"])
def test_an_unseen_watch_of_a_running_job_does_not_wait(streams, run, create, emulator):
    _, out, _ = run(*create, "-o", "csv")
    ref = next(csv.DictReader(out.splitlines()))["ref"]

    code, _, err = run("watch", ref, **STREAMS[streams])

    assert code == 5
    assert "stopped watching: standard output cannot be written" in err
    assert ref in err.partition("Resume with:")[2]


@pytest.mark.parametrize(("streams", "form"), cases(2))
def test_a_download_that_is_not_read_keeps_its_code(streams, form, run, made, tmp_path):
    ref = made()

    assert run("download", ref, "-d", str(tmp_path / "files"), "-o", form, **STREAMS[streams])[0] == 0
    assert len(list((tmp_path / "files").glob("*.tar.gz"))) == 1


@pytest.mark.parametrize("streams", BROKEN)
def test_a_failure_that_is_not_read_keeps_its_code(streams, run, made, place, tmp_path):
    assert run("download", made("failed"), "-d", str(tmp_path), **STREAMS[streams])[0] == 8
    assert run("jobs", *place("sharded")[:-1], "f" * 24, "-o", "jsonl", **STREAMS[streams])[0] == 1


@pytest.mark.parametrize("streams", ["closed-pipe", "closed"])
def test_every_job_is_cancelled_though_nobody_reads_it(streams, run, emulator):
    cluster = emulator.world.first("cloud-backup")
    order = Order(snapshot_id=emulator.world.snapshots.id(cluster))
    jobs = [job for _ in range(2) for job in emulator.world.jobs.create(cluster, order)]
    refs = [f"atlas-cloud-backup/{cluster.project_id}/{cluster.name}/{job.id}" for job in jobs]

    code, _, err = run("cancel", *refs, **STREAMS[streams])

    assert code == 0
    assert [line for line in err.splitlines() if line.startswith("cancelled")] == [
        f"cancelled  {ref}" for ref in refs if streams in UNSEEN
    ]
    assert run("wait", *refs)[0] == 3


@pytest.mark.parametrize(("streams", "form"), cases(3))
def test_a_list_that_is_not_read_keeps_its_code(streams, form, run, place):
    is_written = streams not in {"full-disk", "both-full-disk"}

    code, _, err = run("jobs", *place(), "-o", form, **STREAMS[streams])

    assert code == (0 if is_written else 1)
    if streams == "full-disk":
        assert err == "error: standard output could not be written: No space left on device\n"


@pytest.mark.parametrize("command", ["snapshots", "jobs"])
def test_a_list_of_a_refused_key_is_code_4_unseen(command, run, place, emulator):
    emulator.fault_after_login = lambda _: web.json_response({"error": 403, "detail": "no"}, status=403)

    for streams in BROKEN:
        assert run(command, *place(), **STREAMS[streams])[0] == 4


@pytest.mark.parametrize(("streams", "form"), cases(1, [*LOST, "stderr-closed"]))
def test_a_partly_read_fleet_is_code_9_unseen(streams, form, run, emulator):
    cluster = emulator.world.first("sharded")
    emulator.fault_after_login = lambda record: (
        web.json_response({"error": 403, "detail": "no"}, status=403) if f"/{cluster.id}/" in record.path else None
    )

    code, _, err = run("fleet", "jobs", "--family", "cloud-manager", "-o", form, **STREAMS[streams])

    assert code == 9
    assert ("1 failure:" in err or "stopped: standard output was closed" in err) == (streams in UNSEEN)


@pytest.mark.parametrize(("streams", "form"), [("closed-pipe", "table"), ("closed-pipe", "json"), ("closed", "jsonl")])
def test_a_fleet_that_was_read_is_code_0_unseen(streams, form, run):
    assert run("fleet", "jobs", "--family", "cloud-manager", "-o", form, **STREAMS[streams]) == (0, "", "")


@pytest.mark.parametrize(
    ("words", "streams"),
    [
        (["--help"], "closed-pipe"),
        (["--help"], "full-disk"),
        (["create", "--help"], "both-closed"),
        (["create", "--help"], "full-disk"),
        (["--version"], "closed-pipe"),
    ],
)
def test_help_that_is_not_read_leaves_no_traceback(words, streams, run):
    code, _, err = run(*words, **STREAMS[streams])

    assert code == (1 if streams == "full-disk" else 0)
    assert err.count("\n") == (streams == "full-disk")


def test_a_refused_dry_run_is_code_1_unseen(run, create):
    words = [word for word in create if word != "--yes"]

    assert run(*words, "--dry-run", "--precheck", out="pipe")[0] == 1


@pytest.mark.parametrize("form", FORMS)
def test_an_ascii_terminal_shows_any_name(form, run, emulator):
    words = ("fleet", "jobs", "--family", "cloud-manager", "--projects", "*", "-o", form)

    code, out, err = run(*words, encoding="ascii")

    assert (code, err) == (0, "")
    assert out.isascii()


def test_secrets_never_go_to_standard_error(run, create):
    code, _, err = run(*create, "-o", "json", "--show-secrets", out=FULL)

    assert code == 0
    assert "{" not in err
