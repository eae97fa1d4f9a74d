"""Reports to be written: fleets and drills of any size, the same each time, with names nobody should have."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from mongorestore_async.drills.results import CheckOutcome, DrillOutcome, DrillReport
from mongorestore_async.models import JobState
from mongorestore_async.reports import ClusterHistory, FleetReport, Restore

__all__ = ["HOSTILE", "NOW", "drill_of", "fleet_of", "history", "restore"]

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)

#: What a server, or whoever names a cluster, may send.
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</title></style><b>",
    '=HYPERLINK("http://example.com";"x")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\u202egnp.exe",
    "half \ud800 a character",
    "nul \x00 esc \x1b[31m",
    "&lt;b&gt; &#60;",
    "x" * 5000,
)


_REASONS = {
    "PASSED": "",
    "MISSED_GOAL": "RTO longer than its goal",
    "FAILED": "the restore job failed: BROKEN",
    "UNDECIDED": "what became of the restore cannot be told",
    "SKIPPED": "stopped after 3 failures",
}


def restore(state=JobState.FINISHED, *, days=1.0, seconds=None, job="cloud-manager/p/c/j", **other):
    """A restore that was requested so many days ago."""
    requested = NOW - timedelta(days=days)
    finished = None if seconds is None else requested + timedelta(seconds=seconds)
    return Restore(job=job, state=state, requested_at=requested, finished_at=finished, **other)


def history(cluster="c", *restores, project="p", **other):
    """A cluster with restores, the latest first."""
    return ClusterHistory(
        fleet="atlas",
        project_id=f"id-{project}",
        project=project,
        cluster=cluster,
        key=cluster,
        restores=restores,
        **other,
    )


def fleet_of(count, *, hostile=False, per_project=25, **other):
    """A fleet of so many clusters, most of them well."""
    dice = random.Random(7)  # noqa: S311 - the same figures each time
    states = [JobState.FINISHED] * 16 + [JobState.FAILED, JobState.CANCELLED, JobState.EXPIRED, JobState.RUNNING]
    clusters = []
    for number in range(count):
        name = HOSTILE[number % len(HOSTILE)] if hostile else f"orders-eu-west-{number:04d}"
        project = HOSTILE[number // per_project % len(HOSTILE)] if hostile else f"Platform {number // per_project:03d}"
        least = 100 if number % 9 == 0 else 0.1
        ages = sorted(dice.uniform(least, 220) for _ in range(dice.choice([0, 3, 5, 8])))
        restores = []
        for index, days in enumerate(ages):
            state = dice.choice(states if index == 0 else states[:18])
            seconds = dice.uniform(300, 9000) if state is not JobState.RUNNING else None
            job = f"atlas-cloud-backup/{number:024x}/{'x' if hostile else name}/{dice.getrandbits(96):024x}"
            restores.append(restore(state, days=days, seconds=seconds, job=job))
        cluster = history(
            name,
            *restores,
            project=project,
            unread="server: <b>503</b> from the server" if number % 97 == 5 else None,
            has_backup=number % 61 != 7,
        )
        clusters.append(cluster)
    return FleetReport(taken_at=NOW, clusters=tuple(clusters), **other)


def drill_of(count, *, hostile=False, name="weekly", started_at=NOW, slower=1.0, **other):
    """A drill of so many clusters, most of which passed."""
    dice = random.Random(11)  # noqa: S311 - as above
    outcomes = []
    for number in range(count):
        state = ("PASSED", "PASSED", "PASSED", "MISSED_GOAL", "FAILED", "PASSED", "UNDECIDED", "SKIPPED")[number % 8]
        took = dice.uniform(300, 1700) * slower if state != "MISSED_GOAL" else dice.uniform(1900, 4000)
        begin = started_at + timedelta(seconds=number // 4 * 1500)
        known = state in {"PASSED", "MISSED_GOAL"}
        outcomes.append(
            DrillOutcome(
                project=HOSTILE[number // 20 % len(HOSTILE)] if hostile else f"Platform {number // 20}",
                cluster=HOSTILE[number % len(HOSTILE)] if hostile else f"orders-{number:03d}",
                target="drills/throw-away-1" if number % 3 else "download",
                state=state,
                reason=HOSTILE[number % 7] if hostile and state != "PASSED" else _REASONS[state],
                job=None if state == "SKIPPED" else f"cloud-manager/{number:024x}/{number:024x}/{number:024x}",
                snapshot=f"{number:024x}",
                snapshot_at=begin - timedelta(hours=5),
                started_at=None if state == "SKIPPED" else begin,
                ended_at=None if state == "SKIPPED" else begin + timedelta(seconds=took + 90),
                rto_seconds=took if known else None,
                rto_goal=1800.0,
                rpo_seconds=18000.0 if known else None,
                rpo_goal=14400.0 if state == "MISSED_GOAL" and number % 11 == 0 else 86400.0,
                archive_bytes=dice.randrange(10**9) if known and number % 3 == 0 else None,
                archive_sha256="ab" * 32 if known and number % 3 == 0 else None,
                archive_verified=(True, None, True)[number % 3] if known else None,
                namespaces={f"shop.{'<i>' if hostile else 'c'}{n}": n * 1000 for n in range(18)} if known else {},
                checks=(
                    CheckOutcome("layout", passed=True, detail="12 files, 3 databases", seconds=1.25),
                    CheckOutcome(
                        "documents",
                        passed=not hostile,
                        detail="<b>18,000</b> of 20,000" if hostile else "20,000 of 20,000",
                        seconds=61.0,
                    ),
                )
                if known
                else (),
            )
        )
    return DrillReport(
        name=HOSTILE[0] if hostile else name,
        started_at=started_at,
        ended_at=started_at + timedelta(hours=5),
        outcomes=tuple(outcomes),
        evidence_head=other.pop("evidence_head", "9f" * 32),
        evidence_count=other.pop("evidence_count", 1234),
        requests=4321,
        library_version="1.0",
        **other,
    )
