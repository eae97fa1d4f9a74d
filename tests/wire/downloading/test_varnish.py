"""A cache before the API and the archives: what Varnish keeps, and what it unpacks."""

from __future__ import annotations

import gzip
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import attrs
import pytest

from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth, HttpRestore, JobState, Options, Verification
from mongorestore_async.emulator import DownloadPlay, Emulator, EmulatorSettings, Manager
from mongorestore_async.emulator.world import Order

ARCHIVE = 300_000


@pytest.fixture(scope="module")
def upstream():
    """Port of the server behind Varnish."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def varnish(workshop, gateways, upstream):
    (found,) = (gateway for gateway in gateways if gateway.title == "Varnish")
    return found.start(workshop, upstream, patient=True).url


@pytest.fixture
def cached(varnish, upstream, break_before):
    """Start an emulator behind Varnish, and a session that goes to it; ``plan`` is that of faults.py."""

    @asynccontextmanager
    async def start(plan=None, **play):
        settings = EmulatorSettings(
            manager=Manager.OPS_MANAGER,
            start=datetime.now(UTC),
            gzip=False,
            archive_bytes=ARCHIVE,
            downloads=DownloadPlay(**play),
        )
        async with Emulator(settings) as emulator, break_before(emulator, upstream, **(plan or {})):
            emulator.downloads.origin = varnish
            key = DigestAuth(emulator.public_key, emulator.private_key)
            async with AsyncSession(key, base_url=varnish, options=Options.for_tests()) as session:
                place = emulator.world.first("replica-set")
                yield emulator, session, session.project(place.project_id, OPS_MANAGER).cluster(place.id)

    return start


async def order(emulator, cluster, **limits):
    """Order a download; gives its job and the archive."""
    jobs, place = emulator.world.jobs, emulator.world.first("replica-set")
    limits = {"max_downloads": 5, "expiration_hours": 2, **limits}
    (made,) = jobs.create(place, Order(snapshot_id=jobs.snapshot_id(place), **limits))
    emulator.clock.advance(2 * emulator.settings.restore_seconds)
    archive = emulator.archives.of(made)
    return await cluster.restore_job(made.id), archive.read(0, archive.size)


async def test_varnish_gives_no_old_list_nor_job(cached):
    async with cached() as (emulator, _, cluster):
        before = [job.id async for job in cluster.restore_jobs()]
        batch = await cluster.create_restore_job(HttpRestore("5" * 24, 1, expiration_hours=2))
        running = await cluster.restore_job(batch[0].id)
        emulator.clock.advance(2 * emulator.settings.restore_seconds)

        assert [job.id async for job in cluster.restore_jobs()] == [batch[0].id, *before]
        assert running.state is not JobState.FINISHED
        assert (await cluster.restore_job(batch[0].id)).state is JobState.FINISHED


async def test_varnish_unpacks_what_is_labelled_gzip(cached, tmp_path):
    # Whoever does not accept gzip gets it unpacked, as the manual says; the server meant a name, not a coding.
    async with cached(gzip_label=True) as (emulator, session, cluster):
        job, archive = await order(emulator, cluster)
        (file,) = await (await session.batch([job.ref])).download(tmp_path)

        assert file.path.read_bytes() == gzip.decompress(archive)
        assert file.verification is Verification.UNPACKED
        assert "unpacked" in file.reason


async def break_off(x):
    whole = (await x.answer()).whole()
    await x.send(whole[: len(whole) // 2])
    await x.close()


@pytest.mark.parametrize("label", [False, True], ids=["unlabelled", "labelled gzip"])
async def test_an_archive_broken_off_behind_varnish_is_whole(cached, tmp_path, label):
    plan = {"play": break_off, "times": 1, "target": lambda request: "/api/" not in request.target}
    async with cached(plan, gzip_label=label) as (emulator, session, cluster):
        job, archive = await order(emulator, cluster)
        (file,) = await (await session.batch([job.ref])).download(tmp_path)

        assert file.path.read_bytes() == (gzip.decompress(archive) if label else archive)
        assert file.verification is (Verification.UNPACKED if label else Verification.VERIFIED)


async def test_a_part_from_the_cache_is_not_joined_to_another(cached, tmp_path):
    # The first half comes unpacked; then the label is gone, and with it the representation.
    plan = {"play": break_off, "times": 1, "target": lambda request: "/api/" not in request.target}
    async with cached(plan, gzip_label=True) as (emulator, session, cluster):
        job, archive = await order(emulator, cluster)
        play = emulator.downloads.play
        emulator.downloads.fault = lambda record: attrs.evolve(play, gzip_label=record.number == 1)
        (file,) = await (await session.batch([job.ref])).download(tmp_path)

        assert file.path.read_bytes() == archive
        assert file.verification is Verification.VERIFIED
