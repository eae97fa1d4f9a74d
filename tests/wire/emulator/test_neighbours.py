"""Checkpoints, restorable time ranges, projects by name and organisation, clusters whose backup is off."""

from functools import partial

import pytest

from builders.constants import NOW
from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async.emulator import NoBackup, Oddity

MANAGER, ATLAS = "/api/public/v1.0", "/api/atlas/v1.0"


class Caller(EmulatorCaller):
    def path(self, kind="replica-set", cluster=None):
        cluster = cluster or self.world.first(kind)
        if kind.startswith("legacy"):
            return f"{ATLAS}/groups/{cluster.project_id}/clusters/{cluster.name}"
        return f"{MANAGER}/groups/{cluster.project_id}/clusters/{cluster.id}"


calling = partial(call_emulator, Caller, start=NOW, clusters_per_project=7)


# ---- checkpoints

CHECKPOINTS = [("sharded-fcv-4.0", "checkpoints"), ("legacy-sharded", "backupCheckpoints")]


@pytest.mark.parametrize(("kind", "name"), CHECKPOINTS)
async def test_checkpoints_are_listed_newest_first_and_found_by_id(kind, name):
    async with calling() as caller:
        listed = await caller.ok(f"{caller.path(kind)}/{name}")
        again = [await caller.ok(f"{caller.path(kind)}/{name}/{one['id']}") for one in listed["results"]]
        cluster = caller.world.first(kind)

    found = listed["results"]
    assert (again, len(found), listed["totalCount"]) == (found, 8, 8)
    assert [one["started"] for one in found] == sorted((one["started"] for one in found), reverse=True)
    assert {one["restorable"] for one in found} == {True, False}
    assert (found[0]["restorable"], found[1]["id"]) == (False, caller.world.checkpoints.id(cluster))
    for one in found:
        assert set(one) == {
            "id", "groupId", "clusterId", "started", "completed", "timestamp", "restorable", "parts", "links"
        }  # fmt: skip
        assert one["clusterId"] == cluster.id
        assert one["started"] <= one["timestamp"] < one["completed"]
        assert {part["tokenDiscovered"] for part in one["parts"]} == {one["restorable"]}


async def test_checkpoint_parts_name_hosts_only_for_mirrored_configs():
    async with calling() as caller:
        mirrored, legacy = [
            (await caller.ok(f"{caller.path(kind)}/{name}"))["results"][1]["parts"] for kind, name in CHECKPOINTS
        ]
        hosts = [caller.world.config_server(mirror).id for mirror in range(3)]

    assert [part.get("hostId") for part in mirrored] == [None, None, *hosts]
    assert [part["typeName"] for part in mirrored] == ["REPLICA_SET"] * 2 + ["CONFIG_SERVER"] * 3
    assert [part["typeName"] for part in legacy] == ["REPLICA_SET"] * 2 + ["CONFIG_SERVER_REPLICA_SET"]
    assert not any("hostId" in part for part in legacy)
    assert set(mirrored[0]["tokenTimestamp"]) == {"date", "increment"}


@pytest.mark.parametrize(
    ("kind", "name"), [("replica-set", "checkpoints"), ("sharded", "checkpoints"), ("legacy", "backupCheckpoints")]
)
async def test_other_clusters_have_no_checkpoints(kind, name):
    async with calling() as caller:
        wrong = caller.world.checkpoints.id(caller.world.first(kind))
        assert (await caller.ok(f"{caller.path(kind)}/{name}"))["results"] == []
        assert await caller.refused(f"{caller.path(kind)}/{name}/{wrong}") == (404, "CHECKPOINT_NOT_FOUND")
        assert await caller.refused(f"{caller.path(kind)}/{name}/nonsense") == (404, "INVALID_CHECKPOINT_ID")


# ---- restorable time ranges

RANGES = "/restoreJobs/restorableTimeRanges"


@pytest.mark.parametrize(("kind", "extra"), [("replica-set", set()), ("sharded", {"shardCount", "configServerType"})])
async def test_time_ranges_are_a_bare_array_in_ascending_order(kind, extra):
    async with calling() as caller:
        before = caller.world.jobs.count(caller.world.first(kind))
        ranges = await caller.ok(caller.path(kind) + RANGES, "POST")
        snapshots = [await caller.ok(f"{caller.path(kind)}/snapshots/{one['snapshotId']}") for one in ranges]
        assert caller.world.jobs.count(caller.world.first(kind)) == before
        assert caller.emulator.counts.creates_received == 0

    starts, ends = ([one[side]["date"] for one in ranges] for side in ("start", "end"))
    assert len(ranges) == 6
    assert starts == sorted(starts)
    assert all(start < end for start, end in zip(starts, ends, strict=True))
    assert ends[-1] == "2026-11-02T11:59:00Z"
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
    assert any(end < start for end, start in zip(ends, starts[1:], strict=False)), "a failed snapshot leaves a gap"
    assert {frozenset(one) for one in ranges} == {frozenset({"start", "end", "snapshotId"} | extra)}
    assert [one["start"] for one in ranges] == [one["lastOplogAppliedTimestamp"] for one in snapshots]


async def test_what_cannot_go_back_to_a_moment_has_no_time_ranges():
    async with calling() as caller:
        shard = caller.world.members(caller.world.first("sharded"))[0]
        assert await caller.ok(caller.path("sharded-fcv-4.0") + RANGES, "POST") == []
        assert await caller.ok(caller.path(cluster=shard) + RANGES, "POST") == []
        assert (await caller.ok(caller.path() + RANGES + "?envelope=true", "POST"))["envelope"] != []
    async with calling(snapshots_per_cluster=0) as caller:
        assert await caller.ok(caller.path() + RANGES, "POST") == []


# ---- projects


@pytest.mark.parametrize("api", [MANAGER, ATLAS])
async def test_projects_are_found_by_name_and_by_organisation(api):
    async with calling(projects=3) as caller:
        listed = await caller.ok(f"{api}/groups")
        named = [await caller.ok(f"{api}/groups/byName/{one['name']}") for one in listed["results"]]
        of_organisation = await caller.ok(f"{api}/orgs/{listed['results'][0]['orgId']}/groups")
        unknown = ["nothing", "manager-project-3", "manager-project-00", "x-0", "atlas-project-" + "9" * 5000]
        refusals = {await caller.refused(f"{api}/groups/byName/{name}") for name in unknown}
        foreign = await caller.refused(f"{api}/orgs/{'0' * 24}/groups")

    assert named == of_organisation["results"] == listed["results"]
    assert refusals == {(404, "GROUP_NAME_NOT_FOUND")}
    assert foreign == (401, "USER_CANNOT_ACCESS_ORG")


async def test_projects_of_each_side_have_their_own_members():
    async with calling() as caller:
        manager = (await caller.ok(f"{MANAGER}/groups"))["results"][0]
        atlas = (await caller.ok(f"{ATLAS}/groups"))["results"][0]

    assert set(manager) == {
        "id", "name", "orgId", "links", "hostCounts", "replicaSetCount", "shardCount", "activeAgentCount",
        "lastActiveAgent", "publicApiEnabled", "tags",
    }  # fmt: skip
    assert set(atlas) == {
        "id", "name", "orgId", "links", "created", "clusterCount", "tags", "withDefaultAlertsSettings",
    }  # fmt: skip
    assert [type(one) for one in (*manager["tags"], *atlas["tags"])] == [str, dict]


async def test_older_releases_give_away_the_key_of_the_agents():
    async with calling(oddities={Oddity.AGENT_KEYS}) as caller:
        projects = (await caller.ok(f"{MANAGER}/groups"))["results"]
        atlas = (await caller.ok(f"{ATLAS}/groups"))["results"]

    assert len({project["agentApiKey"] for project in projects}) == 2
    assert not any("agentApiKey" in project for project in atlas)


# ---- clusters whose backup is off


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (NoBackup.CONFIG_NOT_FOUND, (404, "BACKUP_CONFIG_NOT_FOUND")),
        (NoBackup.JOB_NOT_FOUND, (400, "BACKUP_JOB_NOT_FOUND")),
    ],
)
@pytest.mark.parametrize("kind", ["replica-set", "sharded"])
async def test_without_backup_restores_are_refused(answer, wanted, kind):
    async with calling() as caller:
        cluster = caller.world.first(kind)
        job = caller.world.jobs.at(cluster, 0)
        caller.world.backups.switch_off(cluster, answer)
        path = caller.path(kind) + "/restoreJobs"
        order = {"delivery": {"methodName": "HTTP"}, "snapshotId": caller.world.snapshots.id(cluster)}
        refusals = {
            await caller.refused(path),
            await caller.refused(f"{path}/{job.id}"),
            await caller.refused(path, "POST", json=order),
            await caller.refused(caller.path(kind) + RANGES, "POST"),
        }
        assert refusals == {wanted}
        caller.world.backups.switch_on(cluster)
        assert (await caller.ok(path))["totalCount"] == 25


async def test_without_backup_the_list_of_restores_may_be_just_empty():
    async with calling() as caller:
        cluster = caller.world.first()
        caller.world.backups.switch_off(cluster, NoBackup.EMPTY_LIST)
        listed = await caller.ok(caller.path() + "/restoreJobs")
        ranges = await caller.ok(caller.path() + RANGES, "POST")
        one = await caller.refused(f"{caller.path()}/restoreJobs/{caller.world.jobs.at(cluster, 0).id}")

    assert (listed["results"], listed["totalCount"], ranges) == ([], 0, [])
    assert one == (404, "BACKUP_CONFIG_NOT_FOUND")


async def test_without_backup_snapshots_give_no_cluster_id():
    async with calling() as caller:
        cluster = caller.world.first()
        newest = caller.world.snapshots.id(cluster)
        caller.world.backups.switch_off(cluster, NoBackup.CONFIG_NOT_FOUND)
        nothing = await caller.ok(caller.path() + "/snapshots")
        gone = await caller.refused(f"{caller.path()}/snapshots/{newest}")
        caller.world.backups.switch_off(cluster, NoBackup.CONFIG_NOT_FOUND, snapshots_left=2)
        left = (await caller.ok(caller.path() + "/snapshots"))["results"]
        single = await caller.ok(f"{caller.path()}/snapshots/{newest}")

    assert (nothing["results"], gone) == ([], (404, "SNAPSHOT_NOT_FOUND"))
    assert (len(left), left[0]["id"]) == (2, newest)
    assert not any("clusterId" in one for one in (*left, single))


async def test_the_list_of_all_clusters_says_whose_backup_is_off():
    async with calling() as caller:
        cluster = caller.world.first("sharded")
        caller.world.backups.switch_off(cluster, NoBackup.EMPTY_LIST)
        everything = (await caller.ok(f"{MANAGER}/clusters"))["results"]

    off = [one["clusterId"] for project in everything for one in project["clusters"] if not one["backupEnabled"]]
    assert off == [cluster.id]
