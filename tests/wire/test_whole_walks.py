"""The whole walk in every family: choose a snapshot, create, wait, download, verify, compare the content."""

from __future__ import annotations

import hashlib
import tarfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mongorestore_async import (
    AutomatedRestore,
    CollectionRestore,
    HttpRestore,
    JobState,
    Options,
    Renamed,
    RestoreJob,
    Snapshot,
    Target,
    Unsupported,
    Verification,
    WriteStrategy,
)
from mongorestore_async.emulator import Oddity

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

#: Families whose page of creating has no download.
NO_DOWNLOADS = {"Atlas serverless v1.0", "Atlas serverless v2", "Atlas collection restore v2"}
#: Those whose restores have nowhere to go.
NO_TARGETS = {"Ops Manager, config server", "Cloud Manager, config server"}


def download_of(snapshot_id: str, family: Any) -> HttpRestore:
    if family.job_type is RestoreJob:
        return HttpRestore(snapshot_id, max_downloads=1, expiration_hours=2)
    return HttpRestore.on_server_terms(snapshot_id)


def restore_of(snapshot_id: str, target: Target, family: Any) -> AutomatedRestore | CollectionRestore:
    if CollectionRestore in family.creates:
        return CollectionRestore(
            Snapshot(snapshot_id), target, write=WriteStrategy.CREATE_NEW, databases=[Renamed("staff", "staff_2")]
        )
    return AutomatedRestore(Snapshot(snapshot_id), target)


async def walk(place: Any, emulate: Any, connect: Any, directory: Any, *, sharded: bool) -> None:
    settings = {**place.settings, "start": datetime.now(UTC), "restore_seconds": 60, "check_snapshots": True}
    async with emulate(**settings) as emulator, connect(emulator, options=Options.for_tests()) as session:
        here = place.of(session, emulator, sharded=sharded)
        own_list = sharded and here.family.sharded_snapshots_path is not None
        snapshot = await here.snapshots(sharded=own_list).latest_restorable()
        assert not snapshot.obstacles(datetime.now(UTC))

        batch = await here.create_restore_job(download_of(snapshot.id, here.family))
        assert batch.until == "downloadable"
        done = await batch.wait(timeout=20, on_poll=lambda _: emulator.clock.advance(20))
        assert {job.state for job in done} == {JobState.FINISHED}
        assert {job.snapshot_id for job in done} == {snapshot.id}
        files = await done.download(directory)

        published = here.family.job_type is RestoreJob
        expected = Verification.VERIFIED if published else Verification.NOT_VERIFIABLE
        assert {file.verification for file in files} == {expected}
        assert len(files) == (3 if sharded else 1)
        archives = {}
        for job in done:
            found = emulator.world.find_job(job.id)
            pieces = ("shard-0", "shard-1", "config") if sharded and not published else (None,)
            for piece in pieces:
                archive = emulator.archives.of(found, piece)
                archives[archive.sha1()] = archive
        assert {file.sha1 for file in files} == set(archives)
        for file in files:
            archive = archives[hashlib.sha1(file.path.read_bytes(), usedforsecurity=False).hexdigest()]
            with tarfile.open(file.path) as tar:
                content = {name: hashlib.sha256(tar.extractfile(name).read()).hexdigest() for name in tar.getnames()}
            assert content == {member.name: archive.content_digest(member.name) for member in archive.members}
        assert all(record.credentials <= {"download-token"} for record in emulator.downloads.records)


async def test_a_download_is_walked_to_its_content(place, emulate, connect, tmp_path):
    if place.title in NO_DOWNLOADS:
        async with emulate(**place.settings) as emulator, connect(emulator) as session:
            with pytest.raises(Unsupported):
                await place.of(session, emulator).create_restore_job(HttpRestore.on_server_terms("5" * 24))
        return
    await walk(place, emulate, connect, tmp_path, sharded=False)


async def test_a_walk_of_a_sharded_download_finds_every_file(place, emulate, connect, tmp_path):
    if place.sharded is None or place.title in NO_DOWNLOADS:
        pytest.skip("no sharded cluster of this family in the emulator's world, or no downloads")
    await walk(place, emulate, connect, tmp_path, sharded=True)


async def test_a_restore_into_a_cluster_is_walked_to_its_end(place, emulate, connect):
    settings = {**place.settings, "start": datetime.now(UTC), "restore_seconds": 60, "check_snapshots": True}
    # Without its target in the answer, a running job may be another restore: then nothing is taken for granted.
    settings["oddities"] = [Oddity.ECHOED_TARGETS]
    async with emulate(**settings) as emulator, connect(emulator, options=Options.for_tests()) as session:
        here = place.of(session, emulator)
        snapshot = await here.snapshots().latest_restorable(before=datetime.now(UTC) - timedelta(minutes=1))
        if place.title in NO_TARGETS:
            with pytest.raises(Unsupported):
                await here.create_restore_job(AutomatedRestore(Snapshot(snapshot.id), Target("0" * 24, "0" * 24)))
            return
        request = restore_of(snapshot.id, await here.restore_target(), here.family)
        batch = await here.ensure_restore(request)
        assert not batch.existing
        assert (await here.ensure_restore(request)).refs == batch.refs
        assert batch.until == "finished"
        done = await (await session.batch(batch.refs)).wait(
            until="finished", timeout=20, on_poll=lambda _: emulator.clock.advance(20)
        )
        assert {job.state for job in done} == {JobState.FINISHED}
        assert emulator.counts.creates_taken == 1
