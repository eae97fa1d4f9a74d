"""What stands on the disk is what was received: changed files, crashes of the system, records ahead of their parts."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os

import pytest
from blockbuster import blockbuster_ctx

from builders.downloads import NAME, an_archive, answer, fetch, source
from mongorestore_async import NO_RETRY, RetryPolicy
from mongorestore_async.downloading.disk import partial_file, resume_record
from mongorestore_async.downloading.disk.resume_record import PartRecord, boot_id
from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.errors import DownloadError, DownloadTruncated, DownloadUsedUp, HashMismatch

ARCHIVE = an_archive(1, 3_000_000)
SIZE = len(ARCHIVE)
OTHER = an_archive(2, 3_000_000)
SHA1 = hashlib.sha1(ARCHIVE, usedforsecurity=False).hexdigest()
TAG = '"v1"'
WHOLE = answer(200, ARCHIVE, ETag=TAG)
PUBLISHED = [(NAME, SHA1)]


def part_of(directory):
    return directory / f"{NAME}.part"


def record_of(directory):
    return directory / f"{NAME}.part.json"


def change(directory, **fields):
    known = json.loads(record_of(directory).read_text())
    record_of(directory).write_text(json.dumps(known | fields))


@pytest.fixture
def play_ranges(play_raw):
    """Start a server that gives the archive from where it is asked, and breaks off the first time."""

    @contextlib.asynccontextmanager
    async def start(cut):
        async def play(writer):
            _, _, asked = raw.heads[-1].partition(b"Range: bytes=")
            first = int(asked.partition(b"-")[0] or 0)
            if first:
                field = f"bytes {first}-{SIZE - 1}/{SIZE}"
                writer.write(answer(206, ARCHIVE[first:], ETag=TAG, Content_Range=field))
            else:
                writer.write(answer(200, ARCHIVE, cut=cut if len(raw.heads) == 1 else None, ETag=TAG))
            await writer.drain()
            writer.close()

        async with play_raw(play) as raw:
            yield raw

    return start


async def test_a_file_overwritten_between_two_calls_is_not_verified(play_answers, tmp_path):
    async with play_answers(WHOLE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        assert file.verification is Verification.NOT_YET
        file.path.write_bytes(OTHER)
        with pytest.raises(HashMismatch, match=r"modified after it was received.*overwrite=True"):
            await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)
        with pytest.raises(HashMismatch, match="modified after"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        assert file.path.read_bytes() == OTHER, "whoever wrote it may need it"
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path, overwrite=True)

    assert (file.verification, file.sha1, file.requests) == (Verification.VERIFIED, SHA1, 2)
    assert file.path.read_bytes() == ARCHIVE


async def test_a_file_found_again_is_hashed_in_this_call(play_answers, tmp_path, monkeypatch):
    hashed = []
    rehash = partial_file.Archive.rehash

    def watch(archive):
        hashed.append(archive.kept)
        return rehash(archive, 500_000)

    async with play_answers(WHOLE) as raw:
        await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        monkeypatch.setattr(partial_file.Archive, "rehash", watch)
        with blockbuster_ctx():
            (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert (file.verification, file.sha1, len(raw.heads)) == (Verification.VERIFIED, SHA1, 1)
    assert len(hashed) >= SIZE // 500_000
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


async def test_a_better_file_put_in_its_place_is_verified(play_answers, tmp_path):
    """Whoever fetched it again by other means has the published one."""
    async with play_answers(answer(200, OTHER[:SIZE])) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        assert file.size == SIZE
        file.path.write_bytes(ARCHIVE)
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert (file.verification, file.sha1) == (Verification.VERIFIED, SHA1)


async def test_a_text_put_in_its_place_stays_where_it_is(play_answers, tmp_path, names_in):
    async with play_answers(WHOLE) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        file.path.write_bytes(b"mine " * (SIZE // 5) + b" " * (SIZE % 5))
        with pytest.raises(HashMismatch, match="modified after"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert names_in(tmp_path) == [NAME, f"{NAME}.part.json"]


@pytest.mark.parametrize("boot", ["another boot", None])
@pytest.mark.parametrize("share", [0, 0.5, 0.9])
async def test_what_lies_behind_the_last_sync_is_fetched_again(play_ranges, tmp_path, boot, share):
    async with play_ranges(1_500_000) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        there = part_of(tmp_path).stat().st_size
        synced = int(share * there)
        # The system crashed: the size was on disk, and some of the bytes were not.
        part_of(tmp_path).write_bytes(ARCHIVE[:synced] + bytes(there - synced))
        change(tmp_path, synced=synced, synced_sha1=None, boot=boot)
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert (file.verification, file.resumed_from, file.requests) == (Verification.VERIFIED, synced, 2)


@pytest.mark.skipif(boot_id() is None, reason="the system does not tell one boot from another")
async def test_after_the_end_of_a_process_nothing_is_fetched_again(play_ranges, tmp_path, monkeypatch):
    async with play_ranges(1_500_000) as raw:
        with monkeypatch.context() as killed:
            killed.setattr(partial_file.Archive, "_sync", lambda *_, **__: None)
            with pytest.raises(DownloadTruncated):
                await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        there = part_of(tmp_path).stat().st_size
        assert PartRecord.read(record_of(tmp_path)).synced == 0
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert file.resumed_from == there > 0


async def test_a_part_that_was_closed_is_safe_from_a_crash(play_ranges, tmp_path, monkeypatch):
    async with play_ranges(1_500_000) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        there = part_of(tmp_path).stat().st_size
        record = PartRecord.read(record_of(tmp_path))
        monkeypatch.setattr(resume_record, "boot_id", lambda: "the next boot")
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert (record.synced, record.synced_sha1) == (there, hashlib.sha1(ARCHIVE[:there]).hexdigest())  # noqa: S324
    assert file.resumed_from == there > 0


@pytest.mark.parametrize("damage", ["zeros", "a bit"])
async def test_a_part_that_was_damaged_is_not_gone_on_with(play_ranges, tmp_path, names_in, damage):
    async with play_ranges(1_500_000) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        data = bytearray(part_of(tmp_path).read_bytes())
        data[1000 : 2000 if damage == "zeros" else 1001] = bytes(1000 if damage == "zeros" else 1)
        part_of(tmp_path).write_bytes(data)
        with pytest.raises(DownloadError, match=r"modified after it was written, and was discarded; download again"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        assert NAME not in names_in(tmp_path)
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path)

    assert (file.verification, file.resumed_from) == (Verification.VERIFIED, 0)


@pytest.mark.parametrize("whole", [False, True])
async def test_a_damaged_part_is_fetched_anew_in_the_same_call(play_ranges, tmp_path, busy_executor, whole):
    busy_executor()
    async with play_ranges(1_500_000) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        data = ARCHIVE if whole else part_of(tmp_path).read_bytes()
        part_of(tmp_path).write_bytes(bytes(1000) + data[1000:])
        if whole:
            change(tmp_path, synced=SIZE, synced_sha1=SHA1)
        job = source(f"{raw.url}/{NAME}", hashes=PUBLISHED, max_downloads=3)
        (file,) = await fetch([job], tmp_path, retry=RetryPolicy(base=0))

    assert (file.verification, file.resumed_from, file.requests) == (Verification.VERIFIED, 0, 2 if whole else 3)


async def test_a_damaged_part_costs_no_more_than_the_link_allows(play_ranges, tmp_path, names_in):
    async with play_ranges(1_500_000) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        data = part_of(tmp_path).read_bytes()
        part_of(tmp_path).write_bytes(bytes(1000) + data[1000:])
        with pytest.raises(DownloadUsedUp, match=r"was discarded.*2 times allowed"):
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=2)], tmp_path, retry=RetryPolicy(base=0))

    assert len(raw.heads) == 2
    assert part_of(tmp_path).read_bytes() == b"", "nothing of the answer for its end is left in it"
    assert NAME not in names_in(tmp_path)


@pytest.mark.parametrize("left", [0, 1, 700_000])
async def test_a_part_shorter_than_its_record_goes_on_from_its_end(play_ranges, tmp_path, left):
    async with play_ranges(1_500_000) as raw:
        with pytest.raises(DownloadTruncated):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        os.truncate(part_of(tmp_path), left)
        (file,) = await fetch([source(f"{raw.url}/{NAME}", hashes=PUBLISHED)], tmp_path, retry=NO_RETRY)

    assert (file.verification, file.resumed_from) == (Verification.VERIFIED, left)


async def test_a_whole_part_that_lost_its_bytes_is_not_finished(play_answers, tmp_path, names_in, monkeypatch):
    """The record knew of the end, the file did not get its name: the rename was lost, and bytes with it."""
    async with play_answers(WHOLE) as raw:
        with monkeypatch.context() as crashed:
            crashed.setattr(partial_file.Archive, "_rename", lambda *_: 1 / 0)
            with pytest.raises(ExceptionGroup):
                await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        data = part_of(tmp_path).read_bytes()
        assert data == ARCHIVE
        part_of(tmp_path).write_bytes(data[:-5000] + bytes(5000))
        with pytest.raises(DownloadError, match="modified after it was written"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)
        assert NAME not in names_in(tmp_path)
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert (file.path.read_bytes(), file.requests) == (ARCHIVE, 2)


@pytest.mark.parametrize("content", ["", "\n", None])
def test_a_system_may_have_no_name_for_its_boot(tmp_path, monkeypatch, content):
    path = tmp_path / "boot_id"
    if content is not None:
        path.write_text(content)
    monkeypatch.setattr(resume_record, "_BOOT", path)
    boot_id.cache_clear()
    try:
        assert boot_id() is None
        record = PartRecord(job="j", label="", synced=5).changed()
        assert (record.safe_size(9), record.safe_size(3)) == (5, 3)
        assert PartRecord(job="j", label="").safe_size(9) == 9, "earlier versions recorded no sync"
    finally:
        boot_id.cache_clear()
