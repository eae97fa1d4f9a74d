"""Cancels, limits of downloads, and chosen endings of jobs, on Atlas and beside it."""

import aiohttp
import pytest

from mongorestore_async.emulator import (
    Emulator,
    EmulatorSettings,
    JobOutcome,
    Oddity,
    ServerState,
)
from mongorestore_async.errors import ConfigError

CLOUD = ("cloud-v1", "cloud")
FLAGS = ("cancelled", "failed", "expired")


def download(atlas, number=0):
    return {"deliveryType": "download", "snapshotId": atlas.emulator.world.jobs.snapshot_id(atlas.cluster, number)}


def automated(atlas):
    target = {"targetClusterName": atlas.cluster.name, "targetGroupId": atlas.cluster.project_id}
    return {"deliveryType": "automated", "snapshotId": atlas.snapshot, **target}


@pytest.mark.parametrize(
    ("family", "oddities", "status", "document"),
    [
        ("cloud", [], 204, None),
        ("cloud-v1", [], 200, {}),
        ("cloud-v1", [Oddity.EMPTY_CANCELS], 204, None),
    ],
)
@pytest.mark.parametrize("kind", ["cloud-backup", "cloud-backup-sharded"])
@pytest.mark.parametrize("after", [0, 300, 700])
async def test_a_download_is_cancelled_at_any_time(call_atlas, family, oddities, status, document, kind, after):
    async with call_atlas(family, kind, oddities=oddities, restore_seconds=600) as atlas:
        path = f"{atlas.jobs}/{(await atlas.made(download(atlas)))['id']}"
        atlas.emulator.clock.advance(after)
        first = await atlas.send("DELETE", path)
        seen = await atlas.get(path)
        again = await atlas.send("DELETE", path)
        atlas.emulator.clock.advance(10_000)
        later = await atlas.get(path)

    assert [(each.status, each.document) for each in (first, again)] == [(status, document)] * 2
    assert seen == later
    assert [seen[flag] for flag in FLAGS] == [True, False, False]
    assert "expiresAt" not in seen
    assert not seen.get("deliveryUrl")
    assert {part["downloadUrl"] for part in seen.get("components", ())} <= {None}


async def test_an_empty_answer_in_an_envelope(call_atlas):
    async with call_atlas("cloud") as atlas:
        job = await atlas.made(download(atlas))
        answer = await atlas.send("DELETE", f"{atlas.jobs}/{job['id']}?envelope=true")

    assert (answer.status, answer.document["status"]) == (200, 204)


@pytest.mark.parametrize("family", CLOUD)
async def test_automated_restores_are_not_cancelled(call_atlas, family):
    async with call_atlas(family) as atlas:
        path = f"{atlas.jobs}/{(await atlas.made(automated(atlas)))['id']}"
        assert await atlas.refused("DELETE", path) == (400, "CANNOT_CANCEL_AUTOMATED_RESTORE")
        assert (await atlas.get(path))["cancelled"] is False
        assert await atlas.refused("DELETE", f"{atlas.jobs}/{'0' * 24}") == (404, "RESTORE_JOB_NOT_FOUND")


@pytest.mark.parametrize("family", CLOUD)
async def test_cancelling_a_sharded_download_can_be_refused(call_atlas, family):
    async with call_atlas(family, "cloud-backup-sharded", shard_cancels=False) as atlas:
        path = f"{atlas.jobs}/{(await atlas.made(download(atlas)))['id']}"
        code = "ATLAS_BACKUP_CANCEL_SHARD_RESTORE_JOB_NOT_ALLOWED"
        assert await atlas.refused("DELETE", path) == (405, code)
        assert (await atlas.get(path))["cancelled"] is False


@pytest.mark.parametrize(
    "family", ["legacy-v1", "legacy", "tenant-v1", "tenant", "flex", "serverless-v1", "serverless"]
)
async def test_other_families_have_no_cancel(call_atlas, family):
    async with call_atlas(family) as atlas:
        assert await atlas.refused("DELETE", f"{atlas.jobs}/{atlas.job().id}") == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("family", CLOUD)
async def test_a_snapshot_has_one_active_download_with_limits_on(call_atlas, family):
    refusal = (400, "CANNOT_DOWNLOAD_SNAPSHOT_CONCURRENTLY")
    async with call_atlas(family, download_limits=True, restore_seconds=600) as atlas:
        first = await atlas.made(download(atlas))
        assert await atlas.refused("POST", body=download(atlas)) == refusal
        await atlas.made(download(atlas, 1))
        await atlas.made(automated(atlas))
        await atlas.send("DELETE", f"{atlas.jobs}/{first['id']}")
        await atlas.made(download(atlas))
        atlas.emulator.clock.advance(600 + 3599)
        assert await atlas.refused("POST", body=download(atlas)) == refusal
        atlas.emulator.clock.advance(1)
        await atlas.made(download(atlas))


async def test_a_project_has_twenty_active_downloads_with_limits_on(call_atlas):
    async with call_atlas("cloud", download_limits=True) as atlas:
        for number in range(20):
            await atlas.made(download(atlas, number))
        refusal = await atlas.refused("POST", body=download(atlas, 20))
    async with call_atlas("cloud") as atlas:
        for _ in range(21):
            await atlas.made(download(atlas))

    assert refusal == (400, "TOO_MANY_SNAPSHOT_DOWNLOADS")


# ---- endings


@pytest.mark.parametrize("family", ["cloud-v1", "cloud", "serverless-v1", "serverless"])
async def test_chosen_endings_of_cloud_backup(call_atlas, family):
    async with call_atlas(family) as atlas:
        atlas.emulator.end_next_jobs("failed", JobOutcome.CANCELLED)
        jobs = [await atlas.made(automated(atlas)) for _ in range(3)]
        before = [await atlas.get(f"{atlas.jobs}/{job['id']}") for job in jobs]
        atlas.emulator.clock.advance(3600)
        after = [await atlas.get(f"{atlas.jobs}/{job['id']}") for job in jobs]

    assert [[job[flag] for flag in FLAGS] for job in before] == [[False] * 3] * 3
    assert [[job[flag] for flag in FLAGS] for job in after] == [[False, True, False], [True, False, False], [False] * 3]
    # A failed job may have a finish time (section 9).
    assert ["finishedAt" in job for job in after] == [True, False, True]


@pytest.mark.parametrize("family", ["tenant-v1", "tenant", "flex"])
async def test_chosen_endings_of_tenant_and_flex(call_atlas, family):
    async with call_atlas(family, restore_seconds=0) as atlas:
        atlas.emulator.end_next_jobs("failed", "cancelled")
        target = {"targetDeploymentItemName": atlas.cluster.name, "targetProjectId": atlas.cluster.project_id}
        jobs = [await atlas.made({"snapshotId": atlas.snapshot, **target}) for _ in range(3)]

    assert [job["status"] for job in jobs] == ["FAILED", "FAILED", "COMPLETED"]
    assert all("restoreFinishedDate" in job for job in jobs)


@pytest.mark.parametrize("family", ["legacy-v1", "legacy"])
async def test_a_batch_takes_its_endings_member_by_member(call_atlas, family):
    async with call_atlas(family, "legacy-sharded", restore_seconds=0) as atlas:
        atlas.emulator.end_next_jobs("done", "failed", "cancelled")
        body = {"snapshotId": atlas.snapshot, "delivery": {"methodName": "HTTP"}}
        answers = [await atlas.made(body) for _ in range(2)]
    words = [[(job["statusName"], job["delivery"]["statusName"]) for job in answer["results"]] for answer in answers]

    assert words[0] == [("KILLED", "INTERRUPTED"), ("BROKEN", "FAILED"), ("FINISHED", "READY")]
    assert words[1] == [("FINISHED", "READY")] * 3


@pytest.mark.parametrize(("ending", "word"), [("failed", "BROKEN"), ("cancelled", "KILLED"), ("done", "FINISHED")])
async def test_chosen_endings_of_ops_manager(ending, word):
    settings = EmulatorSettings(manager="ops-manager", auth_enabled=False, speed=0, restore_seconds=60)
    async with Emulator(settings) as emulator, aiohttp.ClientSession() as client:
        cluster = emulator.world.first("replica-set")
        url = f"{emulator.url}/api/public/v1.0/groups/{cluster.project_id}/clusters/{cluster.id}/restoreJobs"
        emulator.end_next_jobs(ending)
        body = {"snapshotId": emulator.world.jobs.snapshot_id(cluster), "delivery": {"methodName": "HTTP"}}
        async with client.post(url, json=body) as response:
            (job,) = (await response.json())["results"]
        emulator.clock.advance(60)
        async with client.get(f"{url}/{job['id']}") as response:
            later = await response.json()

    assert (job["statusName"], later["statusName"]) == ("IN_PROGRESS", word)


async def test_added_jobs_take_the_ending_chosen_last():
    stage = ServerState(EmulatorSettings(speed=0))
    cluster = stage.world.first("replica-set")
    stage.end_next_jobs("failed", "failed", "failed")
    stage.end_next_jobs("cancelled")

    assert [job.outcome for job in stage.add_jobs(cluster, 2)][::-1] == [JobOutcome.CANCELLED, JobOutcome.DONE]
    with pytest.raises(ConfigError, match="done, failed, cancelled"):
        stage.end_next_jobs("exploded")
