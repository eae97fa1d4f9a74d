"""Creates of Atlas legacy backup: what is taken, what is answered, what is refused."""

import pytest

from mongorestore_async.emulator import Oddity

NOW = 1_793_620_800  # the emulator's clock at its start
LEGACY = ("legacy-v1", "legacy")


def http(atlas, **changes):
    delivery = {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1, **changes}
    kept = {name: value for name, value in delivery.items() if value is not ...}
    return {"snapshotId": atlas.snapshot, "delivery": kept}


def automated(atlas, selector=None, **changes):
    delivery = {
        "methodName": "AUTOMATED_RESTORE",
        "targetGroupId": atlas.cluster.project_id,
        "targetClusterName": atlas.cluster.name,
        **changes,
    }
    kept = {name: value for name, value in delivery.items() if value is not ...}
    return {**({"snapshotId": atlas.snapshot} if selector is None else selector), "delivery": kept}


def oplog(family):
    return {"oplogTs": "2026-11-02T11:00:00Z" if family == "legacy" else str(NOW - 3600), "oplogInc": 2}


@pytest.mark.parametrize("family", LEGACY)
@pytest.mark.parametrize("kind", ["legacy", "legacy-sharded"])
async def test_each_variant_is_taken_and_shows_in_the_list(call_atlas, family, kind):
    async with call_atlas(family, kind, jobs_per_cluster=0, oddities=[Oddity.LISTED_CREATES]) as atlas:
        answers = [
            await atlas.made(body)
            for body in (
                http(atlas),
                http(atlas, maxDownloads="1", expirationHours="1"),
                http(atlas, maxDownloads=..., expirationHours=...),
                automated(atlas),
                automated(atlas, targetClusterName=..., targetClusterId=atlas.cluster.id),
                automated(atlas, oplog(family)),
                automated(atlas, {"pointInTimeUTCMillis": str((NOW - 60) * 1000)}),
            )
        ]
        listed = (await atlas.get())["results"]
        orders = [atlas.job(position).order for position in range(len(listed))][::-1]
    size = 1 if kind == "legacy" else 3

    assert [answer["totalCount"] for answer in answers] == [size] * 7
    assert [job["id"] for job in listed] == [job["id"] for answer in answers[::-1] for job in answer["results"]]
    batches = [{job.get("batchId") for job in answer["results"]} for answer in answers]
    assert len(set.union(*batches)) == (7 if size == 3 else 1)
    assert orders[5 * size].oplog == (NOW - 3600, 2)
    assert {order.target_name for order in orders[3 * size :]} == {atlas.cluster.name}


@pytest.mark.parametrize(
    ("family", "kind", "oddities", "bare"),
    [
        ("legacy-v1", "legacy", [], True),
        ("legacy-v1", "legacy", [Oddity.LISTED_CREATES], False),
        ("legacy-v1", "legacy-sharded", [], False),
        ("legacy", "legacy", [], False),
        ("legacy", "legacy", [Oddity.BARE_CREATES], True),
    ],
)
async def test_one_job_is_answered_without_a_list_where_documented(call_atlas, family, kind, oddities, bare):
    async with call_atlas(family, kind, oddities=oddities) as atlas:
        answer = await atlas.made(http(atlas))

    assert ("results" in answer) is not bare
    assert ("id" in answer) is bare
    if not bare:
        assert answer["links"][0]["href"].endswith(f"{atlas.jobs}?pageNum=1&itemsPerPage=100")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"methodName": ...}, "MISSING_ATTRIBUTE"),
        ({"methodName": "SCP"}, "INVALID_DELIVERY_SCP"),
        ({"methodName": "QUERY"}, "INVALID_ENUM_VALUE"),
        ({"maxDownloads": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"expirationHours": "x"}, "INVALID_JSON_ATTRIBUTE"),
        ({"targetGroupId": "x"}, "INVALID_ATTRIBUTE"),
        ({"url": "x"}, "ATTRIBUTE_READ_ONLY"),
        ({"expiry": 1}, "INVALID_ATTRIBUTE"),
    ],
)
@pytest.mark.parametrize("family", LEGACY)
async def test_which_downloads_are_refused(call_atlas, family, change, code):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=http(atlas, **change)) == (400, code)


@pytest.mark.parametrize("family", LEGACY)
async def test_only_v1_takes_a_date_of_expiry(call_atlas, family):
    async with call_atlas(family) as atlas:
        body = http(atlas, expirationHours=..., expires="2026-11-03T00:00:00Z")
        both = http(atlas, expires="2026-11-03T00:00:00Z")
        past = http(atlas, expirationHours=..., expires="2026-11-01T00:00:00Z")
        if family == "legacy":
            assert await atlas.refused("POST", body=body) == (400, "ATTRIBUTE_READ_ONLY")
        else:
            assert (await atlas.made(body))["delivery"]["expires"] == "2026-11-03T00:00:00Z"
            assert await atlas.refused("POST", body=both) == (400, "INVALID_ATTRIBUTE")
            assert await atlas.refused("POST", body=past) == (400, "INVALID_ATTRIBUTE")


@pytest.mark.parametrize("family", LEGACY)
async def test_a_server_without_defaults_wants_count_and_expiry(call_atlas, family):
    async with call_atlas(family, http_defaults=False) as atlas:
        assert await atlas.made(http(atlas))
        for missing in ("maxDownloads", "expirationHours"):
            status, code = await atlas.refused("POST", body=http(atlas, **{missing: ...}))
            assert (status, code.startswith("MISSING_")) == (400, True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"targetGroupId": ...}, (400, "MISSING_ATTRIBUTE")),
        ({"targetGroupId": "0" * 24}, (404, "GROUP_NOT_FOUND")),
        ({"targetClusterName": ...}, (400, "MISSING_ONE_OF_ATTRIBUTES")),
        ({"targetClusterId": "0" * 24}, (400, "INVALID_ATTRIBUTE")),
        ({"targetClusterName": ..., "targetClusterId": "0" * 24}, (404, "CLUSTER_NOT_FOUND")),
        ({"targetClusterName": ..., "targetClusterId": "x"}, (404, "INVALID_CLUSTER_ID")),
        ({"maxDownloads": 1}, (400, "INVALID_ATTRIBUTE")),
    ],
)
@pytest.mark.parametrize("family", LEGACY)
async def test_which_targets_are_refused(call_atlas, family, change, code):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=automated(atlas, **change)) == code


async def test_a_shard_is_no_target(call_atlas):
    async with call_atlas("legacy", "legacy-sharded") as atlas:
        shard = atlas.emulator.world.members(atlas.cluster)[0]
        body = automated(atlas, targetClusterName=..., targetClusterId=shard.id)
        assert await atlas.refused("POST", body=body) == (400, "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")


@pytest.mark.parametrize(
    ("selector", "code"),
    [
        ({}, "MISSING_ONE_OF_MANY_ATTRIBUTES"),
        ({"snapshotId": "0" * 24, "pointInTimeUTCMillis": NOW * 1000}, "INVALID_ATTRIBUTE"),
        ({"oplogInc": 1}, "MISSING_ATTRIBUTE"),
        ({"pointInTimeUTCMillis": (NOW - 86_401) * 1000}, "INVALID_PIT_RESTORE_TIME"),
        ({"pointInTimeUTCMillis": (NOW + 1) * 1000}, "INVALID_PIT_RESTORE_TIME"),
        ({"statusName": "FINISHED"}, "ATTRIBUTE_READ_ONLY"),
    ],
)
@pytest.mark.parametrize("family", LEGACY)
async def test_which_selectors_are_refused(call_atlas, family, selector, code):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("POST", body=automated(atlas, selector)) == (400, code)


@pytest.mark.parametrize("family", LEGACY)
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("legacy", "CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS"),
        ("legacy-sharded", "CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP"),
    ],
)
async def test_checkpoints_are_not_supported(call_atlas, family, kind, code):
    async with call_atlas(family, kind) as atlas:
        body = automated(atlas, {"checkpointId": "0" * 24})
        assert await atlas.refused("POST", body=body) == (400, code)


@pytest.mark.parametrize(
    ("oplog_ts", "code"),
    [
        ("1793617200", "INVALID_DATE_FORMAT"),
        (NOW, "INVALID_JSON_ATTRIBUTE"),
        ("2026-11-02T11:00:00.5Z", "FRACTIONAL_TIMESTAMP"),
    ],
)
async def test_v2_wants_oplog_times_as_whole_seconds_in_iso_8601(call_atlas, oplog_ts, code):
    async with call_atlas("legacy") as atlas:
        body = automated(atlas, {"oplogTs": oplog_ts, "oplogInc": 1})
        assert await atlas.refused("POST", body=body) == (400, code)


async def test_v1_wants_oplog_times_in_seconds(call_atlas):
    async with call_atlas("legacy-v1") as atlas:
        body = automated(atlas, {"oplogTs": "2026-11-02T11:00:00Z", "oplogInc": 1})
        assert await atlas.refused("POST", body=body) == (400, "INVALID_JSON_ATTRIBUTE")


async def test_seconds_for_milliseconds_are_before_2008_in_v2(call_atlas):
    async with call_atlas("legacy") as atlas:
        response = await atlas.post(automated(atlas, {"pointInTimeUTCMillis": NOW}))

    assert response.document["errorCode"] == "VALIDATION_ERROR"
    assert response.document["badRequestDetail"]["fields"][0]["field"] == "pointInTimeUTCMillis"
