"""Collection restores of the emulator: lists, filters, and what a test can tell the world."""

import pytest

from mongorestore_async.emulator import EmulatorSettings, Oddity
from mongorestore_async.errors import ConfigError


async def test_every_cluster_starts_with_a_restore_of_a_database(restoring):
    async with restoring() as there:
        for kind in ("cloud-backup", "cloud-backup-sharded"):
            cluster = there.world.first(kind)
            jobs = there.jobs.replace(there.cluster.name, cluster.name)
            (job,) = (await there.get(jobs))["results"]
            found = (await there.get(f"{jobs}/{job['id']}/collections"))["results"]
            assert (job["state"], job["writeStrategy"]) == ("SUCCESSFUL", "OVERWRITE_EXISTING")
            assert job["databases"] == [{"sourceNamespace": "shop"}]
            assert {one["sourceNamespace"] for one in found if one["state"] == "UNSUPPORTED"} == {"shop.open_orders"}
            assert await there.get(f"{jobs}/{job['id']}") == job


@pytest.mark.parametrize("seconds", [0, 600, 10**9])
async def test_the_restores_of_the_start_are_over(restoring, seconds):
    async with restoring(collection_restores_per_cluster=5, restore_seconds=seconds) as there:
        found = (await there.get())["results"]

    assert len(found) == 5
    assert {one["state"] for one in found} == {"SUCCESSFUL"}
    assert all(one["finishedAt"] <= "2026-11-02T12:00:00Z" for one in found)


async def test_jobs_are_listed_oldest_first(restoring):
    async with restoring(collection_restores_per_cluster=3) as there:
        made = await there.create("shop.orders")
        found = (await there.get())["results"]

    created = [one["createdAt"] for one in found]
    assert created == sorted(created)
    assert found[-1] == made


async def test_a_job_has_no_links_and_a_list_has(restoring):
    async with restoring() as there:
        job = await there.create("shop.orders")
        listed = await there.get()

    assert "links" not in job
    assert [link["rel"] for link in listed["links"]] == ["self"]


@pytest.mark.parametrize("count", ["", "&includeCount=false", "&includeCount=true"])
async def test_the_count_cannot_be_left_out(restoring, count):
    async with restoring(collection_restores_per_cluster=5) as there:
        page = await there.get(f"{there.jobs}?itemsPerPage=2&pageNum=2{count}")

    assert page["totalCount"] == 5
    assert len(page["results"]) == 2
    links = {link["rel"]: link["href"] for link in page["links"]}
    assert links.keys() == {"self", "next", "previous"}
    assert "includeCount" not in links["next"]


async def test_pages_of_collections_follow_their_links(restoring):
    async with restoring(restore_seconds=0) as there:
        await there.create("shop", "staff", "telemetry")
        target, seen = f"{there.path}/collections?itemsPerPage=3&state=UNSUPPORTED", []
        while target:
            page = await there.get(target)
            seen += [one["sourceNamespace"] for one in page["results"]]
            target = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)

    assert seen == ["shop.open_orders", "staff.salaries", "telemetry.readings"]
    assert page["totalCount"] == 3


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=SUCCESSFUL", ["shop.customers", "shop.orders", "shop.sessions"]),
        ("state=UNSUPPORTED", ["shop.open_orders"]),
        ("state=FAILED", []),
        ("sourceNamespace=shop.orders", ["shop.orders"]),
        ("sourceNamespace=shop.orders&state=UNSUPPORTED", []),
        ("targetNamespace=kept.sessions", ["shop.sessions"]),
        ("targetNamespace=shop.sessions", []),
        ("sourceNamespace=shop.order", []),
    ],
)
async def test_collections_are_filtered(restoring, query, found):
    async with restoring(restore_seconds=0) as there:
        await there.create({"sourceNamespace": "shop", "targetNamespace": "kept"})
        assert [one["sourceNamespace"] for one in await there.collections(f"?{query}")] == found


async def test_an_unknown_state_is_no_filter(restoring):
    async with restoring(restore_seconds=0) as there:
        await there.create("shop")
        refusal = await there.refused("GET", f"{there.path}/collections?state=DONE")

    assert refusal == (400, "INVALID_QUERY_PARAMETER")


async def test_what_is_not_there_is_not_found(restoring):
    async with restoring() as there:
        await there.create("shop.orders")
        assert await there.refused("GET", f"{there.path}/collections/shop.orders") == (
            404,
            "COLLECTION_STATE_NOT_FOUND",
        )
        there.emulator.clock.advance(100)
        assert (await there.get(f"{there.path}/collections/shop.orders"))["state"] == "IN_PROGRESS"
        assert await there.refused("GET", f"{there.path}/collections/shop.none") == (404, "COLLECTION_STATE_NOT_FOUND")
        assert await there.refused("GET", f"{there.jobs}/{'5' * 24}") == (404, "RESTORE_JOB_NOT_FOUND")
        assert await there.refused("GET", f"{there.jobs}/x/collections") == (404, "INVALID_JOB_ID")


async def test_requests_are_logged_under_the_family(restoring):
    async with restoring() as there:
        await there.get()
        await there.get(f"{there.place}/backup/snapshots/{there.snapshot}/databases")

    assert {one.family for one in there.emulator.requests} == {"atlas-collection-restore"}


async def test_removing_the_target_cancels_the_job(restoring):
    async with restoring() as there:
        other = there.world.first("cloud-backup-sharded")
        await there.create("shop.orders", "shop.sessions", target=other)
        await there.job(300)
        there.world.remove_cluster(other)
        job = await there.job(5000)
        states = await there.states()
        gone = await there.send("GET", there.place.replace(there.cluster.name, other.name))

    assert (job["state"], job["finishedAt"]) == ("CANCELED", "2026-11-02T12:05:00Z")
    assert other.name in job["errorMessage"]
    assert states == {"shop.orders": "ROLLBACK", "shop.sessions": "NOT_RESTORED"}
    assert gone.status == 404
    assert other.name not in [one.name for one in there.world.clusters(other.project)]


async def test_a_target_removed_at_once_leaves_no_collections(restoring):
    async with restoring() as there:
        other = there.world.first("cloud-backup-sharded")
        await there.create("shop.orders", target=other)
        there.world.remove_cluster(other)
        assert (await there.job())["state"] == "CANCELED"
        assert await there.collections() == []
        assert await there.create("shop.orders")


async def test_clusters_of_the_manager_stay(restoring):
    async with restoring() as there:
        with pytest.raises(ConfigError, match="Only clusters of Atlas"):
            there.world.remove_cluster(there.world.first("replica-set"))


@pytest.mark.parametrize(("word", "state"), [("done", "SUCCESSFUL"), ("failed", "FAILED"), ("cancelled", "CANCELED")])
async def test_jobs_end_as_they_are_told(restoring, word, state):
    async with restoring() as there:
        there.emulator.end_next_jobs(word)
        await there.create("shop.orders")
        assert (await there.job(999))["state"] == "FINALIZING"
        job = await there.job(1)
        states = await there.states()
        await there.create("shop.orders")
        later = await there.job(1000)

    assert job["state"] == state
    assert ("errorMessage" in job) is (state != "SUCCESSFUL")
    assert states == {"shop.orders": "SUCCESSFUL" if state == "SUCCESSFUL" else "ROLLBACK"}
    assert later["state"] == "SUCCESSFUL"


async def test_a_full_disk_rolls_back_half_way(restoring):
    async with restoring(collection_limits=["disk-full"]) as there:
        await there.create("shop.customers", "shop.orders", "shop.sessions")
        job = await there.job(500)
        states = await there.states()

    assert (job["state"], job["restoredDocuments"]) == ("FAILED", 0)
    assert "95 %" in job["errorMessage"]
    assert states == {"shop.customers": "ROLLBACK", "shop.orders": "ROLLBACK", "shop.sessions": "NOT_RESTORED"}


async def test_every_fifth_job_has_words_nobody_knows(restoring):
    async with restoring(collection_restores_per_cluster=6, oddities=[Oddity.UNKNOWN_WORDS]) as there:
        jobs = (await there.get())["results"]
        found = (await there.get(f"{there.jobs}/{jobs[5]['id']}/collections"))["results"]

    assert [job["state"] for job in jobs] == ["LEVITATING", *["SUCCESSFUL"] * 4, "LEVITATING"]
    assert {one["state"] for one in found} == {"LEVITATING"}


async def test_documents_are_patched(restoring):
    async with restoring(restore_seconds=0, oddities=[Oddity.EXTRA_FIELDS]) as there:
        made = await there.create("shop.orders")
        job = there.world.collection_restores.find(there.cluster, made["id"])
        there.emulator.patch_job(job, {"state": "PONDERING", "snapshotId": ...})
        changes = {"state": "HALF_RESTORED", "indexStatus": {"state": "SOME"}}
        there.world.collection_restores.patch(job, changes, namespace="shop.orders")
        changed = await there.job()
        (one,) = await there.collections()

    assert changed["state"] == "PONDERING"
    assert "snapshotId" not in changed
    assert (one["state"], one["indexStatus"]["state"]) == ("HALF_RESTORED", "SOME")
    assert "weather" in changed
    assert "weather" in one


async def test_a_removed_job_is_gone(restoring):
    async with restoring() as there:
        made = await there.create("shop.orders")
        job = there.world.collection_restores.find(there.cluster, made["id"])
        there.world.collection_restores.remove(job)
        assert await there.refused("GET", there.path) == (404, "RESTORE_JOB_NOT_FOUND")
        with pytest.raises(ConfigError, match="no collection restore"):
            there.world.collection_restores.remove(job)
        again = await there.create("shop.orders")

    assert again["id"] != made["id"]


async def test_a_test_adds_restores_as_others_would(restoring):
    async with restoring() as there:
        added = there.world.collection_restores.create(there.cluster)
        assert there.world.collection_restores.running(there.cluster) is added
        listed = (await there.get())["results"]

    assert (listed[-1]["id"], listed[-1]["state"]) == (added.id, "INITIALIZING")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda emulator: emulator.end_next_collections({"shop.orders": "DONE"}),
        lambda emulator: emulator.world.namespaces.add(emulator.world.first("cloud-backup"), "shop"),
        lambda emulator: emulator.world.namespaces.add(emulator.world.first("cloud-backup"), "shop."),
        lambda emulator: emulator.world.namespaces.add(emulator.world.first("cloud-backup"), "shop.x", "capped"),
        lambda _: EmulatorSettings(collection_restores_per_cluster=-1),
    ],
)
async def test_what_the_world_is_told_wrongly_is_refused(restoring, wrong):
    async with restoring() as there:
        with pytest.raises(ConfigError):
            wrong(there.emulator)
