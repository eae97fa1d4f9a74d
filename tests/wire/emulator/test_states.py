"""The emulator's clock, jobs that move through their states on it, and lists that change under the reader."""

import contextlib
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mongorestore_async.emulator import Clock, Emulator, EmulatorSettings, Oddity, ServerState, Side
from mongorestore_async.emulator.world.job_store import JobNumbers
from mongorestore_async.errors import ConfigError


class Viewer:
    """Looks at the jobs of one cluster."""

    def __init__(self, emulator, client, kind):
        self.emulator = emulator
        self.client = client
        self.cluster = emulator.world.first(kind)
        api, tail, name = ("public", "restoreJobs", self.cluster.id)
        if self.cluster.project.side is Side.ATLAS:
            tail = "backup/tenant/restores" if kind == "tenant" else "backup/restoreJobs"
            api, name = "atlas", self.cluster.name
        self.path = f"{emulator.url}/api/{api}/v1.0/groups/{self.cluster.project_id}/clusters/{name}/{tail}"

    async def get(self, tail=""):
        async with self.client.get(self.path + tail) as response:
            assert response.status == 200
            return await response.json()

    async def ids(self):
        return [job["id"] for job in (await self.get())["results"]]

    async def states(self, read, moments):
        """What ``read`` makes of the newest job at several moments, in seconds from now."""
        found = []
        before = 0
        for moment in moments:
            self.emulator.clock.advance(moment - before)
            before = moment
            found.append(read((await self.get())["results"][0]))
        return found


@contextlib.asynccontextmanager
async def viewing(kind="replica-set", **settings):
    settings = {"speed": 0, "auth_enabled": False, "jobs_per_cluster": 5, "restore_seconds": 600, **settings}
    async with Emulator(EmulatorSettings(**settings)) as emulator, aiohttp.ClientSession() as client:
        yield Viewer(emulator, client, kind)


def added(viewer, *, over_http):
    """Add jobs until one is of the kind wanted and ends as wanted; it is the newest."""
    for _ in range(200):
        (job,) = viewer.emulator.add_jobs(viewer.cluster)
        if job.order.over_http is over_http and not job.order.point_in_time:
            return job
    raise AssertionError


# ---- states


async def test_a_created_download_gets_ready_and_expires():
    async with viewing() as viewer:
        document = {
            "delivery": {"methodName": "HTTP", "maxDownloads": 1, "expirationHours": 2},
            "snapshotId": viewer.emulator.world.jobs.snapshot_id(viewer.cluster),
        }
        async with viewer.client.post(viewer.path, json=document) as response:
            assert response.status == 200

        def read(job):
            delivery = job["delivery"]
            return job["statusName"], delivery["statusName"], "url" in delivery, delivery.get("expires")

        states = await viewer.states(read, (0, 59, 61, 599, 600, 600 + 7199, 600 + 7200))

    until = "2026-11-02T14:10:00Z"
    assert states == [
        ("IN_PROGRESS", "NOT_STARTED", False, None),
        ("IN_PROGRESS", "NOT_STARTED", False, None),
        ("IN_PROGRESS", "IN_PROGRESS", False, None),
        ("IN_PROGRESS", "IN_PROGRESS", False, None),
        ("FINISHED", "READY", True, until),
        ("FINISHED", "READY", True, until),
        ("FINISHED", "EXPIRED", True, until),
    ]


async def test_a_link_with_a_date_of_its_own_expires_then():
    async with viewing() as viewer:
        document = {
            "delivery": {"methodName": "HTTP", "maxDownloads": 1, "expires": "2026-11-02T12:30:00Z"},
            "snapshotId": viewer.emulator.world.jobs.snapshot_id(viewer.cluster),
        }
        async with viewer.client.post(viewer.path, json=document) as response:
            assert response.status == 200
        states = await viewer.states(lambda job: job["delivery"]["statusName"], (600, 1799, 1800))

    assert states == ["READY", "READY", "EXPIRED"]


async def test_an_automated_restore_finishes_and_never_expires():
    async with viewing() as viewer:
        added(viewer, over_http=False)

        def read(job):
            return job["statusName"], job["delivery"]["statusName"], "url" in job["delivery"]

        states = await viewer.states(read, (0, 1000, 10**8))

    assert states == [
        ("IN_PROGRESS", "NOT_STARTED", False),
        ("FINISHED", "READY", False),
        ("FINISHED", "READY", False),
    ]


async def test_some_jobs_of_the_start_data_have_ended_badly():
    async with viewing(jobs_per_cluster=500) as viewer:
        jobs = (await viewer.get("?itemsPerPage=500"))["results"]
    states = {(job["statusName"], job["delivery"]["statusName"]) for job in jobs if job["statusName"] != "IN_PROGRESS"}

    assert states == {
        ("FINISHED", "READY"),
        ("FINISHED", "EXPIRED"),
        ("BROKEN", "FAILED"),
        ("KILLED", "INTERRUPTED"),
    }
    assert all("url" not in job["delivery"] for job in jobs if job["statusName"] in {"BROKEN", "KILLED"})
    assert all("hashes" not in job for job in jobs if "url" not in job["delivery"])
    assert any("hashes" in job for job in jobs)
    assert any("masterKeyUUID" in job for job in jobs)


async def test_a_cloud_backup_download_loses_its_url_when_it_expires():
    async with viewing("cloud-backup") as viewer:
        job = added(viewer, over_http=True)
        done = int(job.seconds) + 1

        def read(document):
            return document["expired"], "deliveryUrl" in document, "expiresAt" in document, "finishedAt" in document

        states = await viewer.states(read, (0, done, done + 3500, done + 3601))

    assert states == [
        (False, False, False, False),
        (False, True, True, False),
        (False, True, True, False),
        (True, False, True, False),
    ]


async def test_a_sharded_cloud_backup_download_has_urls_per_component():
    async with viewing("cloud-backup-sharded") as viewer:
        job = added(viewer, over_http=True)

        def read(document):
            return [component["downloadUrl"] is not None for component in document["components"]]

        states = await viewer.states(read, (0, job.seconds + 1, job.seconds + 3700))

    assert states == [[False] * 3, [True] * 3, [False] * 3]


async def test_an_automated_cloud_backup_restore_gets_a_finish_time():
    async with viewing("cloud-backup") as viewer:
        job = added(viewer, over_http=False)

        def read(document):
            return document["deliveryType"], document.get("finishedAt") is not None, document["failed"]

        states = await viewer.states(read, (0, job.seconds - 2, job.seconds + 1))

    assert states == [("automated", False, False), ("automated", False, False), ("automated", True, False)]


async def test_cloud_backup_start_jobs_show_every_flag_and_type():
    async with viewing("cloud-backup", jobs_per_cluster=500) as viewer:
        jobs = (await viewer.get("?itemsPerPage=500"))["results"]

    assert {job["deliveryType"] for job in jobs} == {"automated", "download", "pointInTime"}
    for flag in ("failed", "cancelled", "expired"):
        assert 0 < sum(job[flag] for job in jobs) < 500
    assert all("finishedAt" not in job for job in jobs if job["deliveryType"] == "download" or job["cancelled"])
    assert all(job["oplogTs"] and job["desiredTimestamp"] for job in jobs if job["deliveryType"] == "pointInTime")


async def test_a_tenant_job_goes_through_its_states():
    async with viewing("tenant") as viewer:
        job = added(viewer, over_http=True)
        end = job.seconds

        def read(document):
            return document["status"], "finishedDate" in document, "snapshotUrl" in document

        states = await viewer.states(read, (0, end * 0.07, end * 0.5, end + 1))

    assert states == [
        ("PENDING", False, False),
        ("QUEUED", False, False),
        ("RUNNING", False, False),
        ("COMPLETED", True, True),
    ]


async def test_some_tenant_jobs_failed():
    async with viewing("tenant", jobs_per_cluster=500) as viewer:
        jobs = (await viewer.get("?itemsPerPage=500"))["results"]

    assert {"FAILED", "COMPLETED"} <= {job["status"] for job in jobs}
    assert all("snapshotUrl" not in job for job in jobs if job["status"] == "FAILED")


async def test_restores_can_take_no_time_at_all():
    async with viewing(restore_seconds=0) as viewer:
        viewer.emulator.add_jobs(viewer.cluster)
        assert (await viewer.get())["results"][0]["statusName"] == "FINISHED"


# ---- the clock


def test_a_clock_runs_at_its_speed_and_can_be_pushed_on(monkeypatch):
    real = [100.0]
    monkeypatch.setattr("mongorestore_async.emulator.flow_control.monotonic", lambda: real[0])
    clock = Clock(datetime(2026, 1, 1, 1, tzinfo=UTC), speed=60)
    start = clock.now()
    real[0] += 2
    assert clock.now() - start == timedelta(minutes=2)
    clock.advance(30)
    clock.speed = 0
    real[0] += 1000
    assert clock.elapsed == 150
    clock.speed = 1
    real[0] += 5
    assert (clock.elapsed, clock.speed) == (155, 1)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_a_clock_does_not_go_back(seconds):
    clock = Clock(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match="cannot be advanced"):
        clock.advance(seconds)
    with pytest.raises(ConfigError, match="speed"):
        clock.speed = seconds


# ---- lists that change


async def test_added_jobs_come_first_and_removed_ones_are_gone():
    async with viewing() as viewer:
        before = await viewer.ids()
        made = viewer.emulator.add_jobs(viewer.cluster, 3)
        assert await viewer.ids() == [job.id for job in made] + before

        viewer.emulator.expire_jobs(viewer.cluster, 2)
        assert await viewer.ids() == [job.id for job in made] + before[:-2]

        viewer.emulator.expire_jobs(viewer.cluster, 2, at=2)
        assert await viewer.ids() == [made[0].id, made[1].id, *before[1:-2]]

        viewer.emulator.expire_jobs(viewer.cluster, 1, at=0)
        (again,) = viewer.emulator.add_jobs(viewer.cluster)
        assert await viewer.ids() == [again.id, made[1].id, *before[1:-2]]
        async with viewer.client.get(f"{viewer.path}/{made[0].id}") as response:
            assert response.status == 404


async def test_too_many_jobs_can_be_expired_at_the_end_only():
    async with viewing() as viewer:
        with pytest.raises(ConfigError, match="cannot be removed at position 3"):
            viewer.emulator.expire_jobs(viewer.cluster, 3, at=3)
        viewer.emulator.expire_jobs(viewer.cluster, 1000)
        assert await viewer.ids() == []


async def test_a_batch_shrinks_with_its_jobs():
    async with viewing("sharded", jobs_per_cluster=6) as viewer:
        made = viewer.emulator.add_jobs(viewer.cluster, 2)
        assert len(made) == 6
        assert len({job.batch_id for job in made}) == 2
        viewer.emulator.expire_jobs(viewer.cluster, 1, at=1)
        batch = (await viewer.get(f"?batchId={made[0].batch_id}"))["results"]
        assert [job["id"] for job in batch] == [made[0].id, made[2].id]


def test_shards_have_no_jobs_of_their_own():
    stage = ServerState()
    shard = stage.world.members(stage.world.first("sharded"))[0]
    assert stage.world.jobs.count(shard) == 0
    with pytest.raises(ConfigError, match="part of a sharded cluster"):
        stage.add_jobs(shard)


async def test_a_jobs_document_can_be_changed():
    async with viewing() as viewer:
        job = viewer.emulator.world.jobs.at(viewer.cluster, 1)
        viewer.emulator.patch_job(job, {"statusName": "BROKEN", "delivery": {"statusName": "FAILED"}})
        viewer.emulator.patch_job(job, {"snapshotId": ..., "timestamp": None, "nothing": ...})
        patched = (await viewer.get())["results"][1]
        other = (await viewer.get())["results"][2]

    assert (patched["statusName"], patched["delivery"]["statusName"]) == ("BROKEN", "FAILED")
    assert patched["delivery"]["methodName"] == "HTTP"
    assert "snapshotId" not in patched
    assert patched["timestamp"] is None
    assert other["snapshotId"]
    assert other["statusName"] == "FINISHED"


@given(
    st.integers(0, 30),
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(0, 4), st.just(0)),
            st.tuples(st.just("remove"), st.integers(0, 9), st.integers(0, 30)),
        ),
        max_size=12,
    ),
)
def test_a_shelf_is_a_list_that_grows_at_the_front(count, steps):
    listed, model, following = JobNumbers(count), list(reversed(range(count))), count
    for what, amount, at in steps:
        if what == "add":
            listed.add(amount)
            model[:0] = reversed(range(following, following + amount))
            following += amount
        elif at + amount <= len(model):
            listed.remove(amount, at)
            del model[at : at + amount]
        else:
            with pytest.raises(ConfigError):
                listed.remove(amount, at)
        assert len(listed) == len(model)
        assert listed.numbers(0, 1000) == model
        assert [number for number in range(following + 1) if number in listed] == sorted(model)
        for start in range(len(model) + 1):
            assert listed.numbers(start, 3) == model[start : start + 3]


# ---- the world


def test_the_world_tells_ids_names_and_jobs():
    world = ServerState(EmulatorSettings(projects=2, clusters_per_project=4, jobs_per_cluster=3)).world
    for side in Side:
        for project in world.projects(side):
            assert world.find_project(project.id) == project
            for cluster in world.clusters(project):
                assert world.find_cluster(project, cluster.id) == cluster
                assert world.find_cluster_by_name(project, cluster.name) == cluster
                assert world.jobs.count(cluster) == 3
                for position in range(3):
                    job = world.jobs.at(cluster, position)
                    assert world.jobs.find(cluster, job.id) == job
                    assert (job.cluster, len(job.id)) == (cluster, 24)
                for position in (-1, 3):
                    with pytest.raises(ConfigError, match="no job at position"):
                        world.jobs.at(cluster, position)


def test_ids_of_everything_are_distinct():
    world = ServerState(EmulatorSettings(projects=3, clusters_per_project=6, jobs_per_cluster=20)).world
    ids = []
    for side in Side:
        for project in world.projects(side):
            ids.append(project.id)
            for cluster in world.clusters(project):
                ids.append(cluster.id)
                jobs = world.jobs.page(cluster, 0, 100)
                ids += [job.id for job in jobs] + list({job.batch_id for job in jobs} - {None})
                if side is Side.MANAGER:
                    ids += [member.id for member in world.members(cluster)]
                    ids += [world.jobs.snapshot_id(cluster), world.checkpoints.id(cluster)]

    assert len(ids) == len(set(ids))


def test_what_a_world_does_not_have_is_said():
    world = ServerState(EmulatorSettings(projects=1, clusters_per_project=1)).world
    with pytest.raises(ConfigError, match="no sharded cluster"):
        world.first("sharded")
    with pytest.raises(ConfigError, match="no project 1"):
        world.project(Side.ATLAS, 1)
    with pytest.raises(ConfigError, match="no cluster 1"):
        world.cluster(world.project(Side.ATLAS, 0), 1)
    with pytest.raises(ConfigError, match="no replica-set cluster"):
        ServerState(EmulatorSettings(projects=0)).world.first()


@pytest.mark.parametrize(
    "wrong",
    [
        {"projects": -1},
        {"projects": 2**20 + 1},
        {"jobs_per_cluster": 2**27 + 1},
        {"clusters_per_project": 5000},
        {"page_cap": 0},
        {"page_clamp": 0},
        {"nonce_life_uses": 0},
        {"nonce_life_seconds": -1},
        {"spurious_every": 1},
        {"restore_seconds": -1},
        {"speed": -1},
        {"body_limit": 0},
        {"request_log_size": -1},
        {"challenges": ()},
        {"wrong_content_type_status": 418},
        {"start": datetime(2026, 1, 1)},  # noqa: DTZ001 - a naive one is the point
        {"start": datetime(1970, 1, 1, tzinfo=UTC)},
        {"base_path": "no/slash"},
        {"base_path": "/a b"},
        {"nonce_policy": "eternal"},
        {"manager": "atlas"},
        {"over_max": "shrug"},
        {"envelope_style": "parcel"},
        {"oddities": ["sanity"]},
    ],
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError):
        EmulatorSettings(**wrong)


def test_words_may_stand_for_the_members_of_enumerations():
    settings = EmulatorSettings(oddities=["bare-creates"], nonce_policy="rising", base_path="/x/")
    assert settings.oddities == {Oddity.BARE_CREATES}
    assert settings.base_path == "/x"
