"""Snapshots that were taken, and what clients read before they look at snapshots: backups and schedules."""

from __future__ import annotations

from functools import partial

import pytest

from builders.constants import NOW
from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async import ATLAS_CLOUD_BACKUP, AutomatedRestore, Options, Snapshot
from mongorestore_async.emulator import NoBackup

MANAGER = "/api/public/v1.0"
CLOUD = ("cloud", "cloud-v1")
calling = partial(call_emulator, EmulatorCaller, start=NOW)


def place_of(atlas):
    return f"{atlas.place}/backup/snapshots"


def one_of(atlas, snapshot):
    return f"{place_of(atlas)}/{'shardedCluster/' if atlas.cluster.kind.sharded else ''}{snapshot}"


def list_of(atlas):
    return f"{place_of(atlas)}{'/shardedClusters' if atlas.cluster.kind.sharded else ''}"


@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded"])
@pytest.mark.parametrize("family", CLOUD)
async def test_a_snapshot_that_was_taken_is_queued_runs_and_is_complete(call_atlas, family, kind):
    async with call_atlas(family, kind, restore_seconds=600) as atlas:
        before = (await atlas.get(list_of(atlas)))["totalCount"]
        made = await atlas.made({"description": "before the move", "retentionInDays": 7}, place_of(atlas))
        seen = [made["status"]]
        for seconds in (59, 2, 538, 1):
            atlas.emulator.clock.advance(seconds)
            one = await atlas.get(one_of(atlas, made["id"]))
            seen.append(one["status"])
        listed = await atlas.get(list_of(atlas))

    assert seen == ["queued", "queued", "inProgress", "inProgress", "completed"]
    assert (listed["totalCount"], listed["results"][0]) == (before + 1, one)
    assert (made["storageSizeBytes"], "createdAt" in made, "cloudProvider" in made) == (0, False, False)
    assert made["expiresAt"] == one["expiresAt"] == "2026-11-09T12:00:00Z"
    assert (one["createdAt"], one["storageSizeBytes"] > 0) == ("2026-11-02T12:00:00Z", True)
    assert {(each["snapshotType"], each["frequencyType"], each["description"]) for each in (made, one)} == {
        ("onDemand", "ondemand", "before the move")
    }


@pytest.mark.parametrize("family", CLOUD)
async def test_several_are_listed_newest_first_and_kept_apart(call_atlas, family):
    async with call_atlas(family) as atlas:
        other = atlas.emulator.world.cluster(atlas.emulator.world.project("atlas", 1), 0)
        untouched = atlas.emulator.world.snapshots.of(other)
        made = []
        for number in range(12):
            atlas.emulator.clock.advance(1)
            body = {"description": f"number {number}", "retentionInDays": str(number + 1)}
            made.append(await atlas.made(body, place_of(atlas)))
        listed = (await atlas.get(list_of(atlas)))["results"]

        assert atlas.emulator.world.snapshots.of(other) == untouched
    assert [one["id"] for one in listed[:12]] == [one["id"] for one in made[::-1]]
    assert len({one["id"] for one in listed}) == len(listed)
    assert {one["frequencyType"] for one in listed[:12]} == {"ondemand"}


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"retentionInDays": 0}, (400, "ATTRIBUTE_NEGATIVE_OR_ZERO")),
        ({"retentionInDays": -1}, (400, "ATTRIBUTE_NEGATIVE_OR_ZERO")),
        ({"retentionInDays": "a week"}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"description": 7}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"name": "x"}, (400, "INVALID_ATTRIBUTE")),
        ({"status": "completed"}, (400, "ATTRIBUTE_READ_ONLY")),
        (b"[]", (400, "INVALID_JSON")),
        (b"", (400, "MALFORMED_JSON")),
    ],
)
@pytest.mark.parametrize("family", CLOUD)
async def test_what_taking_a_snapshot_refuses(call_atlas, family, body, refusal):
    async with call_atlas(family) as atlas:
        before = await atlas.get(place_of(atlas))
        assert await atlas.refused("POST", place_of(atlas), body) == refusal
        assert await atlas.get(place_of(atlas)) == before


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [
        ("legacy", (400, "INCORRECT_BACKUP_API_ENDPOINT")),
        ("tenant", (404, "BACKUP_CONFIG_NOT_FOUND")),
        ("flex", (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API")),
    ],
)
async def test_only_cloud_backup_takes_snapshots(call_atlas, kind, refusal):
    async with call_atlas("cloud") as atlas:
        name = atlas.emulator.world.first(kind).name
        assert await atlas.refused("POST", f"{atlas.project}/clusters/{name}/backup/snapshots", {}) == refusal
        atlas.emulator.world.backups.switch_off(atlas.cluster, NoBackup.JOB_NOT_FOUND)
        assert await atlas.refused("POST", place_of(atlas), {}) == (400, "BACKUP_JOB_NOT_FOUND")


async def test_a_snapshot_that_was_taken_can_be_restored(emulate, connect):
    settings = {"check_snapshots": True, "speed": 0, "start": NOW, "projects": 1}
    async with emulate(**settings) as emulator, connect(emulator, options=Options.for_tests()) as session:
        place = emulator.world.first("cloud-backup")
        media = "application/vnd.atlas.2023-01-01+json"
        path = f"/groups/{place.project_id}/clusters/{place.name}/backup/snapshots"
        reply = await session.request(
            "POST", path, family=ATLAS_CLOUD_BACKUP, json={"description": "now", "retentionInDays": 3}
        )
        cluster = session.project(place.project_id, ATLAS_CLOUD_BACKUP).cluster(place.name)
        running = await cluster.snapshots().first()
        emulator.clock.advance(emulator.settings.restore_seconds)
        newest = await cluster.snapshots().first()
        (job,) = await cluster.create_restore_job(AutomatedRestore(Snapshot(newest.id), await cluster.restore_target()))

    assert reply.document["id"] == running.id == newest.id == job.snapshot_id
    assert (running.raw["status"], newest.raw["status"]) == ("queued", "completed")
    assert reply.headers["Content-Type"].startswith(media)


# ---- backups and schedules


@pytest.mark.parametrize("manager", ["ops-manager", "cloud-manager"])
async def test_backups_are_listed_for_each_cluster_and_found(manager):
    async with calling(manager=manager) as caller:
        world = caller.world
        project, group = world.first().project, f"{MANAGER}/groups/{world.first().project_id}"
        off = world.first("sharded")
        world.backups.switch_off(off, NoBackup.EMPTY_LIST)
        listed = (await caller.ok(f"{group}/backupConfigs"))["results"]
        for one in listed:
            assert await caller.ok(f"{group}/backupConfigs/{one['clusterId']}") == one
        clusters = [cluster.id for cluster in world.clusters(project)]

    assert [one["clusterId"] for one in listed] == clusters
    assert [one["statusName"] for one in listed] == ["STARTED", "INACTIVE", "STARTED"]
    assert {one["groupId"] for one in listed} == {project.id}
    assert all(one["links"][0]["href"].endswith(f"/backupConfigs/{one['clusterId']}") for one in listed)


async def test_the_schedule_of_a_backup_says_when_snapshots_are_taken():
    async with calling() as caller:
        cluster = caller.world.first("sharded")
        path = f"{MANAGER}/groups/{cluster.project_id}/backupConfigs/{cluster.id}/snapshotSchedule"
        schedule = await caller.ok(path)
        shard = caller.world.members(cluster)[0]
        of_shard = await caller.refused(path.replace(cluster.id, shard.id))
        config_of_shard = await caller.refused(path.replace(cluster.id, shard.id).removesuffix("/snapshotSchedule"))
        unknown = await caller.refused(path.replace(cluster.id, "0" * 24))
        caller.world.backups.switch_off(cluster, NoBackup.CONFIG_NOT_FOUND)
        without = await caller.refused(path)

    assert {name: value for name, value in schedule.items() if name.endswith(("Hours", "Days", "Weeks", "Months"))} == {
        "snapshotIntervalHours": 6,
        "snapshotRetentionDays": 2,
        "dailySnapshotRetentionDays": 7,
        "weeklySnapshotRetentionWeeks": 4,
        "monthlySnapshotRetentionMonths": 13,
        "pointInTimeWindowHours": 24,
    }
    assert (schedule["clusterId"], schedule["referenceTimeZoneOffset"]) == (cluster.id, "+0000")
    assert of_shard == config_of_shard == without == (404, "BACKUP_CONFIG_NOT_FOUND")
    assert unknown == (404, "CLUSTER_NOT_FOUND")


@pytest.mark.parametrize("family", ["legacy", "legacy-v1"])
async def test_legacy_backup_of_atlas_has_a_schedule_too(call_atlas, family):
    async with call_atlas(family) as atlas:
        schedule = await atlas.get(f"{atlas.place}/snapshotSchedule")
        other = atlas.place.replace(atlas.cluster.name, atlas.emulator.world.first("cloud-backup").name)
        refusal = await atlas.refused("GET", f"{other}/snapshotSchedule")
        family_seen = atlas.emulator.requests[0].family

    assert (schedule["clusterId"], schedule["snapshotIntervalHours"]) == (atlas.cluster.id, 6)
    assert schedule["links"][0]["href"].endswith(f"{atlas.cluster.name}/snapshotSchedule")
    assert refusal == (400, "INCORRECT_BACKUP_API_ENDPOINT")
    assert family_seen == ("atlas-legacy-v1" if family == "legacy-v1" else "atlas-legacy")
