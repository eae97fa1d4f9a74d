"""Answers that the documents do not give, or give otherwise, and that recordings and real clients show."""

from __future__ import annotations

from base64 import b64encode

import aiohttp
import pytest
from yarl import URL

from mongorestore_async import ATLAS_CLOUD_BACKUP, ATLAS_FLEX, AsyncSession, DigestAuth, NotFound
from mongorestore_async.emulator import Emulator, EmulatorSettings, NoncePolicy

NOW = 1_793_620_800  # the emulator's clock at its start
CLUSTERS = {"Accept": "application/vnd.atlas.2024-08-05+json"}


# ---- unknown clusters

#: Family and path below the project; every one names a cluster.
PLACES = [
    ("cloud", "clusters/{}"),
    ("cloud", "clusters/{}/backup/restoreJobs"),
    ("cloud", "clusters/{}/backup/snapshots"),
    ("cloud", "clusters/{}/backup/snapshots/shardedClusters"),
    ("cloud", "clusters/{}/backup/tenant/restores"),
    ("collections", "clusters/{}/collectionRestoreJobs"),
    ("collections", "clusters/{}/backup/snapshots/555555555555555555555555/databases"),
    ("legacy", "clusters/{}/restoreJobs"),
    ("legacy", "clusters/{}/snapshots"),
    ("legacy", "clusters/{}/backupCheckpoints"),
    ("flex", "flexClusters/{}"),
    ("flex", "flexClusters/{}/backup/restoreJobs"),
    ("flex", "flexClusters/{}/backup/snapshots"),
    ("serverless", "serverless/{}"),
    ("cloud-v1", "clusters/{}"),
    ("cloud-v1", "clusters/{}/backup/restoreJobs"),
    ("legacy-v1", "clusters/{}/restoreJobs"),
    ("tenant-v1", "clusters/{}/backup/tenant/restores"),
]


@pytest.mark.parametrize("name", ["Cluster0", "electron-99", "Cluster-%C2%B2"])
@pytest.mark.parametrize(("family", "path"), PLACES)
async def test_an_unknown_cluster_is_named_in_the_words_of_its_api(call_atlas, family, path, name):
    async with call_atlas(family) as atlas:
        headers = CLUSTERS if path == "clusters/{}" and family == "cloud" else {}
        response = await atlas.send("GET", f"{atlas.project}/{path.format(name)}", **headers)
        plain, project = URL(f"http://h/{name}", encoded=True).name, atlas.cluster.project_id

    code = "CLUSTER_NAME_NOT_FOUND" if family.endswith("v1") else "CLUSTER_NOT_FOUND"
    assert (response.status, response.document["errorCode"]) == (404, code)
    assert response.document["parameters"] == [plain, project]
    assert response.document["detail"] == f"No cluster named {plain} exists in group {project}."


@pytest.mark.parametrize(
    ("family", "member"),
    [
        ("cloud", "targetClusterName"),
        ("serverless", "targetClusterName"),
        ("flex", "targetDeploymentItemName"),
        ("tenant", "targetDeploymentItemName"),
        ("cloud-v1", "targetClusterName"),
        ("tenant-v1", "targetDeploymentItemName"),
    ],
)
async def test_an_unknown_target_is_named_in_the_words_of_its_api(call_atlas, family, member):
    async with call_atlas(family) as atlas:
        body = {"snapshotId": atlas.snapshot, member: "Cluster0"}
        if member == "targetClusterName":
            body |= {"deliveryType": "automated", "targetGroupId": atlas.cluster.project_id}
        else:
            body["targetProjectId"] = atlas.cluster.project_id
        refusal = await atlas.refused("POST", body=body)

    assert refusal == (404, "CLUSTER_NAME_NOT_FOUND" if family.endswith("v1") else "CLUSTER_NOT_FOUND")


@pytest.mark.parametrize("family", ["legacy", "legacy-v1"])
async def test_legacy_targets_too_have_the_words_of_their_api(call_atlas, family):
    async with call_atlas(family) as atlas:
        delivery = {"methodName": "AUTOMATED_RESTORE", "targetGroupId": atlas.cluster.project_id}
        body = {"snapshotId": atlas.snapshot, "delivery": {**delivery, "targetClusterName": "Cluster0"}}
        refusal = await atlas.refused("POST", body=body)

    assert refusal == (404, "CLUSTER_NAME_NOT_FOUND" if family == "legacy-v1" else "CLUSTER_NOT_FOUND")


@pytest.mark.parametrize(("family", "kind"), [(ATLAS_CLOUD_BACKUP, "cloud-backup"), (ATLAS_FLEX, "flex")])
async def test_an_unknown_cluster_is_not_found_by_the_library(family, kind):
    async with Emulator() as emulator:
        auth = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(auth, base_url=emulator.url) as session:
            cluster = session.project(emulator.world.first(kind).project_id, family).cluster("Cluster0")
            with pytest.raises(NotFound, match="No cluster named Cluster0 exists") as caught:
                await cluster.restore_jobs()

    assert (caught.value.error_code, caught.value.parameters[0]) == ("CLUSTER_NOT_FOUND", "Cluster0")


# ---- projects


@pytest.mark.parametrize("path", ["/groups", "/groups/{group}", "/groups/byName/{name}", "/orgs/{org}/groups"])
@pytest.mark.parametrize("family", ["cloud", "cloud-v1"])
async def test_projects_do_not_restrict_their_regions(call_atlas, family, path):
    async with call_atlas(family) as atlas:
        project = atlas.cluster.project
        found = await atlas.get(atlas.api + path.format(group=project.id, name=project.name, org=project.org_id))

    for one in found.get("results", [found]):
        assert one["orgId"] == project.org_id
        assert "regionUsageRestrictions" not in one


# ---- creates of flex clusters


def flex_body(atlas, **changes):
    project, name = atlas.cluster.project_id, atlas.cluster.name
    body = {"snapshotId": atlas.snapshot, "targetDeploymentItemName": name, "targetProjectId": project, **changes}
    return {name: value for name, value in body.items() if value is not ...}


@pytest.mark.parametrize("instance", ["of its own", "elsewhere"])
async def test_flex_takes_the_read_only_name_that_vendor_tools_send(call_atlas, instance):
    async with call_atlas("flex") as atlas:
        named = atlas.cluster.name if instance == "of its own" else instance
        made = await atlas.made(flex_body(atlas, instanceName=named))

    assert (made["instanceName"], made["deliveryType"]) == (atlas.cluster.name, "RESTORE")


@pytest.mark.parametrize(
    ("change", "code", "parameters"),
    [
        ({"targetProjectId": ...}, "MISSING_ATTRIBUTE", ["targetProjectId"]),
        ({"targetProjectId": ..., "instanceName": "x"}, "MISSING_ATTRIBUTE", ["targetProjectId"]),
        ({"targetDeploymentItemName": ...}, "MISSING_ATTRIBUTE", ["targetDeploymentItemName"]),
        ({"instanceName": 1}, "INVALID_JSON_ATTRIBUTE", ["instanceName"]),
        ({"instanceName": None}, "INVALID_ATTRIBUTE", ["instanceName"]),
        ({"clusterName": "x"}, "ATTRIBUTE_READ_ONLY", ["clusterName"]),
        ({"status": "COMPLETED"}, "ATTRIBUTE_READ_ONLY", ["status"]),
        ({"targetProjectId": None}, "INVALID_ATTRIBUTE", ["targetProjectId"]),
    ],
)
async def test_what_flex_creates_want_is_named_in_the_error(call_atlas, change, code, parameters):
    async with call_atlas("flex") as atlas:
        response = await atlas.post(flex_body(atlas, **change))

        assert (response.status, response.document["errorCode"]) == (400, code)
        assert response.document["parameters"] == parameters
        assert atlas.emulator.counts.creates_taken == 0


@pytest.mark.parametrize("family", ["tenant", "tenant-v1"])
async def test_only_flex_takes_the_read_only_name(call_atlas, family):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=flex_body(atlas, instanceName="x")) == (400, "ATTRIBUTE_READ_ONLY")


# ---- restores to a point in time


@pytest.mark.parametrize("moment", [{"oplogTs": NOW - 60, "oplogInc": 1}, {"pointInTimeUTCSeconds": NOW - 60}])
@pytest.mark.parametrize("family", ["cloud", "cloud-v1"])
async def test_a_snapshot_beside_a_point_in_time_is_tolerated(call_atlas, family, moment):
    async with call_atlas(family, jobs_per_cluster=0) as atlas:
        target = {"targetClusterName": atlas.cluster.name, "targetGroupId": atlas.cluster.project_id}
        body = {"deliveryType": "pointInTime", **target, **moment}
        without, beside = [await atlas.made({**body, **more}) for more in ({}, {"snapshotId": atlas.snapshot})]
        malformed = await atlas.refused("POST", body={**body, "snapshotId": "x"})

    told_apart = {"id", "links", "targetDeploymentItemName"}
    assert {**without, **dict.fromkeys(told_apart)} == {**beside, **dict.fromkeys(told_apart)}
    assert malformed == (404, "INVALID_SNAPSHOT_ID")


# ---- slashes

#: Paths of each API that real clients end with a slash, and others of the same kind.
SLASHED = {
    "/api/public/v1.0": (
        "/groups",
        "/groups/{manager}",
        "/groups/byName/{title}",
        "/clusters",
        "/groups/{manager}/clusters",
        "/groups/{manager}/hosts",
        "/groups/{manager}/backupConfigs",
        "/orgs",
        "/orgs/{org}",
        "/orgs/{org}/groups",
        "/orgs/{org}/teams",
        "/orgs/{org}/users",
    ),
    "/api/atlas/v1.0": (
        "/groups",
        "/groups/{atlas}/clusters",
        "/groups/{atlas}/clusters/{name}/backup/restoreJobs",
        "/groups/{atlas}/teams",
        "/groups/{atlas}/users",
        "/orgs",
        "/orgs/{org}/teams",
    ),
    "/api/atlas/v2": (
        "/groups",
        "/clusters",
        "/groups/{atlas}",
        "/groups/{atlas}/clusters/{name}/backup/snapshots",
        "/groups/{atlas}/clusters/{name}/backup/snapshots/shardedClusters",
        "/groups/{atlas}/flexClusters",
        "/groups/{atlas}/serverless",
        "/orgs",
        "/orgs/{org}/groups",
    ),
}


@pytest.mark.parametrize(
    ("api", "path"), [(api, path) for api, paths in SLASHED.items() for path in paths], ids=lambda part: part
)
async def test_a_slash_at_the_end_changes_nothing(call_atlas, api, path):
    accept = {"Accept": "application/vnd.atlas.2024-11-13+json" if api.endswith("v2") else "application/json"}
    async with call_atlas("cloud", base_path="/prefix") as atlas:
        manager, cluster = atlas.emulator.world.first().project, atlas.cluster
        ids = {"manager": manager.id, "title": manager.name, "atlas": cluster.project_id, "org": manager.org_id}
        target = api + path.format(**ids, name=cluster.name)
        plain = await atlas.get(target, **accept)
        for ending in ("/", "/?pageNum=1&itemsPerPage=100"):
            assert await atlas.get(target + ending, **accept) == plain
        assert (await atlas.send("GET", target + "//", **accept)).document["errorCode"] == "RESOURCE_NOT_FOUND"
        families = {record.family for record in atlas.emulator.requests[:3]}

    assert len(families) == 1


async def test_verbs_and_creates_too_take_a_slash(call_atlas):
    async with call_atlas("cloud") as atlas:
        made = await atlas.made({"deliveryType": "download", "snapshotId": atlas.snapshot}, atlas.jobs + "/")
        one = f"{atlas.jobs}/{made['id']}"
        assert await atlas.get(one + "/") == await atlas.get(one)
        assert (await atlas.send("PUT", atlas.jobs + "/")).headers["Allow"] == "GET,POST"
        assert (await atlas.send("DELETE", one + "/")).status == 204
        assert (await atlas.get(one))["cancelled"] is True


@pytest.mark.parametrize("policy", [NoncePolicy.REUSABLE, NoncePolicy.ONE_USE])
async def test_a_digest_answer_is_for_the_path_that_was_sent(policy):
    settings = EmulatorSettings(nonce_policy=policy)
    async with Emulator(settings) as emulator:
        login = aiohttp.DigestAuthMiddleware(emulator.public_key, emulator.private_key)
        async with aiohttp.ClientSession(middlewares=[login]) as client:
            for path in ("/groups", "/groups/", "/groups/?itemsPerPage=1", "/clusters/"):
                async with client.get(f"{emulator.url}/api/public/v1.0{path}") as response:
                    assert response.status == 200
                assert emulator.requests[-1].path == f"/api/public/v1.0{path}"
        assert emulator.counts.refusals == 0


async def test_an_answer_for_the_path_without_the_slash_is_refused():
    async with Emulator() as emulator, aiohttp.ClientSession() as client:
        login = aiohttp.DigestAuthMiddleware(emulator.public_key, emulator.private_key)
        plain = URL(f"{emulator.url}/api/public/v1.0/groups")
        async with client.get(plain, middlewares=[login]) as response:
            assert response.status == 200
            header = response.request_info.headers["Authorization"]
        async with client.get(f"{plain}/", headers={"Authorization": header}) as response:
            assert response.status == 401


async def test_a_token_is_given_out_with_a_slash_too():
    async with Emulator() as emulator, aiohttp.ClientSession() as client:
        login = b64encode(f"{emulator.client_id}:{emulator.client_secret}".encode()).decode()
        form, headers = {"grant_type": "client_credentials"}, {"Authorization": f"Basic {login}"}
        async with client.post(f"{emulator.url}/api/oauth/token/", data=form, headers=headers) as response:
            assert response.status == 200
