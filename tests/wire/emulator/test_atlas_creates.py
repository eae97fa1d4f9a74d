"""Creates of Atlas cloud backup, serverless, M2/M5 and flex: what is taken, what is answered, what is refused."""

import pytest

NOW = 1_793_620_800  # the emulator's clock at its start
CLOUD = ("cloud-v1", "cloud")
SERVERLESS = ("serverless-v1", "serverless")
TENANT = ("tenant-v1", "tenant", "flex")


def target(atlas):
    return {"targetClusterName": atlas.cluster.name, "targetGroupId": atlas.cluster.project_id}


def automated(atlas, **changes):
    body = {"deliveryType": "automated", "snapshotId": atlas.snapshot, **target(atlas), **changes}
    return {name: value for name, value in body.items() if value is not ...}


def to_moment(atlas, **changes):
    return automated(atlas, deliveryType="pointInTime", snapshotId=..., **changes)


def download(atlas, **changes):
    return automated(atlas, deliveryType="download", targetClusterName=..., targetGroupId=..., **changes)


def restore(atlas, **changes):
    target = {"targetDeploymentItemName": atlas.cluster.name, "targetProjectId": atlas.cluster.project_id}
    body = {"snapshotId": atlas.snapshot, **target, **changes}
    return {name: value for name, value in body.items() if value is not ...}


def downloads(atlas):
    return atlas.place + ("/backup/download" if "flex" in atlas.place else "/backup/tenant/download")


@pytest.mark.parametrize("family", CLOUD)
@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded"])
async def test_cloud_backup_takes_each_variant_and_answers_the_job(call_atlas, family, kind):
    async with call_atlas(family, kind, jobs_per_cluster=0) as atlas:
        made = [
            await atlas.made(body)
            for body in (
                automated(atlas),
                download(atlas),
                to_moment(atlas, oplogTs=NOW - 60, oplogInc=3),
                to_moment(atlas, pointInTimeUTCSeconds=NOW - 60),
                to_moment(atlas, pointInTimeUTCSeconds=str(NOW - 60)),
            )
        ]
        listed = (await atlas.get())["results"]
        counts = atlas.emulator.counts

    assert listed == made[::-1]
    assert (counts.creates_received, counts.creates_taken) == (5, 5)
    assert [job["deliveryType"] for job in made] == ["automated", "download", *["pointInTime"] * 3]
    assert [job.get("snapshotId") for job in made] == [atlas.snapshot, atlas.snapshot, None, None, None]
    assert [job.get("targetClusterName") for job in made[:2]] == [atlas.cluster.name, None]
    assert (made[2]["oplogTs"], made[2]["oplogInc"]) == (NOW - 60, 3)
    assert made[2]["desiredTimestamp"] == {"date": "2026-11-02T11:59:00Z", "increment": 3}
    assert made[3]["pointInTimeUTCSeconds"] == made[4]["pointInTimeUTCSeconds"] == NOW - 60


@pytest.mark.parametrize("family", CLOUD)
async def test_a_restore_says_which_cluster_it_goes_into(call_atlas, family):
    async with call_atlas(family) as atlas:
        other = atlas.emulator.world.first("cloud-backup-sharded")
        made = await atlas.made(automated(atlas, targetClusterName=other.name))

    assert (made["targetClusterName"], made["targetGroupId"]) == (other.name, other.project_id)
    assert made["targetDeploymentItemName"].endswith(other.name)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"deliveryType": ...}, (400, "MISSING_ATTRIBUTE")),
        ({"deliveryType": "AUTOMATED"}, (400, "INVALID_ENUM_VALUE")),
        ({"deliveryType": 1}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"snapshotId": ...}, (400, "MISSING_ATTRIBUTE")),
        ({"snapshotId": "x"}, (404, "INVALID_SNAPSHOT_ID")),
        ({"snapshotId": None}, (400, "INVALID_ATTRIBUTE")),
        ({"targetClusterName": ..., "targetGroupId": ...}, (400, "MISSING_ATTRIBUTES")),
        ({"targetGroupId": ...}, (400, "MISSING_ATTRIBUTE")),
        ({"targetGroupId": "0" * 24}, (404, "GROUP_NOT_FOUND")),
        ({"oplogTs": NOW}, (400, "INVALID_ATTRIBUTE")),
        ({"pointInTimeUTCSeconds": NOW}, (400, "INVALID_ATTRIBUTE")),
        ({"deliveryUrl": []}, (400, "ATTRIBUTE_READ_ONLY")),
        ({"snapshotID": "0" * 24}, (400, "INVALID_ATTRIBUTE")),
        ({"deliveryType": "download"}, (400, "INVALID_ATTRIBUTE")),
        ({"deliveryType": "pointInTime"}, (400, "MISSING_ONE_OF_MANY_ATTRIBUTES")),
    ],
)
@pytest.mark.parametrize("family", CLOUD)
async def test_what_cloud_backup_refuses(call_atlas, family, change, code):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=automated(atlas, **change)) == code


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ({}, "MISSING_ONE_OF_MANY_ATTRIBUTES"),
        ({"oplogTs": NOW}, "MISSING_ATTRIBUTE"),
        ({"oplogInc": 1}, "MISSING_ATTRIBUTE"),
        ({"oplogTs": NOW, "oplogInc": 1, "pointInTimeUTCSeconds": NOW}, "INVALID_ATTRIBUTE"),
        ({"oplogTs": NOW, "oplogInc": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"pointInTimeUTCSeconds": -1}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"pointInTimeUTCSeconds": "soon"}, "INVALID_JSON_ATTRIBUTE"),
        ({"pointInTimeUTCSeconds": NOW + 60}, "INVALID_PIT_RESTORE_TIME"),
        ({"pointInTimeUTCSeconds": NOW * 1000}, "INVALID_PIT_RESTORE_TIME"),
        ({"pointInTimeUTCSeconds": 10**17}, "INVALID_PIT_RESTORE_TIME"),
        ({"oplogTs": NOW + 60, "oplogInc": 1}, "INVALID_PIT_RESTORE_TIME"),
    ],
)
@pytest.mark.parametrize("family", CLOUD)
async def test_which_moments_cloud_backup_refuses(call_atlas, family, moment, code):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=to_moment(atlas, **moment)) == (400, code)


@pytest.mark.parametrize("moment", [{"oplogTs": 1_199_145_599, "oplogInc": 1}, {"pointInTimeUTCSeconds": 1}])
async def test_v2_refuses_moments_before_2008_and_names_the_member(call_atlas, moment):
    async with call_atlas("cloud-v1") as atlas:
        assert await atlas.made(to_moment(atlas, **moment))
    async with call_atlas("cloud") as atlas:
        response = await atlas.post(to_moment(atlas, **moment))

    assert (response.status, response.document["errorCode"]) == (400, "VALIDATION_ERROR")
    (field,) = response.document["badRequestDetail"]["fields"]
    assert field == {"field": next(iter(moment)), "description": "must be greater than or equal to 1199145600"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"null"])
@pytest.mark.parametrize("family", ["cloud", "collections", "legacy-v1", "tenant", "flex", "serverless-v1"])
async def test_bodies_that_are_no_object_are_refused(call_atlas, family, body):
    async with call_atlas(family) as atlas:
        status, code = await atlas.refused("POST", body=body)

    assert (status, code) == (400, "MALFORMED_JSON" if body in {b"", b"{"} else "INVALID_JSON")


@pytest.mark.parametrize(("family", "status"), [("serverless-v1", 201), ("serverless", 200)])
async def test_serverless_answers_creates_with_the_status_of_its_page(call_atlas, family, status):
    async with call_atlas(family) as atlas:
        response = await atlas.post(automated(atlas))
        one = await atlas.get(f"{atlas.jobs}/{response.document['id']}")

    assert (response.status, response.document) == (status, one)
    assert not {"components", "privateDownloadDeliveryUrls"} & set(one)


@pytest.mark.parametrize("family", SERVERLESS)
async def test_only_serverless_v2_has_other_kinds_and_needs_targets(call_atlas, family):
    async with call_atlas(family) as atlas:
        bodies = [automated(atlas, deliveryType="download"), to_moment(atlas, pointInTimeUTCSeconds=NOW - 9)]
        if family == "serverless":
            made = [await atlas.made(body) for body in bodies]
            assert [job["deliveryType"] for job in made] == ["download", "pointInTime"]
            assert await atlas.refused("POST", body=download(atlas)) == (400, "MISSING_ATTRIBUTES")
        else:
            for body in bodies:
                assert await atlas.refused("POST", body=body) == (400, "INVALID_ENUM_VALUE")
        oplog = to_moment(atlas, oplogTs=NOW - 9, oplogInc=1)
        assert (await atlas.refused("POST", body=oplog))[0] == 400


@pytest.mark.parametrize("family", TENANT)
async def test_tenant_and_flex_have_own_restore_and_download_paths(call_atlas, family):
    async with call_atlas(family, jobs_per_cluster=0) as atlas:
        made = [await atlas.made(restore(atlas)), await atlas.made({"snapshotId": atlas.snapshot}, downloads(atlas))]
        listed = (await atlas.get())["results"]

    assert [job["deliveryType"] for job in made] == ["RESTORE", "DOWNLOAD"]
    assert [job["id"] for job in listed] == [job["id"] for job in made[::-1]]
    # Create examples have the names of the tables, in v1.0 as well (D25).
    assert all("restoreScheduledDate" in job and "submittedAt" not in job for job in made)
    assert all(job["targetDeploymentItemName"] == atlas.cluster.name for job in made)


@pytest.mark.parametrize("family", TENANT)
async def test_only_tenant_v2_does_without_the_project_of_the_target(call_atlas, family):
    async with call_atlas(family) as atlas:
        other = atlas.emulator.world.first("cloud-backup")
        body = restore(atlas, targetProjectId=..., targetDeploymentItemName=other.name)
        if family != "tenant":
            refusal = await atlas.post(body)
            assert (refusal.status, refusal.document["errorCode"]) == (400, "MISSING_ATTRIBUTE")
            assert refusal.document["parameters"] == ["targetProjectId"]
        else:
            made = await atlas.made(body)
            assert (made["targetProjectId"], made["targetDeploymentItemName"]) == (other.project_id, other.name)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"snapshotId": ...}, (400, "MISSING_ATTRIBUTE")),
        ({"snapshotId": "x"}, (404, "INVALID_SNAPSHOT_ID")),
        ({"targetDeploymentItemName": ...}, (400, "MISSING_ATTRIBUTE")),
        ({"targetProjectId": "x"}, (404, "INVALID_GROUP_ID")),
        ({"deliveryType": "RESTORE"}, (400, "ATTRIBUTE_READ_ONLY")),
        ({"clusterName": "x"}, (400, "ATTRIBUTE_READ_ONLY")),
        ({"targetClusterName": "x"}, (400, "INVALID_ATTRIBUTE")),
    ],
)
@pytest.mark.parametrize("family", TENANT)
async def test_what_tenant_and_flex_restores_refuse(call_atlas, family, change, code):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=restore(atlas, **change)) == code


@pytest.mark.parametrize("family", TENANT)
async def test_what_else_tenant_and_flex_refuse(call_atlas, family):
    async with call_atlas(family) as atlas:
        sharded = restore(atlas, targetDeploymentItemName=atlas.emulator.world.first("cloud-backup-sharded").name)
        assert await atlas.refused("POST", body=sharded) == (400, "TENANT_RESTORE_INCOMPATIBLE_TOPOLOGY")
        assert await atlas.refused("POST", downloads(atlas), restore(atlas)) == (400, "INVALID_ATTRIBUTE")
        assert await atlas.refused("POST", downloads(atlas), {}) == (400, "MISSING_ATTRIBUTE")


@pytest.mark.parametrize("family", ["tenant-v1", "tenant"])
async def test_plural_paths_do_not_create_and_singular_do_not_list(call_atlas, family):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", atlas.jobs, restore(atlas)) == (405, "METHOD_NOT_ALLOWED")
        assert await atlas.refused("GET", atlas.creates) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("family", ["cloud", "tenant", "flex", "serverless", "legacy"])
async def test_a_strict_server_knows_its_snapshots(call_atlas, family):
    code = "TENANT_SNAPSHOT_NOT_FOUND" if family in TENANT else "SNAPSHOT_NOT_FOUND"
    async with call_atlas(family, check_snapshots=True) as atlas:
        unknown = {"snapshotId": "0" * 24}
        body = {
            "legacy": {**unknown, "delivery": {"methodName": "HTTP"}},
            "cloud": automated(atlas, **unknown),
            "serverless": automated(atlas, **unknown),
        }.get(family, restore(atlas, **unknown))
        assert await atlas.refused("POST", body=body) == (404, code)
