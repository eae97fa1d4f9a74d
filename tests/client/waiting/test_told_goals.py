"""What jobs that were found by their addresses are waited for: each tells, where the API tells."""

import pytest

from builders.constants import PROJECT
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_COLLECTION_RESTORE,
    ATLAS_FLEX,
    ATLAS_SERVERLESS,
    CLOUD_MANAGER,
    OPS_MANAGER,
    ConfigError,
    RestoreFailed,
)

URL = "https://h.example.com/pull/key/a.tar.gz"
DONE = "2026-11-02T11:00:00Z"
AUTOMATED, DOWNLOAD = {"deliveryType": "automated"}, {"deliveryType": "download"}
RESTORE, FLEX_DOWNLOAD = {"deliveryType": "RESTORE"}, {"deliveryType": "DOWNLOAD"}
INTO = {"delivery": {"methodName": "HTTP", "targetGroupId": "p", "targetClusterId": "c2"}}


@pytest.fixture
def found(waiting_session, backups):
    """Find jobs by their addresses: pairs of a family and the members of its job."""

    async def find(*jobs, **arguments):
        session = waiting_session()
        refs = []
        for number, (family, members) in enumerate(jobs):
            backups.put(f"c{number}", "j").update({"statusName": None} | members)
            refs.append(f"{family.name}/{PROJECT}/c{number}/j")
        batch = await session.batch(refs, **arguments)
        backups.looks.clear()
        return batch

    return find


def change(backups, cluster, **members):
    backups.jobs[cluster]["j"].update(members)


@pytest.mark.parametrize(
    ("family", "members", "until"),
    [
        (ATLAS_CLOUD_BACKUP, AUTOMATED, "finished"),
        (ATLAS_CLOUD_BACKUP, {"deliveryType": "pointInTime"}, "finished"),
        (ATLAS_CLOUD_BACKUP, DOWNLOAD, "downloadable"),
        (ATLAS_FLEX, RESTORE, "finished"),
        (ATLAS_FLEX, FLEX_DOWNLOAD, "downloadable"),
        (ATLAS_COLLECTION_RESTORE, {"state": "IN_PROGRESS"}, "finished"),
        (OPS_MANAGER, INTO, "finished"),
        (OPS_MANAGER, {"delivery": {"methodName": "HTTP"}}, None),
        (CLOUD_MANAGER, {"delivery": {"methodName": "HTTP", "maxDownloads": 1}}, None),
    ],
)
async def test_a_batch_knows_from_its_jobs_what_to_wait_for(found, family, members, until):
    batch = await found((family, members), (family, members))

    assert batch.until == until


async def test_each_job_is_waited_for_by_what_it_tells(found, backups):
    jobs = [(ATLAS_CLOUD_BACKUP, AUTOMATED), (ATLAS_CLOUD_BACKUP, DOWNLOAD), (ATLAS_FLEX, FLEX_DOWNLOAD)]
    batch = await found(*jobs, (OPS_MANAGER, INTO))
    assert batch.until is None
    # A flex download is finished before it has a URL, and the restore into a cluster never gets one.
    change(backups, "c0", finishedAt=DONE)
    change(backups, "c2", status="COMPLETED")
    change(backups, "c3", statusName="FINISHED")
    reports = []

    def go_on(report):
        reports.append((report.open, report.over))
        if report.round == 2:
            change(backups, "c1", deliveryUrl=[URL])
        if report.round == 3:
            change(backups, "c2", snapshotUrl=URL)

    done = await batch.wait(timeout=5, on_poll=go_on)

    assert reports == [(2, 2), (2, 2), (1, 3), (0, 4)]
    assert [job.ok for job in done] == [True] * 4
    assert [job.downloadable for job in done] == [False, True, True, False]


async def test_a_watch_goes_by_what_each_job_tells(found, backups):
    batch = await found((ATLAS_CLOUD_BACKUP, AUTOMATED), (ATLAS_FLEX, FLEX_DOWNLOAD | {"status": "RUNNING"}))
    seen = []

    async for job in batch.watch(timeout=5):
        seen.append((type(job).__name__, job.over, job.downloadable))
        change(backups, "c0", finishedAt=DONE)
        change(backups, "c1", status="COMPLETED", snapshotUrl=URL)

    assert sorted(seen)[-2:] == [("TenantRestoreJob", False, False), ("TenantRestoreJob", True, True)]
    assert ("CloudBackupRestoreJob", True, False) in seen


@pytest.mark.parametrize("members", [{}, {"deliveryType": "teleport"}])
@pytest.mark.parametrize("family", [ATLAS_CLOUD_BACKUP, ATLAS_FLEX], ids=str)
async def test_one_job_that_does_not_tell_is_asked_for(found, backups, family, members):
    batch = await found((ATLAS_CLOUD_BACKUP, AUTOMATED), (family, members))

    for call in (batch.wait, lambda **kind: anext(batch.watch(**kind))):
        with pytest.raises(ConfigError, match="restore job j does not tell what it is: pass until='finished'"):
            await call(timeout=1)
    assert backups.looks == []


async def test_what_the_caller_says_holds_for_all_jobs(found, backups):
    jobs = [(ATLAS_CLOUD_BACKUP, AUTOMATED), (ATLAS_FLEX, FLEX_DOWNLOAD), (OPS_MANAGER, {"delivery": {}})]
    batch = await found(*jobs, until="finished")
    assert batch.until == "finished"
    change(backups, "c0", finishedAt=DONE)
    change(backups, "c1", status="COMPLETED")
    change(backups, "c2", statusName="FINISHED")

    assert [job.ok for job in await batch.wait(timeout=5)] == [True] * 3
    with pytest.raises(ConfigError, match="restores into a cluster and will have no download"):
        await batch.wait(timeout=1, until="downloadable")


async def test_a_job_that_forgets_its_kind_never_ends_well(found, backups):
    batch = await found((ATLAS_CLOUD_BACKUP, AUTOMATED), (ATLAS_CLOUD_BACKUP, DOWNLOAD))

    def go_on(report):
        if report.round == 1:
            for cluster in ("c0", "c1"):
                change(backups, cluster, deliveryType="teleport", finishedAt=DONE, deliveryUrl=[URL])
        if report.round == 3:
            assert report.open == 2
            for cluster in ("c0", "c1"):
                change(backups, cluster, failed=True)

    with pytest.raises(RestoreFailed):
        await batch.wait(timeout=5, on_poll=go_on)


async def test_a_refreshed_batch_still_tells(found, backups):
    batch = await found((ATLAS_CLOUD_BACKUP, DOWNLOAD))
    change(backups, "c0", deliveryUrl=[URL])

    fresh = await batch.refresh()

    assert fresh.until == "downloadable"
    assert (await fresh.wait(timeout=5))[0].downloadable


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # told once in a process
async def test_serverless_jobs_tell_as_cloud_backup_does(waiting_session, server):
    document = {"id": "j", "deliveryType": "automated"}

    async def answer(sent):
        assert "/serverless/instance/backup/restoreJobs" in sent.url
        return server.answer(document)

    server.serve(answer)
    batch = await waiting_session().batch([f"{ATLAS_SERVERLESS.name}/{PROJECT}/instance/j"])
    document["finishedAt"] = DONE

    assert batch.until == "finished"
    assert (await batch.wait(timeout=5))[0].ok
