"""Creates of Ops Manager and Cloud Manager: what is taken, what is answered, what is refused and why."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from mongorestore_async.emulator import Emulator, EmulatorSettings, Oddity

NOW = datetime(2018, 9, 10, 21, 0, tzinfo=UTC)
KINDS = ("replica-set", "sharded", "sharded-fcv-4.0")


class Creator:
    """Posts creates for one cluster."""

    def __init__(self, emulator, client, kind="replica-set"):
        self.emulator = emulator
        self.client = client
        self.cluster = emulator.world.first(kind)
        self.snapshot = emulator.world.jobs.snapshot_id(self.cluster)
        self.checkpoint = emulator.world.checkpoints.id(self.cluster)
        self.target = {"targetGroupId": self.cluster.project_id, "targetClusterId": self.cluster.id}

    def path(self, cluster=None):
        cluster = cluster or self.cluster
        return f"/api/public/v1.0/groups/{cluster.project_id}/clusters/{cluster.id}/restoreJobs"

    async def post(self, document, query="", cluster=None, **how):
        how = how or {"json": document}
        async with self.client.post(self.emulator.url + self.path(cluster) + query, **how) as response:
            return response.status, await response.json()

    async def made(self, document, query=""):
        status, answer = await self.post(document, query)
        assert status == 200, answer
        return answer

    async def refused(self, document, **how):
        before = self.emulator.counts.creates_taken, self.emulator.world.jobs.count(self.cluster)
        status, answer = await self.post(document, **how)
        assert answer["error"] == status
        assert before == (self.emulator.counts.creates_taken, self.emulator.world.jobs.count(self.cluster))
        return status, answer["errorCode"]

    async def listed(self, query=""):
        async with self.client.get(self.emulator.url + self.path() + query) as response:
            return (await response.json())["results"]

    def download(self, **changes):
        delivery = {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 1, **changes}
        return {"delivery": {k: v for k, v in delivery.items() if v is not ...}, "snapshotId": self.snapshot}

    def automated(self, **selector):
        return {"delivery": {"methodName": "AUTOMATED_RESTORE", **self.target}, **selector}

    def variants(self):
        millis = int((self.emulator.clock.now() - timedelta(hours=1)).timestamp() * 1000)
        return {
            "http": self.download(),
            "snapshot": self.automated(snapshotId=self.snapshot),
            "oplog": self.automated(oplogTs="1536610288", oplogInc="1"),
            "point": self.automated(pointInTimeUTCMillis=millis),
            "checkpoint": self.automated(checkpointId=self.checkpoint),
        }


@contextlib.asynccontextmanager
async def creating(kind="replica-set", **settings):
    settings = {"speed": 0, "auth_enabled": False, "start": NOW, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator, aiohttp.ClientSession() as client:
        yield Creator(emulator, client, kind)


# ---- what is taken


@pytest.mark.parametrize(
    ("kind", "taken"),
    [
        ("replica-set", {"http", "snapshot", "oplog", "point"}),
        ("sharded", {"http", "snapshot", "oplog", "point"}),
        ("sharded-fcv-4.0", {"http", "snapshot", "checkpoint"}),
    ],
)
async def test_which_variants_a_cluster_takes(kind, taken):
    async with creating(kind) as creator:
        statuses = {name: (await creator.post(document))[0] for name, document in creator.variants().items()}
        counts = creator.emulator.counts

    assert {name for name, status in statuses.items() if status == 200} == taken
    assert set(statuses.values()) == {200, 400}
    assert (counts.creates_received, counts.creates_taken) == (5, len(taken))


async def test_the_answer_of_a_download_has_the_documented_members(seed):
    async with creating() as creator:
        answer = await creator.made(creator.download(), "?pretty=true")
        link = answer["links"][0]["href"]
    example = seed("cloud_manager_create_snapshot_http")
    job, wanted = answer["results"][0], example["results"][0]

    assert set(answer) == set(example)
    assert set(job) == set(wanted) - {"batchId"}
    assert set(job["delivery"]) == set(wanted["delivery"])
    assert (job["statusName"], job["delivery"]["statusName"]) == ("IN_PROGRESS", "NOT_STARTED")
    assert (job["created"], job["snapshotId"], answer["totalCount"]) == ("2018-09-10T21:00:00Z", creator.snapshot, 1)
    assert link.endswith("/restoreJobs?pretty=true&pageNum=1&itemsPerPage=100")


async def test_an_automated_restore_is_answered_without_its_target(seed):
    async with creating() as creator:
        (job,) = (await creator.made(creator.automated(snapshotId=creator.snapshot)))["results"]
    wanted = seed("cloud_manager_create_automated_pit")["results"][0]

    assert set(job) == set(wanted) - {"batchId"}
    assert job["delivery"] == {"methodName": "HTTP", "statusName": "NOT_STARTED"}


async def test_created_jobs_lead_the_list_and_can_be_fetched():
    async with creating() as creator:
        first = (await creator.made(creator.download()))["results"][0]
        second = (await creator.made(creator.variants()["oplog"]))["results"][0]
        listed = await creator.listed()
        async with creator.client.get(f"{creator.emulator.url}{creator.path()}/{first['id']}") as response:
            one = await response.json()

    assert [job["id"] for job in listed[:2]] == [second["id"], first["id"]]
    assert len(listed) == 27
    assert one["id"] == first["id"]


async def test_a_sharded_cluster_makes_a_job_per_shard_and_config_set():
    async with creating("sharded") as creator:
        jobs = (await creator.made(creator.download()))["results"]
        listed = await creator.listed(f"?batchId={jobs[0]['batchId']}")
        more = (await creator.made(creator.download()))["results"]
        creator.emulator.clock.advance(601)
        urls = [job["delivery"]["url"] for job in await creator.listed(f"?batchId={jobs[0]['batchId']}")]

    assert [job["id"] for job in listed] == [job["id"] for job in jobs]
    assert len({job["batchId"] for job in jobs}) == 1
    assert jobs[0]["batchId"] != more[0]["batchId"]
    assert [url.rpartition("/")[2].split("-")[2] for url in urls] == ["config", "shard", "shard"]


async def test_numbers_are_taken_as_numbers_or_strings_of_digits():
    async with creating() as creator:
        for one, two in ((1, 2), ("1", "2")):
            answer = await creator.made(creator.download(maxDownloads=one, expirationHours=two))
            delivery = answer["results"][0]["delivery"]
            assert (delivery["maxDownloads"], delivery["expirationHours"]) == (1, 2)
        millis = int(NOW.timestamp() * 1000) - 1000
        for document in (
            {"oplogTs": "1536610288", "oplogInc": "1"},
            {"oplogTs": 1536610288, "oplogInc": 1},
            {"pointInTimeUTCMillis": millis},
            {"pointInTimeUTCMillis": str(millis)},
        ):
            await creator.made(creator.automated(**document))


async def test_the_link_can_expire_at_a_moment():
    async with creating() as creator:
        document = creator.download(expires="2018-09-11T10:00:00+02:00", expirationHours=...)
        created = (await creator.made(document))["results"][0]
        naive = (await creator.made(creator.download(expires="2018-09-11T08:00:00", expirationHours=...)))["results"]

    assert created["delivery"]["expires"] == naive[0]["delivery"]["expires"] == "2018-09-11T08:00:00Z"
    assert "expirationHours" not in created["delivery"]


async def test_servers_have_defaults_for_the_lifetime_of_a_download():
    async with creating() as creator:
        delivery = (await creator.made(creator.download(maxDownloads=..., expirationHours=...)))["results"][0][
            "delivery"
        ]
        assert (delivery["maxDownloads"], delivery["expirationHours"]) == (2147483647, 24)
    async with creating(http_defaults=False) as creator:
        assert await creator.refused(creator.download(maxDownloads=...)) == (400, "MISSING_ATTRIBUTE")
        assert await creator.refused(creator.download(expirationHours=...)) == (400, "MISSING_ONE_OF_MANY_ATTRIBUTES")
        await creator.made(creator.download())


async def test_a_create_is_enveloped_as_documented():
    async with creating() as creator:
        answer = await creator.made(creator.download(), "?envelope=true")
        status, error = await creator.post({}, "?envelope=true")

    assert set(answer) == {"status", "envelope"}
    assert answer["status"] == 200
    assert len(answer["envelope"]["results"]) == 1
    assert (status, error["status"], error["content"]["errorCode"]) == (200, 400, "MISSING_ATTRIBUTE")


async def test_a_create_can_answer_a_bare_job():
    async with creating(oddities=[Oddity.BARE_CREATES]) as creator:
        assert "id" in await creator.made(creator.download())
    async with creating("sharded", oddities=[Oddity.BARE_CREATES]) as creator:
        assert len((await creator.made(creator.download()))["results"]) == 3


async def test_targets_and_links_can_be_echoed_oddly():
    oddities = [Oddity.ECHOED_TARGETS, Oddity.FOREIGN_LINKS]
    async with creating("sharded-fcv-4.0", oddities=oddities) as creator:
        answer = await creator.made(creator.automated(checkpointId=creator.checkpoint))
        job = answer["results"][0]

    assert job["checkpointId"] == creator.checkpoint
    assert job["delivery"]["methodName"] == "AUTOMATED_RESTORE"
    assert job["delivery"]["targetClusterId"] == creator.cluster.id
    assert f"/clusters/{creator.cluster.name}/restoreJobs" in job["links"][0]["href"]
    assert answer["links"][0]["href"].startswith("http://proxy.example.invalid:8080/")


# ---- what is refused


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "MALFORMED_JSON"),
        (b"{", "MALFORMED_JSON"),
        (b'{"delivery": \xff}', "MALFORMED_JSON"),
        (b"[" * 20_000, "MALFORMED_JSON"),
        (b"[]", "INVALID_JSON"),
        (b"null", "INVALID_JSON"),
        (b'"text"', "INVALID_JSON"),
        (b"{}", "MISSING_ATTRIBUTE"),
        (b'{"delivery": []}', "INVALID_JSON_ATTRIBUTE"),
        (b'{"delivery": null}', "INVALID_ATTRIBUTE"),
        (b'{"delivery": {}}', "MISSING_ATTRIBUTE"),
        (b'{"delivery": {"methodName": 1}}', "INVALID_JSON_ATTRIBUTE"),
        (b'{"delivery": {"methodName": "SCP"}}', "INVALID_DELIVERY_SCP"),
        (b'{"delivery": {"methodName": "QUERY"}}', "UNSUPPORTED_DELIVERY_METHOD"),
        (b'{"delivery": {"methodName": "http"}}', "INVALID_ENUM_VALUE"),
        (b'{"delivery": {"methodName": "HTTP"}, "SnapshotId": "x"}', "INVALID_ATTRIBUTE"),
        (b'{"delivery": {"methodName": "HTTP"}, "checkPointId": "x"}', "INVALID_ATTRIBUTE"),
        (b'{"delivery": {"methodName": "HTTP"}, "id": "x"}', "ATTRIBUTE_READ_ONLY"),
        (b'{"delivery": {"methodName": "HTTP", "url": "x"}}', "ATTRIBUTE_READ_ONLY"),
        (b'{"delivery": {"methodName": "HTTP", "hostname": "x"}}', "INVALID_ATTRIBUTE"),
        (b'{"delivery": {"methodName": "HTTP"}}', "MISSING_ATTRIBUTE"),
    ],
)
async def test_malformed_bodies(body, code):
    async with creating() as creator:
        headers = {"Content-Type": "application/json"}
        assert await creator.refused(None, data=body, headers=headers) == (400, code)
        assert creator.emulator.counts.creates_received == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires": "2018-09-12T00:00:00Z"}, "INVALID_ATTRIBUTE"),
        ({"expires": "2018-09-10T20:59:59Z", "expirationHours": ...}, "INVALID_ATTRIBUTE"),
        ({"expires": "tomorrow", "expirationHours": ...}, "INVALID_DATE_FORMAT"),
        ({"expires": 1536610288, "expirationHours": ...}, "INVALID_JSON_ATTRIBUTE"),
        ({"expirationHours": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"expirationHours": "-1"}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"maxDownloads": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"maxDownloads": "many"}, "INVALID_JSON_ATTRIBUTE"),
        ({"maxDownloads": 1.5}, "INVALID_JSON_ATTRIBUTE"),
        ({"maxDownloads": True}, "INVALID_JSON_ATTRIBUTE"),
        ({"maxDownloads": None}, "INVALID_ATTRIBUTE"),
        ({"targetGroupId": "0" * 24}, "INVALID_ATTRIBUTE"),
        ({"targetClusterId": "0" * 24}, "INVALID_ATTRIBUTE"),
    ],
)
async def test_wrong_downloads(changes, code):
    async with creating() as creator:
        assert await creator.refused(creator.download(**changes)) == (400, code)


async def test_a_download_takes_a_snapshot_and_no_other_selector():
    async with creating() as creator:
        for name in ("oplogTs", "oplogInc", "pointInTimeUTCMillis", "checkpointId"):
            assert await creator.refused({**creator.download(), name: "1"}) == (400, "INVALID_ATTRIBUTE")
        assert await creator.refused({**creator.download(), "snapshotId": "g" * 24}) == (404, "INVALID_SNAPSHOT_ID")
        assert await creator.refused({**creator.download(), "snapshotId": 5}) == (400, "INVALID_JSON_ATTRIBUTE")


async def test_snapshots_can_be_checked():
    async with creating(check_snapshots=True) as creator:
        await creator.made(creator.download())
        for unknown in ("0" * 24, creator.checkpoint):
            assert await creator.refused({**creator.download(), "snapshotId": unknown}) == (404, "SNAPSHOT_NOT_FOUND")
        assert await creator.refused(creator.automated(snapshotId="0" * 24)) == (404, "SNAPSHOT_NOT_FOUND")


@pytest.mark.parametrize(
    ("selector", "code"),
    [
        ({}, "MISSING_ONE_OF_MANY_ATTRIBUTES"),
        ({"oplogTs": "1"}, "MISSING_ATTRIBUTE"),
        ({"oplogInc": "1"}, "MISSING_ATTRIBUTE"),
        ({"oplogTs": "x", "oplogInc": "1"}, "INVALID_JSON_ATTRIBUTE"),
        ({"oplogTs": "1", "oplogInc": 0}, "ATTRIBUTE_NEGATIVE_OR_ZERO"),
        ({"oplogTs": "1", "oplogInc": "1", "snapshotId": "0" * 24}, "INVALID_ATTRIBUTE"),
        ({"pointInTimeUTCMillis": 1, "snapshotId": "0" * 24}, "INVALID_ATTRIBUTE"),
        ({"pointInTimeUTCMillis": "2018-09-10T20:00:00Z"}, "INVALID_JSON_ATTRIBUTE"),
    ],
)
async def test_an_automated_restore_takes_exactly_one_selector(selector, code):
    async with creating() as creator:
        assert await creator.refused(creator.automated(**selector)) == (400, code)


@pytest.mark.parametrize(
    ("seconds", "fine"), [(-86_401, False), (-86_399, True), (-1, True), (0, True), (1, False), (10**12, False)]
)
async def test_a_point_in_time_lies_within_the_last_24_hours(seconds, fine):
    async with creating() as creator:
        document = creator.automated(pointInTimeUTCMillis=int(NOW.timestamp() + seconds) * 1000)
        if fine:
            (job,) = (await creator.made(document))["results"]
            assert job["snapshotId"]
        else:
            assert await creator.refused(document) == (400, "INVALID_PIT_RESTORE_TIME")


async def test_targets_must_be_named_and_exist():
    async with creating() as creator:
        document = creator.automated(snapshotId=creator.snapshot)
        atlas = creator.emulator.world.first("cloud-backup")
        for changes, expected in [
            ({"targetGroupId": ...}, (400, "MISSING_ATTRIBUTE")),
            ({"targetGroupId": ..., "targetClusterId": ...}, (400, "MISSING_ATTRIBUTES")),
            ({"targetGroupId": 5}, (400, "INVALID_JSON_ATTRIBUTE")),
            ({"targetGroupId": "mine"}, (404, "INVALID_GROUP_ID")),
            ({"targetGroupId": "0" * 24}, (404, "GROUP_NOT_FOUND")),
            ({"targetGroupId": atlas.project_id}, (404, "ATLAS_GROUP")),
            ({"targetClusterId": creator.cluster.name}, (404, "INVALID_CLUSTER_ID")),
            ({"targetClusterId": "0" * 24}, (404, "CLUSTER_NOT_FOUND")),
            ({"maxDownloads": 1}, (400, "INVALID_ATTRIBUTE")),
            ({"expires": "2018-09-12T00:00:00Z"}, (400, "INVALID_ATTRIBUTE")),
        ]:
            delivery = {k: v for k, v in {**document["delivery"], **changes}.items() if v is not ...}
            assert await creator.refused({**document, "delivery": delivery}) == expected, changes


async def test_a_shard_can_neither_be_restored_nor_be_the_target():
    async with creating("sharded") as creator:
        for member in creator.emulator.world.members(creator.cluster):
            for document in creator.variants().values():
                refused = await creator.refused(document, cluster=member, json=document)
                assert refused == (400, "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")
            creator.target["targetClusterId"] = member.id
            document = creator.automated(snapshotId=creator.snapshot)
            assert await creator.refused(document) == (400, "AUTOMATED_RESTORE_OF_SHARD_NOT_ALLOWED")


async def test_rules_about_topology_and_version():
    expected = {
        ("replica-set", "checkpoint"): "CHECKPOINT_RESTORE_UNSUPPORTED_FOR_REPLICA_SETS",
        ("sharded", "checkpoint"): "CHECKPOINTS_ONLY_ON_CONTINOUS_BACKUP",
        ("sharded-fcv-4.0", "oplog"): "OPLOG_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS",
        ("sharded-fcv-4.0", "point"): "PIT_RESTORE_ONLY_SUPPORTED_FOR_REPLICA_SETS",
    }
    for (kind, variant), code in expected.items():
        async with creating(kind) as creator:
            assert await creator.refused(creator.variants()[variant]) == (400, code)
    async with creating("sharded-fcv-4.0") as creator:
        assert await creator.refused(creator.automated(checkpointId="c")) == (404, "INVALID_CHECKPOINT_ID")


async def test_ops_manager_knows_no_checkpoints_in_a_create():
    async with creating("sharded-fcv-4.0", manager="ops-manager") as creator:
        assert await creator.refused(creator.variants()["checkpoint"]) == (400, "INVALID_ATTRIBUTE")
        await creator.made(creator.variants()["snapshot"])


@pytest.mark.parametrize(("setting", "status"), [(415, 415), (400, 400)])
async def test_the_content_type_must_be_json(setting, status):
    async with creating(wrong_content_type_status=setting) as creator:
        text = json.dumps(creator.download()).encode()
        wrong = {"data": text, "headers": {"Content-Type": "text/plain"}}
        assert await creator.refused(None, **wrong) == (status, "UNSUPPORTED_MEDIA_TYPE")
        right = {"data": text, "headers": {"Content-Type": "application/json; charset=utf-8"}}
        assert (await creator.post(None, **right))[0] == 200


async def test_large_bodies_are_refused_before_the_login():
    async with creating(body_limit=100, auth_enabled=True) as creator:
        status, answer = await creator.post(creator.download(hostname="x" * 100))
        assert (status, answer["errorCode"]) == (413, "REQUEST_TOO_LARGE")
        assert creator.emulator.requests[0].outcome is None
        assert (await creator.post(creator.download(maxDownloads=..., expirationHours=...)))[0] == 401


async def test_creates_that_fail_the_login_are_not_received():
    async with creating(auth_enabled=True) as creator:
        assert (await creator.post(creator.download()))[0] == 401
        assert creator.emulator.counts.creates_received == 0


async def test_paths_are_checked_before_the_body():
    async with creating() as creator:
        url = creator.emulator.url + creator.path().replace(creator.cluster.id, "0" * 24)
        async with creator.client.post(url, data=b"{") as response:
            assert (response.status, (await response.json())["errorCode"]) == (404, "CLUSTER_NOT_FOUND")
