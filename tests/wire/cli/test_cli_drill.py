"""``mongorestore-async drill``: a plan, a run, what an interruption leaves, the report, and the demo."""

from __future__ import annotations

import asyncio
import re
import sys
import tarfile
import time
from pathlib import Path

import pytest

from builders.data_directories import DOCUMENTS, SERVER, make_data_directory, pack_directory
from builders.drill_world import drill_plan
from mongorestore_async.cli.operations.drill_demo import make_archive, run_demo
from mongorestore_async.drills import read_report
from mongorestore_async.drills.checks.archive_check import look_at
from mongorestore_async.evidence import verify

NO_KEYS = dict.fromkeys(
    ("MONGODB_ATLAS_BASE_URL", "MONGODB_ATLAS_PUBLIC_API_KEY", "MONGODB_ATLAS_PRIVATE_API_KEY"), None
)


@pytest.fixture
def settings():
    return {
        "projects": 4,
        "clusters_per_project": 1,
        "jobs_per_cluster": 0,
        "snapshots_per_cluster": 1,
        "restore_seconds": 1.0,
    }


@pytest.fixture
def plan_file(emulator, tmp_path):
    lines = ['name = "weekly"', 'family = "cloud-manager"', 'rto = "1h"']
    for cluster in drill_plan(emulator).clusters:
        lines += ["[[cluster]]", f'name = "{cluster.name}"', f'project = "{cluster.project}"']
        lines += [f'cluster = "{cluster.cluster}"']
        lines += [f'target = {{ project = "{cluster.target.project}", cluster = "{cluster.target.cluster}" }}']
    path = tmp_path / "plan.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


async def test_the_demo_is_a_whole_drill_with_verified_evidence(run, tmp_path):
    begun = time.monotonic()
    ended = await run("drill", "demo", "--output", str(tmp_path / "out"), **NO_KEYS)

    assert ended.code == 0
    assert time.monotonic() - begun < 60
    assert "4 of 6 restores passed" in ended.out
    assert "Evidence verified: every line is as it was written." in ended.out
    assert {"report.html", "report.json", "report.csv", "evidence.jsonl"} <= {
        path.name for path in (tmp_path / "out").iterdir()
    }
    report = read_report(tmp_path / "out" / "report.json")
    assert [outcome.state for outcome in report.outcomes] == [*["PASSED"] * 4, "FAILED", "MISSED_GOAL"]
    assert [outcome.archive_bytes is not None for outcome in report.outcomes] == [*[True] * 3, *[False] * 3]
    assert [outcome.archive_verified for outcome in report.outcomes] == [None] * 6  # no server opened one
    again = await run("drill", "demo", "--output", str(tmp_path / "out"), **NO_KEYS)
    assert again.code == 2
    assert "has begun: resume it" in again.err


async def test_the_demo_opens_real_archives_where_a_server_is_named(tmp_path):
    archive = pack_directory(make_data_directory(tmp_path / "data"))
    report = await run_demo(tmp_path, archive=archive, server=SERVER, namespaces=DOCUMENTS)

    assert [outcome.archive_verified for outcome in report.outcomes] == [*[True] * 3, *[None] * 3]
    assert [dict(outcome.namespaces) for outcome in report.outcomes[:3]] == [DOCUMENTS] * 3
    assert verify(tmp_path / "evidence.jsonl", head=report.evidence_head, count=report.evidence_count).problems == ()


def test_the_archive_of_the_demo_looks_like_one(tmp_path):
    (tmp_path / "a.tgz").write_bytes(make_archive("orders"))
    with tarfile.open(tmp_path / "a.tgz") as tar:
        tar.extractall(tmp_path, filter="data")

    assert make_archive("orders") == make_archive("orders")
    assert look_at(tmp_path).problems == ()


async def test_a_plan_starts_nothing(run, emulator, plan_file):
    ended = await run("drill", "plan", plan_file)

    assert (ended.code, ended.err) == (0, "")
    assert re.search(r"^2 restores, about \d+ requests, how long it takes cannot be told\.$", ended.out, re.MULTILINE)
    assert emulator.counts.creates_received == 0


async def test_a_run_restores_and_reports(run, emulator, plan_file, tmp_path):
    folder = str(tmp_path / "out")
    ended = await run("drill", "run", plan_file, "--output", folder)

    assert ended.code == 0
    assert "2 of 2 restores passed" in ended.out
    assert re.search(r"^\d\d:\d\d:\d\d  c1  PASSED$", ended.err, re.MULTILINE)
    assert emulator.counts.creates_received == 2
    shown = await run("drill", "report", folder)
    assert shown.out == ended.out
    head = re.search(r"head (\w+), count (\d+)", ended.out)
    evidence = tmp_path / "out" / "evidence.jsonl"
    assert verify(evidence, head=head[1], count=int(head[2])).problems == ()
    assert emulator.private_key not in evidence.read_text(encoding="utf-8")
    planned = await run("drill", "plan", plan_file, "--last", f"{folder}/report.json")
    assert "cannot be told" not in planned.out


async def test_a_restore_that_failed_has_its_code(run, emulator, plan_file, tmp_path):
    emulator.end_next_jobs("failed")
    failed = await run("drill", "run", plan_file, "--output", str(tmp_path / "a"))
    assert failed.code == 3


def one_at_a_time(plan_file):
    """An interrupt while the create of another restore is being sent would leave that undecided."""
    plan = Path(plan_file)
    plan.write_text("parallel = 1\n" + plan.read_text(encoding="utf-8"), encoding="utf-8")


async def test_an_interrupted_run_tells_how_to_go_on(start, run, emulator, plan_file, tmp_path):
    one_at_a_time(plan_file)
    folder = str(tmp_path / "out")
    async with start("drill", "run", plan_file, "--output", folder) as process:
        lines = []
        while not any("started" in line for line in lines):
            lines.append((await asyncio.wait_for(process.stderr.readline(), 60)).decode())
        process.send_signal(2)
        _, err = await process.communicate()
    assert process.returncode == 130
    assert f"mongorestore-async drill resume {folder}" in err.decode()

    ended = await run("drill", "resume", folder)

    assert (ended.code, emulator.counts.creates_received) == (0, 2)
    assert read_report(tmp_path / "out" / "report.json").passed


def test_there_is_nothing_to_resume_where_no_drill_began(call, tmp_path):
    ended = call("drill", "resume", str(tmp_path))

    assert ended.code == 2
    assert "none has begun there" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_drill_that_was_interrupted_has_no_report_yet(call, tmp_path):
    (tmp_path / "journal.sqlite3").touch()
    ended = call("drill", "report", str(tmp_path))

    assert ended.code == 2
    assert "drill resume" in ended.err


SCRIPT = Path(sys.executable).with_name("mongorestore-async")
CHECK = '\n[[cluster.check]]\nname = "totals"\ncall = "checks_of_{name}:totals"\n'


def add_check(plan_file, name):
    plan = Path(plan_file)
    plan.write_text(plan.read_text(encoding="utf-8") + CHECK.format(name=name), encoding="utf-8")


@pytest.mark.parametrize(("written", "code"), [("here", 0), ("nobody", 2)])
async def test_functions_of_checks_are_imported_from_the_current_directory(
    environment, emulator, plan_file, tmp_path, written, code
):
    (tmp_path / "checks_of_here.py").write_text("async def totals(context): return 'fine'\n", encoding="utf-8")
    add_check(plan_file, written)
    pipe = asyncio.subprocess.PIPE
    words = ("drill", "run", plan_file, "--output", "out")
    process = await asyncio.create_subprocess_exec(
        SCRIPT, *words, env=environment, cwd=tmp_path, stdout=pipe, stderr=pipe
    )
    _, err = await asyncio.wait_for(process.communicate(), 60)

    assert process.returncode == code, err.decode()
    assert (emulator.counts.creates_received > 0) == (code == 0)
