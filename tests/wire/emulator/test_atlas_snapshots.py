"""Snapshots of Atlas: cloud backup, tenant, flex and serverless, in v1.0 and v2."""

from datetime import UTC, datetime
from functools import partial

import pytest

from builders.constants import NOW
from builders.emulated import EmulatorCaller, call_emulator

V1, V2 = "/api/atlas/v1.0", "/api/atlas/v2"
GOOD, RUNNING, FOR_EVER, FAILED, ON_DEMAND, EXPIRED = 0, 1, 2, 5, 6, 8
#: Kind of cluster, path below the project, path of one below that of all.
TENANT = ("tenant", "clusters/{}/backup/tenant/snapshots", "")
FLEX = ("flex", "flexClusters/{}/backup/snapshots", "")
SERVERLESS = ("serverless", "serverless/{}/backup/snapshots", "")
REPLICA_SET = ("cloud-backup", "clusters/{}/backup/snapshots", "")
SHARDED = ("cloud-backup-sharded", "clusters/{}/backup/snapshots/shardedClusters", "")


class Caller(EmulatorCaller):
    def path(self, place, api=V1, kind=None):
        cluster = self.world.first(kind or place[0])
        return f"{V2 if place is FLEX else api}/groups/{cluster.project_id}/" + place[1].format(cluster.name)

    async def get(self, target, method="GET"):
        date = "2024-11-13" if "/flexClusters/" in target else "2023-01-01"
        headers = {"Accept": f"application/vnd.atlas.{date}+json"} if target.startswith(V2) else {}
        return await super().get(target, method, headers=headers)


calling = partial(call_emulator, Caller, start=NOW, clusters_per_project=7)


def by_number(caller, place, listed):
    cluster = caller.world.first(place[0])
    numbers = {caller.world.snapshots.id(cluster, number): number for number in range(10)}
    return {numbers[one["id"]]: one for one in listed["results"]}


@pytest.mark.parametrize("place", [REPLICA_SET, SHARDED, TENANT, FLEX, SERVERLESS], ids=lambda place: place[0])
async def test_snapshots_are_listed_newest_first_and_found_by_id(place):
    async with calling() as caller:
        path = caller.path(place)
        listed = await caller.ok(path)
        single = path.replace("/shardedClusters", "/shardedCluster")
        again = [await caller.ok(f"{single}/{one['id']}") for one in listed["results"]]
        cluster = caller.world.first(place[0])
        wanted = [one.id for one in caller.world.snapshots.of(cluster)]

    assert [one["id"] for one in listed["results"]] == wanted
    assert (again, listed["totalCount"]) == (listed["results"], 10)


async def test_a_replica_set_snapshot_has_the_documented_members():
    async with calling() as caller:
        found = by_number(caller, REPLICA_SET, await caller.ok(caller.path(REPLICA_SET)))
        name = caller.world.first("cloud-backup").replica_set

    assert set(found[GOOD]) - {"masterKeyUUID"} == {
        "id", "status", "type", "snapshotType", "frequencyType", "createdAt", "expiresAt", "storageSizeBytes",
        "mongodVersion", "replicaSetName", "cloudProvider", "copyRegions", "policyItems", "links",
    }  # fmt: skip
    assert (found[GOOD]["status"], found[GOOD]["type"]) == ("completed", "replicaSet")
    assert (found[GOOD]["replicaSetName"], found[GOOD]["storageSizeBytes"] > 0) == (name, True)
    assert (found[ON_DEMAND]["snapshotType"], found[ON_DEMAND]["frequencyType"]) == ("onDemand", "ondemand")
    assert "description" in found[ON_DEMAND]
    assert "expiresAt" not in found[FOR_EVER]
    assert found[EXPIRED]["expiresAt"] < "2026-11-02T12:00:00Z"


async def test_what_is_not_complete_has_no_date_and_no_size():
    async with calling() as caller:
        found = by_number(caller, REPLICA_SET, await caller.ok(caller.path(REPLICA_SET)))

    assert (found[RUNNING]["status"], found[FAILED]["status"]) == ("inProgress", "failed")
    for number in (RUNNING, FAILED):
        assert ("createdAt" in found[number], found[number]["storageSizeBytes"]) == (False, 0)


async def test_a_sharded_snapshot_names_the_snapshots_of_its_members():
    async with calling() as caller:
        found = by_number(caller, SHARDED, await caller.ok(caller.path(SHARDED)))[GOOD]
        members = caller.world.members(caller.world.first("cloud-backup-sharded"))

    assert (found["type"], found["configServerType"]) == ("shardedCluster", "DEDICATED")
    assert [one["id"] for one in found["members"]] == found["snapshotIds"]
    assert len({found["id"], *found["snapshotIds"]}) == 4
    assert [one["replicaSetName"] for one in found["members"]] == [member.replica_set for member in members]
    assert {"replicaSetName", "copyRegions", "cloudProvider"}.isdisjoint(found)


async def test_the_list_of_sharded_snapshots_has_no_pages():
    async with calling(snapshots_per_cluster=300) as caller:
        listed = await caller.ok(caller.path(SHARDED) + "?pageNum=2&itemsPerPage=5")

    assert len(listed["results"]) == listed["totalCount"] == 300
    assert [link["rel"] for link in listed["links"]] == ["self"]


async def test_the_two_kinds_of_snapshots_are_kept_apart():
    async with calling() as caller:
        replica_set = caller.path(REPLICA_SET)
        sharded = caller.path(SHARDED).removesuffix("/shardedClusters")
        ids = [caller.world.snapshots.id(caller.world.first(place[0])) for place in (REPLICA_SET, SHARDED)]
        empty = [await caller.ok(path) for path in (sharded, replica_set + "/shardedClusters")]
        wrong = [f"{sharded}/{ids[1]}", f"{replica_set}/shardedCluster/{ids[0]}", f"{replica_set}/{ids[1]}"]
        refusals = [await caller.refused(path) for path in wrong]

    assert [listed["results"] for listed in empty] == [[], []]
    assert refusals == [(404, "SNAPSHOT_NOT_FOUND")] * 3


async def test_v2_finds_the_closest_snapshot_before_a_moment():
    async with calling() as caller:
        path = caller.path(REPLICA_SET, V2)
        snapshots = caller.world.snapshots.of(caller.world.first("cloud-backup"))
        third = next(one for one in snapshots if one.number == FOR_EVER)
        moment = int(third.taken) + 1
        by_time = await caller.ok(f"{path}?pointInTimeUtcSeconds={moment}")
        by_oplog = await caller.ok(f"{path}?oplogTs={moment}&oplogInc=1")
        none = await caller.ok(f"{path}?pointInTimeUtcSeconds=1199145600")
        newest = await caller.ok(f"{path}?pointInTimeUtcSeconds={int(NOW.timestamp())}")
        ignored = await caller.ok(f"{caller.path(REPLICA_SET)}?pointInTimeUtcSeconds={moment}")

    assert [one["id"] for one in by_time["results"]] == [third.id]
    assert by_oplog["results"] == by_time["results"]
    assert (none["results"], len(ignored["results"])) == ([], 10)
    assert [one["status"] for one in newest["results"]] == ["completed"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("pointInTimeUtcSeconds=soon", "INVALID_QUERY_PARAMETER"),
        ("oplogTs=1700000000", "INVALID_QUERY_PARAMETER"),
        ("oplogInc=1", "INVALID_QUERY_PARAMETER"),
        ("oplogTs=1700000000&oplogInc=x", "INVALID_QUERY_PARAMETER"),
        ("pointInTimeUtcSeconds=1700000000&oplogTs=1700000000&oplogInc=1", "MUTUALLY_EXCLUSIVE_QUERY_PARAMETERS"),
    ],
)
async def test_a_moment_is_named_in_one_way(query, code):
    async with calling() as caller:
        assert await caller.refused(f"{caller.path(REPLICA_SET, V2)}?{query}") == (400, code)


@pytest.mark.parametrize("place", [TENANT, FLEX], ids=lambda place: place[0])
async def test_a_shared_snapshot_has_the_documented_members(place):
    async with calling() as caller:
        listed = await caller.ok(caller.path(place))
    found = by_number(caller, place, listed)

    assert "links" not in listed
    assert set(found[GOOD]) == {
        "id", "status", "scheduledTime", "startTime", "finishTime", "expiration", "mongoDBVersion"
    }  # fmt: skip
    assert [found[number]["status"] for number in (GOOD, RUNNING, FAILED)] == ["COMPLETED", "RUNNING", "FAILED"]
    assert found[GOOD]["scheduledTime"] < found[GOOD]["startTime"] < found[GOOD]["finishTime"]
    assert "finishTime" not in found[RUNNING]
    assert "expiration" not in found[FOR_EVER]


async def test_the_tenant_list_has_pages_in_v1_only():
    async with calling(start=datetime(2025, 6, 1, tzinfo=UTC)) as caller:
        first = await caller.ok(caller.path(TENANT) + "?itemsPerPage=3")
        whole = await caller.ok(caller.path(TENANT, V2) + "?itemsPerPage=3")

    assert (len(first["results"]), len(whole["results"])) == (3, 10)


async def test_a_serverless_snapshot_has_the_documented_members():
    async with calling() as caller:
        found = by_number(caller, SERVERLESS, await caller.ok(caller.path(SERVERLESS)))
        name = caller.world.first("serverless").name

    assert set(found[GOOD]) == {
        "id", "status", "snapshotType", "frequencyType", "createdAt", "expiresAt", "mongodVersion",
        "serverlessInstanceName", "storageSizeBytes", "links",
    }  # fmt: skip
    assert {one["serverlessInstanceName"] for one in found.values()} == {name}
    assert "yearly" not in {one["frequencyType"] for one in found.values()}


@pytest.mark.parametrize(
    ("place", "kind", "refusal"),
    [
        (REPLICA_SET, "legacy", (400, "INCORRECT_BACKUP_API_ENDPOINT")),
        (REPLICA_SET, "flex", (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API")),
        (REPLICA_SET, "tenant", (404, "BACKUP_CONFIG_NOT_FOUND")),
        (FLEX, "cloud-backup", (400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API")),
        (TENANT, "cloud-backup", (404, "BACKUP_CONFIG_NOT_FOUND")),
    ],
)
async def test_the_wrong_kind_of_cluster_is_refused(place, kind, refusal):
    async with calling() as caller:
        assert await caller.refused(caller.path(place, kind=kind)) == refusal


@pytest.mark.parametrize("place", [TENANT, FLEX], ids=lambda place: place[0])
async def test_an_unknown_shared_snapshot_has_a_code_of_its_own(place):
    async with calling() as caller:
        assert await caller.refused(f"{caller.path(place)}/{'0' * 24}") == (404, "TENANT_SNAPSHOT_NOT_FOUND")
