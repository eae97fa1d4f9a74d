"""A fan-out in shards: read completely, reported as text, and no shard lost by another."""

from __future__ import annotations

import asyncio
import json

import attrs
import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    OPS_MANAGER,
    ConfigError,
    FanOutPlan,
    Fleet,
    Forbidden,
    Options,
    SessionClosed,
    ShardReport,
    Unsupported,
    run_local,
    run_shard,
)


def failed(report):
    return {(one.project, one.cluster): (one.kind, one.error) for one in report.failures}


async def test_a_plan_has_what_a_run_would_read(fleet, world):
    plan = await fleet.fan_out_plan(clusters="c1", states=["failed"], concurrency=5)

    assert (plan.fleet, plan.family, plan.clusters, plan.concurrency) == ("om", "ops-manager", 3, 5)
    assert [(project.id, project.name) for project in plan.projects] == [("p0", "p0!"), ("p1", "p1!"), ("p2", "p2!")]
    assert [cluster.key for project in plan.projects for cluster in project.clusters] == ["c1"] * 3
    assert plan.states == ("FAILED",)
    assert world.read == []


async def test_a_plan_tells_what_it_could_not_find(connect, world):
    world.plays["p1"] = world.refused(403, "USER_CANNOT_ACCESS_GROUP")
    plan = await Fleet(connect(base_url="https://cloud.example.com"), ATLAS_CLOUD_BACKUP).fan_out_plan()

    assert {project.id for project in plan.projects} == {"p0", "p2"}
    assert failed(plan) == {("p1", None): ("forbidden", "Forbidden")}


async def test_what_restore_jobs_refuses_makes_no_plan(connect, fleet, world):
    with pytest.raises(Unsupported):
        await Fleet(connect(), ATLAS_CLOUD_BACKUP).fan_out_plan(batch_id="b")
    with pytest.raises(ConfigError, match="make one of each fleet"):
        await Fleet.merge(fleet, Fleet(connect(), OPS_MANAGER, name="other")).fan_out_plan()
    assert world.server.sent == []


async def test_shards_read_their_own_clusters_and_discover_nothing(fleet, session, world):
    plan = await fleet.fan_out_plan()
    before = len(world.server.sent)
    reports = []
    for shard in plan.shards(clusters=2):
        text = (await run_shard(FanOutPlan.from_text(shard.to_text()), session)).to_text()
        reports.append(ShardReport.from_text(text))

    assert sorted(world.read) == [f"p{project}/c{cluster}" for project in range(3) for cluster in range(2)]
    assert [report.requests for report in reports] == [2, 2, 2]
    assert len(world.server.sent) - before == 6
    assert [report.jobs for report in reports] == [{"UNKNOWN": 4}] * 3
    assert all(report.complete for report in reports)


async def test_a_report_tells_the_last_outcome_of_each_cluster(fleet, session, make_world):
    world = make_world(projects=1, clusters=3)
    old, new = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"
    world.plays |= {
        "p0/c0": world.server.answer(
            {
                "results": [
                    {"id": "old", "statusName": "FINISHED", "created": old},
                    {"id": "new", "statusName": "BROKEN", "created": new},
                    {"id": "undated", "statusName": "FINISHED"},
                ]
            }
        ),
        "p0/c1": world.refused(404, "BACKUP_CONFIG_NOT_FOUND"),
        "p0/c2": world.server.answer({"results": []}),
    }
    report = await run_shard(await fleet.fan_out_plan(), session)
    first, without, empty = report.clusters

    assert first.jobs == {"FAILED": 1, "FINISHED": 2}
    assert (first.last.job, first.last.state) == ("ops-manager/p0/c0/new", "FAILED")
    assert first.last_finished_at.isoformat() == "2026-11-01T00:00:00+00:00"
    assert (without.outcome, without.last) == ("no-backup", None)
    assert (empty.outcome, empty.jobs, empty.last, empty.last_finished_at) == ("read", {}, None, None)


async def test_failures_are_told_as_text_with_their_class_and_hint(fleet, session, world):
    plan = await fleet.fan_out_plan()
    world.plays |= {"p0/c0": world.refused(503), "p1/c1": world.server.answer({"results": [{}]})}
    report = await run_shard(plan, session)

    assert failed(report) == {("p0", "c0"): ("server", "ServerError"), ("p1", "c1"): ("unreadable", "DataError")}
    assert {(one.project, one.cluster) for one in report.clusters if one.outcome == "failed"} == failed(report).keys()
    assert not report.complete
    json.loads(report.to_text())


async def test_the_hook_of_the_user_still_sees_every_call(connect, world):
    seen = []
    session = connect(options=Options(on_exchange=seen.append))
    plan = await Fleet(session, OPS_MANAGER).fan_out_plan()
    del seen[:]
    report = await run_shard(plan, session)

    assert len(seen) == report.requests == 6


async def test_a_key_that_is_refused_ends_the_shard(fleet, session, world):
    plan = await fleet.fan_out_plan()
    world.plays["p0/c0"] = world.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST")

    with pytest.raises(Forbidden):
        await run_shard(plan, session)


async def test_a_plan_of_an_unknown_family_is_refused(fleet, session, world):
    plan = attrs.evolve(await fleet.fan_out_plan(), family="from-the-future")

    with pytest.raises(ConfigError, match="from-the-future"):
        await run_shard(plan, session)


async def test_a_cancelled_shard_leaves_nothing_and_runs_again(fleet, session, world):
    plan = await fleet.fan_out_plan()
    world.plays["p2/c1"] = world.hang
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await run_shard(plan, session)
    assert world.under_way["all"] == 0

    del world.plays["p2/c1"]
    assert (await run_shard(plan, session)).jobs == {"UNKNOWN": 12}


async def test_a_failed_shard_loses_no_other(fleet, session, connect, world):
    plan = await fleet.fan_out_plan()
    world.plays["p1/c0"] = world.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST")
    made = []

    def factory():
        made.append(None)
        if len(made) == 1:
            raise OSError("apiKey=hush: no such profile")
        return session.with_options()

    reports = await run_local(plan, factory, shards=6)

    assert [report.number for report in reports] == [1, 2, 3, 4, 5, 6]
    assert {report.number: report.error.error for report in reports if report.error} == {1: "OSError", 3: "Forbidden"}
    assert "hush" not in reports[0].to_text()
    assert [report.jobs for report in reports] == [{}, {"UNKNOWN": 2}, {}, *[{"UNKNOWN": 2}] * 3]
    assert reports[2].error.kind == "error"
    assert reports[0].clusters[0].outcome is None


async def test_no_more_shards_run_at_once_than_asked(fleet, session, world):
    plan = attrs.evolve(await fleet.fan_out_plan(), concurrency=1)
    await run_local(plan, session.with_options, shards=6, concurrency=2)

    assert world.most["all"] == 2


async def test_reports_of_a_cancelled_run_are_not_lost(fleet, session, world):
    plan = await fleet.fan_out_plan()
    world.plays |= {"p0/c1": world.refused(503), "p2/c0": world.hang}
    kept = []
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await run_local(plan, session.with_options, shards=6, concurrency=1, on_report=kept.append)
    assert [report.number for report in kept] == [1, 2, 3, 4]

    world.plays.clear()
    del world.read[:]
    again = await run_local(plan, session.with_options, shards=6, done=kept)

    assert world.read == ["p0/c1", "p2/c0", "p2/c1"]  # the one that failed is read again
    assert all(report.complete for report in again)
    with pytest.raises(ConfigError, match="not of this plan"):
        await run_local(plan, session.with_options, shards=3, done=kept)


async def test_a_callback_that_fails_ends_the_run_with_its_error(fleet, session, world):
    plan = await fleet.fan_out_plan()

    def fail(report):
        raise LookupError(report.number)

    with pytest.raises(LookupError):
        await run_local(plan, session.with_options, on_report=fail)


async def test_a_closed_session_is_the_error_of_each_shard(fleet, session, world):
    plan = await fleet.fan_out_plan()
    view = session.with_options()
    await session.close()

    with pytest.raises(SessionClosed):
        await run_shard(plan, view)
    assert {report.error.error for report in await run_local(plan, lambda: view)} == {"SessionClosed"}
