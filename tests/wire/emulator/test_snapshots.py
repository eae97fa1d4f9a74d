"""Snapshots of Ops Manager, Cloud Manager and Atlas legacy, and what a create says about a snapshot."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from builders.constants import NOW
from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async.emulator import Oddity

MANAGER, ATLAS, V2 = "/api/public/v1.0", "/api/atlas/v1.0", "/api/atlas/v2"
VERSION = {"Accept": "application/vnd.atlas.2023-01-01+json"}
#: Numbers of the snapshots that are as they should be: see ``Snapshots``.
GOOD, RUNNING, FOR_EVER, INCONSISTENT, MISSING, FAILED, ON_DEMAND, ENDS_SOON, EXPIRED = range(9)


class Caller(EmulatorCaller):
    def cluster_path(self, kind):
        cluster = self.world.first(kind)
        if kind.startswith("legacy"):
            return f"{ATLAS}/groups/{cluster.project_id}/clusters/{cluster.name}"
        return f"{MANAGER}/groups/{cluster.project_id}/clusters/{cluster.id}"

    def snapshots(self, kind="replica-set"):
        return self.cluster_path(kind) + "/snapshots"

    def snapshot_id(self, number, kind="replica-set"):
        return self.world.jobs.snapshot_id(self.world.first(kind), number)


calling = partial(call_emulator, Caller, start=NOW, clusters_per_project=7)


def moment(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("kind", ["replica-set", "sharded", "sharded-fcv-4.0", "legacy", "legacy-sharded"])
async def test_a_list_has_complete_snapshots_newest_first_found_by_id(kind):
    async with calling() as caller:
        listed = await caller.ok(caller.snapshots(kind))
        single = [await caller.ok(f"{caller.snapshots(kind)}/{one['id']}") for one in listed["results"]]

    dates = [moment(one["created"]["date"]) for one in listed["results"]]
    assert len(dates) == listed["totalCount"] == 8
    assert dates == sorted(dates, reverse=True)
    assert all(one["complete"] for one in listed["results"])
    assert [{**one, "links": None} for one in single] == [{**one, "links": None} for one in listed["results"]]
    assert {len(one["links"]) for one in listed["results"]} == {1}
    assert {link["rel"].rpartition("/")[2] for link in single[0]["links"]} == {"self", "cluster", "group"}


@pytest.mark.parametrize(("completed", "count"), [("", 8), ("true", 8), ("false", 2), ("all", 10)])
async def test_a_list_says_which_snapshots_it_holds_by_a_word(completed, count):
    async with calling() as caller:
        query = f"?completed={completed}" if completed else ""
        listed = await caller.ok(caller.snapshots() + query)

    assert len(listed["results"]) == listed["totalCount"] == count


async def test_another_word_is_refused():
    async with calling() as caller:
        status, document = await caller.get(caller.snapshots() + "?completed=True")

    assert (status, document["errorCode"]) == (400, "INVALID_QUERY_PARAMETER")


async def test_a_list_has_pages():
    async with calling(snapshots_per_cluster=250) as caller:
        pages = [await caller.ok(f"{caller.snapshots()}?completed=all&pageNum={n}") for n in (1, 2, 3, 4)]

    assert [len(page["results"]) for page in pages] == [100, 100, 50, 0]
    assert len({one["id"] for page in pages for one in page["results"]}) == 250


async def test_the_members_of_a_snapshot_are_the_documented_ones():
    async with calling() as caller:
        snapshot = await caller.ok(f"{caller.snapshots()}/{caller.snapshot_id(GOOD)}")
        legacy = await caller.ok(f"{caller.snapshots('legacy')}/{caller.snapshot_id(GOOD, 'legacy')}")
        cluster = caller.world.first()
    (part,) = snapshot["parts"]

    assert set(snapshot) == {
        "id", "groupId", "clusterId", "complete", "created", "doNotDelete", "expires", "incremental",
        "isPossiblyInconsistent", "lastOplogAppliedTimestamp", "links", "namespaceFilterList", "parts",
    }  # fmt: skip
    assert set(legacy) - set(snapshot) == {"clusterName"}
    assert set(part) - {"masterKeyUUID"} == {
        "clusterId", "completedTime", "compressionSetting", "dataSizeBytes", "encryptionEnabled", "fcv",
        "fileSizeBytes", "machineId", "mongodVersion", "replicaSetName", "replicaState", "storageSizeBytes",
        "typeName",
    }  # fmt: skip
    assert (snapshot["clusterId"], snapshot["groupId"]) == (cluster.id, cluster.project_id)
    assert (part["clusterId"], part["fcv"], part["typeName"]) == (cluster.id, "4.4", "REPLICA_SET")
    assert set(snapshot["created"]) == {"date", "increment"}


@pytest.mark.parametrize(
    ("kind", "fcv", "config"),
    [
        ("sharded", "4.4", "CONFIG_SERVER_REPLICA_SET"),
        ("sharded-fcv-4.0", "4.0", "CONFIG_SERVER"),
        ("legacy-sharded", "4.0", "CONFIG_SERVER_REPLICA_SET"),
    ],
)
async def test_a_sharded_snapshot_has_shard_and_config_server_parts(kind, fcv, config):
    async with calling() as caller:
        snapshot = await caller.ok(f"{caller.snapshots(kind)}/{caller.snapshot_id(GOOD, kind)}")
        members = caller.world.members(caller.world.first(kind))

    assert [part["clusterId"] for part in snapshot["parts"]] == [member.id for member in members]
    assert [part["typeName"] for part in snapshot["parts"]] == ["REPLICA_SET", "REPLICA_SET", config]
    assert {part["fcv"] for part in snapshot["parts"]} == {fcv}
    assert (snapshot["clusterId"], snapshot["missingShards"]) == (caller.world.first(kind).id, [])


async def test_every_obstacle_to_a_restore_is_in_the_set():
    async with calling() as caller:
        found = {
            number: await caller.ok(f"{caller.snapshots('sharded')}/{caller.snapshot_id(number, 'sharded')}")
            for number in range(10)
        }

    assert [number for number, one in found.items() if not one["complete"]] == [RUNNING, FAILED]
    assert [number for number, one in found.items() if one.get("isPossiblyInconsistent")] == [INCONSISTENT]
    assert [number for number, one in found.items() if one["missingShards"]] == [MISSING]
    assert [number for number, one in found.items() if "expires" not in one] == [FOR_EVER]
    assert [number for number, one in found.items() if one["doNotDelete"]] == [FOR_EVER]
    gone = [number for number, one in found.items() if "expires" in one and moment(one["expires"]) < NOW]
    assert gone == [EXPIRED, EXPIRED + 1]
    assert [one["shardName"] for one in found[MISSING]["missingShards"]] == ["shard-1"]
    assert len(found[MISSING]["parts"]) == 2
    assert found[RUNNING]["created"]["date"] > found[GOOD]["created"]["date"] > found[FOR_EVER]["created"]["date"]


@pytest.mark.parametrize(
    ("tail", "code"),
    [("nonsense", "INVALID_SNAPSHOT_ID"), ("0" * 24, "SNAPSHOT_NOT_FOUND"), (None, "SNAPSHOT_NOT_FOUND")],
)
async def test_a_snapshot_that_is_not_there_is_404(tail, code):
    async with calling() as caller:
        foreign = caller.snapshot_id(GOOD, "sharded")
        status, document = await caller.get(f"{caller.snapshots()}/{tail or foreign}")

    assert (status, document["errorCode"]) == (404, code)


async def test_a_removed_snapshot_is_gone_and_a_patched_one_changed():
    async with calling() as caller:
        first, second = caller.world.snapshots.of(caller.world.first())[1:3]
        caller.world.snapshots.remove(first)
        caller.world.snapshots.patch(second, {"complete": False, "expires": ..., "weather": "sunny"})
        listed = await caller.ok(caller.snapshots())
        status, _ = await caller.get(f"{caller.snapshots()}/{first.id}")

    patched = next(one for one in listed["results"] if one["id"] == second.id)
    assert first.id not in {one["id"] for one in listed["results"]}
    assert (status, patched["complete"], patched["weather"], "expires" in patched) == (404, False, "sunny", False)


async def test_a_shard_has_no_snapshots_of_its_own():
    async with calling() as caller:
        shard = caller.world.members(caller.world.first("sharded"))[0]
        listed = await caller.ok(f"{MANAGER}/groups/{shard.project_id}/clusters/{shard.id}/snapshots?completed=all")

    assert listed["results"] == []


async def test_legacy_snapshots_belong_to_clusters_on_legacy_backup():
    async with calling() as caller:
        cloud = caller.world.first("cloud-backup")
        path = f"{ATLAS}/groups/{cloud.project_id}/clusters/{cloud.name}/snapshots"
        status, document = await caller.get(path)
        v2 = await caller.ok(caller.snapshots("legacy").replace(ATLAS, V2), headers=VERSION)

    assert (status, document["errorCode"]) == (400, "INCORRECT_BACKUP_API_ENDPOINT")
    assert len(v2["results"]) == 8


async def test_odd_lists_can_be_played():
    oddities = {Oddity.EMPTY_SNAPSHOTS, Oddity.OLD_FILTERS}
    async with calling(oddities=oddities) as caller:
        listed = await caller.ok(caller.snapshots())

    assert (listed["results"][0], listed["totalCount"]) == ({}, 9)
    assert listed["results"][1]["namespaceFilterList"]["filterType"] == "blacklist"


async def test_jobs_of_the_start_data_restore_earlier_snapshots():
    async with calling(jobs_per_cluster=40) as caller:
        for kind in ("replica-set", "sharded", "legacy"):
            cluster = caller.world.first(kind)
            jobs = caller.world.jobs.page(cluster, 0, 40)
            known = [caller.world.snapshots.find(cluster, job.snapshot_id) for job in jobs]
            for job, snapshot in zip(jobs, known, strict=True):
                assert snapshot is None or snapshot.taken < job.created
                assert snapshot is None or int(snapshot.taken) == job.snapshot_taken.timestamp()
            assert sum(snapshot is not None for snapshot in known) > 20
            assert len({job.snapshot_id for job in jobs if job.batch_id == jobs[0].batch_id and job.batch_id}) < 2


async def test_a_job_has_the_time_of_its_snapshot_or_the_last_before():
    async with calling() as caller:
        cluster = caller.world.first()
        target = {"targetGroupId": cluster.project_id, "targetClusterId": cluster.id}
        delivery = {"methodName": "AUTOMATED_RESTORE", **target}
        orders = (
            {"snapshotId": caller.snapshot_id(FOR_EVER)},
            {"pointInTimeUTCMillis": int((NOW - timedelta(hours=8)).timestamp() * 1000)},
        )
        made = []
        for order in orders:
            status, answer = await caller.post(
                caller.cluster_path("replica-set") + "/restoreJobs", {"delivery": delivery, **order}
            )
            assert status == 200
            made += answer["results"]
        snapshots = [await caller.ok(f"{caller.snapshots()}/{job['snapshotId']}") for job in made]

    assert made[0]["snapshotId"] == caller.snapshot_id(FOR_EVER)
    assert [job["timestamp"]["date"] for job in made] == [one["created"]["date"] for one in snapshots]
    assert NOW - timedelta(hours=14) < moment(made[1]["timestamp"]["date"]) < NOW - timedelta(hours=8)


@pytest.mark.parametrize(
    ("kind", "number", "changes", "wanted"),
    [
        ("replica-set", GOOD, {}, (200, None)),
        ("replica-set", FOR_EVER, {"expirationHours": 9000}, (200, None)),
        ("replica-set", 123456, {}, (404, "SNAPSHOT_NOT_FOUND")),
        ("replica-set", RUNNING, {}, (409, "CANNOT_DOWNLOAD_INCOMPLETE_SNAPSHOT")),
        ("replica-set", FAILED, {}, (409, "CANNOT_DOWNLOAD_INCOMPLETE_SNAPSHOT")),
        ("replica-set", EXPIRED, {}, (409, "CANNOT_START_RESTORE_JOB_FOR_DELETED_SNAPSHOT")),
        ("sharded", EXPIRED, {}, (409, "CANNOT_START_RESTORE_JOB_FOR_DELETED_CLUSTER_SNAPSHOT")),
        ("replica-set", ENDS_SOON, {"expirationHours": 1}, (200, None)),
        ("replica-set", ENDS_SOON, {"expirationHours": 2}, (409, "LINK_EXPIRATION_AFTER_SNAPSHOT_DELETION")),
        (
            "replica-set",
            ENDS_SOON,
            {"expirationHours": ..., "expires": "2026-11-02T14:00:01Z"},
            (409, "LINK_EXPIRATION_AFTER_SNAPSHOT_DELETION"),
        ),
    ],
)
async def test_a_download_needs_a_snapshot_available_long_enough(kind, number, changes, wanted):
    async with calling(check_snapshots=True) as caller:
        delivery = {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1} | changes
        order = {
            "delivery": {name: value for name, value in delivery.items() if value is not ...},
            "snapshotId": caller.snapshot_id(number, kind),
        }
        status, document = await caller.post(caller.cluster_path(kind) + "/restoreJobs", order)

    assert (status, document.get("errorCode")) == wanted


@pytest.mark.parametrize(
    ("selector", "kind", "number", "wanted"),
    [
        ("snapshotId", "replica-set", GOOD, (200, None)),
        ("snapshotId", "replica-set", RUNNING, (409, "CANNOT_START_RESTORE_JOB_FOR_INCOMPLETE_CLUSTER_SNAPSHOT")),
        ("checkpointId", "sharded-fcv-4.0", 0, (200, None)),
        ("checkpointId", "sharded-fcv-4.0", 1, (409, "NO_CHECKPOINT_FOR_PIT_RESTORE")),
        ("checkpointId", "sharded-fcv-4.0", 99, (404, "CHECKPOINT_NOT_FOUND")),
    ],
)
async def test_an_automated_restore_needs_a_snapshot_or_checkpoint(selector, kind, number, wanted):
    async with calling(check_snapshots=True) as caller:
        cluster = caller.world.first(kind)
        ids = caller.world.snapshots if selector == "snapshotId" else caller.world.checkpoints
        target = {"targetGroupId": cluster.project_id, "targetClusterId": cluster.id}
        order = {"delivery": {"methodName": "AUTOMATED_RESTORE", **target}, selector: ids.id(cluster, number)}
        status, document = await caller.post(caller.cluster_path(kind) + "/restoreJobs", order)

    assert (status, document.get("errorCode")) == wanted


@pytest.mark.parametrize(
    ("hours_back", "wanted"),
    [(20, (200, None)), (30 * 24, (404, "UNABLE_T0_FIND_SNAPSHOT_PRIOR_TO_PIT_RESTORE_OPTIME"))],
)
async def test_a_restore_to_a_moment_needs_a_snapshot_before_it(hours_back, wanted):
    async with calling(check_snapshots=True) as caller:
        cluster = caller.world.first()
        target = {"targetGroupId": cluster.project_id, "targetClusterId": cluster.id}
        seconds = int((NOW - timedelta(hours=hours_back)).timestamp())
        order = {"delivery": {"methodName": "AUTOMATED_RESTORE", **target}, "oplogTs": str(seconds), "oplogInc": "1"}
        status, document = await caller.post(caller.cluster_path("replica-set") + "/restoreJobs", order)

    assert (status, document.get("errorCode")) == wanted


async def test_snapshots_expire_by_the_clock():
    async with calling(check_snapshots=True) as caller:
        caller.emulator.clock.advance(2 * 3600)
        order = {"delivery": {"methodName": "HTTP", "maxDownloads": 1}, "snapshotId": caller.snapshot_id(ENDS_SOON)}
        status, document = await caller.post(caller.cluster_path("replica-set") + "/restoreJobs", order)

    assert (status, document["errorCode"]) == (409, "CANNOT_START_RESTORE_JOB_FOR_DELETED_SNAPSHOT")


@pytest.mark.parametrize("count", [0, 1, 2, 3])
async def test_there_may_be_few_snapshots(count):
    async with calling(snapshots_per_cluster=count, jobs_per_cluster=3) as caller:
        listed = await caller.ok(caller.snapshots() + "?completed=all")
        assert len((await caller.ok(caller.cluster_path("replica-set") + "/restoreJobs"))["results"]) == 3

    assert sorted(one["id"] for one in listed["results"]) == sorted(caller.snapshot_id(n) for n in range(count))
