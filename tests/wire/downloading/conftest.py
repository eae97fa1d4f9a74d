"""What the tests of downloads share: a session at an emulator that has archives."""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from pathlib import Path

import attrs
import pytest

from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_TENANT_V1,
    OPS_MANAGER,
    AsyncSession,
    DigestAuth,
    Options,
    RetryPolicy,
)
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.emulator import DownloadPlay, Emulator, EmulatorSettings, Manager
from mongorestore_async.emulator.world import Order
from mongorestore_async.transport.connection import HttpSettings

FAMILIES = {
    "replica-set": OPS_MANAGER,
    "sharded": OPS_MANAGER,
    "tenant": ATLAS_TENANT_V1,
    "cloud-backup": ATLAS_CLOUD_BACKUP_V1,
    "cloud-backup-sharded": ATLAS_CLOUD_BACKUP_V1,
}
SIZE = 5_000_000


class Library:
    """Orders downloads at an emulator and fetches them."""

    def __init__(self, emulator, session):
        self.emulator = emulator
        self.session = session
        self.job = None

    @property
    def records(self):
        return self.emulator.downloads.records

    @property
    def archive(self):
        return self.emulator.archives.of(self.job)

    def play(self, **how):
        self.emulator.downloads.play = attrs.evolve(self.emulator.downloads.play, **how)

    def play_once(self, **how):
        """Play it for the first request only."""
        usual = self.emulator.downloads.play
        self.emulator.downloads.fault = lambda record: attrs.evolve(usual, **how) if record.number == 1 else None

    async def order(self, kind="replica-set", **order):
        cluster = self.emulator.world.first(kind)
        order = {"max_downloads": 3, "expiration_hours": 2, **order}
        jobs = self.emulator.world.jobs
        made = jobs.create(cluster, Order(snapshot_id=jobs.snapshot_id(cluster), **order))
        self.emulator.clock.advance(2 * self.emulator.settings.restore_seconds)
        self.job = made[0]
        name = cluster.id if FAMILIES[kind] is OPS_MANAGER else cluster.name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            place = self.session.project(cluster.project_id, FAMILIES[kind]).cluster(name)
        return [await self.source(place, job.id) for job in made]

    @staticmethod
    async def source(place, job_id):
        return DownloadSource(await place.restore_job(job_id), lambda: place.restore_job(job_id))

    @staticmethod
    async def download(sources, directory, *, stall_timeout=5.0, retry=None, http=None, **how):
        return await download_batch(
            sources,
            directory,
            fetcher=ArchiveFetcher(HttpSettings(http=http), user_agent="tests", stall_timeout=stall_timeout),
            retry=RetryPolicy(base=0) if retry is None else retry,
            **{"verify_pause": 0.01, **how},
        )


@pytest.fixture
def open_library():
    """Start a :class:`Library` for ``async with``; takes the arguments of ``DownloadPlay`` as ``play``."""

    @contextlib.asynccontextmanager
    async def start(play=None, **settings):
        usual = {
            "manager": Manager.OPS_MANAGER,
            "speed": 0,
            "restore_seconds": 60,
            "clusters_per_project": 7,
            "archive_bytes": SIZE,
        }
        chosen = EmulatorSettings(**{**usual, "downloads": DownloadPlay(**(play or {})), **settings})
        async with (
            Emulator(chosen) as emulator,
            AsyncSession(
                DigestAuth(emulator.public_key, emulator.private_key),
                base_url=emulator.url,
                options=Options.for_tests(),
            ) as session,
        ):
            yield Library(emulator, session)

    return start


@pytest.fixture
def sha1_of():
    """Hash a file."""
    return lambda path: hashlib.sha1(Path(path).read_bytes()).hexdigest()  # noqa: S324 - the vendor's choice


@pytest.fixture
def names_in():
    """List a directory."""
    return lambda directory: sorted(path.name for path in Path(directory).iterdir())


@pytest.fixture
def play_answers(play_raw):
    """Start a server that gives one answer after the other, the last one for ever."""

    @contextlib.asynccontextmanager
    async def start(*answers):
        async def play(writer):
            writer.write(answers[min(len(raw.heads), len(answers)) - 1])
            await writer.drain()
            writer.close()

        async with play_raw(play) as raw:
            yield raw

    return start
