"""Creates of collection restores: what is taken, and what is refused with which error."""

import pytest

from mongorestore_async.emulator import EmulatorSettings, NoBackup
from mongorestore_async.errors import ConfigError

NOW = 1_793_620_800  # the emulator's clock at its start
V2 = "application/vnd.atlas.{}+json"


def body(atlas, **changes):
    made = {
        "targetClusterName": atlas.cluster.name,
        "targetGroupId": atlas.cluster.project_id,
        "writeStrategy": "CREATE_NEW",
        "indexStrategy": "ALL",
        "snapshotId": atlas.snapshot,
        "collections": [{"sourceNamespace": "shop.orders"}],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not ...}


def entries(*sources):
    return [{"sourceNamespace": source} for source in sources]


OPLOG = {"oplogTs": NOW - 60, "oplogInc": 3}


@pytest.mark.parametrize("write", ["CREATE_NEW", "OVERWRITE_EXISTING"])
@pytest.mark.parametrize("indexes", ["ALL", "NONE", "ALL_EXCEPT_TTL"])
@pytest.mark.parametrize(
    "source",
    [{}, {"snapshotId": ..., "pointInTimeUtcSeconds": NOW - 60}, {"snapshotId": ..., **OPLOG}],
    ids=["snapshot", "moment", "oplog"],
)
async def test_a_create_answers_201_and_echoes_the_request(call_atlas, write, indexes, source):
    async with call_atlas("collections") as atlas:
        sent = body(
            atlas,
            writeStrategy=write,
            indexStrategy=indexes,
            databases=[{"sourceNamespace": "staff", "targetNamespace": "crew"}],
            databaseSuffix="_old",
            collectionSuffix="_2026",
            **source,
        )
        response = await atlas.post(sent)
        counts = atlas.emulator.counts

    assert response.status == 201
    assert response.headers["Content-Type"] == V2.format("2025-03-12") + ";charset=utf-8"
    job = response.document
    assert {name: job[name] for name in sent} == sent
    assert job.keys() - sent.keys() == {
        "id", "state", "createdAt", "restoredDocuments", "totalDocuments", "indexStatus",
    }  # fmt: skip
    assert (job["state"], job["createdAt"], job["restoredDocuments"]) == ("INITIALIZING", "2026-11-02T12:00:00Z", 0)
    assert job["indexStatus"] == {
        "state": "NOT_RESTORED" if indexes == "NONE" else "NOT_STARTED",
        "failedCollectionCount": 0,
    }
    assert (counts.creates_received, counts.creates_taken) == (1, 1)


@pytest.mark.parametrize("target", ["", ...])
async def test_an_empty_target_is_the_name_in_the_backup(call_atlas, target):
    entry = {"sourceNamespace": "shop.orders", "targetNamespace": target}
    async with call_atlas("collections", restore_seconds=0) as atlas:
        sent = {name: value for name, value in entry.items() if value is not ...}
        job = await atlas.made(body(atlas, collections=[sent], writeStrategy="OVERWRITE_EXISTING"))
        (one,) = (await atlas.get(f"{atlas.jobs}/{job['id']}/collections"))["results"]

    assert one["targetNamespace"] == "shop.orders"
    assert job["collections"] == entries("shop.orders")


@pytest.mark.parametrize("count", [1, 100])
@pytest.mark.parametrize("name", ["databases", "collections"])
async def test_up_to_a_hundred_entries_of_each_are_taken(call_atlas, name, count):
    async with call_atlas("collections") as atlas:
        sources = [f"shop{number}" if name == "databases" else f"shop.c{number}" for number in range(count)]
        job = await atlas.made(body(atlas, **{"collections": ..., name: entries(*sources)}))

    assert len(job[name]) == count


MEMBERS = ("targetClusterName", "targetGroupId", "writeStrategy", "indexStrategy")


@pytest.mark.parametrize("name", MEMBERS)
async def test_each_required_member_is_missed_by_name(call_atlas, name):
    async with call_atlas("collections") as atlas:
        response = await atlas.post(body(atlas, **{name: ...}))

    assert (response.status, response.document["errorCode"]) == (400, "MISSING_ATTRIBUTE")
    assert response.document["parameters"] == [name]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"writeStrategy": ..., "indexStrategy": ...}, (400, "MISSING_ATTRIBUTES")),
        ({"writeStrategy": "create_new"}, (400, "INVALID_ENUM_VALUE")),
        ({"writeStrategy": "MERGE"}, (400, "INVALID_ENUM_VALUE")),
        ({"indexStrategy": "SOME"}, (400, "INVALID_ENUM_VALUE")),
        ({"indexStrategy": ""}, (400, "INVALID_ENUM_VALUE")),
        ({"writeStrategy": True}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"indexStrategy": ["ALL"]}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"targetClusterName": 5}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"targetGroupId": {}}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"targetGroupId": "0" * 24}, (404, "GROUP_NOT_FOUND")),
        ({"databaseSuffix": 1}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"collectionSuffix": None}, (400, "INVALID_ATTRIBUTE")),
        ({"snapshotId": 5}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"snapshotId": "x"}, (404, "INVALID_SNAPSHOT_ID")),
        ({"snapshotId": None}, (400, "INVALID_ATTRIBUTE")),
        ({"snapshotID": "0" * 24}, (400, "INVALID_ATTRIBUTE")),
        ({"pointInTimeUTCSeconds": NOW - 60}, (400, "INVALID_ATTRIBUTE")),
        ({"overwriteStrategy": "CREATE_NEW"}, (400, "INVALID_ATTRIBUTE")),
        ({"deliveryType": "automated"}, (400, "INVALID_ATTRIBUTE")),
        ({"state": "IN_PROGRESS"}, (400, "ATTRIBUTE_READ_ONLY")),
        ({"indexStatus": {}}, (400, "ATTRIBUTE_READ_ONLY")),
        ({"totalDocuments": 1}, (400, "ATTRIBUTE_READ_ONLY")),
        ({"collections": ...}, (400, "MISSING_ONE_OF_ATTRIBUTES")),
        ({"collections": []}, (400, "MISSING_ONE_OF_ATTRIBUTES")),
        ({"collections": None}, (400, "INVALID_ATTRIBUTE")),
        ({"collections": {"sourceNamespace": "shop.orders"}}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"collections": "shop.orders"}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"databases": ["shop"]}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"databases": [None]}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"databases": [{}]}, (400, "MISSING_ATTRIBUTE")),
        ({"databases": [{"targetNamespace": "shop"}]}, (400, "MISSING_ATTRIBUTE")),
        ({"databases": [{"sourceNamespace": 1}]}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"databases": [{"sourceNamespace": "shop", "targetNamespace": 1}]}, (400, "INVALID_JSON_ATTRIBUTE")),
        ({"databases": [{"sourceNamespace": "shop", "targetNamespace": None}]}, (400, "INVALID_ATTRIBUTE")),
        ({"databases": [{"sourceNamespace": "shop", "database": "x"}]}, (400, "INVALID_ATTRIBUTE")),
    ],
)
async def test_which_bodies_are_refused(call_atlas, change, code):
    async with call_atlas("collections") as atlas:
        assert await atlas.refused("POST", body=body(atlas, **change)) == code
        assert len(atlas.emulator.world.collection_restores.of(atlas.cluster)) == 1


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ({"snapshotId": ...}, "MISSING_ONE_OF_MANY_ATTRIBUTES"),
        ({"pointInTimeUtcSeconds": NOW - 60}, "INVALID_ATTRIBUTE"),
        (OPLOG, "INVALID_ATTRIBUTE"),
        ({"oplogInc": 3}, "INVALID_ATTRIBUTE"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": NOW - 60, **OPLOG}, "INVALID_ATTRIBUTE"),
        ({"pointInTimeUtcSeconds": NOW - 60, **OPLOG}, "INVALID_ATTRIBUTE"),
        ({"snapshotId": ..., "oplogTs": NOW - 60}, "MISSING_ATTRIBUTE"),
        ({"snapshotId": ..., "oplogInc": 3}, "MISSING_ATTRIBUTE"),
        ({"snapshotId": ..., "oplogTs": NOW - 60, "oplogInc": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": 1}, "VALIDATION_ERROR"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": NOW + 60}, "INVALID_PIT_RESTORE_TIME"),
        ({"snapshotId": ..., "oplogTs": NOW + 60, "oplogInc": 1}, "INVALID_PIT_RESTORE_TIME"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": str(NOW - 60)}, "INVALID_JSON_ATTRIBUTE"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": float(NOW)}, "INVALID_JSON_ATTRIBUTE"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": True}, "INVALID_JSON_ATTRIBUTE"),
        ({"snapshotId": ..., "pointInTimeUtcSeconds": 1 << 31}, "INVALID_JSON_ATTRIBUTE"),
        ({"snapshotId": ..., "oplogTs": "2026-11-02T11:00:00Z", "oplogInc": 1}, "INVALID_JSON_ATTRIBUTE"),
        ({"snapshotId": ..., "oplogTs": NOW - 60, "oplogInc": "1"}, "INVALID_JSON_ATTRIBUTE"),
    ],
)
async def test_exactly_one_source_is_asked_for(call_atlas, source, code):
    async with call_atlas("collections") as atlas:
        assert await atlas.refused("POST", body=body(atlas, **source)) == (400, code)


@pytest.mark.parametrize("name", ["databases", "collections"])
async def test_the_hundred_and_first_entry_is_refused_by_name(call_atlas, name):
    async with call_atlas("collections") as atlas:
        response = await atlas.post(body(atlas, **{name: entries(*(f"a.b{number}" for number in range(101)))}))

    assert (response.status, response.document["errorCode"]) == (400, "VALIDATION_ERROR")
    (field,) = response.document["badRequestDetail"]["fields"]
    assert field == {"field": name, "description": "size must be between 0 and 100"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("databases", ""),
        ("databases", "shop.orders"),
        ("databases", "sh op"),
        ("databases", "sh/op"),
        ("databases", "sh\\op"),
        ("databases", 'sh"op'),
        ("databases", "sh$op"),
        ("databases", "sh\0op"),
        ("databases", "d" * 64),
        ("databases", "ü" * 32),
        ("collections", "shop"),
        ("collections", "shop."),
        ("collections", ".orders"),
        ("collections", "shop.or$ders"),
        ("collections", "shop.or\0ders"),
        ("collections", "shop." + "c" * 251),
    ],
)
async def test_names_that_mongodb_refuses_are_refused(call_atlas, name, source):
    async with call_atlas("collections") as atlas:
        response = await atlas.post(body(atlas, **{"collections": ..., name: entries(source)}))

    assert (response.status, response.document["errorCode"]) == (400, "VALIDATION_ERROR")
    assert response.document["badRequestDetail"]["fields"][0]["field"] == f"{name}[0].sourceNamespace"


@pytest.mark.parametrize(
    "change",
    [
        {"collections": [{"sourceNamespace": "shop.orders", "targetNamespace": "orders"}]},
        {"collections": ..., "databases": [{"sourceNamespace": "shop", "targetNamespace": "shop.orders"}]},
        {"databaseSuffix": ".old"},
        {"databaseSuffix": "x" * 60},
        {"collectionSuffix": "$"},
        {"collectionSuffix": "x" * 245},
    ],
)
async def test_targets_that_mongodb_refuses_are_refused(call_atlas, change):
    async with call_atlas("collections") as atlas:
        response = await atlas.post(body(atlas, **change))

    assert (response.status, response.document["errorCode"]) == (400, "VALIDATION_ERROR")
    assert response.document["badRequestDetail"]["fields"][0]["field"].endswith("[0].targetNamespace")


@pytest.mark.parametrize("source", ["shop.system.js", "shop.orders.2026", "shop.a/b?c#d", "a-b_c.ü", "d" * 63 + ".x"])
async def test_names_that_mongodb_takes_are_taken(call_atlas, source):
    async with call_atlas("collections") as atlas:
        job = await atlas.made(body(atlas, collections=entries(source)))

    assert job["collections"] == entries(source)


@pytest.mark.parametrize(
    ("limit", "change", "code"),
    [
        ("disk-short", {}, "COLLECTION_RESTORE_DISK_SHORT"),
        ("nvme", {}, "COLLECTION_RESTORE_NVME"),
        ("fallback-snapshots", {}, "COLLECTION_RESTORE_FALLBACK_SNAPSHOT"),
        ("fallback-snapshots", {"snapshotId": ..., **OPLOG}, None),
        ("disk-full", {}, None),
    ],
)
async def test_what_stands_in_the_way_is_set_by_name(call_atlas, limit, change, code):
    async with call_atlas("collections", collection_limits=[limit]) as atlas:
        response = await atlas.post(body(atlas, **change))

    assert (response.status, response.document.get("errorCode")) == (201 if code is None else 400, code)


def test_an_unknown_limit_is_refused():
    with pytest.raises(ConfigError, match="disk-short, disk-full, nvme, fallback-snapshots"):
        EmulatorSettings(collection_limits=["disk"])


@pytest.mark.parametrize(("number", "code"), [(1, 409), (5, 409), (8, 409), (2000, 404), (0, 201), (2, 201), (6, 201)])
async def test_snapshots_are_checked_if_told(call_atlas, number, code):
    async with call_atlas("collections", check_snapshots=True) as atlas:
        snapshot = atlas.emulator.world.snapshots.id(atlas.cluster, number)
        assert (await atlas.post(body(atlas, snapshotId=snapshot))).status == code


async def test_a_moment_before_all_snapshots_is_refused_if_told(call_atlas):
    async with call_atlas("collections", check_snapshots=True) as atlas:
        moment = {"snapshotId": ..., "pointInTimeUtcSeconds": NOW - 400 * 86400}
        assert (await atlas.refused("POST", body=body(atlas, **moment)))[0] == 404


async def test_a_second_job_of_a_cluster_waits_for_the_first(call_atlas):
    async with call_atlas("collections") as atlas:
        first = await atlas.made(body(atlas))
        refused = await atlas.post(body(atlas))
        atlas.emulator.clock.advance(599)
        still = await atlas.refused("POST", body=body(atlas))
        atlas.emulator.clock.advance(1)
        second = await atlas.made(body(atlas))

    assert (refused.status, refused.document["parameters"][0]) == (409, first["id"])
    assert still == (409, "COLLECTION_RESTORE_IN_PROGRESS")
    assert second["id"] != first["id"]


async def test_other_clusters_have_jobs_of_their_own(call_atlas):
    async with call_atlas("collections") as atlas:
        await atlas.made(body(atlas))
        other = atlas.emulator.world.first("cloud-backup-sharded")
        response = await atlas.post(
            body(atlas, snapshotId=atlas.emulator.world.snapshots.id(other)),
            atlas.jobs.replace(atlas.cluster.name, other.name),
        )

    assert response.status == 201


@pytest.mark.parametrize(
    ("answer", "code"),
    [(NoBackup.CONFIG_NOT_FOUND, 404), (NoBackup.JOB_NOT_FOUND, 400), (NoBackup.EMPTY_LIST, 404)],
)
async def test_a_cluster_without_backup_restores_nothing(call_atlas, answer, code):
    async with call_atlas("collections") as atlas:
        atlas.emulator.world.backups.switch_off(atlas.cluster, answer)
        assert (await atlas.refused("POST", body=body(atlas)))[0] == code
        listed = await atlas.send("GET", atlas.jobs)

    assert listed.document.get("results", code) == ([] if answer is NoBackup.EMPTY_LIST else code)


@pytest.mark.parametrize("kind", ["tenant", "flex", "serverless", "legacy"])
async def test_only_cloud_backup_has_collection_restores(call_atlas, kind):
    async with call_atlas("collections", kind) as atlas:
        status, code = await atlas.refused("POST", body={})
        assert (await atlas.refused("GET", atlas.jobs)) == (status, code)

    assert status in {400, 404}


@pytest.mark.parametrize("accept", [None, "application/json", V2.format("2024-11-13"), V2.format("2025-03-11")])
async def test_older_versions_do_not_have_them(call_atlas, accept):
    async with call_atlas("collections") as atlas:
        for target in (atlas.jobs, f"{atlas.place}/backup/snapshots/{atlas.snapshot}/databases"):
            assert await atlas.refused("GET", target, Accept=accept) == (406, "INVALID_VERSION_DATE")
        assert await atlas.refused("POST", body=body(atlas), Accept=accept) == (406, "INVALID_VERSION_DATE")


async def test_v1_does_not_have_them(call_atlas):
    async with call_atlas("collections") as atlas:
        target = atlas.jobs.replace("/v2/", "/v1.0/")
        response = await atlas.send("GET", target)

    assert (response.status, response.document["errorCode"]) == (404, "RESOURCE_NOT_FOUND")


async def test_a_job_is_not_cancelled(call_atlas):
    async with call_atlas("collections") as atlas:
        job = await atlas.made(body(atlas))
        assert await atlas.refused("DELETE", f"{atlas.jobs}/{job['id']}") == (405, "METHOD_NOT_ALLOWED")
