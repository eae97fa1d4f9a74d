"""What a crash of the system would lose: the part is brought to disk on the way, beside what still comes in."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import json
import os
import threading
import time

import pytest

from builders.downloads import JOB, NAME, an_archive, answer, fetch, source
from mongorestore_async.downloading import receiving
from mongorestore_async.downloading.disk import recorded_part
from mongorestore_async.downloading.disk.locks import Hold
from mongorestore_async.downloading.disk.partial_file import Archive
from mongorestore_async.downloading.disk.resume_record import PartRecord
from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.errors import DiskFull, DownloadError

ARCHIVE = an_archive(5, 6_000_000)
SIZE = len(ARCHIVE)
WHOLE = answer(200, ARCHIVE, ETag='"v1"')
PUBLISHED = [(NAME, hashlib.sha1(ARCHIVE, usedforsecurity=False).hexdigest())]
#: Seconds after which a wait for something that does not come ends.
_ENOUGH = 20


@pytest.fixture
def sync_often(monkeypatch):
    """Sync after each MB; wait for that when so many bytes are not on disk."""

    def choose(most):
        monkeypatch.setattr(receiving, "_SYNCED", 1_000_000)
        monkeypatch.setattr(receiving, "_MOST_UNSYNCED", most)

    return choose


@pytest.fixture
def at_sync(monkeypatch, tmp_path):
    """Do something when the part, and nothing else, is brought to disk."""
    sync = os.fsync
    part = tmp_path / f"{NAME}.part"

    def choose(act):
        def flush(descriptor):
            if part.exists() and os.path.samestat(os.fstat(descriptor), part.stat()):
                act(part)
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", flush)

    return choose


async def test_a_part_is_synced_from_time_to_time(play_answers, tmp_path, monkeypatch, sync_often, at_sync):
    """First the bytes, then the record of them."""
    steps = []
    write = recorded_part.write_file

    def note(path, content):
        steps.append(json.loads(content)["synced"])
        write(path, content)

    monkeypatch.setattr(recorded_part, "write_file", note)
    sync_often(SIZE)
    at_sync(lambda _: steps.append("sync"))
    async with play_answers(WHOLE) as raw:
        await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    points = [step for step in steps if step not in {"sync", None, 0}]
    assert len(points) >= 2
    assert (sorted(points), points[-1]) == (points, SIZE)
    for place, step in enumerate(steps):
        if step in points:
            assert steps[place - 1] == "sync"


async def test_what_comes_is_written_while_a_sync_lasts(play_answers, tmp_path, sync_often, at_sync):
    seen = []

    def wait_for_the_rest(part):
        until = time.monotonic() + _ENOUGH
        while part.stat().st_size < SIZE and time.monotonic() < until:
            time.sleep(0.001)
        seen.append(part.stat().st_size)

    sync_often(SIZE)
    at_sync(wait_for_the_rest)
    async with play_answers(WHOLE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert file.verification is Verification.VERIFIED
    assert seen[0] == SIZE, "nothing had to wait for the first sync"
    assert len(seen) >= 2, "what came meanwhile is synced before the file gets its name"


async def test_a_slow_disk_limits_what_a_crash_can_lose(play_answers, tmp_path, sync_often, at_sync):
    most, seen = 2_000_000, []

    def wait(part):
        time.sleep(0.2)
        seen.append(part.stat().st_size)

    sync_often(most)
    at_sync(wait)
    async with play_answers(WHOLE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert file.verification is Verification.VERIFIED
    # A block is written while that is found, and a block has up to what the HTTP library holds more than its size.
    assert seen[0] < most + 2 * receiving.BLOCK


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_data_lost_on_the_way_are_an_error(play_answers, tmp_path, names_in, sync_often, at_sync, number):
    """The system tells it once: the sync at the end would succeed."""
    told = []

    def lose(_):
        if not told:
            told.append(number)
            raise OSError(number, os.strerror(number))

    sync_often(SIZE)
    at_sync(lose)
    async with play_answers(WHOLE) as raw:
        with pytest.raises(DiskFull if number == errno.ENOSPC else DownloadError):
            await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert told
    assert NAME not in names_in(tmp_path)


async def test_a_cancelled_download_closes_its_part_after_the_sync(play_answers, tmp_path, sync_often, at_sync):
    """Else the number of the file would be that of another one, opened meanwhile."""
    begun, released, left = threading.Event(), threading.Event(), []

    def hang(part):
        if not begun.is_set():
            holder = Hold._taken[str(part.resolve())]
            begun.set()
            released.wait(_ENOUGH)
            left.append(Hold._taken[str(part.resolve())] is holder)

    sync_often(SIZE)
    at_sync(hang)
    async with play_answers(WHOLE) as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        task = asyncio.create_task(fetch(sources, tmp_path))
        while not begun.is_set():  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        following = asyncio.create_task(fetch(sources, tmp_path))
        await asyncio.sleep(0.05)
        assert not following.done()
        released.set()
        (file,) = await following

    assert left == [True]
    assert file.path.read_bytes() == ARCHIVE


def test_a_part_begun_anew_during_a_sync_is_not_called_safe(tmp_path, at_sync):
    """It is synced again before anything of it counts as safe."""
    archive = Archive(tmp_path, NAME, PartRecord(job=JOB, label=""))
    with contextlib.closing(archive):
        archive.open(overwrite=False)
        archive.note(requests=1)
        archive.write([b"other bytes"])
        at_sync(lambda _: archive.restart())
        archive.sync_kept()
        archive.write([b"these bytes"])

        assert archive.unsynced == len(b"these bytes")
        assert archive.record.synced == 0
