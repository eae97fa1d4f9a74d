"""Downloads in odd directories, and with what an earlier process left behind."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from types import SimpleNamespace

import pytest

from builders.downloads import ARCHIVE, FILE, HEAD, NAME, OK, SIZE, fetch, leave, source
from mongorestore_async import NO_RETRY
from mongorestore_async.downloading.disk import partial_file as archives
from mongorestore_async.downloading.disk import recorded_part
from mongorestore_async.downloading.disk.resume_record import PartRecord
from mongorestore_async.downloading.download import DownloadSource
from mongorestore_async.errors import (
    ConfigError,
    DiskFull,
    DownloadError,
    DownloadTruncated,
)
from mongorestore_async.models import CloudBackupRestoreJob, Component, JobRef


@pytest.mark.parametrize("validator", ['"a"\r\nX: y', '"\ud800"', "", "x\x00", 'W/"a"'])
async def test_a_record_with_a_validator_nobody_could_send_is_none(play_raw, tmp_path, validator):
    leave(tmp_path, HEAD, requests=1, size=SIZE, if_range=validator)
    async with play_raw(FILE) as raw:
        with pytest.raises(DownloadError, match="another download"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        assert raw.heads == []
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, overwrite=True)

    assert file.path.read_bytes() == ARCHIVE


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_a_record_is_no_way_out_of_the_directory(play_raw, tmp_path, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    leave(inner, HEAD, name=name, requests=1, size=SIZE, if_range='"v"', source_name="../../x")
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], inner, overwrite=True)

    assert file.path == inner / NAME
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inner"]


async def test_a_part_is_not_written_through_a_link(play_raw, tmp_path):
    (tmp_path / "mine").write_bytes(b"")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / f"{NAME}.part").symlink_to(tmp_path / "mine")
    async with play_raw(FILE) as raw:
        with pytest.raises(DownloadError, match="could not be written"):
            await fetch([source(f"{raw.url}/{NAME}")], inner)

    assert raw.heads == []
    assert (tmp_path / "mine").read_bytes() == b""


async def test_the_record_of_another_download_outlives_a_refusal(play_raw, tmp_path):
    """Also when that one did not get a byte so far: it knows how often its link was used."""
    leave(tmp_path, job="ops-manager/p/c/other", requests=1)
    async with play_raw(FILE) as raw:
        for _ in range(2):
            with pytest.raises(DownloadError, match="belongs to another download"):
                await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert raw.heads == []
    assert PartRecord.read(tmp_path / f"{NAME}.part.json").requests == 1


async def test_a_part_of_ours_that_is_too_long_is_begun_anew(play_raw, tmp_path):
    leave(tmp_path, ARCHIVE + b"and more", requests=1, size=SIZE, if_range='"v"')
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert (file.path.read_bytes(), file.requests) == (ARCHIVE, 2)


async def test_a_long_part_is_not_hashed_before_the_request(open_library, tmp_path, monkeypatch, sha1_of):
    """Of terabytes that takes an hour, in which a link expires."""
    requests = []
    rehash = archives.Archive.rehash

    def watch(archive):
        requests.append(archive.record.requests)
        return rehash(archive, 70_000)

    async with open_library() as library:
        sources = await library.order("cloud-backup")
        library.play_once(cut_after=4_000_000)
        with pytest.raises(DownloadTruncated):
            await library.download(sources, tmp_path, retry=NO_RETRY)
        monkeypatch.setattr(archives.Archive, "rehash", watch)
        (file,) = await library.download(sources, tmp_path)

        assert file.sha1 == sha1_of(file.path) == library.archive.sha1()
    assert file.resumed_from > 3_000_000
    assert set(requests) == {2}


async def test_a_size_that_is_known_not_to_fit_costs_no_request(play_raw, tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=9, free=3))
    async with play_raw(FILE) as raw:
        for _ in range(2):
            with pytest.raises(DiskFull):
                await fetch([source(f"{raw.url}/{NAME}", max_downloads=2)], tmp_path)

    assert len(raw.heads) == 1


async def test_a_file_just_finished_by_another_process_is_kept(play_raw, tmp_path, monkeypatch):
    """Between the look for a finished file and the lock of its part, the other one renames it."""
    opened = archives.open_locked

    def late(path):
        if not (tmp_path / NAME).exists():
            path.rename(tmp_path / NAME)
        return opened(path)

    sha1 = hashlib.sha1(ARCHIVE, usedforsecurity=False).hexdigest()
    leave(tmp_path, ARCHIVE, requests=1, size=SIZE, sha1=sha1)
    monkeypatch.setattr(archives, "open_locked", late)
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path)

    assert raw.heads == []
    assert (file.size, file.sha1) == (SIZE, sha1)
    assert not (tmp_path / f"{NAME}.part").exists()


async def test_a_component_without_link_is_not_forgotten(tmp_path):
    """One shard was finished, the other not begun; meanwhile the links have expired."""
    job = CloudBackupRestoreJob(
        id="j",
        ref=JobRef(family="atlas-cloud-backup", project="p", cluster="c", job="j"),
        components=(Component(replica_set_name="rs0"), Component(replica_set_name="rs1")),
    )

    async def refresh():
        return job

    (tmp_path / NAME).write_bytes(ARCHIVE)
    record = PartRecord(job=str(job.ref), label="rs0", size=SIZE, sha1="0" * 40, requests=1)
    (tmp_path / f"{NAME}.part.json").write_bytes(record.to_json())
    with pytest.raises(DownloadError):
        await fetch([DownloadSource(job, refresh)], tmp_path)


@pytest.mark.parametrize("directory", ["a\0b", "\ud800"])
async def test_a_directory_no_system_can_have_is_refused(directory):
    with pytest.raises((ConfigError, DownloadError)):
        await fetch([source("http://127.0.0.1:1/a")], directory)


@pytest.mark.parametrize("number", range(1, 5))
async def test_a_disk_too_full_for_the_record_costs_no_extra_request(play_raw, tmp_path, monkeypatch, number):
    """It is written before the request, after the head of its answer, and before the file gets its name."""
    calls = 0
    write = recorded_part.write_file

    def full(path, content):
        nonlocal calls
        calls += 1
        if calls == number:
            raise OSError(errno.ENOSPC, "full")
        write(path, content)

    monkeypatch.setattr(recorded_part, "write_file", full)
    async with play_raw(FILE) as raw:
        if number < 4:
            with pytest.raises(DiskFull, match="full after"):
                await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
            assert not (tmp_path / NAME).exists()
        made = len(raw.heads)
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert made == {1: 0, 2: 1, 3: 1, 4: 0}[number]
    assert len(raw.heads) == {1: 1, 2: 2, 3: 1, 4: 1}[number]
    assert file.path.read_bytes() == ARCHIVE


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
async def test_a_file_system_without_locks_and_directory_sync_works(play_raw, tmp_path, monkeypatch, number):
    fcntl = pytest.importorskip("fcntl")
    synchronise = os.fsync

    def refuse(*_):
        raise OSError(number, "not here")

    def files_only(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            refuse()
        synchronise(descriptor)

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.setattr(os, "fsync", files_only)
    async with play_raw(FILE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.path.read_bytes() == ARCHIVE


async def test_files_with_similar_names_stay_apart_in_the_next_call(play_raw, tmp_path):
    """Names that differ in case only, or not at all, each get a file of their own, and keep it in the next call."""

    async def play(writer):
        path = raw.heads[-1].split(b" ")[1]
        if b"5" in path and len(raw.heads) < 7:
            writer.write(OK + b'ETag: "v"\r\nContent-Length: 99\r\n\r\n' + path[:2])
        else:
            body = ARCHIVE + path
            writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        names = ["1/a.tar.gz", "2/A.tar.gz", "3/a.TAR.GZ", "4/a.tar.gz.part", "5/a.tar.gz", "6/%2e%2e"]
        sources = [source(f"{raw.url}/{name}", name[0]) for name in names]
        with pytest.raises(DownloadError, match="broke"):
            await fetch(sources, tmp_path, concurrency=1)
        files = await fetch(sources, tmp_path, concurrency=1)

    assert len(raw.heads) == len(names) + 1
    assert [file.path.read_bytes() for file in files] == [ARCHIVE + f"/{name}".encode() for name in names]
    assert len({file.path.name.casefold() for file in files}) == len(names)
