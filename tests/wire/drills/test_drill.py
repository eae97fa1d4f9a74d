from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from datetime import UTC, datetime, timedelta

import attrs
import pytest
from aiohttp.web import Response

from builders.drill_world import drill_plan, drill_session, drill_settings, replica_sets
from mongorestore_async import (
    CLOUD_MANAGER,
    AsyncSession,
    AutomatedRestore,
    DigestAuth,
    PollPolicy,
    RestoreGuard,
    RetryPolicy,
    Snapshot,
    Target,
)
from mongorestore_async.drills import (
    DrillCheck,
    DrillCluster,
    DrillOutcome,
    DrillPlan,
    DrillReport,
    DrillServer,
    SnapshotRule,
    foresee,
    resume_drill,
    run_drill,
)
from mongorestore_async.drills.journal import Journal
from mongorestore_async.emulator import Emulator
from mongorestore_async.errors import ConfigError, SessionClosed
from mongorestore_async.evidence import EvidenceError, EvidenceLog, verify

DAY = 86400.0


class Recorder:
    """Keeps evidence in memory."""

    def __init__(self):
        self.entries = []

    def append(self, what, data):
        json.dumps(data)
        self.entries.append((what, data))

    @property
    def head(self):
        return attrs.make_class("Head", ["hash", "count"])("00", len(self.entries))


def changed(plan, **entries):
    """The plan with fields of some clusters changed."""
    clusters = tuple(attrs.evolve(each, **entries.get(each.name, {})) for each in plan.clusters)
    return attrs.evolve(plan, clusters=clusters)


def states(report):
    return [outcome.state for outcome in report.outcomes]


def report_of(*outcomes):
    at = datetime.now(UTC)
    return DrillReport(name="last", started_at=at, ended_at=at, outcomes=outcomes, library_version="0")


async def test_what_a_restore_took_is_measured_and_every_step_is_evidence(tmp_path):
    recorder, seen = Recorder(), []
    async with Emulator(drill_settings(2)) as emulator, drill_session(emulator) as session:
        goals = {"rto": 60.0, "rpo": DAY}
        plan = changed(drill_plan(emulator, downloads=1), c0=goals, c1=goals | {"rto": 0.01})
        report = await run_drill(plan, session, tmp_path, evidence=recorder, on_step=seen.append)
        sent = emulator.counts.requests

    download, restore = report.outcomes
    assert states(report) == ["PASSED", "MISSED_GOAL"]
    assert (download.name, restore.name) == ("c0", "c1")
    assert restore.reason == f"RTO {restore.rto_seconds:.1f}s, goal 0.0s"
    assert 0.2 < restore.rto_seconds < 60
    assert timedelta(seconds=download.rpo_seconds) == download.started_at - download.snapshot_at
    assert (download.archive_bytes, download.archive_verified, download.checks) == (256 * 1024, None, ())
    assert [step.step for step in seen if step.cluster == "c0"] == [
        *("begun", "intent", "sent", "started", "waited", "downloaded", "checked", "cleaned", "done")
    ]
    assert len(recorder.entries) == len(seen) + 2
    (intent,) = [data for what, data in recorder.entries if what == "drill.intent" and data["cluster"] == "c1"]
    assert intent["request"].startswith("POST http://127.0.0.1")
    assert intent["body"]["snapshotId"] == restore.snapshot
    assert "sha256" in str(recorder.entries)
    assert "/restore/v2/pull/" not in str(recorder.entries)
    assert 0 < report.requests <= sent
    assert list((tmp_path / "restores").iterdir()) == []


async def test_archives_are_opened_and_counted(server, pack, documents, tmp_path):
    """One is whole, one lost its log, one its turtle file: a server would open all three without a word."""
    archives = [pack(), pack("WiredTigerLog.0000000001"), pack("WiredTiger.turtle")]
    async with Emulator(drill_settings(3)) as emulator, drill_session(emulator) as session:
        order = [cluster.id for cluster in replica_sets(emulator)]
        emulator.archives.given = lambda job, _member: archives[order.index(job.cluster.id)]
        usual = {"archive": True, "namespaces": documents}
        plan = changed(drill_plan(emulator, downloads=3, server=server), c0=usual, c1=usual, c2=usual)
        report = await run_drill(plan, session, tmp_path)

    whole, lost, broken = report.outcomes
    assert states(report) == ["PASSED", "FAILED", "FAILED"]
    assert [outcome.archive_verified for outcome in report.outcomes] == [True, False, False]
    assert dict(whole.namespaces) == documents
    assert whole.checks[1].detail == "2030 documents in 2 namespaces, as known"
    assert lost.checks[0].passed
    assert lost.reason.startswith("documents: ")
    assert broken.reason.endswith("WiredTiger.turtle is missing")
    kept = sorted(path.name for path in (tmp_path / "restores").iterdir())
    assert kept == ["002-c1", "003-c2"]  # what failed stays, to be looked at


async def test_a_relative_folder_and_a_relative_binary_are_found(server, pack, documents, monkeypatch, tmp_path):
    (tmp_path / "server").symlink_to(server.command[0])
    monkeypatch.chdir(tmp_path)
    near = attrs.evolve(server, command=("./server", *server.command[1:]))
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        emulator.archives.given = lambda _job, _member: pack()
        usual = {"archive": True, "namespaces": documents}
        report = await run_drill(changed(drill_plan(emulator, downloads=1, server=near), c0=usual), session, "drill")

    assert report.outcomes[0].archive_verified, report.outcomes[0].reason


async def test_counts_are_compared_with_the_last_drill(server, pack, documents, tmp_path):
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        emulator.archives.given = lambda _job, _member: pack()
        plan = changed(drill_plan(emulator, downloads=1, server=server), c0={"archive": True})
        first = await run_drill(plan, session, tmp_path / "1")
        more = attrs.evolve(first.outcomes[0], namespaces=documents | {"shop.gone": 1})
        second = await run_drill(plan, session, tmp_path / "2", last=report_of(more))

    assert first.outcomes[0].archive_verified is None
    assert first.outcomes[0].checks[1].detail.endswith("nothing is known to compare them with")
    assert second.outcomes[0].reason == "documents: shop.gone is missing, which the last drill found"


async def test_checks_of_the_user_see_the_server(server, pack, tmp_path):
    code = "import os, sys; sys.exit(not os.environ['DRILL_ADDRESS'].startswith('mongodb://127.0.0.1:'))"
    checks = (
        DrillCheck(name="address", command=(sys.executable, "-c", code)),
        DrillCheck(name="never", command=(sys.executable, "-c", "raise SystemExit('no')")),
    )
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        emulator.archives.given = lambda _job, _member: pack()
        plan = changed(drill_plan(emulator, downloads=1, server=server), c0={"archive": True, "checks": checks})
        report = await run_drill(plan, session, tmp_path)

    assert [check.passed for check in report.outcomes[0].checks] == [True, True, True, False]
    assert report.outcomes[0].reason == "never: exit code 1: no"


async def test_what_comes_after_a_failure_is_skipped(tmp_path):
    recorder = Recorder()
    async with Emulator(drill_settings(4)) as emulator, drill_session(emulator) as session:
        emulator.end_next_jobs("failed")
        plan = changed(
            drill_plan(emulator, parallel=1, stop_after=2),
            c1={"after": ("c0",)},
            c2={"snapshot": SnapshotRule(kind="id", id="f" * 24)},
        )
        report = await run_drill(plan, session, tmp_path, evidence=recorder)

    ended = next(data for what, data in recorder.entries if what == "drill.done")
    assert [job["statusName"] for job in ended["answers"]] == ["BROKEN"]
    assert states(report) == ["FAILED", "SKIPPED", "FAILED", "SKIPPED"]
    assert report.outcomes[0].reason.startswith("RestoreFailed: ")
    assert report.outcomes[1].reason == "c0, which comes before it, did not pass"
    assert report.outcomes[3].reason == "nothing more is started after 2 failures"


@pytest.mark.parametrize(("which", "number"), [("newest", 0), ("oldest", 4)])
async def test_the_rule_chooses_the_snapshot(which, number, tmp_path):
    async with Emulator(drill_settings(1, snapshots_per_cluster=5)) as emulator, drill_session(emulator) as session:
        cluster = replica_sets(emulator)[0]
        wanted = emulator.world.snapshots.id(cluster, number)
        plan = changed(drill_plan(emulator), c0={"snapshot": SnapshotRule(kind=which)})
        report = await run_drill(plan, session, tmp_path / "a")
        none = changed(plan, c0={"snapshot": SnapshotRule(kind=which, older_than=900 * DAY)})
        refused = await run_drill(none, session, tmp_path / "b")

    assert report.outcomes[0].snapshot == wanted
    assert refused.outcomes[0].state == "FAILED"
    assert "NotRestorable: no snapshot" in refused.outcomes[0].reason


async def test_a_create_whose_answer_is_lost_is_found_or_undecided(tmp_path):
    async with Emulator(drill_settings(2, create_faults=("taken", "not-taken"))) as emulator:
        async with drill_session(emulator) as session:
            report = await run_drill(drill_plan(emulator, parallel=1), session, tmp_path)
        assert states(report) == ["PASSED", "UNDECIDED"]
        assert "outcome is unknown" in report.outcomes[1].reason
        async with drill_session(emulator) as session:
            again = await resume_drill(session, tmp_path)
        creates = [record.path for record in emulator.requests if record.method == "POST" and record.status != 401]

    assert states(again) == ["PASSED", "UNDECIDED"]
    assert "job list does not tell" in again.outcomes[1].reason
    assert len(creates) == len(set(creates)) == 2


async def test_an_undecided_create_that_shows_up_later_is_taken_up(tmp_path):
    async with Emulator(drill_settings(1, create_faults=("taken",))) as emulator:
        jobs = emulator.world.jobs
        async with drill_session(emulator) as session:
            emulator.fault_after_login = lambda record: (
                "drop" if record.method == "GET" and jobs.count(replica_sets(emulator)[0]) else None
            )
            first = await run_drill(drill_plan(emulator), session, tmp_path)
        emulator.fault_after_login = None
        async with drill_session(emulator) as session:
            second = await resume_drill(session, tmp_path)

    assert (states(first), states(second)) == (["UNDECIDED"], ["PASSED"])
    assert emulator.counts.creates_received == 1


async def test_a_cancelled_drill_is_resumed_where_it_was(tmp_path):
    async with Emulator(drill_settings(2, restore_seconds=1.0)) as emulator:
        plan = drill_plan(emulator)
        with EvidenceLog.open(tmp_path / "evidence.jsonl") as log:
            async with drill_session(emulator) as session:
                started = asyncio.Semaphore(0)
                run = asyncio.create_task(
                    run_drill(
                        plan,
                        session,
                        tmp_path,
                        evidence=log,
                        on_step=lambda step: started.release() if step.step == "started" else None,
                    )
                )
                await started.acquire()
                await started.acquire()
                with pytest.raises(ConfigError, match="another run of this drill is going on"):
                    await resume_drill(session, tmp_path)
                run.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await run
            async with drill_session(emulator) as session:
                report = await resume_drill(session, tmp_path, evidence=log)
        counts = [emulator.world.jobs.count(cluster) for cluster in replica_sets(emulator)]

    assert states(report) == ["PASSED", "PASSED"]
    assert counts == [1, 1, 0, 0]
    assert verify(tmp_path / "evidence.jsonl", head=report.evidence_head, count=report.evidence_count).problems == ()


async def test_a_finished_drill_is_only_told_again(tmp_path):
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        plan = drill_plan(emulator)
        first = await run_drill(plan, session, tmp_path)
        sent = emulator.counts.requests
        second = await resume_drill(session, tmp_path)
        assert emulator.counts.requests == sent
        with pytest.raises(ConfigError, match="has begun: resume it"):
            await run_drill(plan, session, tmp_path)

    assert second.outcomes == first.outcomes
    assert second.started_at == first.started_at


async def test_a_protected_target_is_refused(tmp_path):
    async with Emulator(drill_settings(1)) as emulator:
        plan = drill_plan(emulator)
        guard = RestoreGuard((Target(plan.clusters[0].target.project, "*"),))
        async with drill_session(emulator, guard=guard) as session:
            report = await run_drill(plan, session, tmp_path)

    assert states(report) == ["FAILED"]
    assert report.outcomes[0].reason.startswith("ProtectedTarget: ")
    assert emulator.counts.creates_received == 0


async def test_a_drill_is_foretold_without_a_create():
    async with Emulator(drill_settings(3)) as emulator, drill_session(emulator) as session:
        plan = changed(
            drill_plan(emulator, parallel=1),
            c1={"rpo": 1.0},
            c2={"snapshot": SnapshotRule(kind="id", id="f" * 24)},
        )
        unknown = await foresee(plan, session)
        before = [
            DrillOutcome(project=each.project, cluster=each.cluster, target="x", state="PASSED", rto_seconds=60.0)
            for each in plan.clusters
        ]
        known = await foresee(changed(plan, c2={"snapshot": SnapshotRule()}), session, last=report_of(*before))
        assert emulator.counts.creates_received == 0

    assert [bool(restore.problems) for restore in unknown.restores] == [False, True, True]
    assert unknown.is_refused
    assert unknown.seconds is None
    assert known.seconds >= 180
    assert known.restores[0].method == "POST"
    assert "restoreJobs" in known.restores[0].url


async def test_a_drill_of_a_server_without_an_address_is_refused():
    cluster = DrillCluster(name="x", project="p", cluster="c")
    async with AsyncSession(DigestAuth("public", "private")) as session:
        with pytest.raises(ConfigError, match="base_url"):
            await foresee(DrillPlan(name="x", family="ops-manager", clusters=(cluster,)), session)


def test_a_journal_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "journal.sqlite3"
    with pytest.raises(ConfigError, match="no drill has begun"):
        Journal.open(path)
    path.write_bytes(b"x" * 2000)
    with pytest.raises(ConfigError, match="is no journal of a drill"):
        Journal.open(path)
    path.unlink()
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT)")
    database.execute("INSERT INTO about VALUES ('format', '2')")
    database.commit()
    database.close()
    with pytest.raises(ConfigError, match="format of the journal is 2: this version reads 1"):
        Journal.open(path)


async def test_what_the_evidence_lacks_is_written_when_the_drill_is_resumed(tmp_path):
    class Full(Recorder):
        def append(self, what, data):
            if what == "drill.started":
                raise OSError("no space left on device")
            super().append(what, data)

    full, recorder = Full(), Recorder()
    recorder.entries = full.entries  # the same file
    async with Emulator(drill_settings(1)) as emulator:
        async with drill_session(emulator) as session:
            with pytest.raises(OSError, match="no space left"):
                await run_drill(drill_plan(emulator), session, tmp_path, evidence=full)
        async with drill_session(emulator) as session:
            report = await resume_drill(session, tmp_path, evidence=recorder)

    assert states(report) == ["PASSED"]
    told = [what for what, _ in recorder.entries]
    assert told[:4] == ["drill.run", "drill.begun", "drill.intent", "drill.sent"]
    assert told[4:7] == ["drill.run", "drill.started", "drill.waited"]
    assert emulator.counts.creates_received == 1


async def test_new_evidence_gets_all_that_was_done_before(tmp_path):
    recorder = Recorder()
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        await run_drill(drill_plan(emulator), session, tmp_path, evidence=Recorder())
        await resume_drill(session, tmp_path, evidence=recorder)

    told = [what for what, _ in recorder.entries]
    assert told[:5] == ["drill.run", "drill.begun", "drill.intent", "drill.sent", "drill.started"]
    assert told[-2:] == ["drill.done", "drill.report"]


@pytest.mark.parametrize("statement", ["CREATE TABLE steps", "INSERT INTO runs", "INSERT INTO steps", "UPDATE steps"])
async def test_a_full_disk_ends_the_run_as_an_error_of_the_system(statement, monkeypatch, tmp_path):
    class FullConnection(sqlite3.Connection):
        def execute(self, sql, *parameters):
            if sql.startswith(statement):
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *parameters)

    connect = sqlite3.connect
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=FullConnection, **more))
        with pytest.raises(OSError, match="journal of the drill cannot be written: database or disk is full"):
            await run_drill(drill_plan(emulator), session, tmp_path, evidence=Recorder())

    assert emulator.counts.creates_received == 0


async def test_evidence_that_cannot_be_written_is_no_outcome(tmp_path):
    class Touched(Recorder):
        def append(self, what, data):
            if what == "drill.waited":
                raise EvidenceError("it was replaced by someone else in the meantime")
            super().append(what, data)

    async with Emulator(drill_settings(1)) as emulator:
        async with drill_session(emulator) as session:
            with pytest.raises(OSError, match="evidence cannot be written: it was replaced"):
                await run_drill(drill_plan(emulator), session, tmp_path, evidence=Touched())
        async with drill_session(emulator) as session:
            report = await resume_drill(session, tmp_path, evidence=Recorder())

    assert states(report) == ["PASSED"]


async def test_a_session_that_is_closed_is_no_outcome(tmp_path):
    async with Emulator(drill_settings(1)) as emulator:
        closing = []
        async with drill_session(emulator) as session:

            def close(step):
                if step.step == "started":
                    closing.append(asyncio.create_task(session.close()))

            with pytest.raises(SessionClosed):
                await run_drill(drill_plan(emulator), session, tmp_path, on_step=close)
        async with drill_session(emulator) as again:
            report = await resume_drill(again, tmp_path)

    assert states(report) == ["PASSED"]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"call": "no_such_module_here:f"}, "check 'x' of cluster 'c0' cannot run: ModuleNotFoundError"),
        ({"call": "os.path:join"}, "cannot run: TypeError: os.path:join is no async function"),
        ({"command": ("./no-such-program",)}, "cannot run: ./no-such-program is no program on this machine"),
        ({"command": ("",)}, "cannot run: an empty text is no program"),
        (None, "the server of the plan, /no/mongod, is no program on this machine"),
    ],
)
async def test_what_the_plan_needs_is_looked_for_before_anything_is_started(fields, told, tmp_path):
    checks = () if fields is None else (DrillCheck(name="x", **fields),)
    server = None if fields else DrillServer(command=("/no/mongod", "{directory}", "{port}"))
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        plan = changed(drill_plan(emulator, downloads=1, server=server), c0={"checks": checks})
        with pytest.raises(ConfigError, match=told):
            await foresee(plan, session)
        with pytest.raises(ConfigError, match=told):
            await run_drill(plan, session, tmp_path)

    assert emulator.counts.requests == 0
    assert list(tmp_path.iterdir()) == []


async def test_a_library_that_is_missing_when_a_drill_is_resumed_is_no_outcome(server, monkeypatch, tmp_path):
    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        Journal.create(tmp_path / "journal.sqlite3", drill_plan(emulator, downloads=1, server=server)).close()
        monkeypatch.setitem(sys.modules, "pymongo", None)
        with pytest.raises(ConfigError, match=r"mongorestore-async\[drills\]"):
            await resume_drill(session, tmp_path)

    assert emulator.counts.requests == 0


async def test_a_sharded_cluster_has_an_archive_for_each_part(tmp_path):
    async with Emulator(drill_settings(2, projects=2, clusters_per_project=2)) as emulator:
        cluster = emulator.world.first("sharded")
        entry = DrillCluster(
            name="s", project=cluster.project_id, cluster=cluster.id, archive=False, keep=True, rto=60.0, rpo=DAY
        )
        plan = DrillPlan(name="x", family="cloud-manager", clusters=(entry,))
        async with drill_session(emulator) as session:
            report = await run_drill(plan, session, tmp_path)
            again = await resume_drill(session, tmp_path)

    (outcome,) = report.outcomes
    assert (outcome.state, outcome.archive_bytes) == ("PASSED", 3 * 256 * 1024)
    assert len(list((tmp_path / "restores" / "001-s" / "archives").iterdir())) == 3
    assert again.outcomes == report.outcomes


async def test_an_archive_that_was_changed_after_its_download_fails(tmp_path):
    class Changing(Recorder):
        def append(self, what, data):
            super().append(what, data)
            if what == "drill.downloaded":
                (path,) = (tmp_path / "restores" / "001-c0" / "archives").glob("*.gz")
                path.write_bytes(path.read_bytes()[:-1])

    async with Emulator(drill_settings(1)) as emulator, drill_session(emulator) as session:
        plan = changed(drill_plan(emulator, downloads=1), c0={"archive": True})
        report = await run_drill(plan, session, tmp_path, evidence=Changing())

    assert report.outcomes[0].state == "FAILED"
    assert "it is not what was downloaded" in report.outcomes[0].reason


async def test_a_wait_that_takes_too_long_fails_and_is_not_repeated(tmp_path):
    async with Emulator(drill_settings(1, restore_seconds=3600)) as emulator, drill_session(emulator) as session:
        plan = changed(drill_plan(emulator), c0={"timeout": 0.5})
        report = await run_drill(plan, session, tmp_path)

    assert report.outcomes[0].state == "FAILED"
    assert report.outcomes[0].reason.startswith("WaitTimeout: ")
    assert emulator.counts.creates_received == 1


@pytest.mark.parametrize("status", [503, 401, 403, 404])
async def test_a_restore_that_cannot_be_followed_is_looked_at_again(status, tmp_path):
    async with Emulator(drill_settings(1)) as emulator:
        plan = drill_plan(emulator, downloads=1)

        def begin_outage(made):
            if made.step == "started":
                emulator.fault = lambda _record: Response(status=status)

        retry, poll = RetryPolicy(tries=1), PollPolicy(shortest=0.05, longest=0.05, patience=0.2)
        async with drill_session(emulator, retry=retry, poll=poll) as session:
            first = await run_drill(plan, session, tmp_path, on_step=begin_outage)
        emulator.fault = None
        async with drill_session(emulator) as session:
            second = await resume_drill(session, tmp_path)

    assert (states(first), states(second)) == (["UNDECIDED"], ["PASSED"])
    assert first.outcomes[0].reason.startswith("what became of its restore could not be read: ")
    assert emulator.counts.creates_received == 1


async def test_the_server_sets_the_terms_of_an_atlas_download(tmp_path):
    async with Emulator(drill_settings(1, projects=1)) as emulator, drill_session(emulator) as session:
        cluster = emulator.world.first("cloud-backup")
        entry = DrillCluster(name="a", project=cluster.project_id, cluster=cluster.name, archive=False)
        plan = DrillPlan(name="x", family="atlas-cloud-backup", clusters=(entry,))
        report = await run_drill(plan, session, tmp_path)

    assert (states(report), report.outcomes[0].archive_bytes) == (["PASSED"], 256 * 1024)


async def test_the_same_restore_that_runs_already_is_followed(tmp_path):
    async with Emulator(drill_settings(1, restore_seconds=2)) as emulator, drill_session(emulator) as session:
        plan = drill_plan(emulator)
        (entry,) = plan.clusters
        cluster = session.project(entry.project, CLOUD_MANAGER).cluster(entry.cluster)
        target = Target(entry.target.project, entry.target.cluster)
        snapshot = await cluster.snapshots().latest_restorable()
        batch = await cluster.create_restore_job(AutomatedRestore(Snapshot(snapshot.id), target))
        report = await run_drill(plan, session, tmp_path)

    assert states(report) == ["PASSED"]
    assert report.outcomes[0].job == str(batch.refs[0])
    assert emulator.counts.creates_received == 1
