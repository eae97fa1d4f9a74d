"""Clusters of Atlas that were deleted while their backups were retained."""

import pytest

from mongorestore_async.errors import ConfigError

QUERY = "includeDeletedWithRetainedBackups=true"
CLUSTERS = {"Accept": "application/vnd.atlas.2024-08-05+json"}


async def test_a_deleted_cluster_is_listed_by_query_only(call_atlas):
    async with call_atlas("cloud") as atlas:
        before = await atlas.get(f"{atlas.project}/clusters?{QUERY}", **CLUSTERS)
        atlas.emulator.world.remove_cluster(atlas.cluster, retain_backups=True)
        plain = await atlas.get(f"{atlas.project}/clusters", **CLUSTERS)
        wide = await atlas.get(f"{atlas.project}/clusters?{QUERY}", **CLUSTERS)

    name = atlas.cluster.name
    assert (before["totalCount"], plain["totalCount"], wide["totalCount"]) == (5, 4, 5)
    assert name not in [one["name"] for one in plain["results"]]
    (gone,) = [one for one in wide["results"] if one.get("retainBackups")]
    assert gone == {**before["results"][0], "retainBackups": True}
    assert not any("retainBackups" in one for one in before["results"] + plain["results"])


async def test_backups_of_a_deleted_cluster_answer_and_it_does_not(call_atlas):
    async with call_atlas("cloud") as atlas:
        place = f"{atlas.project}/clusters/{atlas.cluster.name}"
        paths = [f"{place}/backup/snapshots", f"{place}/backup/restoreJobs"]
        before = [await atlas.get(path) for path in paths]
        atlas.emulator.world.remove_cluster(atlas.cluster, retain_backups=True)
        after = [await atlas.get(path) for path in paths]
        status, code = await atlas.refused("GET", place, **CLUSTERS)

    assert before == after
    assert before[0]["results"]
    assert (status, code) in {(404, "CLUSTER_NAME_NOT_FOUND"), (404, "CLUSTER_NOT_FOUND")}


async def test_without_retained_backups_nothing_is_left(call_atlas):
    async with call_atlas("cloud") as atlas:
        atlas.emulator.world.remove_cluster(atlas.cluster)
        wide = await atlas.get(f"{atlas.project}/clusters?{QUERY}", **CLUSTERS)
        status, _ = await atlas.refused("GET", f"{atlas.project}/clusters/{atlas.cluster.name}/backup/snapshots")

    assert (wide["totalCount"], status) == (4, 404)


async def test_version_one_knows_no_such_query(call_atlas):
    async with call_atlas("cloud-v1") as atlas:
        atlas.emulator.world.remove_cluster(atlas.cluster, retain_backups=True)
        page = await atlas.get(f"{atlas.project}/clusters?{QUERY}")

    assert page["totalCount"] == 4


@pytest.mark.parametrize("kind", ["flex", "tenant", "legacy", "serverless", "replica-set"])
async def test_only_cloud_backups_are_retained(call_atlas, kind):
    async with call_atlas("cloud") as atlas:
        world = atlas.emulator.world
        with pytest.raises(ConfigError, match="Only cloud backups can be retained"):
            world.remove_cluster(world.first(kind), retain_backups=True)
        assert world.first(kind)
