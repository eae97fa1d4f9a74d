"""Downloads cancelled anywhere, by anyio and asyncio: the next one starts at once, and nothing stays locked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import threading
import time

import anyio
import pytest

from builders.downloads import NAME, an_archive, answer, fetch, source
from mongorestore_async import OPS_MANAGER, HttpRestore, Options, RetryPolicy
from mongorestore_async.downloading.disk import hashed_file, locks
from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.emulator import DownloadPlay
from mongorestore_async.errors import DownloadError, NotAnArchive, SessionClosed

ARCHIVE = an_archive(3, 1_200_000)
SIZE = len(ARCHIVE)
PUBLISHED = [(NAME, hashlib.sha1(ARCHIVE, usedforsecurity=False).hexdigest())]
_CHUNK = 100_000
#: Seconds that a download takes at least; its cancellations lie in a little more.
_LASTS = 0.03


async def move_on_after(seconds, work):
    with anyio.move_on_after(seconds):
        await work


async def cancel_scope(seconds, work):
    with anyio.CancelScope() as scope:
        asyncio.get_running_loop().call_later(seconds, scope.cancel)
        await work


async def timeout(seconds, work):
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await work


async def task_cancel(seconds, work):
    task = asyncio.create_task(work)
    await asyncio.sleep(seconds)
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


WAYS = [move_on_after, cancel_scope, timeout, task_cancel]
each_way = pytest.mark.parametrize("way", WAYS)


@pytest.fixture
def play_slowly(play_raw):
    """Start a server that gives the archive a bit at a time, from where it is asked."""

    @contextlib.asynccontextmanager
    async def start():
        async def play(writer):
            _, _, asked = raw.heads[-1].partition(b"Range: bytes=")
            first = int(asked.partition(b"-")[0] or 0)
            fields = {"Content_Range": f"bytes {first}-{SIZE - 1}/{SIZE}"} if first else {}
            head, gap, body = answer(206 if first else 200, ARCHIVE[first:], ETag='"v1"', **fields).partition(
                b"\r\n\r\n"
            )
            writer.write(head + gap)
            for place in range(0, len(body), _CHUNK):
                writer.write(body[place : place + _CHUNK])
                await writer.drain()
                await asyncio.sleep(_LASTS * _CHUNK / SIZE)
            writer.close()

        async with play_raw(play) as raw:
            yield raw

    return start


@pytest.fixture
def slow_disk(monkeypatch):
    """Let each write last."""
    append = hashed_file.HashedFile.append

    def append_slowly(self, data):
        time.sleep(0.02)  # in a thread
        return append(self, data)

    def slow(*, on):
        monkeypatch.setattr(hashed_file.HashedFile, "append", append_slowly if on else append)

    return slow


def is_free(path):
    """Whether a part can be locked; raises what the file system says else."""
    if not path.exists():
        return True
    try:
        locks.open_locked(path).close()
    except BlockingIOError:
        return False
    return True


async def all_free(paths):
    """Whether nobody has any of the parts, as soon as the threads that wrote have ended."""
    for _ in range(500):
        if not locks.Hold._taken and all(is_free(path) for path in paths):
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("block", range(8))
async def test_after_200_cancellations_the_next_starts_at_once(
    play_slowly, tmp_path, names_in, busy_executor, slow_disk, block
):
    """25 a block. The part is never refused, and the file is right in the end."""
    chance = random.Random(block)  # noqa: S311 - moments, no secrets
    if block % 2:
        busy_executor()
    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        parts = []
        for number in range(25):
            directory = tmp_path / str(number)
            parts.append(directory / f"{NAME}.part")
            slow_disk(on=number % 5 == 0)
            way = WAYS[number % 4]
            await way(chance.uniform(0, 1.5 * _LASTS), fetch(sources, directory))
            (file,) = await fetch(sources, directory)

            assert file.path.read_bytes() == ARCHIVE
            assert file.verification is Verification.VERIFIED
            assert names_in(directory) == [NAME]
        assert await all_free(parts)


@each_way
async def test_parts_are_not_locked_when_nobody_goes_on(play_slowly, tmp_path, slow_disk, busy_executor, way):
    busy_executor()
    chance = random.Random(way.__name__)  # noqa: S311 - moments, no secrets
    async with play_slowly() as raw:
        parts = [tmp_path / str(number) / f"{NAME}.part" for number in range(10)]
        for number, part in enumerate(parts):
            slow_disk(on=number % 2 == 0)
            await way(chance.uniform(0, _LASTS), fetch([source(f"{raw.url}/{NAME}")], part.parent))

        assert await all_free(parts)


@each_way
async def test_cancelled_in_a_row_it_goes_on_from_what_came(play_slowly, tmp_path, slow_disk, way):
    """No pause between them: each begins while the threads of the one before may still write."""
    chance = random.Random(way.__name__)  # noqa: S311 - moments, no secrets
    slow_disk(on=True)
    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        for _ in range(12):
            await way(chance.uniform(0, _LASTS), fetch(sources, tmp_path))
        (file,) = await fetch(sources, tmp_path)

    assert file.path.read_bytes() == ARCHIVE


@each_way
async def test_several_files_of_a_batch_are_let_go_of(play_slowly, tmp_path, way):
    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{number}.tar.gz", str(number)) for number in range(6)]
        await way(_LASTS, fetch(sources, tmp_path, concurrency=3))
        files = await fetch(sources, tmp_path, concurrency=3)

        assert [file.path.read_bytes() for file in files] == [ARCHIVE] * 6
        assert await all_free([tmp_path / f"{number}.tar.gz.part" for number in range(6)])


async def test_a_cancelled_download_waits_for_no_thread(play_slowly, tmp_path, monkeypatch):
    """A write that hangs keeps nobody from going on; the next download of that file alone waits for it."""
    released, begun = threading.Event(), threading.Event()
    append = hashed_file.HashedFile.append

    def hang(self, data):
        begun.set()
        released.wait(30)
        return append(self, data)

    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        monkeypatch.setattr(hashed_file.HashedFile, "append", hang)
        task = asyncio.create_task(fetch(sources, tmp_path))
        while not begun.is_set():  # noqa: ASYNC110 - of a thread
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert not released.is_set()
        monkeypatch.setattr(hashed_file.HashedFile, "append", append)
        following = asyncio.create_task(fetch(sources, tmp_path))
        (other,) = await fetch(sources, tmp_path / "other")
        assert not following.done()
        released.set()
        (file,) = await following

    assert file.path.read_bytes() == other.path.read_bytes() == ARCHIVE


async def test_two_downloads_at_once_are_told_apart_from_a_cancelled_one(play_slowly, tmp_path):
    """Only one who is leaving is waited for."""
    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        first = asyncio.create_task(fetch(sources, tmp_path))
        while not raw.heads:  # noqa: ASYNC110 - what others do has no event
            await asyncio.sleep(0)
        with pytest.raises(DownloadError, match="another download is writing"):
            await fetch(sources, tmp_path)
        (file,) = await first

    assert file.path.read_bytes() == ARCHIVE


@pytest.mark.parametrize("kind", ["flock", "nothing"])
async def test_one_process_writes_once_also_without_locks(play_slowly, tmp_path, monkeypatch, kind):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(95, "not here")

    if kind == "nothing":
        monkeypatch.setattr(fcntl, "flock", refuse)
    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        outcomes = await asyncio.gather(*(fetch(sources, tmp_path) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(outcome, DownloadError) for outcome in outcomes) == 2


async def test_a_full_default_executor_holds_no_download_up(play_slowly, tmp_path, busy_executor):
    busy_executor()
    async with play_slowly() as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert file.verification is Verification.VERIFIED


async def test_a_file_is_found_again_beside_a_full_executor(play_slowly, tmp_path, busy_executor):
    (tmp_path / NAME).write_bytes(ARCHIVE)
    busy_executor()
    async with play_slowly() as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert (file.verification, raw.heads) == (Verification.VERIFIED, [])


async def test_a_page_is_kept_beside_a_full_executor(play_raw, tmp_path, busy_executor):
    busy_executor()
    async with play_raw(answer(200, b"<html>log in</html>" * 50, Content_Type="text/html")) as raw:
        with pytest.raises(NotAnArchive):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)


@each_way
async def test_recognition_that_is_cancelled_leaves_the_file(play_slowly, tmp_path, names_in, monkeypatch, way):
    opened = []
    hash_more = hashed_file.HashedFile.hash_more

    def hash_slowly(self, _):
        opened.append(self.file)
        time.sleep(0.005)  # in a thread
        return hash_more(self, 2_000)  # 3 s for all of it

    (tmp_path / NAME).write_bytes(ARCHIVE)
    async with play_slowly() as raw:
        sources = [source(f"{raw.url}/{NAME}", hashes=PUBLISHED)]
        with monkeypatch.context() as patched:
            patched.setattr(hashed_file.HashedFile, "hash_more", hash_slowly)
            await way(0.3, fetch(sources, tmp_path))
            for _ in range(500):
                if all(file is None or file.closed for file in opened):
                    break
                await asyncio.sleep(0.01)
            assert all(file is None or file.closed for file in opened)
        assert 0 < len(opened) < SIZE // 2_000
        assert names_in(tmp_path) == [NAME]
        (file,) = await fetch(sources, tmp_path)

    assert (file.verification, raw.heads) == (Verification.VERIFIED, [])


@pytest.mark.parametrize("phase", ["receiving", "waiting for a host", "waiting to try again"])
async def test_a_download_ends_with_its_session(emulate, connect, tmp_path, names_in, phase):
    """At once, and what was received is kept: the next session goes on with it."""
    plays = {
        "receiving": {"bytes_per_second": 2_000_000},
        "waiting for a host": {"stall_after": 0},
        "waiting to try again": {"unavailable": 9},
    }
    settings = {"speed": 0.0, "restore_seconds": 60, "archive_bytes": 4_000_000, "clusters_per_project": 7}
    async with emulate(**settings, downloads=DownloadPlay(**plays[phase])) as emulator:
        options = Options.for_tests(retry=RetryPolicy(base=60, jitter=lambda _, high: high))
        async with connect(emulator, options=options) as session:
            found = emulator.world.first("replica-set")
            cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
            snapshot = await cluster.snapshots().latest_restorable()
            batch = await cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=9, expiration_hours=2))
            emulator.clock.advance(200)
            batch = await batch.wait(timeout=10, until="downloadable")
            task = asyncio.create_task(batch.download(tmp_path))
            while not emulator.downloads.records:  # noqa: ASYNC110 - likewise
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            assert not task.done()
            await session.close()
            assert task.done()
            with pytest.raises(SessionClosed):
                await task
            assert await all_free(tmp_path.glob("*.part"))
            assert names_in(tmp_path)


def test_a_part_left_behind_by_a_fork_is_free_in_the_child(tmp_path):
    hold = locks.Hold(tmp_path / "a.part")
    hold.take()
    try:
        locks.Hold.forget_all()
        other = locks.Hold(tmp_path / "a.part")
        other.take()
        other.release()
    finally:
        hold.release()
