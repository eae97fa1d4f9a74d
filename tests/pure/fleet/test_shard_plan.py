"""Plans and reports of shards: how a plan is cut, and that their text is read back exactly or refused with a reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.errors import ConfigError
from mongorestore_async.fleet.shard_plan import (
    ClusterReport,
    FanOutPlan,
    LastRestore,
    PlannedCluster,
    PlannedProject,
    ShardFailure,
    ShardReport,
)

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def plan_of(*sizes, **fields):
    projects = tuple(
        PlannedProject(id=f"p{number:03}", clusters=tuple(PlannedCluster(key=f"c{each}") for each in range(size)))
        for number, size in enumerate(sizes)
    )
    return FanOutPlan(fleet="f", family="ops-manager", projects=projects, **fields)


def clusters_of(plan):
    return [(project.id, cluster.key) for project in plan.projects for cluster in project.clusters]


def report_of(*clusters, **fields):
    return ShardReport(
        fleet="f", family="ops-manager", number=1, count=1, started_at=NOON, ended_at=NOON, clusters=clusters, **fields
    )


SIZES = st.lists(st.integers(0, 9), max_size=9)


@given(SIZES, st.sampled_from(["clusters", "projects", "count"]), st.integers(1, 12))
def test_every_cluster_is_in_exactly_one_shard(sizes, by, size):
    plan = plan_of(*sizes)
    shards = plan.shards(**{by: size})

    assert sorted(each for shard in shards for each in clusters_of(shard)) == sorted(clusters_of(plan))
    assert [(shard.number, shard.count) for shard in shards] == [(n + 1, len(shards)) for n in range(len(shards))]
    assert all(shard.clusters for shard in shards)
    assert shards == attrs.evolve(plan, projects=plan.projects[::-1]).shards(**{by: size})


@given(SIZES, st.integers(1, 12))
def test_shards_of_so_many_clusters_are_even(sizes, size):
    found = [shard.clusters for shard in plan_of(*sizes).shards(clusters=size)]

    assert max(found, default=0) <= size
    assert max(found, default=0) - min(found, default=0) <= 1
    assert len(found) == -(-sum(sizes) // size)


@given(SIZES, st.integers(1, 5))
def test_shards_of_so_many_projects_keep_projects_whole(sizes, size):
    shards = plan_of(*sizes).shards(projects=size)
    ids = [project.id for shard in shards for project in shard.projects]

    assert len(ids) == len(set(ids))
    assert max((len(shard.projects) for shard in shards), default=0) <= size


def test_shards_of_projects_have_about_as_many_clusters():
    assert [shard.clusters for shard in plan_of(8, 1, 7, 2).shards(projects=2)] == [9, 9]


def test_a_shard_keeps_what_is_asked_and_drops_the_failures():
    failed = ShardFailure(kind="forbidden", error="Forbidden", message="no right", project="p9")
    plan = plan_of(2, since=NOON, states=("FAILED",), batch_id="b", concurrency=3, per_project=2, failures=(failed,))
    [one, _] = plan.shards(count=2)

    assert one == attrs.evolve(
        plan, projects=(attrs.evolve(plan.projects[0], clusters=(PlannedCluster(key="c0"),)),), failures=(), count=2
    )


@pytest.mark.parametrize("arguments", [{}, {"clusters": 1, "count": 1}, {"clusters": 0}, {"count": 1.5}])
def test_a_cut_is_asked_for_in_one_way(arguments):
    with pytest.raises(ConfigError):
        plan_of(3).shards(**arguments)


def test_a_plan_is_read_back_from_its_text():
    plan = attrs.evolve(
        plan_of(2, 0, since=NOON, states=("FAILED", "RUNNING"), batch_id="b"),
        failures=(ShardFailure(kind="server", error="ServerError", message="503", hint="later", project="p"),),
    )

    assert FanOutPlan.from_text(plan.to_text()) == plan


def test_a_report_is_read_back_from_its_text():
    last = LastRestore(job="ops-manager/p/c/j", state="FAILED", requested_at=NOON)
    cluster = ClusterReport(project="p", cluster="c", outcome="read", jobs={"FAILED": 2}, last=last)
    failure = ShardFailure(kind="server", error="ServerError", message="503", project="p", cluster="d")
    report = report_of(cluster, requests=7, failures=(failure,), error=failure, library_version="1")

    assert ShardReport.from_text(report.to_text()) == report
    assert not report.complete


def test_a_report_counts_the_jobs_of_all_clusters():
    report = report_of(
        ClusterReport(project="p", cluster="c", jobs={"FAILED": 2, "RUNNING": 1}),
        ClusterReport(project="p", cluster="d", jobs={"FAILED": 1}),
    )

    assert report.jobs == {"FAILED": 3, "RUNNING": 1}
    assert report.complete


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": 2}, "has version 2, and this release reads version 1: make a new one"),
        ({"version": None}, "has version None"),
        ({"form": "shard report"}, "is no fan-out plan"),
        ({"new": 1}, r"extra fields found \(new\) @ \$"),
        ({"concurrency": "4"}, r"expected int @ \$.concurrency"),
        ({"concurrency": 0}, r"concurrency must be a whole number from 1, not 0 @ \$"),
        ({"projects": [{"id": 4}]}, r"expected str @ \$.projects\[0\].id"),
        ({"since": "2026-11-29T12:00:00"}, r"@ \$.since"),
    ],
)
def test_another_text_is_refused_with_the_reason(change, problem):
    document = json.loads(plan_of(1).to_text()) | change

    with pytest.raises(ConfigError, match=problem):
        FanOutPlan.from_text(json.dumps(document))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", None, "[" * 100_000])
def test_what_is_no_plan_at_all_is_refused(text):
    with pytest.raises(ConfigError, match=r"is no fan-out plan: pass what to_text\(\) wrote"):
        FanOutPlan.from_text(text)
