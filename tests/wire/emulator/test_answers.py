"""What the emulator answers: pages, envelopes, documents of each family, error documents of paths and queries."""

import json
from functools import partial

import pytest

from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async.emulator import Oddity, Side

MANAGER, ATLAS = "/api/public/v1.0", "/api/atlas/v1.0"


class Caller(EmulatorCaller):
    async def refused(self, target, method="GET"):
        status, document = await self.get(target, method)
        assert document["error"] == status
        assert set(document) == {"error", "reason", "detail", "errorCode", "parameters"}
        return status, document["errorCode"]

    def jobs(self, kind="replica-set"):
        cluster = self.world.first(kind)
        api, tail = {
            "cloud-backup": (ATLAS, "backup/restoreJobs"),
            "cloud-backup-sharded": (ATLAS, "backup/restoreJobs"),
            "tenant": (ATLAS, "backup/tenant/restores"),
        }.get(kind, (MANAGER, "restoreJobs"))
        name = cluster.id if api == MANAGER else cluster.name
        return f"{api}/groups/{cluster.project_id}/clusters/{name}/{tail}"


calling = partial(call_emulator, Caller)


# ---- pages


@pytest.mark.parametrize("kind", ["replica-set", "sharded", "cloud-backup", "tenant"])
@pytest.mark.parametrize("size", [1, 7, 100, 500])
async def test_walking_the_pages_gives_every_job_once_newest_first(kind, size):
    async with calling(jobs_per_cluster=40) as caller:
        target, cluster = caller.jobs(kind), caller.world.first(kind)
        seen = []
        for number in range(1, 50):
            page = await caller.ok(f"{target}?pageNum={number}&itemsPerPage={size}")
            assert page["totalCount"] == 40
            if not page["results"]:
                break
            seen += [job["id"] for job in page["results"]]

        assert seen == [caller.world.jobs.at(cluster, position).id for position in range(40)]
        assert number == -(-40 // size) + 1


async def test_next_and_previous_links_lead_to_existing_pages():
    async with calling(jobs_per_cluster=5) as caller:
        first = await caller.ok(caller.jobs() + "?itemsPerPage=2&pretty=true")
        links = {link["rel"]: link["href"] for link in first["links"]}
        second = await caller.ok(links["next"])
        around = {link["rel"]: link["href"] for link in second["links"]}
        last = await caller.ok(around["next"])

        assert await caller.ok(links["self"]) == first
        assert (await caller.ok(around["previous"]))["results"] == first["results"]

    assert links["self"].endswith("/restoreJobs?pretty=true&pageNum=1&itemsPerPage=2")
    assert "includeCount=true" in links["next"]
    assert set(links) == {"self", "next"}
    assert set(around) == {"self", "next", "previous"}
    assert [link["rel"] for link in last["links"]] == ["self", "previous"]


async def test_links_to_other_pages_and_counts_can_be_left_out():
    async with calling(jobs_per_cluster=5, include_next_links=False, include_total_count=False) as caller:
        page = await caller.ok(caller.jobs() + "?itemsPerPage=2")

    assert [link["rel"] for link in page["links"]] == ["self"]
    assert "totalCount" not in page


async def test_the_count_is_left_out_when_it_is_not_wanted():
    async with calling() as caller:
        assert "totalCount" not in await caller.ok(caller.jobs() + "?includeCount=false")
        assert "totalCount" in await caller.ok(caller.jobs() + "?includeCount=true")


async def test_pages_have_100_items_by_default_and_a_maximum():
    async with calling(jobs_per_cluster=700) as caller:
        assert len((await caller.ok(caller.jobs()))["results"]) == 100
        assert len((await caller.ok(caller.jobs() + "?itemsPerPage=500"))["results"]) == 500
        assert await caller.refused(caller.jobs() + "?itemsPerPage=501") == (400, "INVALID_QUERY_PARAMETER")
    async with calling(jobs_per_cluster=700, page_cap=100) as caller:
        assert await caller.refused(caller.jobs() + "?itemsPerPage=500") == (400, "INVALID_QUERY_PARAMETER")
    async with calling(jobs_per_cluster=700, page_cap=50, over_max="clamp") as caller:
        assert len((await caller.ok(caller.jobs() + "?itemsPerPage=500"))["results"]) == 50
        assert len((await caller.ok(caller.jobs()))["results"]) == 50


async def test_pages_can_silently_be_shorter_than_asked():
    async with calling(jobs_per_cluster=25, page_clamp=10) as caller:
        pages = [await caller.ok(f"{caller.jobs()}?pageNum={number}") for number in (1, 2, 3, 4)]

    assert [len(page["results"]) for page in pages] == [10, 10, 5, 0]
    assert "next" in {link["rel"] for link in pages[0]["links"]}
    assert "next" not in {link["rel"] for link in pages[2]["links"]}


async def test_past_the_end_there_is_nothing_or_the_last_page_again():
    async with calling(jobs_per_cluster=5) as caller:
        page = await caller.ok(caller.jobs() + "?pageNum=999999999&itemsPerPage=2")
        assert (page["results"], page["totalCount"]) == ([], 5)
    async with calling(jobs_per_cluster=5, clamp_past_end=True) as caller:
        past = await caller.ok(caller.jobs() + "?pageNum=9&itemsPerPage=2")
        assert past["results"] == (await caller.ok(caller.jobs() + "?pageNum=3&itemsPerPage=2"))["results"]
        assert len(past["results"]) == 1
    async with calling(jobs_per_cluster=0, clamp_past_end=True) as caller:
        assert (await caller.ok(caller.jobs() + "?pageNum=9"))["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        "pageNum=0",
        "pageNum=-1",
        "pageNum=one",
        "pageNum=1.0",
        "pageNum=",
        "pageNum=" + "9" * 5000,
        "itemsPerPage=0",
        "itemsPerPage=%2B5",
        "includeCount=yes",
        "pretty=1",
        "envelope=True",
        "batchId=nonsense",
    ],
)
async def test_a_malformed_parameter_is_refused(query):
    async with calling() as caller:
        assert await caller.refused(f"{caller.jobs()}?{query}") == (400, "INVALID_QUERY_PARAMETER")


async def test_unknown_parameters_are_ignored():
    async with calling() as caller:
        plain = await caller.ok(caller.jobs())
        assert await caller.ok(caller.jobs() + "?backupJobsEnabledOnly=true&batchid=x&from=outer+space") == plain


async def test_a_million_jobs_cost_nothing():
    async with calling(jobs_per_cluster=1_000_000, projects=1_000_000, clusters_per_project=4096) as caller:
        page = await caller.ok(caller.jobs() + "?pageNum=2000&itemsPerPage=500")
        last = page["results"][-1]
        assert await caller.ok(f"{caller.jobs()}/{last['id']}")
        assert (await caller.ok(MANAGER + "/groups?pageNum=10000"))["totalCount"] == 1_000_000
        assert not caller.world.jobs._records, "looking at jobs must not keep them"

    assert page["totalCount"] == 1_000_000
    assert last["created"] > "2023-10-01"


# ---- batches


async def test_a_batch_is_listed_by_its_id():
    async with calling(jobs_per_cluster=10) as caller:
        everything = (await caller.ok(caller.jobs("sharded")))["results"]
        for batch_id in {job["batchId"] for job in everything}:
            batch = await caller.ok(f"{caller.jobs('sharded')}?batchId={batch_id}")
            assert batch["results"] == [job for job in everything if job["batchId"] == batch_id]
            assert f"batchId={batch_id}&" in batch["links"][0]["href"]
        paged = await caller.ok(f"{caller.jobs('sharded')}?batchId={everything[0]['batchId']}&itemsPerPage=2&pageNum=2")

    assert [job["batchId"] for job in everything[:3]] == [everything[0]["batchId"]] * 3
    assert [job["id"] for job in paged["results"]] == [everything[2]["id"]]
    assert paged["totalCount"] == 3


async def test_an_unknown_batch_is_empty_and_a_replica_set_has_none():
    async with calling() as caller:
        assert (await caller.ok(f"{caller.jobs()}?batchId={'0' * 24}"))["results"] == []
        some_job = caller.world.jobs.at(caller.world.first("sharded"), 0)
        assert (await caller.ok(f"{caller.jobs('sharded')}?batchId={some_job.id}"))["results"] == []
        assert all("batchId" not in job for job in (await caller.ok(caller.jobs()))["results"])


# ---- envelopes, indentation, compression


@pytest.mark.parametrize(
    ("style", "manager_list", "atlas_list", "entity"),
    [
        ("documented", {"status", "content"}, {"status", "results", "links", "totalCount"}, {"status", "envelope"}),
        ("content", {"status", "content"}, {"status", "content"}, {"status", "content"}),
        ("envelope", {"status", "envelope"}, {"status", "envelope"}, {"status", "envelope"}),
        (
            "results",
            {"status", "results", "links", "totalCount"},
            {"status", "results", "links", "totalCount"},
            {"status", "content"},
        ),
    ],
)
async def test_envelopes_take_each_documented_form(style, manager_list, atlas_list, entity):
    async with calling(envelope_style=style) as caller:
        one = f"{caller.jobs()}/{caller.world.jobs.at(caller.world.first('replica-set'), 0).id}"
        enveloped = [await caller.ok(target + "?envelope=true") for target in (caller.jobs(), one)]
        plain = [await caller.ok(target) for target in (caller.jobs(), one)]
        of_atlas = await caller.ok(caller.jobs("cloud-backup") + "?envelope=true")

    assert [set(document) for document in enveloped] == [manager_list, entity]
    assert set(of_atlas) == atlas_list
    for document, wanted in zip(enveloped, plain, strict=True):
        assert document.pop("status") == 200
        assert document.get("content", document.get("envelope", document)) == wanted


async def test_errors_hide_in_a_successful_envelope():
    async with calling() as caller:
        assert await caller.get(MANAGER + "/groups/nonsense?envelope=true") == (
            200,
            {
                "status": 404,
                "content": {
                    "error": 404,
                    "reason": "Not Found",
                    "detail": "An invalid group ID nonsense was specified.",
                    "errorCode": "INVALID_GROUP_ID",
                    "parameters": ["nonsense"],
                },
            },
        )
    async with calling(errors_in_envelope=False) as caller:
        status, document = await caller.get(MANAGER + "/groups/nonsense?envelope=true")
        assert (status, document["status"]) == (404, 404)


async def test_a_challenge_is_never_enveloped():
    async with calling(auth_enabled=True) as caller:
        status, document = await caller.get(MANAGER + "/groups?envelope=true")
        assert (status, document["errorCode"]) == (401, "UNEXPECTED_ERROR")


async def test_pretty_bodies_are_indented_and_sorted_as_documented():
    async with calling() as caller:
        async with caller.client.get(caller.emulator.url + MANAGER + "/groups?pretty=true") as response:
            pretty = await response.text()
        async with caller.client.get(caller.emulator.url + MANAGER + "/groups?pretty=false") as response:
            plain = await response.text()

    assert pretty.startswith('{\n  "links": [\n    {\n      "href": "')
    assert "\n" not in plain
    assert list(json.loads(plain)) == ["links", "results", "totalCount"]
    assert len(json.loads(plain)["results"]) == len(json.loads(pretty)["results"]) == 2


@pytest.mark.parametrize(
    ("accepts", "allowed", "coding"), [("gzip", True, "gzip"), ("br", True, None), ("gzip", False, None)]
)
async def test_long_bodies_are_compressed_for_those_who_accept_it(accepts, allowed, coding):
    async with calling(gzip=allowed) as caller:
        headers = {"Accept-Encoding": accepts}
        async with caller.client.get(caller.emulator.url + caller.jobs(), headers=headers) as response:
            assert response.headers.get("Content-Encoding") == coding
            assert response.headers["Vary"] == "Accept-Encoding"
            assert len((await response.json())["results"]) == 25


# ---- documents


def shape(value):
    """The names in a document, at every depth."""
    if isinstance(value, dict):
        return {name: shape(member) for name, member in value.items()}
    return [shape(member) for member in value[:1]] if isinstance(value, list) else type(value).__name__


def newest(jobs, **wanted):
    return next(job for job in jobs if all(job.get(name) == value for name, value in wanted.items()))


@pytest.mark.parametrize("manager", ["ops-manager", "cloud-manager"])
async def test_a_finished_download_has_the_documented_members(seed, manager):
    async with calling(manager=manager, jobs_per_cluster=200, url_v2=False, clusters_per_project=2) as caller:
        jobs = (await caller.ok(caller.jobs("sharded") + "?itemsPerPage=500"))["results"]
    plain = [job for job in jobs if not job["encryptionEnabled"] and "hashes" not in job]
    example = seed(f"{manager.replace('-', '_')}_list")["results"][0]

    assert shape(next(job for job in plain if "url" in job["delivery"])) == shape(example)


async def test_the_lists_have_the_members_of_the_documented_ones(seed):
    async with calling(jobs_per_cluster=60) as caller:
        cloud = await caller.ok(caller.jobs("cloud-backup"))
        tenant = await caller.ok(caller.jobs("tenant"))
        manager = await caller.ok(caller.jobs())
    examples = seed("atlas_cloud_backup_list"), seed("atlas_tenant_list"), seed("ops_manager_list")

    assert [set(document) for document in (cloud, tenant, manager)] == [set(example) for example in examples]
    download = newest(cloud["results"], deliveryType="download", expired=True)
    assert set(download) == set(examples[0]["results"][1]) - {"deliveryUrl"} | {"failed"}
    assert shape(newest(tenant["results"], deliveryType="DOWNLOAD", status="COMPLETED")) == shape(
        examples[1]["results"][0]
    )


async def test_one_job_is_the_same_as_in_the_list_but_for_its_links():
    async with calling(jobs_per_cluster=5) as caller:
        for kind in ("replica-set", "sharded", "cloud-backup", "tenant", "cloud-backup-sharded"):
            for listed in (await caller.ok(caller.jobs(kind)))["results"]:
                one = await caller.ok(f"{caller.jobs(kind)}/{listed['id']}")
                assert {**one, "links": 0} == {**listed, "links": 0}
                rels = [link["rel"] for link in one.get("links", [])]
                wanted = ["self", "cluster", "group", "snapshot"] if kind != "tenant" else []
                assert sorted(rel.rpartition("/")[2] for rel in rels) == sorted(wanted)


async def test_same_seed_same_world_other_seed_other_world():
    async def dump(seed):
        async with calling(seed=seed, link_origin="http://here", download_origin="http://there") as caller:
            kinds = ("replica-set", "sharded", "cloud-backup", "tenant")
            return [caller.jobs(kind) for kind in kinds], [await caller.ok(caller.jobs(kind)) for kind in kinds]

    assert await dump(7) == await dump(7)
    ids = [{job["id"] for page in (await dump(seed))[1] for job in page["results"]} for seed in (7, 8)]
    assert not ids[0] & ids[1]


async def test_projects_are_listed_per_side_and_found_one_by_one():
    async with calling(projects=3) as caller:
        sides = [await caller.ok(api + "/groups") for api in (MANAGER, ATLAS)]
        for api, page in zip((MANAGER, ATLAS), sides, strict=True):
            for project in page["results"]:
                assert await caller.ok(f"{api}/groups/{project['id']}") == project
        expected = [[project.id for project in caller.world.projects(side)] for side in (Side.MANAGER, Side.ATLAS)]

    assert [[project["id"] for project in page["results"]] for page in sides] == expected
    assert not set(expected[0]) & set(expected[1])
    assert sides[0]["results"][0]["hostCounts"]["primary"] == 3
    assert "clusterCount" in sides[1]["results"][0]
    assert sides[0]["results"][0]["orgId"]


async def test_shards_and_config_sets_are_clusters_without_jobs():
    async with calling(clusters_per_project=2) as caller:
        project = caller.world.project(Side.MANAGER, 0)
        clusters = (await caller.ok(f"{MANAGER}/groups/{project.id}/clusters"))["results"]
        for cluster in clusters:
            path = f"{MANAGER}/groups/{project.id}/clusters/{cluster['id']}"
            one = await caller.ok(path)
            assert one == cluster
            jobs = (await caller.ok(path + "/restoreJobs"))["totalCount"]
            is_member = one["clusterName"] == clusters[1]["clusterName"] and "replicaSetName" in one
            assert jobs == (0 if is_member else 25)

    assert [cluster["typeName"] for cluster in clusters] == [
        "REPLICA_SET",
        "SHARDED_REPLICA_SET",
        "REPLICA_SET",
        "REPLICA_SET",
        "CONFIG_SERVER_REPLICA_SET",
    ]
    assert [cluster.get("shardName") for cluster in clusters] == [None, None, "shard-0", "shard-1", None]


async def test_clusters_of_an_atlas_project_are_found_by_name():
    async with calling(clusters_per_project=3) as caller:
        project = caller.world.project(Side.ATLAS, 1)
        clusters = (await caller.ok(f"{ATLAS}/groups/{project.id}/clusters"))["results"]
        for cluster in clusters:
            assert await caller.ok(f"{ATLAS}/groups/{project.id}/clusters/{cluster['name']}") == cluster

    assert [cluster["providerSettings"]["instanceSizeName"] for cluster in clusters] == ["M10", "M2", "M10"]
    assert [cluster["clusterType"] for cluster in clusters] == ["REPLICASET", "REPLICASET", "SHARDED"]


@pytest.mark.parametrize(("api", "side"), [(MANAGER, Side.MANAGER), (ATLAS, Side.ATLAS)])
async def test_all_clusters_come_one_project_at_a_time(api, side):
    async with calling(projects=3) as caller:
        page = await caller.ok(api + "/clusters?itemsPerPage=2&pageNum=2")
        (last,) = page["results"]
        project = caller.world.project(side, 2)
        clusters = [one for one in caller.world.clusters(project) if one.kind not in {"flex", "serverless"}]
        expected = [(cluster.id, cluster.name) for cluster in clusters]

    assert (page["totalCount"], last["groupId"]) == (3, project.id)
    assert [(cluster["clusterId"], cluster["name"]) for cluster in last["clusters"]] == expected
    assert {cluster["type"] for cluster in last["clusters"]} == {"replica set", "sharded cluster"}


async def test_everything_lives_below_the_path_prefix():
    async with calling(base_path="/ops/manager/") as caller:
        assert caller.emulator.url.endswith("/ops/manager")
        page = await caller.ok(caller.jobs("cloud-backup"))
        assert page["links"][0]["href"].startswith(caller.emulator.url + ATLAS)
        assert (await caller.ok(page["links"][0]["href"]))["results"] == page["results"]
        origin = caller.emulator.url.removesuffix("/ops/manager")
        assert await caller.refused(origin + MANAGER + "/groups") == (404, "RESOURCE_NOT_FOUND")
        assert [record.family for record in caller.emulator.requests] == ["atlas-cloud-backup-v1"] * 2 + [None]


async def test_links_and_downloads_can_name_other_hosts():
    settings = {"link_origin": "https://cloud.mongodb.com", "download_origin": "https://files.example/"}
    async with calling(jobs_per_cluster=60, **settings) as caller:
        page = await caller.ok(caller.jobs())

    assert page["links"][0]["href"].startswith("https://cloud.mongodb.com/api/public/v1.0/groups/")
    assert page["results"][0]["links"][0]["href"].startswith("https://cloud.mongodb.com/api/public/v1.0/groups/")
    urls = [job["delivery"]["url"] for job in page["results"] if "url" in job["delivery"]]
    assert urls
    assert all(url.startswith("https://files.example/backup/restore/v2/pull/") for url in urls)


@pytest.mark.parametrize(
    ("manager", "forced", "there"),
    [
        ("ops-manager", None, True),
        ("cloud-manager", None, False),
        ("cloud-manager", True, True),
        ("ops-manager", False, False),
    ],
)
async def test_ops_manager_offers_the_newer_download_url_as_well(manager, forced, there):
    async with calling(manager=manager, url_v2=forced, jobs_per_cluster=60) as caller:
        deliveries = [job["delivery"] for job in (await caller.ok(caller.jobs()))["results"]]
    ready = [delivery for delivery in deliveries if "url" in delivery]

    assert ready
    for delivery in ready:
        assert {"urlV2", "authHeader", "authBearer", "authValue"} & set(delivery) == (
            {"urlV2", "authHeader", "authBearer", "authValue"} if there else set()
        )


# ---- oddities


async def every_job(oddity, kind, **settings):
    async with calling(oddities=[oddity], jobs_per_cluster=60, **settings) as caller:
        page = await caller.ok(caller.jobs(kind))
        return page, await caller.ok(f"{caller.jobs(kind)}/{page['results'][0]['id']}")


async def test_odd_manager_jobs():
    page, _ = await every_job(Oddity.STRING_INCREMENTS, "replica-set")
    assert all(job["timestamp"]["increment"] == "1" for job in page["results"])
    page, _ = await every_job(Oddity.BATCH_EVERYWHERE, "replica-set")
    assert all(job["batchId"] for job in page["results"])
    page, _ = await every_job(Oddity.PLACEHOLDER_IDS, "replica-set")
    assert sum(job["snapshotId"].endswith("g") for job in page["results"]) == 20
    page, _ = await every_job(Oddity.ECHOED_TARGETS, "replica-set")
    echoed = [job["delivery"] for job in page["results"] if job["delivery"]["methodName"] == "AUTOMATED_RESTORE"]
    assert echoed
    assert all(delivery["targetGroupId"] and delivery["targetClusterId"] for delivery in echoed)
    page, _ = await every_job(Oddity.UNKNOWN_WORDS, "replica-set")
    assert sum(job["statusName"] == "OPEN" for job in page["results"]) == 12
    page, one = await every_job(Oddity.EXTRA_FIELDS, "replica-set")
    assert "weather" in one
    assert all("weather" in job for job in page["results"])
    page, one = await every_job(Oddity.EMPTY_LINKS, "replica-set")
    assert one["links"] == [{}]
    page, _ = await every_job(Oddity.NO_LIST_LINKS, "replica-set")
    assert "links" not in page
    page, one = await every_job(Oddity.FOREIGN_LINKS, "replica-set", clusters_per_project=1)
    assert one["links"][0]["href"].startswith("http://proxy.example.invalid:8080/api/public/v1.0/groups/")
    assert not one["links"][1]["href"].endswith(one["clusterId"])


async def test_odd_cloud_backup_jobs():
    page, _ = await every_job(Oddity.NULL_TIMESTAMPS, "cloud-backup")
    stamps = [job["desiredTimestamp"] for job in page["results"]]
    assert {"date": None, "increment": None, "time": None} in stamps
    page, _ = await every_job(Oddity.NO_CREATED_AT, "cloud-backup")
    assert sum("createdAt" in job for job in page["results"]) == sum("failed" in job for job in page["results"]) == 30
    page, _ = await every_job(Oddity.NUMERIC_EXPIRY, "cloud-backup")
    assert {type(job["expiresAt"]) for job in page["results"] if "expiresAt" in job} == {int}
    page, _ = await every_job(Oddity.AUTOMATED_EXPIRY, "cloud-backup")
    assert all("expiresAt" in job for job in page["results"] if job["deliveryType"] == "automated")
    page, _ = await every_job(Oddity.PLACEHOLDER_IDS, "cloud-backup")
    assert sum(job["snapshotId"].endswith("g") for job in page["results"]) == 20
    page, _ = await every_job(Oddity.UNKNOWN_WORDS, "cloud-backup")
    assert sum(job["deliveryType"] == "levitation" for job in page["results"]) == 12
    _, one = await every_job(Oddity.EMPTY_LINKS, "cloud-backup")
    assert one["links"] == [{}]
    page, _ = await every_job(Oddity.EXTRA_FIELDS, "cloud-backup")
    assert all("weather" in job for job in page["results"])


async def test_odd_tenant_jobs():
    page, one = await every_job(Oddity.TABLE_DATE_NAMES, "tenant")
    assert all("restoreScheduledDate" in job and "submittedAt" not in job for job in page["results"])
    assert "snapshotFinishedDate" in one
    page, _ = await every_job(Oddity.UNKNOWN_WORDS, "tenant")
    assert sum(job["status"] == "CLOSED" for job in page["results"]) == 12


async def test_delivery_urls_can_be_arrays():
    async with calling(jobs_per_cluster=60, delivery_url_as_array=True) as caller:
        jobs = (await caller.ok(caller.jobs("cloud-backup")))["results"]

    assert all(job["deliveryUrl"] == [] for job in jobs if job["deliveryType"] == "automated")
    assert {type(job["deliveryUrl"]) for job in jobs} == {list}


# ---- refusals of paths


async def test_ids_in_paths_are_told_apart_from_malformed_ones():
    async with calling() as caller:
        manager, sharded = caller.world.first("replica-set"), caller.world.first("sharded")
        group, nothing = f"{MANAGER}/groups/{manager.project_id}", "0" * 24
        other = caller.world.cluster(caller.world.project(Side.MANAGER, 1), 0)
        for target, code in {
            f"{MANAGER}/groups/xyz": "INVALID_GROUP_ID",
            f"{MANAGER}/groups/{manager.project_id.upper()}/clusters": "INVALID_GROUP_ID",
            f"{MANAGER}/groups/a%2Fb/clusters": "INVALID_GROUP_ID",
            f"{MANAGER}/groups/{nothing}": "GROUP_NOT_FOUND",
            f"{MANAGER}/groups/{manager.id}": "GROUP_NOT_FOUND",
            f"{MANAGER}/groups/ffffffff{manager.project_id[8:]}": "GROUP_NOT_FOUND",
            f"{group}/clusters/{manager.name}/restoreJobs": "INVALID_CLUSTER_ID",
            f"{group}/clusters/{nothing}/restoreJobs": "CLUSTER_NOT_FOUND",
            f"{group}/clusters/{other.id}/restoreJobs": "CLUSTER_NOT_FOUND",
            f"{group}/clusters/{manager.id}/restoreJobs/j": "INVALID_JOB_ID",
            f"{group}/clusters/{manager.id}/restoreJobs/{nothing}": "RESTORE_JOB_NOT_FOUND",
            f"{group}/clusters/{manager.id}/restoreJobs/{manager.id}": "RESTORE_JOB_NOT_FOUND",
            f"{group}/clusters/{manager.id}/restoreJobs/{caller.world.jobs.at(sharded, 0).id}": "RESTORE_JOB_NOT_FOUND",
            f"{group}/clusters/{manager.id}/elsewhere": "RESOURCE_NOT_FOUND",
            f"{group}/clusters/{manager.id}/restoreJobs//": "RESOURCE_NOT_FOUND",
            "/": "RESOURCE_NOT_FOUND",
        }.items():
            assert await caller.refused(target) == (404, code), target


async def test_each_side_refuses_the_projects_of_the_other():
    async with calling() as caller:
        ours, theirs = caller.world.first("replica-set"), caller.world.first("cloud-backup")
        assert await caller.refused(f"{MANAGER}/groups/{theirs.project_id}") == (404, "ATLAS_GROUP")
        assert await caller.refused(f"{ATLAS}/groups/{ours.project_id}/clusters") == (404, "NOT_ATLAS_GROUP")


async def test_atlas_wants_names_and_the_right_kind_of_cluster():
    async with calling() as caller:
        cloud, tenant = caller.world.first("cloud-backup"), caller.world.first("tenant")
        group = f"{ATLAS}/groups/{cloud.project_id}/clusters"
        nothing = "0" * 24
        for target, code in {
            f"{group}/{cloud.id}/backup/restoreJobs": "CLUSTER_NAME_NOT_FOUND",
            f"{group}/Cluster0/backup/restoreJobs": "CLUSTER_NAME_NOT_FOUND",
            f"{group}/Cluster-0/backup/restoreJobs": "CLUSTER_NAME_NOT_FOUND",
            f"{group}/Cluster-%C2%B2/backup/restoreJobs": "CLUSTER_NAME_NOT_FOUND",
            f"{group}/Cluster-99": "CLUSTER_NAME_NOT_FOUND",
            f"{group}/{tenant.name}/backup/restoreJobs": "BACKUP_CONFIG_NOT_FOUND",
            f"{group}/{cloud.name}/backup/tenant/restores": "BACKUP_CONFIG_NOT_FOUND",
            f"{group}/{cloud.name}/backup/restoreJobs/j": "INVALID_JOB_ID",
            f"{group}/{cloud.name}/backup/restoreJobs/{nothing}": "RESTORE_JOB_NOT_FOUND",
            f"{group}/{tenant.name}/backup/tenant/restores/{nothing}": "TENANT_RESTORE_NOT_FOUND",
        }.items():
            assert await caller.refused(target) == (404, code), target
        assert await caller.ok(f"{group}/{cloud.name.replace('-', '%2D')}")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "OPTIONS"])
async def test_other_verbs_are_not_allowed(method):
    async with calling() as caller:
        assert await caller.refused(MANAGER + "/groups", method) == (405, "METHOD_NOT_ALLOWED")
        async with caller.client.request(method, caller.emulator.url + MANAGER + "/groups") as response:
            assert response.headers["Allow"] == "GET"


async def test_head_is_not_allowed_either_and_has_no_body():
    async with calling() as caller, caller.client.head(caller.emulator.url + MANAGER + "/groups") as response:
        assert (response.status, await response.read()) == (405, b"")
