"""A report of a fleet: every cluster is in it, with or without restores, read or not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mongorestore_async import ATLAS_CLOUD_BACKUP, ConfigError
from mongorestore_async.fleet import ClusterOutcome, Fleet
from mongorestore_async.models import JobState
from mongorestore_async.reports import FleetReport, LastOutcome

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def job(number, status="FINISHED", *, days=1, **other):
    created = (NOW - timedelta(days=days)).isoformat().replace("+00:00", "Z")
    return {"id": f"j{number}", "statusName": status, "created": created, **other}


@pytest.fixture
def put(world):
    """Say which jobs a cluster has."""

    def put_jobs(place, *jobs):
        async def answer():
            await asyncio.sleep(0)
            return world.server.answer({"results": list(jobs), "totalCount": len(jobs)})

        world.plays[place] = answer

    return put_jobs


@pytest.fixture
def outcomes():
    def of(report):
        return {f"{each.project_id}/{each.cluster}": each.outcome for each in report.clusters}

    return of


async def test_clusters_without_restores_are_in_the_report(fleet, world, put, outcomes):
    put("p0/c0")
    put("p0/c1", job(1, "BROKEN"), job(2, days=5))

    report = await FleetReport.of(fleet.restore_jobs(projects="p0"), taken_at=NOW)

    assert outcomes(report) == {"p0/c0": LastOutcome.NEVER, "p0/c1": LastOutcome.FAILED}
    assert report.counts[LastOutcome.NEVER] == 1
    assert report.restores == 2
    assert report.having(LastOutcome.FAILED)[0].last_good.job == "ops-manager/p0/c1/j2"


async def test_clusters_that_cannot_be_read_are_told_apart(fleet, world, put, outcomes):
    put("p0/c1")
    world.plays["p0/c0"] = world.refused(403, "NO_RIGHT")

    report = await FleetReport.of(fleet.restore_jobs(projects="p0"))

    assert outcomes(report) == {"p0/c0": LastOutcome.UNREAD, "p0/c1": LastOutcome.NEVER}
    assert report.having(LastOutcome.UNREAD)[0].unread.startswith("forbidden: ")


async def test_a_cluster_without_backup_is_not_called_never_restored(fleet, world, outcomes):
    world.plays["p0/c0"] = world.refused(404, "BACKUP_CONFIG_NOT_FOUND")

    report = await FleetReport.of(fleet.restore_jobs(projects="p0", clusters="c0"))

    assert outcomes(report) == {"p0/c0": LastOutcome.NO_BACKUP}


async def test_a_project_that_cannot_be_listed_is_named(world, fleet):
    world.plays["clusters"] = world.plays["p2"] = world.refused(403, "NO_RIGHT")

    report = await FleetReport.of(fleet.restore_jobs())

    assert len(report.clusters) == 4
    assert [(each.fleet, each.project, each.kind) for each in report.unread] == [("om", "p2!", "forbidden")]


async def test_a_name_that_matches_nothing_is_told(fleet, world):
    report = await FleetReport.of(fleet.restore_jobs(clusters=["c0", "no-such"]))

    assert [(each.project, each.kind) for each in report.unread] == [(None, "unmatched")]


async def test_shards_of_one_restore_count_once(fleet, world, put):
    put("p0/c0", job(1, batchId="b"), job(2, "BROKEN", batchId="b"), job(3, days=200))

    report = await FleetReport.of(fleet.restore_jobs(projects="p0", clusters="c0"), taken_at=NOW)

    (cluster,) = report.clusters
    assert [(restore.state, restore.jobs) for restore in cluster.restores] == [
        (JobState.FAILED, 2),
        (JobState.FINISHED, 1),
    ]
    assert report.stale == (cluster,)
    assert report.stale_before == NOW - timedelta(days=90)


async def test_the_longest_without_a_good_restore_come_first(fleet, world, put):
    put("p0/c0", job(1, days=100))
    put("p0/c1", job(2, days=300))
    put("p1/c0", {"id": "j", "statusName": "FINISHED"})
    put("p1/c1", job(3, days=1))

    report = await FleetReport.of(fleet.restore_jobs(projects=["p0", "p1"]), taken_at=NOW)

    assert [f"{each.project_id}/{each.cluster}" for each in report.stale] == ["p1/c0", "p0/c1", "p0/c0"]


async def test_the_order_that_atlas_promises_decides(session, world):
    """Downloads tell no time: one that failed just now must not hide behind an older restore that does."""
    done = {"id": "a", "deliveryType": "automated", "finishedAt": "2026-11-20T12:00:00Z"}
    failed = {"id": "d", "deliveryType": "download", "failed": True}
    world.plays["p0/c0"] = world.server.answer({"results": [failed, done], "totalCount": 2})

    report = await FleetReport.of(Fleet(session, ATLAS_CLOUD_BACKUP).restore_jobs(projects="p0", clusters="c0"))

    assert [cluster.outcome for cluster in report.clusters] == [LastOutcome.FAILED]


async def test_a_resumed_stream_says_what_is_missing(fleet, world):
    async with fleet.restore_jobs() as stream:
        async for _ in stream:
            pass

    report = await FleetReport.of(fleet.restore_jobs(resume=stream.resume_token))

    assert (report.clusters, report.skipped) == ((), 6)


async def test_a_cancelled_report_leaves_no_call_behind(fleet, world):
    world.plays["p0/c0"] = world.hang
    task = asyncio.create_task(FleetReport.of(fleet.restore_jobs()))
    await asyncio.sleep(1)
    assert "p0/c0" in world.read

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert world.under_way["all"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"lately": timedelta()},
        {"lately": timedelta(days=99999)},
        {"taken_at": datetime(2026, 1, 1)},  # noqa: DTZ001 - that is the mistake
        {"since": datetime(2026, 1, 1)},  # noqa: DTZ001
    ],
)
async def test_wrong_arguments_are_refused_before_any_call(fleet, world, arguments):
    with pytest.raises(ConfigError):
        await FleetReport.of(fleet.restore_jobs(), **arguments)

    assert world.server.sent == []


async def test_a_stream_that_was_used_is_refused(fleet, world):
    async with fleet.restore_jobs() as stream:
        pass

    with pytest.raises(ConfigError):
        await FleetReport.of(stream)


async def test_every_progress_callback_is_called(fleet, world, caplog):
    first, second = [], []

    def fails(_progress):
        raise ValueError("no matter")

    stream = fleet.restore_jobs(on_progress=first.append)
    stream.add_progress_callback(fails)
    stream.add_progress_callback(second.append)
    async with stream:
        async for _ in stream:
            pass

    assert first == second
    assert [each.outcome for each in second if each.cluster] == [ClusterOutcome.READ] * 6
    assert "the on_progress callback failed" in caplog.text
    with pytest.raises(ConfigError, match="callable"):
        stream.add_progress_callback(None)
