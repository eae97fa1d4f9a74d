"""What snapshots of the emulator hold: browsed over HTTP, restored from, changed by a test."""

from urllib.parse import quote

import pytest

from mongorestore_async.errors import ConfigError

#: Namespaces that MongoDB takes and that paths must encode.
ODD = ("shop.a/b", "shop.a?b", "shop.a#b", "shop.a b%2F", "shop.{a}", "sh{o}p.ü", "shop.a.b")


def browsed(there, number=0):
    snapshot = there.world.snapshots.id(there.cluster, number)
    return f"{there.place}/backup/snapshots/{snapshot}/databases"


@pytest.mark.parametrize("namespace", ODD)
async def test_names_in_paths_are_percent_encoded(restoring, namespace):
    async with restoring(restore_seconds=0) as there:
        there.world.namespaces.add(there.cluster, namespace)
        await there.create(namespace)
        one = await there.get(f"{there.path}/collections/{quote(namespace, safe='')}")
        database, _, name = (quote(part, safe="") for part in namespace.partition("."))
        held = await there.get(f"{browsed(there)}/{database}/collections/{name}")
        again = await there.get(held["links"][0]["href"])
        filtered = await there.collections(f"?sourceNamespace={quote(namespace, safe='')}&itemsPerPage=1")

    assert one["sourceNamespace"] == namespace
    assert held == again
    assert held["name"] == namespace.partition(".")[2]
    assert filtered == [one]


@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded"])
async def test_a_snapshot_is_browsed_down_to_a_collection(restoring, kind):
    async with restoring(kind) as there:
        databases = await there.get(browsed(there))
        assert [one["name"] for one in databases["results"]] == ["shop", "staff", "telemetry"]
        assert databases["totalCount"] == 3
        for database in databases["results"]:
            (link,) = database["links"]
            assert link["rel"] == "self"
            assert await there.get(link["href"]) == database
            for collection in (await there.get(link["href"] + "/collections"))["results"]:
                assert collection.keys() == {"name", "links"}
                assert await there.get(collection["links"][0]["href"]) == collection
        page = await there.get(f"{browsed(there)}/shop/collections?itemsPerPage=2&pageNum=2")

    assert [one["name"] for one in page["results"]] == ["orders", "sessions"]


@pytest.mark.parametrize(
    ("number", "tail", "code"),
    [
        (0, "/none", (404, "SNAPSHOT_DATABASE_NOT_FOUND")),
        (0, "/none/collections", (404, "SNAPSHOT_DATABASE_NOT_FOUND")),
        (0, "/shop/collections/none", (404, "SNAPSHOT_COLLECTION_NOT_FOUND")),
        (1, "", (409, "SNAPSHOT_INCOMPLETE")),
        (5, "", (409, "SNAPSHOT_INCOMPLETE")),
        (2000, "", (404, "SNAPSHOT_NOT_FOUND")),
    ],
)
async def test_what_a_snapshot_does_not_show(restoring, number, tail, code):
    async with restoring() as there:
        assert await there.refused("GET", browsed(there, number) + tail) == code


async def test_dropped_collections_are_still_in_snapshots(restoring):
    async with restoring() as there:
        there.world.namespaces.drop(there.cluster, "shop.orders")
        assert "shop.orders" not in there.names()
        there.world.namespaces.drop(there.cluster, "shop.sessions", in_snapshots=True)
        held = [one["name"] for one in (await there.get(browsed(there) + "/shop/collections"))["results"]]
        await there.create("shop.orders")
        await there.job(1000)
        (one,) = await there.collections()

    assert held == ["customers", "open_orders", "orders"]
    assert one["effectiveTargetNamespace"] == "shop.orders"
    assert "shop.orders" in there.names()


async def test_a_dropped_database_is_gone_whole(restoring):
    async with restoring() as there:
        there.world.namespaces.drop(there.cluster, "shop")
        assert [name for name in there.names() if name.startswith("shop.")] == []
        with pytest.raises(ConfigError, match="no database 'shopping'"):
            there.world.namespaces.drop(there.cluster, "shopping")


async def test_a_moment_holds_what_there_was_then(restoring):
    async with restoring() as there:
        there.emulator.clock.advance(100)
        there.world.namespaces.add(there.cluster, "shop.fresh", documents=5, in_snapshots=False)
        there.emulator.clock.advance(100)
        there.world.namespaces.drop(there.cluster, "shop.fresh")
        there.emulator.clock.advance(100)
        start = int(there.emulator.clock.start.timestamp())
        ends = []
        for moment in (start + 99, start + 100, start + 199, start + 200):
            await there.create("shop.fresh", snapshotId=..., pointInTimeUtcSeconds=moment)
            ends.append((await there.job(1000))["state"])

    assert ends == ["FAILED", "SUCCESSFUL", "SUCCESSFUL", "FAILED"]
    assert there.world.namespaces.find(there.cluster, "shop.fresh").documents == 5


@pytest.mark.parametrize("in_snapshots", [True, False])
async def test_a_snapshot_taken_since_holds_what_there_was(restoring, in_snapshots):
    async with restoring(restore_seconds=100) as there:
        found = []
        for number in range(3):
            there.emulator.clock.advance(200)
            snapshot = there.world.snapshots.take(there.cluster, days=1)
            there.emulator.clock.advance(200)
            there.world.namespaces.add(there.cluster, f"fresh.c{number}", in_snapshots=in_snapshots)
            held = there.world.namespaces.in_snapshot(there.world.snapshots.find(there.cluster, snapshot.id))
            found.append([one.name for one in held if one.database == "fresh"])
        old = {one["name"] for one in (await there.get(browsed(there)))["results"]}

    assert found == [[], ["c0"], ["c0", "c1"]]
    assert ("fresh" in old) is in_snapshots
