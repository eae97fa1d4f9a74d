"""Hosts of Ops Manager and Cloud Manager; jobs and snapshots of mirrored config servers (SCCC)."""

from functools import partial

import pytest

from builders.constants import NOW
from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async.emulator import Oddity, Side
from mongorestore_async.errors import ConfigError

MANAGER = "/api/public/v1.0"


class Caller(EmulatorCaller):
    @property
    def project(self):
        return f"{MANAGER}/groups/{self.world.first().project_id}"

    def host(self, tail="", mirror=0):
        return f"{self.project}/hosts/{self.world.config_server(mirror).id}{tail}"

    def order(self, **delivery):
        delivery = {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1, **delivery}
        return {"delivery": delivery, "snapshotId": self.world.snapshots.id(self.world.config_server().backup)}


calling = partial(call_emulator, Caller, start=NOW)


# ---- hosts


async def test_the_hosts_of_a_project_are_listed_and_found_by_id():
    async with calling() as caller:
        listed = await caller.ok(f"{caller.project}/hosts")
        again = [await caller.ok(f"{caller.project}/hosts/{one['id']}") for one in listed["results"]]
        paged = await caller.ok(f"{caller.project}/hosts?itemsPerPage=4&pageNum=2")

    assert again == listed["results"]
    assert paged["results"] == listed["results"][4:8]
    assert len({one["id"] for one in again}) == listed["totalCount"] == 3 + 10 + 10
    assert {len(one["id"]) for one in again} == {32}


async def test_hosts_say_what_they_are():
    async with calling() as caller:
        found = (await caller.ok(f"{caller.project}/hosts"))["results"]
        replica_set, sharded, mirrored = caller.world.clusters(caller.world.first().project)
        shard = caller.world.members(sharded)[0]

    types = [one["typeName"] for one in found]
    assert types[:4] == ["REPLICA_PRIMARY", "REPLICA_SECONDARY", "REPLICA_SECONDARY", "SHARD_MONGOS"]
    assert types.count("SHARD_CONFIG") == 3
    assert (found[0]["clusterId"], found[0]["replicaStateName"]) == (replica_set.id, "PRIMARY")
    assert (found[4]["clusterId"], found[4]["shardName"]) == (shard.id, "shard-0")
    assert {one["clusterId"] for one in found if one["typeName"] == "SHARD_CONFIG"} == {mirrored.id}
    assert {"hostname", "port", "groupId", "links"} <= set(found[0])


@pytest.mark.parametrize("host_id", ["nonsense", "0" * 24, "0" * 32])
async def test_an_unknown_host_is_404(host_id):
    async with calling() as caller:
        for tail in ("", "/restoreJobs", "/snapshots"):
            assert await caller.refused(f"{caller.project}/hosts/{host_id}{tail}") == (404, "HOST_NOT_FOUND")


async def test_a_host_of_another_project_is_404():
    async with calling() as caller:
        other = caller.world.project(Side.MANAGER, 1)
        host = caller.world.config_server()
        assert await caller.refused(f"{MANAGER}/groups/{other.id}/hosts/{host.id}") == (404, "HOST_NOT_FOUND")


async def test_only_mirrored_config_servers_have_jobs_and_snapshots():
    async with calling() as caller:
        hosts = (await caller.ok(f"{caller.project}/hosts"))["results"]
        others = [one for one in hosts if one["typeName"] != "SHARD_CONFIG"]
        refusals = {
            await caller.refused(f"{caller.project}/hosts/{one['id']}{tail}")
            for one in others
            for tail in ("/restoreJobs", "/restoreJobs/" + "0" * 24, "/snapshots", "/snapshots/" + "0" * 24)
        }
        secondary = caller.world.hosts.of(caller.world.first())[1]

    assert refusals == {(404, "NOT_CONFIG_SERVER")}
    with pytest.raises(ConfigError, match="no mirrored config server"):
        _ = secondary.backup


# ---- jobs


async def test_config_server_jobs_have_a_host_instead_of_a_cluster():
    async with calling(jobs_per_cluster=12) as caller:
        listed = await caller.ok(caller.host("/restoreJobs"))
        single = await caller.ok(caller.host(f"/restoreJobs/{listed['results'][0]['id']}"))
        host = caller.world.config_server()
        ids = {
            job.id
            for mirror in range(3)
            for job in caller.world.jobs.page(caller.world.config_server(mirror).backup, 0, 99)
        }
        of_cluster = {job.id for job in caller.world.jobs.page(host.cluster, 0, 99)}

    assert ("links" in listed, len(listed["results"]), listed["totalCount"]) == (False, 12, 12)
    for job in (*listed["results"], single):
        assert job["hostId"] == host.id
        assert {"clusterId", "batchId", "timestamp"}.isdisjoint(job)
        assert f"/hosts/{host.id}/restoreJobs/{job['id']}" in job["links"][0]["href"]
    assert (len(ids), ids & of_cluster) == (36, set())


async def test_the_list_of_the_documents_has_the_host_as_its_cluster():
    async with calling(oddities={Oddity.HOST_AS_CLUSTER, Oddity.STRING_INCREMENTS, Oddity.BATCH_EVERYWHERE}) as caller:
        listed = await caller.ok(caller.host("/restoreJobs"))
        single = await caller.ok(caller.host(f"/restoreJobs/{listed['results'][0]['id']}"))
        host = caller.world.config_server()

    assert {job["clusterId"] for job in listed["results"]} == {host.id}
    assert not any("hostId" in job for job in listed["results"])
    assert (single["hostId"], "clusterId" in single) == (host.id, False)


async def test_a_create_answers_a_bare_job_that_then_progresses():
    async with calling(jobs_per_cluster=2) as caller:
        status, job = await caller.post(caller.host("/restoreJobs"), caller.order())
        caller.emulator.clock.advance(601)
        later = await caller.ok(caller.host(f"/restoreJobs/{job['id']}"))
        count = (await caller.ok(caller.host("/restoreJobs")))["totalCount"]
        others = (await caller.ok(caller.host("/restoreJobs", mirror=1)))["totalCount"]

    assert (status, job["statusName"], job["hostId"]) == (200, "IN_PROGRESS", caller.world.config_server().id)
    assert {"results", "clusterId", "batchId", "timestamp"}.isdisjoint(job)
    assert (later["statusName"], later["delivery"]["statusName"]) == ("FINISHED", "READY")
    assert (count, others) == (3, 2)
    assert caller.emulator.counts.creates_taken == 1


async def test_the_documented_create_accepts_read_only_members():
    async with calling() as caller:
        order = caller.order(expires="2026-11-03T00:00:00Z", statusName="READY", url="https://host.example.invalid/x")
        status, job = await caller.post(caller.host("/restoreJobs"), order)

    assert (status, job["delivery"]["expires"]) == (200, "2026-11-03T00:00:00Z")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"methodName": "AUTOMATED_RESTORE"}, (400, "UNSUPPORTED_DELIVERY_METHOD")),
        ({"methodName": "SCP"}, (400, "INVALID_DELIVERY_SCP")),
        ({"maxDownloads": 0}, (400, "ATTRIBUTE_NEGATIVE_OR_ZERO")),
        ({"authValue": "x"}, (400, "ATTRIBUTE_READ_ONLY")),
    ],
)
async def test_a_create_that_makes_no_sense_is_refused(changes, refusal):
    async with calling() as caller:
        status, document = await caller.post(caller.host("/restoreJobs"), caller.order(**changes))

    assert (status, document["errorCode"]) == refusal


async def test_unknown_jobs_and_snapshots_have_codes_of_their_own():
    async with calling(check_snapshots=True) as caller:
        of_cluster = caller.world.jobs.at(caller.world.first("sharded-fcv-4.0"), 0).id
        foreign = caller.world.snapshots.id(caller.world.first("sharded-fcv-4.0"))
        for job_id in ("0" * 24, of_cluster):
            wanted = (404, "CONFIG_RESTORE_JOB_NOT_FOUND")
            assert await caller.refused(caller.host(f"/restoreJobs/{job_id}")) == wanted
        for snapshot_id in ("0" * 24, foreign):
            wanted = (404, "CONFIG_SNAPSHOT_NOT_FOUND")
            assert await caller.refused(caller.host(f"/snapshots/{snapshot_id}")) == wanted
        status, document = await caller.post(caller.host("/restoreJobs"), {**caller.order(), "snapshotId": foreign})

    assert (status, document["errorCode"]) == (404, "CONFIG_SNAPSHOT_NOT_FOUND")


async def test_config_server_jobs_can_be_added_patched_and_expired():
    async with calling(jobs_per_cluster=3) as caller:
        owner = caller.world.config_server().backup
        (job,) = caller.emulator.add_jobs(owner)
        caller.emulator.patch_job(job, {"statusName": "BROKEN"})
        listed = await caller.ok(caller.host("/restoreJobs"))
        caller.emulator.expire_jobs(owner, 3)
        left = await caller.ok(caller.host("/restoreJobs"))

    assert (listed["results"][0]["id"], listed["results"][0]["statusName"]) == (job.id, "BROKEN")
    assert [one["id"] for one in left["results"]] == [job.id]


# ---- snapshots


async def test_a_config_server_has_snapshots_of_one_part():
    async with calling() as caller:
        listed = await caller.ok(caller.host("/snapshots"))
        single = await caller.ok(caller.host(f"/snapshots/{listed['results'][0]['id']}"))
        host = caller.world.config_server()

    assert len(listed["results"]) == 8
    assert (single["hostId"], "clusterId" in single, "missingShards" in single) == (host.id, False, False)
    assert [part["typeName"] for part in single["parts"]] == ["CONFIG_SERVER"]


async def test_the_documented_example_spells_names_as_placeholders():
    async with calling(oddities={Oddity.PLACEHOLDER_KEYS}) as caller:
        listed = await caller.ok(caller.host("/snapshots"))
        of_cluster = await caller.ok(f"{caller.project}/clusters/{caller.world.first().id}/snapshots")
        host = caller.world.config_server()

    assert {one["HOST-ID"] for one in listed["results"]} == {host.id}
    assert {"CLUSTER-ID", "GROUP-ID"} <= set(listed["results"][0])
    assert {"groupId", "clusterId", "hostId"}.isdisjoint(listed["results"][0])
    assert {"groupId", "clusterId"} <= set(of_cluster["results"][0])
