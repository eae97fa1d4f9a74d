"""Creates and cancels of Atlas whose answers get lost on the way, and what Atlas says about the end of its versions."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_TENANT,
    FAMILIES,
    AsyncSession,
    AutomatedRestore,
    BadRequest,
    DigestAuth,
    HttpRestore,
    JobState,
    MaybeCreated,
    NotFound,
    Options,
    RetryPolicy,
    Snapshot,
    Verdict,
)
from mongorestore_async.emulator import Manager
from mongorestore_async.protocol.deprecation import VendorDeprecation

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(deprecated|retired|switched off):DeprecationWarning", "ignore:the server says:DeprecationWarning"
)

OPTIONS = Options(retry=RetryPolicy(base=0))
KINDS = {
    "atlas-cloud-backup-v1": "cloud-backup",
    "atlas-cloud-backup": "cloud-backup",
    "atlas-legacy-v1": "legacy",
    "atlas-legacy": "legacy",
    "atlas-tenant": "tenant",
    "atlas-flex": "flex",
    "atlas-serverless": "serverless",
}


@pytest.fixture
def atlas(emulate, break_before):
    """Open a cluster of the emulator's Atlas behind a server that loses the answer to one request."""

    @asynccontextmanager
    async def open_atlas(family, losing, *, acted=True, **settings):
        async def reset(exchange):
            exchange.reset()

        settings = {"manager": Manager.CLOUD_MANAGER, "clusters_per_project": 7, "projects": 1, **settings}
        async with (
            emulate(**settings) as emulator,
            break_before(
                emulator,
                play=reset,
                target=lambda request: request.method == losing and request.authenticated,
                times=1,
                acted=acted,
            ) as server,
            AsyncSession(
                DigestAuth(emulator.public_key, emulator.private_key), base_url=server.url, options=OPTIONS
            ) as session,
        ):
            found = emulator.world.first(KINDS[family.name])
            yield session.project(found.project_id, family).cluster(found.name)

    return open_atlas


@pytest.mark.parametrize("acted", [True, False], ids=["acted on", "never seen"])
@pytest.mark.parametrize("family", ["atlas-cloud-backup", "atlas-cloud-backup-v1"])
async def test_a_cancel_whose_answer_got_lost_has_cancelled(atlas, family, acted):
    async with atlas(FAMILIES[family], "DELETE", acted=acted) as cluster:
        snapshot = await cluster.snapshots().latest_restorable()
        (job,) = await cluster.create_restore_job(HttpRestore.on_server_terms(snapshot.id))

        await cluster.cancel_restore_job(job.id)

        assert (await cluster.restore_job(job.id)).state is JobState.CANCELLED


async def test_retries_never_cancel_an_automated_restore(atlas):
    async with atlas(ATLAS_CLOUD_BACKUP, "DELETE") as cluster:
        snapshot = await cluster.snapshots().latest_restorable()
        request = AutomatedRestore(Snapshot(snapshot.id), await cluster.restore_target())
        (job,) = await cluster.create_restore_job(request)

        with pytest.raises(BadRequest, match="CANNOT_CANCEL_AUTOMATED_RESTORE") as caught:
            await cluster.cancel_restore_job(job.id)

        assert (caught.value.request.tries, caught.value.request.in_doubt) == (2, True)
        assert (await cluster.restore_job(job.id)).state is not JobState.CANCELLED


async def test_a_job_that_never_was_is_not_found(atlas):
    async with atlas(ATLAS_CLOUD_BACKUP, "POST") as cluster:
        with pytest.raises(NotFound, match="RESTORE_JOB_NOT_FOUND"):
            await cluster.cancel_restore_job("0" * 24)


@pytest.mark.parametrize("jobs_per_cluster", [3, 600])
@pytest.mark.parametrize("automated", [True, False], ids=["automated", "download"])
@pytest.mark.parametrize("family", KINDS)
async def test_a_create_whose_answer_got_lost_is_found_in_the_list(atlas, family, automated, jobs_per_cluster):
    if family == "atlas-serverless" and not automated:
        pytest.skip("serverless instances have no downloads")
    # The clock stands still: a job made a second later is certainly new.
    async with atlas(FAMILIES[family], "POST", jobs_per_cluster=jobs_per_cluster, speed=0) as cluster:
        snapshot = await cluster.snapshots().latest_restorable()
        request = HttpRestore.on_server_terms(snapshot.id)
        if automated:
            request = AutomatedRestore(Snapshot(snapshot.id), await cluster.restore_target())

        with pytest.raises(MaybeCreated) as caught:
            await cluster.create_restore_job(request)
        found = await caught.value.reconcile()

        (candidate,) = found.candidates
        assert candidate.snapshot_id == snapshot.id
        # Of several pages one was read before: only where the newest come first, that one shows what is new.
        certain = jobs_per_cluster < 500 or cluster.family.newest_first
        assert found.verdict is (Verdict.TAKEN if certain else Verdict.CANNOT_TELL)
        assert (found.batch.jobs if certain else found.batch) == ((candidate,) if certain else None)


async def test_atlas_announces_the_end_of_a_version_and_then_ends_it(emulate, connect, monkeypatch):
    monkeypatch.setattr("mongorestore_async.transport.decoding._told", set())
    places = {"manager": Manager.CLOUD_MANAGER, "clusters_per_project": 7, "projects": 1}
    async with emulate(**places) as emulator, connect(emulator) as session:
        found = emulator.world.first("tenant")
        with pytest.warns(VendorDeprecation, match=r"may be removed after 2026-01-15; .* use the family atlas-flex"):
            await session.project(found.project_id, ATLAS_TENANT).cluster(found.name).restore_jobs()
    async with emulate(**places, sunset_enforced=True) as emulator, connect(emulator) as session:
        found = emulator.world.first("tenant")
        with pytest.raises(NotFound, match=r"410 VERSION_GONE.*use the family atlas-flex"):
            await session.project(found.project_id, ATLAS_TENANT).cluster(found.name).restore_jobs()
