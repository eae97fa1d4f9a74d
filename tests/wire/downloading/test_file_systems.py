"""Network and user-space file systems: what they do not tell is not zero, what they lack is not needed."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import stat
from collections import namedtuple
from pathlib import Path

import pytest

from builders.downloads import ARCHIVE, FILE, NAME, SIZE, an_archive, answer, fetch, source
from mongorestore_async.downloading.disk import hashed_file, resume_record
from mongorestore_async.downloading.disk.resume_record import PartRecord
from mongorestore_async.errors import DiskFull, DownloadError, DownloadTruncated

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil has it
UNSUPPORTED = [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL]
LARGE = an_archive(4, 3_000_000)


def refusing(number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    return refuse


def part_of(directory):
    return directory / f"{NAME}.part"


@pytest.mark.parametrize("usage", [Usage(0, 0, 0), Usage(0, 0, 4096), *UNSUPPORTED, errno.EIO, errno.EACCES])
async def test_unknown_room_is_not_taken_for_none(play_raw, tmp_path, monkeypatch, usage):
    answer_of = refusing(usage) if isinstance(usage, int) else lambda _: usage
    monkeypatch.setattr(shutil, "disk_usage", answer_of)
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)

    assert file.path.read_bytes() == ARCHIVE


async def test_a_full_disk_is_seen_before_the_request_that_counts(play_raw, tmp_path, monkeypatch, names_in):
    """The size is not known yet: one byte more would not fit."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 0))
    async with play_raw(FILE) as raw:
        with pytest.raises(DiskFull, match="free up space, then download again") as caught:
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=3)], tmp_path)

    assert raw.heads == []
    assert caught.value.received == 0
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("known", [True, False])
async def test_the_rest_of_a_part_is_looked_at_before_the_request(play_raw, tmp_path, monkeypatch, known):
    """A part of an earlier call: its size was announced, or was not."""
    head = LARGE[:1_000_000]
    first = answer(200, LARGE, cut=len(head), ETag='"v"', chunked=not known)
    async with play_raw(first) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=3)], tmp_path)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000 if known else 0))
        with pytest.raises(DiskFull, match="1 of 3 uses of the link are spent") as caught:
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=3)], tmp_path)

    assert len(raw.heads) == 1
    assert caught.value.received == len(head)


@pytest.mark.parametrize(
    ("allowed", "advice"),
    [
        (None, "download again to resume$"),
        (2, "download again to resume: 1 of 2 uses of the link are spent"),
        (1, "then create a new restore job: the link was used the one time allowed"),
    ],
)
@pytest.mark.parametrize("found", ["announced", "written"])
async def test_the_advice_on_a_full_disk_fits_the_link(play_raw, tmp_path, monkeypatch, allowed, advice, found):
    def fill(self, data):
        raise OSError(errno.ENOSPC, "full")

    if found == "announced":
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, SIZE - 1))
    else:
        monkeypatch.setattr(hashed_file.HashedFile, "append", fill)
    async with play_raw(FILE) as raw:
        with pytest.raises(DiskFull, match=advice) as caught:
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=allowed)], tmp_path)

    assert len(raw.heads) == 1
    assert ("download again" in str(caught.value)) == (allowed != 1)


async def test_a_broken_transfer_of_a_used_link_advises_a_new_job(play_raw, tmp_path):
    async with play_raw(answer(200, LARGE, cut=1000)) as raw:
        with pytest.raises(DownloadError, match="create a new restore job: the link was used the one time allowed"):
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)


@pytest.mark.parametrize("number", [*UNSUPPORTED, errno.ENOLCK, errno.EIO, errno.EPERM, errno.EBADF, errno.EACCES])
async def test_a_lock_that_cannot_be_had_is_done_without(play_raw, tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")
    monkeypatch.setattr(fcntl, "flock", refusing(number))
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)

    assert file.path.read_bytes() == ARCHIVE


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES])
async def test_a_lock_that_someone_has_is_respected(play_raw, tmp_path, monkeypatch, number):
    """EACCES means that as well (POSIX, ``fcntl``) where a new file can be locked."""
    fcntl = pytest.importorskip("fcntl")
    lock = fcntl.flock

    def flock(file, how):
        if getattr(file, "name", None) == str(part_of(tmp_path)):
            refusing(number)()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    async with play_raw(FILE) as raw:
        with pytest.raises(DownloadError, match="another download is writing"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert raw.heads == []


@pytest.mark.parametrize("number", [*UNSUPPORTED, errno.ENOTTY])
async def test_a_file_that_cannot_be_synced_is_downloaded(play_raw, tmp_path, monkeypatch, number):
    monkeypatch.setattr(os, "fsync", refusing(number))
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.path.read_bytes() == ARCHIVE


async def test_what_was_not_synced_is_not_called_safe(play_raw, tmp_path, monkeypatch):
    """After the next boot it is fetched again."""
    monkeypatch.setattr(os, "fsync", refusing(errno.EINVAL))
    async with play_raw(answer(200, LARGE, cut=1_000_000, ETag='"v"')) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
    record = PartRecord.read(tmp_path / f"{NAME}.part.json")
    monkeypatch.setattr(resume_record, "boot_id", lambda: "the next boot")

    assert part_of(tmp_path).stat().st_size == 1_000_000
    assert not record.synced
    assert record.safe_size(1_000_000) == 0


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_a_sync_that_lost_data_is_an_error(play_raw, tmp_path, monkeypatch, names_in, number):
    monkeypatch.setattr(os, "fsync", refusing(number))
    async with play_raw(FILE) as raw:
        with pytest.raises(DiskFull if number == errno.ENOSPC else DownloadError):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert NAME not in names_in(tmp_path)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EBADF, errno.EISDIR, errno.EPERM])
@pytest.mark.parametrize("step", ["open", "fsync"])
async def test_a_directory_that_cannot_be_synced_does_no_harm(play_raw, tmp_path, monkeypatch, number, step):
    opened, synced = os.open, os.fsync

    def open_files(path, flags, *mode):
        if Path(path).is_dir() and not flags & getattr(os, "O_TMPFILE", 0) & ~os.O_DIRECTORY:
            refusing(number)()
        return opened(path, flags, *mode)

    def sync_files(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            refusing(number)()
        synced(descriptor)

    monkeypatch.setattr(os, step, open_files if step == "open" else sync_files)
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.path.read_bytes() == ARCHIVE


async def test_inode_numbers_that_change_do_not_hang_a_download(play_raw, tmp_path, monkeypatch):
    """Some user-space file systems make them up with each look."""
    monkeypatch.setattr(os.path, "samestat", lambda *_: False)
    async with asyncio.timeout(60), play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.path.read_bytes() == ARCHIVE


async def test_a_file_that_cannot_be_renamed_is_moved_by_its_user(play_raw, tmp_path, monkeypatch):
    """Of a directory that joins several file systems; what is whole is not fetched again."""
    replace = Path.replace

    def refuse_archive(path, target):
        if path == part_of(tmp_path):
            refusing(errno.EXDEV)()
        return replace(path, target)

    async with play_raw(FILE) as raw:
        with monkeypatch.context() as joined:
            joined.setattr(Path, "replace", refuse_archive)
            for _ in range(2):
                with pytest.raises(DownloadError, match=rf"whole.*move it to .*{NAME} yourself, then download again"):
                    await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)
        assert not (tmp_path / NAME).exists()
        shutil.move(part_of(tmp_path), tmp_path / NAME)
        (file,) = await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)

    assert (file.path.read_bytes(), file.size) == (ARCHIVE, SIZE)
    assert len(raw.heads) == 1
