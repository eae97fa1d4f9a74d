"""Collection restores of the emulator: states on its clock, how jobs and collections end, and what comes out."""

import pytest

from mongorestore_async.emulator import (
    Collection,
    CollectionKind,
    CollectionOutcome,
    Index,
)

NOW = 1_793_620_800  # the emulator's clock at its start
START = [
    "shop.customers", "shop.open_orders", "shop.orders", "shop.sessions", "staff.people", "staff.salaries",
    "telemetry.devices", "telemetry.readings",
]  # fmt: skip


async def test_a_job_moves_through_its_states(restoring):
    async with restoring() as there:
        made = await there.create("shop.orders")
        moments = (0, 99, 1, 799, 1, 99, 1, 5000)
        seen = [(await there.job(after))["state"] for after in moments]
        job = await there.job()

    assert made["state"] == "INITIALIZING"
    assert seen == [
        "INITIALIZING", "INITIALIZING", "IN_PROGRESS", "IN_PROGRESS", "FINALIZING", "FINALIZING", "SUCCESSFUL",
        "SUCCESSFUL",
    ]  # fmt: skip
    assert job["finishedAt"] == "2026-11-02T12:16:40Z"
    assert "errorMessage" not in job


async def test_collections_take_turns_and_their_documents_grow(restoring):
    async with restoring() as there:
        await there.create("shop.orders", "shop.sessions")
        assert await there.collections() == []
        seen = []
        for after in (150, 100, 200, 50, 50, 300, 100, 50):
            job = await there.job(after)
            first, second = await there.collections()
            seen.append((first["state"], first["indexStatus"]["state"], second["state"]))
            assert first["restoredDocuments"] + second["restoredDocuments"] == job["restoredDocuments"]
            assert first["totalDocuments"] + second["totalDocuments"] == job["totalDocuments"]
            if first["state"] == "IN_PROGRESS":
                assert 0 < first["restoredDocuments"] < first["totalDocuments"]

    assert seen == [
        ("IN_PROGRESS", "NOT_STARTED", "NOT_STARTED"),
        ("IN_PROGRESS", "NOT_STARTED", "NOT_STARTED"),
        ("FINALIZING", "IN_PROGRESS", "NOT_STARTED"),
        ("SUCCESSFUL", "SUCCESSFUL", "IN_PROGRESS"),
        ("SUCCESSFUL", "SUCCESSFUL", "IN_PROGRESS"),
        ("SUCCESSFUL", "SUCCESSFUL", "FINALIZING"),
        ("SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL"),
        ("SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL"),
    ]
    assert job["restoredDocuments"] == job["totalDocuments"]


async def test_the_total_is_an_estimate_until_the_job_begins(restoring):
    async with restoring() as there:
        made = await there.create("shop.orders")
        (held,) = [one for one in there.world.namespaces.in_snapshot(snapshot(there)) if one.namespace == "shop.orders"]
        begun = await there.job(100)

    assert (made["totalDocuments"] % 1000, begun["totalDocuments"]) == (0, held.documents)
    assert made["totalDocuments"] > held.documents


def snapshot(there):
    return there.world.snapshots.find(there.cluster, there.snapshot)


async def test_the_indexes_of_a_job_have_a_state_of_their_own(restoring):
    async with restoring() as there:
        await there.create("shop.orders")
        seen = [(await there.job(after))["indexStatus"]["state"] for after in (0, 150, 700, 150)]
        await there.create("shop.orders", indexStrategy="NONE")
        none = [(await there.job(after))["indexStatus"]["state"] for after in (0, 150, 700, 150)]

    assert seen == ["NOT_STARTED", "NOT_STARTED", "IN_PROGRESS", "SUCCESSFUL"]
    assert none == ["NOT_RESTORED"] * 4


@pytest.mark.parametrize(
    ("strategy", "kept"),
    [("ALL", ["_id_", "email_1", "seen_1"]), ("ALL_EXCEPT_TTL", ["_id_", "email_1"]), ("NONE", ["_id_"])],
)
async def test_the_strategy_says_which_indexes_come_out(restoring, strategy, kept):
    async with restoring() as there:
        indexes = [Index("_id_"), Index("email_1"), Index("seen_1", ttl=True)]
        there.world.namespaces.add(there.cluster, "shop.guests", indexes=indexes)
        await there.create("shop.guests", indexStrategy=strategy, writeStrategy="OVERWRITE_EXISTING")
        await there.job(1000)
        found = there.world.namespaces.find(there.cluster, "shop.guests")

    assert [index.name for index in found.indexes] == kept


async def test_a_conflict_renames_and_nothing_is_lost(restoring):
    async with restoring() as there:
        before = there.world.namespaces.find(there.cluster, "shop.orders")
        for _ in range(2):
            job = await there.create("shop.orders")
            assert there.names() == START or "shop.orders_restored_2" not in there.names()
            await there.job(1000)
        (one,) = await there.collections()
        found = there.world.namespaces
        now, first, second = (
            found.find(there.cluster, f"shop.orders{tail}") for tail in ("", "_restored_1", "_restored_2")
        )

    assert (one["targetNamespace"], one["effectiveTargetNamespace"]) == ("shop.orders", "shop.orders_restored_2")
    assert now == before
    assert second == Collection(
        "shop.orders_restored_2",
        documents=one["totalDocuments"],
        indexes=before.indexes,
        restored_by=job["id"],
        restored_from="shop.orders",
    )
    assert first.documents == second.documents


async def test_a_name_taken_while_the_job_runs_renames_again(restoring):
    async with restoring() as there:
        await there.create({"sourceNamespace": "shop.orders", "targetNamespace": "shop.saved"})
        await there.job(500)
        (before,) = await there.collections()
        there.world.namespaces.add(there.cluster, "shop.saved", documents=7)
        await there.job(500)
        (after,) = await there.collections()

    assert before["effectiveTargetNamespace"] == "shop.saved"
    assert after["effectiveTargetNamespace"] == "shop.saved_restored_1"
    assert there.world.namespaces.find(there.cluster, "shop.saved").documents == 7


async def test_overwriting_drops_and_replaces_when_the_job_ends(restoring):
    async with restoring() as there:
        there.world.namespaces.add(there.cluster, "shop.orders", "view", documents=0, in_snapshots=False)
        job = await there.create("shop.orders", writeStrategy="OVERWRITE_EXISTING")
        await there.job(999)
        running = there.world.namespaces.find(there.cluster, "shop.orders")
        await there.job(1)
        (one,) = await there.collections()
        found = there.world.namespaces.find(there.cluster, "shop.orders")

    assert running.kind is CollectionKind.VIEW
    assert (found.kind, found.restored_by, found.documents) == ("collection", job["id"], one["totalDocuments"])
    assert one["effectiveTargetNamespace"] == "shop.orders"
    assert there.names() == START


async def test_a_database_comes_out_under_its_new_name(restoring):
    async with restoring() as there:
        other = there.world.first("cloud-backup-sharded")
        entry = {"sourceNamespace": "shop", "targetNamespace": "saved"}
        await there.create(entry, "staff.people", target=other, databaseSuffix="_pit", collectionSuffix="_old")
        await there.job(1000)
        effective = {one["sourceNamespace"]: one.get("effectiveTargetNamespace") for one in await there.collections()}

    assert effective == {
        "shop.customers": "saved_pit.customers_old",
        "shop.open_orders": None,
        "shop.orders": "saved_pit.orders_old",
        "shop.sessions": "saved_pit.sessions_old",
        "staff.people": "staff_pit.people_old",
    }
    assert there.names() == START
    assert there.names(other) == sorted([*START, *(name for name in effective.values() if name)])


@pytest.mark.parametrize("kind", [*CollectionKind])
async def test_only_usual_collections_are_restored(restoring, kind):
    async with restoring() as there:
        there.world.namespaces.add(there.cluster, "shop.thing", kind)
        await there.create("shop.thing", "shop.orders")
        job = await there.job(1000)
        states = await there.states()

    assert job["state"] == "SUCCESSFUL"
    assert states == {
        "shop.thing": "SUCCESSFUL" if kind == "collection" else "UNSUPPORTED",
        "shop.orders": "SUCCESSFUL",
    }
    assert ("shop.thing_restored_1" in there.names()) is (kind == "collection")


@pytest.mark.parametrize(("source", "what"), [("shop.nothing", "collection"), ("nothing", "database")])
async def test_what_the_backup_lacks_fails_the_job(restoring, source, what):
    async with restoring() as there:
        await there.create("shop.orders", source)
        job = await there.job(100)
        states = await there.states()
        await there.job(1000)

    assert (job["state"], job["finishedAt"]) == ("FAILED", "2026-11-02T12:01:40Z")
    assert f"{what} was not found" in job["errorMessage"]
    assert source in job["errorMessage"]
    assert job["indexStatus"] == {"state": "NOT_RESTORED", "failedCollectionCount": 0}
    assert states == {"shop.orders": "NOT_RESTORED", source: "NOT_FOUND"}
    assert there.names() == START


async def test_a_failed_collection_fails_all_and_is_rolled_back(restoring):
    async with restoring() as there:
        there.emulator.end_next_collections({"shop.orders": "FAILED"})
        await there.create("shop.customers", "shop.orders", "shop.sessions", "staff.people")
        running = await there.job(499)
        job = await there.job(1)
        found = {one["sourceNamespace"]: (one["state"], one["restoredDocuments"]) for one in await there.collections()}

    assert running["state"] == "IN_PROGRESS"
    assert job["state"] == "FAILED"
    assert "shop.orders" in job["errorMessage"]
    total = job["totalDocuments"]
    assert found.pop("shop.orders")[0] == "FAILED"
    assert found == {
        "shop.customers": ("ROLLBACK", 0),
        "shop.sessions": ("NOT_RESTORED", 0),
        "staff.people": ("NOT_RESTORED", 0),
    }
    assert 0 < job["restoredDocuments"] < total
    assert there.names() == START


#: How a collection is told to end: its state, that of its indexes, how the job ends, whether it comes out.
ENDINGS = {
    "SUCCESSFUL": ("SUCCESSFUL", "SUCCESSFUL", "SUCCESSFUL", True),
    "NOT_FOUND": ("NOT_FOUND", "NOT_RESTORED", "FAILED", False),
    "UNSUPPORTED": ("UNSUPPORTED", "NOT_RESTORED", "SUCCESSFUL", False),
    "ROLLBACK": ("ROLLBACK", "NOT_RESTORED", "FAILED", False),
    "NOT_RESTORED": ("NOT_RESTORED", "NOT_RESTORED", "FAILED", False),
    "FAILED": ("FAILED", "NOT_RESTORED", "FAILED", False),
    "INDEX_BUILD_FAILED": ("INDEX_BUILD_FAILED", "FAILED", "SUCCESSFUL", True),
    "INDEXES_FAILED": ("SUCCESSFUL", "FAILED", "SUCCESSFUL", True),
}


@pytest.mark.parametrize("ending", [*CollectionOutcome])
async def test_a_collection_ends_as_it_is_told(restoring, ending):
    async with restoring() as there:
        there.emulator.end_next_collections({"shop.orders": ending})
        await there.create("shop.orders")
        job = await there.job(1000)
        (one,) = await there.collections()
        out = "shop.orders_restored_1" in there.names()

    assert (one["state"], one["indexStatus"]["state"], job["state"], out) == ENDINGS[ending]


@pytest.mark.parametrize("ending", [*CollectionOutcome])
async def test_a_job_ends_well_all_the_same_if_told(restoring, ending):
    async with restoring() as there:
        there.emulator.end_next_jobs("done")
        there.emulator.end_next_collections({"shop.orders": ending})
        await there.create("shop.orders", "shop.sessions")
        job = await there.job(1000)
        found = {one["sourceNamespace"]: one for one in await there.collections()}

    assert job["state"] == "SUCCESSFUL"
    assert found["shop.orders"]["state"] == ENDINGS[ending][0]
    assert found["shop.sessions"]["state"] == "SUCCESSFUL"
    assert "shop.sessions_restored_1" in there.names()


@pytest.mark.parametrize("ending", ["INDEX_BUILD_FAILED", "INDEXES_FAILED"])
async def test_failed_indexes_are_named_and_do_not_come_out(restoring, ending):
    async with restoring() as there:
        there.emulator.end_next_collections({"shop.orders": ending})
        await there.create("shop.orders")
        job = await there.job(1000)
        (one,) = await there.collections()
        found = there.world.namespaces.find(there.cluster, one["effectiveTargetNamespace"])

    assert job["indexStatus"] == {"state": "FAILED", "failedCollectionCount": 1}
    assert [index["name"] for index in one["indexStatus"]["failedIndexes"]] == ["customer_1", "placed_1"]
    assert "customer_1" in one["indexStatus"]["errorMessage"]
    assert one["restoredDocuments"] == one["totalDocuments"] == found.documents
    assert found.indexes == (Index("_id_"),)


async def test_no_more_than_64_failed_indexes_are_named(restoring):
    async with restoring() as there:
        indexes = [Index("_id_"), *(Index(f"field{number}_1") for number in range(70))]
        there.world.namespaces.add(there.cluster, "shop.wide", indexes=indexes)
        there.emulator.end_next_collections({"shop.wide": "INDEX_BUILD_FAILED"})
        await there.create("shop.wide")
        await there.job(1000)
        (one,) = await there.collections()

    assert len(one["indexStatus"]["failedIndexes"]) == 64
