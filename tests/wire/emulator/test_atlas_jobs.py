"""Restore jobs of every Atlas family as the emulator shows them: lists, single jobs, states on the clock."""

import pytest

from mongorestore_async.emulator import Oddity

FAMILIES = (
    "legacy-v1",
    "legacy",
    "cloud-v1",
    "cloud",
    "tenant-v1",
    "tenant",
    "serverless-v1",
    "serverless",
    "flex",
)
CLOUD = ("cloud-v1", "cloud", "serverless-v1", "serverless")
MANAGER_RELS, CLOUD_RELS = "http://mms.mongodb.com/", "https://cloud.mongodb.com/"
AUTOMATED_CLOUD = {
    "id", "deliveryType", "snapshotId", "timestamp", "cancelled", "failed", "expired", "finishedAt",
    "targetClusterName", "targetGroupId", "targetDeploymentItemName", "links",
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
async def test_a_walk_gives_every_job_once_newest_first_and_by_its_id(call_atlas, family):
    async with call_atlas(family, jobs_per_cluster=7) as atlas:
        pages = [await atlas.get(f"{atlas.jobs}?itemsPerPage=3&pageNum={number}") for number in (1, 2, 3, 4)]
        jobs = [job for page in pages for job in page["results"]]
        for job in jobs:
            one = await atlas.get(f"{atlas.jobs}/{job['id']}")
            assert {**one, "links": 0} == {**job, "links": 0}
        expected = [atlas.job(position).id for position in range(7)]

    assert [len(page["results"]) for page in pages] == [3, 3, 1, 0]
    assert {page["totalCount"] for page in pages} == {7}
    assert [job["id"] for job in jobs] == expected


@pytest.mark.parametrize("family", FAMILIES)
async def test_links_stay_in_the_api_they_came_from(call_atlas, family):
    async with call_atlas(family, link_origin="http://here") as atlas:
        page = await atlas.get(atlas.jobs + "?itemsPerPage=2")
        one = await atlas.get(f"{atlas.jobs}/{page['results'][0]['id']}")
    rels = CLOUD_RELS if atlas.date else MANAGER_RELS

    if family == "tenant-v1":
        assert "links" not in page
    else:
        assert [link["href"].split("?")[0] for link in page["links"]] == ["http://here" + atlas.jobs] * 2
    links = {link["rel"].removeprefix(rels): link["href"] for link in one.get("links", ())}
    if atlas.cluster.kind in {"tenant", "flex"}:
        assert "links" not in one
    else:
        elsewhere = atlas.project.replace("/api/atlas/v1.0", "/api/public/v1.0")
        assert links["self"] == f"http://here{atlas.jobs}/{one['id']}"
        assert links["cluster"] == f"http://here{atlas.place}"
        assert links["group"] == f"http://here{elsewhere if family == 'legacy-v1' else atlas.project}"
        assert set(links) == {"self", "cluster", "group", "snapshot"}


@pytest.mark.parametrize("family", FAMILIES)
async def test_jobs_that_are_not_there_are_not_found(call_atlas, family):
    code = "TENANT_RESTORE_NOT_FOUND" if family in {"tenant", "tenant-v1", "flex"} else "RESTORE_JOB_NOT_FOUND"
    async with call_atlas(family) as atlas:
        assert await atlas.refused("GET", f"{atlas.jobs}/nonsense") == (404, "INVALID_JOB_ID")
        for unknown in ("0" * 24, atlas.cluster.id):
            assert await atlas.refused("GET", f"{atlas.jobs}/{unknown}") == (404, code)


@pytest.mark.parametrize("family", ["legacy-v1", "legacy"])
async def test_a_legacy_job_is_a_manager_job_with_a_cluster_name(call_atlas, family):
    async with call_atlas(family, "legacy-sharded", jobs_per_cluster=30) as atlas:
        jobs = (await atlas.get())["results"]
        batch = jobs[4]["batchId"]
        of_batch = await atlas.get(f"{atlas.jobs}?batchId={batch}")
        refusal = await atlas.refused("GET", f"{atlas.jobs}?batchId=x")

    assert {job["clusterName"] for job in jobs} == {atlas.cluster.name}
    assert {job["clusterId"] for job in jobs} == {atlas.cluster.id}
    assert of_batch["results"] == [job for job in jobs if job["batchId"] == batch]
    assert (of_batch["totalCount"], refusal) == (3, (400, "INVALID_QUERY_PARAMETER"))
    automated = [job for job in jobs if "maxDownloads" not in job["delivery"]]
    assert automated
    for job in automated:
        assert job["delivery"]["methodName"] == "HTTP"
        assert job["delivery"]["targetClusterName"] == atlas.cluster.name
        assert job["delivery"]["targetGroupId"] == atlas.cluster.project_id


@pytest.mark.parametrize("manager", ["ops-manager", "cloud-manager"])
@pytest.mark.parametrize(("family", "newer"), [("legacy-v1", False), ("legacy", True)])
async def test_only_v2_gives_legacy_downloads_a_token_without_scheme(call_atlas, family, newer, manager):
    async with call_atlas(family, jobs_per_cluster=60, manager=manager) as atlas:
        jobs = (await atlas.get())["results"]
    deliveries = [job["delivery"] for job in jobs if "url" in job["delivery"]]

    assert deliveries
    for delivery in deliveries:
        wanted = {"urlV2", "authHeader", "authValue"} if newer else set()
        assert {"urlV2", "authHeader", "authBearer", "authValue"} & set(delivery) == wanted
    if newer:
        assert not any({"pointInTime", "hostId"} & set(job) for job in jobs)


@pytest.mark.parametrize(("family", "waiting"), [("legacy-v1", "NOT_STARTED"), ("legacy", "PENDING")])
async def test_a_legacy_job_goes_its_way_on_the_clock(call_atlas, family, waiting):
    async with call_atlas(family, restore_seconds=100) as atlas:
        body = {"snapshotId": atlas.snapshot, "delivery": {"methodName": "HTTP", "expirationHours": 1}}
        await atlas.made(body)
        states = []
        for seconds in (0, 50, 50, 3600):
            atlas.emulator.clock.advance(seconds)
            job = (await atlas.get(atlas.jobs + "?itemsPerPage=1"))["results"][0]
            states.append((job["statusName"], job["delivery"]["statusName"], "url" in job["delivery"]))

    assert [state[:2] for state in states] == [
        ("IN_PROGRESS", waiting),
        ("IN_PROGRESS", "IN_PROGRESS"),
        ("FINISHED", "READY"),
        ("FINISHED", "EXPIRED"),
    ]
    assert [state[2] for state in states[:3]] == [False, False, True]


@pytest.mark.parametrize("family", CLOUD)
async def test_v2_has_no_creation_date_but_an_array_and_a_timestamp(call_atlas, family):
    async with call_atlas(family, jobs_per_cluster=60) as atlas:
        jobs = (await atlas.get())["results"]
    over = next(job for job in jobs if job["deliveryType"] == "automated" and job.get("finishedAt"))
    v2 = {"deliveryUrl", "desiredTimestamp"}

    assert set(over) == AUTOMATED_CLOUD | (v2 if atlas.date else {"createdAt"})
    for job in jobs:
        assert ("createdAt" in job) is (atlas.date is None)
        assert isinstance(job.get("deliveryUrl", []), list) or atlas.date is None
    if atlas.date:
        assert over["deliveryUrl"] == []
        assert over["desiredTimestamp"] == {"date": None, "increment": None, "time": None}


@pytest.mark.parametrize("family", CLOUD)
async def test_a_cloud_backup_download_is_there_for_an_hour(call_atlas, family):
    async with call_atlas(family, restore_seconds=100) as atlas:
        atlas.emulator.add_jobs(atlas.cluster, 8)
        job = next(job for job in (atlas.job(at) for at in range(8)) if job.order.over_http)
        seen = []
        for seconds in (0, 200, 3600):
            atlas.emulator.clock.advance(seconds)
            seen.append(await atlas.get(f"{atlas.jobs}/{job.id}"))

    assert [bool(one.get("deliveryUrl")) for one in seen] == [False, True, False]
    assert ["expiresAt" in one for one in seen] == [False, True, True]
    assert [one["expired"] for one in seen] == [False, False, True]
    assert not any("finishedAt" in one or "components" in one for one in seen)


@pytest.mark.parametrize("family", ["cloud-v1", "cloud"])
async def test_a_sharded_download_has_shards_and_config_servers(call_atlas, family):
    async with call_atlas(family, "cloud-backup-sharded", jobs_per_cluster=60) as atlas:
        jobs = (await atlas.get())["results"]
    downloads = [job for job in jobs if job["deliveryType"] == "download"]

    assert downloads
    for job in downloads:
        assert "deliveryUrl" not in job
        assert [part["replicaSetName"] for part in job["components"]] == [
            f"{atlas.cluster.name}-{member}" for member in ("shard-0", "shard-1", "config")
        ]


@pytest.mark.parametrize(
    ("family", "cluster", "scheduled", "finished", "taken"),
    [
        ("tenant-v1", "clusterName", "submittedAt", "finishedDate", "timestamp"),
        ("tenant", "clusterName", "restoreScheduledDate", "restoreFinishedDate", "snapshotFinishedDate"),
        ("flex", "instanceName", "restoreScheduledDate", "restoreFinishedDate", "snapshotFinishedDate"),
    ],
)
async def test_the_names_of_tenant_and_flex_members(call_atlas, family, cluster, scheduled, finished, taken):
    async with call_atlas(family) as atlas:
        jobs = (await atlas.get())["results"]
    done = next(job for job in jobs if job["status"] == "COMPLETED" and job["deliveryType"] == "DOWNLOAD")

    assert set(done) == {
        "id", "projectId", cluster, "deliveryType", "snapshotId", "status", "expirationDate", "snapshotUrl",
        "targetProjectId", "targetDeploymentItemName", scheduled, finished, taken,
    }  # fmt: skip
    assert done[cluster] == atlas.cluster.name


@pytest.mark.parametrize("family", ["tenant-v1", "tenant", "flex"])
async def test_tenant_and_flex_jobs_go_through_their_words(call_atlas, family):
    async with call_atlas(family, restore_seconds=100) as atlas:
        path = atlas.place + ("/backup/download" if family == "flex" else "/backup/tenant/download")
        job_id = (await atlas.made({"snapshotId": atlas.snapshot}, path))["id"]
        seen = []
        for seconds in (0, 7, 50, 50):
            atlas.emulator.clock.advance(seconds)
            job = await atlas.get(f"{atlas.jobs}/{job_id}")
            seen.append((job["status"], "snapshotUrl" in job))

    assert seen == [("PENDING", False), ("QUEUED", False), ("RUNNING", False), ("COMPLETED", True)]


@pytest.mark.parametrize(("family", "hours"), [("tenant-v1", 4), ("tenant", 4), ("flex", 6)])
async def test_only_flex_restores_expire_after_six_hours(call_atlas, family, hours):
    async with call_atlas(family) as atlas:
        target = {"targetDeploymentItemName": atlas.cluster.name, "targetProjectId": atlas.cluster.project_id}
        restore = await atlas.made({"snapshotId": atlas.snapshot, **target})
        download = await atlas.made(
            {"snapshotId": atlas.snapshot},
            atlas.place + ("/backup/download" if family == "flex" else "/backup/tenant/download"),
        )

    assert (restore["restoreScheduledDate"], restore["expirationDate"]) == (
        "2026-11-02T12:00:00Z",
        f"2026-11-02T{12 + hours}:00:00Z",
    )
    assert download["expirationDate"] == "2026-11-02T16:00:00Z"


async def test_the_list_of_tenants_in_v2_may_ignore_pages(call_atlas):
    async with call_atlas("tenant", jobs_per_cluster=5, oddities=[Oddity.UNPAGED_TENANTS]) as atlas:
        pages = [await atlas.get(f"{atlas.jobs}?itemsPerPage=2&pageNum={number}") for number in (1, 2)]

    assert len(pages[0]["results"]) == 5
    assert pages[0]["results"] == pages[1]["results"]
    assert [link["rel"] for link in pages[0]["links"]] == ["self"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("oddity", [Oddity.EMPTY_LINKS, Oddity.EXTRA_FIELDS, Oddity.UNKNOWN_WORDS])
async def test_oddities_are_played_in_every_family(call_atlas, family, oddity):
    async with call_atlas(family, oddities=[oddity]) as atlas:
        one = await atlas.get(f"{atlas.jobs}/{atlas.job().id}")
        jobs = (await atlas.get())["results"]

    if oddity is Oddity.EMPTY_LINKS:
        assert one["links"] == [{}]
    elif oddity is Oddity.EXTRA_FIELDS:
        assert "weather" in one
    else:
        words = {job.get("statusName") or job.get("status") or job["deliveryType"] for job in jobs}
        assert words & {"OPEN", "CLOSED", "levitation"}


@pytest.mark.parametrize("family", FAMILIES)
async def test_requests_are_recorded_under_the_name_of_their_family(call_atlas, family):
    async with call_atlas(family) as atlas:
        await atlas.get()
        await atlas.get(f"{atlas.project}/clusters", Accept="application/vnd.atlas.2024-08-05+json")
        names = [record.family for record in atlas.emulator.requests]

    assert names == [f"atlas-{family.replace('cloud', 'cloud-backup')}", "atlas"]
