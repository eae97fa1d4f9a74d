"""Clusters of Atlas as the emulator lists them, and what it says when one is asked for in the wrong place."""

import pytest

from mongorestore_async.emulator import ClusterKind, EmulatorSettings, ServerState, Side
from mongorestore_async.errors import ConfigError

ATLAS_KINDS = (
    "cloud-backup",
    "tenant",
    "cloud-backup-sharded",
    "flex",
    "serverless",
    "legacy",
    "legacy-sharded",
)
DEDICATED = [kind for kind in ATLAS_KINDS if kind not in {"flex", "serverless"}]
CLUSTERS = {"Accept": "application/vnd.atlas.2024-08-05+json"}


def named(atlas, *kinds):
    return [atlas.emulator.world.first(kind).name for kind in kinds]


@pytest.mark.parametrize("family", ["cloud-v1", "cloud"])
async def test_clusters_are_listed_without_flex_and_serverless(call_atlas, family):
    headers = CLUSTERS if family == "cloud" else {}
    async with call_atlas(family) as atlas:
        page = await atlas.get(f"{atlas.project}/clusters", **headers)
        ones = [await atlas.get(f"{atlas.project}/clusters/{one['name']}", **headers) for one in page["results"]]
        second = await atlas.get(f"{atlas.project}/clusters?itemsPerPage=2&pageNum=2", **headers)
        expected = named(atlas, *DEDICATED)

    assert [cluster["name"] for cluster in page["results"]] == expected
    assert (page["totalCount"], ones) == (5, page["results"])
    assert second["results"] == page["results"][2:4]


async def test_what_backup_enabled_means_depends_on_the_version(call_atlas):
    seen = {}
    async with call_atlas("cloud") as atlas:
        for day in ("2023-01-01", "2023-02-01", "2024-08-05"):
            accept = {"Accept": f"application/vnd.atlas.{day}+json"}
            seen[day] = (await atlas.get(f"{atlas.project}/clusters", **accept))["results"]
    enabled = {day: [cluster["backupEnabled"] for cluster in clusters] for day, clusters in seen.items()}

    assert enabled["2023-01-01"] == [False, False, False, True, True]
    assert enabled["2023-02-01"] == enabled["2024-08-05"] == [True, False, True, False, False]
    assert [cluster["providerBackupEnabled"] for cluster in seen["2023-01-01"]] == enabled["2024-08-05"]
    assert [len(cluster["replicationSpecs"]) for cluster in seen["2024-08-05"]] == [1, 1, 2, 1, 2]
    assert not {"providerSettings", "providerBackupEnabled"} & set(seen["2024-08-05"][0])


@pytest.mark.parametrize(("family", "day"), [("cloud-v1", None), ("cloud", "2023-01-01")])
@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded", "tenant", "legacy"])
async def test_old_clusters_have_what_old_clients_read(call_atlas, family, day, kind):
    async with call_atlas(family, kind) as atlas:
        accept = {} if day is None else {"Accept": f"application/vnd.atlas.{day}+json"}
        one = await atlas.get(f"{atlas.project}/clusters/{atlas.cluster.name}", **accept)
        newest = (await atlas.send("GET", f"{atlas.project}/clusters/{atlas.cluster.name}", **CLUSTERS)).document

    assert one["mongoURIUpdated"] == one["createDate"]
    assert one["mongoURI"].startswith(f"mongodb://{one['name']}-shard-00-00.")
    (specs,) = one["replicationSpecs"]
    assert one["numShards"] == specs["numShards"] == (2 if atlas.cluster.kind.sharded else 1)
    assert one["mongoDBVersion"].startswith(one["mongoDBMajorVersion"] + ".")
    assert one["providerSettings"]["regionName"] in specs["regionsConfig"]
    assert ("backingProviderName" in one["providerSettings"]) is (kind == "tenant")
    if day is not None:
        assert not {"mongoURI", "mongoURIUpdated", "numShards", "providerSettings", "diskSizeGB"} & set(newest)


async def test_flex_clusters_have_a_list_of_their_own(call_atlas):
    async with call_atlas("flex", clusters_per_project=14) as atlas:
        page = await atlas.get(f"{atlas.project}/flexClusters")
        ones = [await atlas.get(f"{atlas.project}/flexClusters/{one['name']}") for one in page["results"]]

    assert (page["totalCount"], ones) == (2, page["results"])
    assert ones[0]["name"] == atlas.cluster.name
    assert ones[0]["backupSettings"] == {"enabled": True}
    assert ones[0]["links"][0]["href"].endswith(atlas.place)
    assert {"mongoDBVersion", "createDate", "providerSettings", "connectionStrings", "tags"} <= set(ones[0])


@pytest.mark.parametrize("family", ["serverless-v1", "serverless"])
async def test_serverless_instances_have_a_list_of_their_own(call_atlas, family):
    async with call_atlas(family) as atlas:
        page = await atlas.get(f"{atlas.project}/serverless")
        (one,) = page["results"]

        assert await atlas.get(f"{atlas.project}/serverless/{one['name']}") == one
    assert (one["id"], one["name"], one["stateName"]) == (atlas.cluster.id, atlas.cluster.name, "IDLE")


@pytest.mark.parametrize(
    ("family", "types"),
    [("cloud-v1", {"replica set", "sharded cluster"}), ("cloud", {"REPLICA_SET", "SHARDED_CLUSTER"})],
)
async def test_all_clusters_at_once_have_the_words_of_their_api(call_atlas, family, types):
    async with call_atlas(family, projects=2) as atlas:
        page = await atlas.get(f"{atlas.api}/clusters")
        expected = named(atlas, *DEDICATED)

    assert page["totalCount"] == 2
    assert [cluster["name"] for cluster in page["results"][0]["clusters"]] == expected
    assert {cluster["type"] for cluster in page["results"][0]["clusters"]} == types


async def test_projects_are_the_same_in_both_versions(call_atlas):
    async with call_atlas("cloud") as atlas:
        page = await atlas.get(f"{atlas.api}/groups")
        one = await atlas.get(atlas.project)
        other = atlas.emulator.world.first("replica-set").project_id
        refusal = await atlas.refused("GET", f"{atlas.api}/groups/{other}")
        ids = [project.id for project in atlas.emulator.world.projects(Side.ATLAS)]

    assert [project["id"] for project in page["results"]] == ids
    assert one == page["results"][0]
    assert refusal == (404, "NOT_ATLAS_GROUP")


#: How the code of an unknown cluster begins: v2 says CLUSTER_NOT_FOUND, v1.0 CLUSTER_NAME_NOT_FOUND.
UNKNOWN = "unknown"
#: Where jobs are read: what clusters of each kind answer there, for each of the two APIs.
WRONG = {
    "clusters/{}/restoreJobs": {
        "cloud-backup": (400, "INCORRECT_BACKUP_API_ENDPOINT"),
        "cloud-backup-sharded": (400, "INCORRECT_BACKUP_API_ENDPOINT"),
        "tenant": (404, "BACKUP_CONFIG_NOT_FOUND"),
        "serverless": (404, "BACKUP_CONFIG_NOT_FOUND"),
        "flex": (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
    },
    "clusters/{}/backup/restoreJobs": {
        "legacy": (400, "INCORRECT_BACKUP_API_ENDPOINT"),
        "legacy-sharded": (400, "INCORRECT_BACKUP_API_ENDPOINT"),
        "tenant": (404, "BACKUP_CONFIG_NOT_FOUND"),
        "serverless": (404, "BACKUP_CONFIG_NOT_FOUND"),
        "flex": (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
    },
    "clusters/{}/backup/tenant/restores": {
        **dict.fromkeys([kind for kind in DEDICATED if kind != "tenant"], (404, "BACKUP_CONFIG_NOT_FOUND")),
        "serverless": (404, "BACKUP_CONFIG_NOT_FOUND"),
        "flex": (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
    },
    "serverless/{}/backup/restoreJobs": {
        **dict.fromkeys(DEDICATED, (404, UNKNOWN)),
        "flex": (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
    },
    "flexClusters/{}/backup/restoreJobs": {
        **dict.fromkeys([*DEDICATED, "serverless"], (400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API")),
    },
}


@pytest.mark.parametrize(
    ("family", "path"),
    [(family, path) for family in ("cloud-v1", "cloud") for path in WRONG if family == "cloud" or "flex" not in path],
)
async def test_each_endpoint_is_for_its_own_kind_of_cluster(call_atlas, family, path):
    headers = {"Accept": "application/vnd.atlas.2025-03-12+json"} if family == "cloud" else {}
    unknown = "CLUSTER_NOT_FOUND" if family == "cloud" else "CLUSTER_NAME_NOT_FOUND"
    seen = {}
    async with call_atlas(family) as atlas:
        for kind in ATLAS_KINDS:
            (name,) = named(atlas, kind)
            response = await atlas.send("GET", f"{atlas.project}/{path.format(name)}", **headers)
            if response.status != 200:
                code = response.document["errorCode"]
                seen[kind] = (response.status, UNKNOWN if code == unknown else code)
                assert response.document["parameters"][0] == name
        missing = f"{atlas.project}/{path.format('Cluster0')}"
        assert await atlas.refused("GET", missing, **headers) == (404, unknown)

    assert seen == WRONG[path]


async def test_single_clusters_are_looked_for_in_their_own_place(call_atlas):
    async with call_atlas("cloud") as atlas:
        flex, serverless, cloud = named(atlas, "flex", "serverless", "cloud-backup")
        newest = {"Accept": "application/vnd.atlas.2025-03-12+json"}
        for path, refusal in {
            f"clusters/{flex}": (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
            f"clusters/{serverless}": (404, "CLUSTER_NOT_FOUND"),
            f"flexClusters/{cloud}": (400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"),
            f"serverless/{cloud}": (404, "CLUSTER_NOT_FOUND"),
            f"serverless/{flex}": (400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
        }.items():
            assert await atlas.refused("GET", f"{atlas.project}/{path}", **newest) == refusal


@pytest.mark.parametrize("answer", ["BACKUP_CONFIG_NOT_FOUND", "BACKUP_JOB_NOT_FOUND", "empty-list"])
@pytest.mark.parametrize("family", ["cloud", "cloud-v1", "legacy", "tenant", "flex", "serverless"])
async def test_clusters_without_backup_have_no_jobs(call_atlas, family, answer):
    expected = (400 if answer == "BACKUP_JOB_NOT_FOUND" else 404, answer)
    async with call_atlas(family) as atlas:
        job = atlas.job().id
        atlas.emulator.world.backups.switch_off(atlas.cluster, answer)
        if answer == "empty-list":
            assert (await atlas.get())["results"] == []
            expected = (404, "BACKUP_CONFIG_NOT_FOUND")
        else:
            assert await atlas.refused("GET", atlas.jobs) == expected
        assert await atlas.refused("GET", f"{atlas.jobs}/{job}") == expected
        assert await atlas.refused("POST", body={}) == expected


# ---- the world


def test_small_worlds_have_the_kinds_they_always_had():
    world = ServerState(EmulatorSettings(clusters_per_project=3)).world
    project = world.project(Side.ATLAS, 0)

    assert [cluster.kind for cluster in world.clusters(project)] == ["cloud-backup", "tenant", "cloud-backup-sharded"]


@pytest.mark.parametrize(("side", "clusters"), [(Side.MANAGER, 3), (Side.ATLAS, 7)])
def test_the_usual_world_has_one_cluster_of_each_kind_in_each_project(side, clusters):
    world = ServerState(EmulatorSettings()).world
    for project in world.projects(side):
        kinds = [cluster.kind for cluster in world.clusters(project)]
        assert (len(kinds), len(set(kinds)), world.cluster_count(side)) == (clusters, clusters, clusters)
    for kind in ClusterKind:
        assert world.first(kind).kind is kind


@pytest.mark.parametrize(
    ("settings", "kind", "advice"),
    [
        (
            {"clusters_per_project": 3},
            "flex",
            "have 3 clusters; set clusters_per_project to 4 or more, or leave it out",
        ),
        ({"clusters_per_project": 0}, "replica-set", "have 0 clusters; set clusters_per_project to 1 or more"),
        ({"projects": 0}, "flex", "it has no projects; set projects to 1 or more"),
        ({"projects": 0}, "replica-set", "it has no projects"),
        ({}, "m0", "'m0' is no kind of cluster; choose from replica-set, sharded, "),
        ({}, "atlas-flex", "choose from .*flex, serverless, "),
    ],
)
def test_a_cluster_that_is_not_there_says_how_to_get_it(settings, kind, advice):
    world = ServerState(EmulatorSettings(**settings)).world
    with pytest.raises(ConfigError, match=advice):
        world.first(kind)


def test_a_cluster_that_was_removed_is_no_longer_the_first():
    world = ServerState(EmulatorSettings(projects=2)).world
    first = world.first("flex")
    world.remove_cluster(first)
    assert (world.first("flex").kind, world.first("flex").project.number) == ("flex", 1)
    world.remove_cluster(world.first("flex"))
    with pytest.raises(ConfigError, match="Every flex cluster of this world was removed"):
        world.first("flex")


@pytest.mark.parametrize("mirror", [-1, 3])
def test_a_cluster_has_three_mirrored_config_servers(mirror):
    world = ServerState(EmulatorSettings()).world
    assert len({world.config_server(number).id for number in range(3)}) == 3
    with pytest.raises(ConfigError, match=f"no mirrored config server {mirror}: a cluster has 3"):
        world.config_server(mirror)


@pytest.mark.parametrize(
    ("ask", "advice"),
    [
        (lambda world: world.project("cloud", 0), "'cloud' is no side; choose from manager, atlas"),
        (lambda world: world.organization("cloud"), "'cloud' is no side"),
        (lambda world: world.backups.switch_off(world.first(), "off"), "'off' is no NoBackup; choose from BACKUP_CON"),
        (lambda world: world.project("atlas", 2), "no project 2: this world has 2 on each side"),
        (lambda world: world.cluster(world.project("atlas", 0), 7), "no cluster 7: projects here have 7 clusters"),
    ],
)
def test_what_a_world_lacks_is_told(ask, advice):
    with pytest.raises(ConfigError, match=advice):
        ask(ServerState().world)


def test_a_world_has_each_kind_that_fits_or_says_what_it_needs():
    kinds = {
        Side.MANAGER: [ClusterKind.REPLICA_SET, ClusterKind.SHARDED, ClusterKind.SHARDED_FCV_40],
        Side.ATLAS: [ClusterKind(kind) for kind in ATLAS_KINDS],
    }
    assert sorted(kinds[Side.MANAGER] + kinds[Side.ATLAS]) == sorted(ClusterKind)
    for room in range(8):
        world = ServerState(EmulatorSettings(clusters_per_project=room)).world
        for side, names in kinds.items():
            for needed, kind in enumerate(names, start=1):
                if needed <= room:
                    assert (world.first(kind).kind, world.first(kind).project.side) == (kind, side)
                else:
                    with pytest.raises(ConfigError, match=f"no {kind} cluster.* clusters_per_project to {needed} "):
                        world.first(kind)
