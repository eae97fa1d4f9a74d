"""Downloads that fail: each cause has its error, and nothing stands under the final name."""

from __future__ import annotations

import asyncio
import errno
import gzip
import json
import shutil
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from mongorestore_async import NO_RETRY
from mongorestore_async.downloading.disk import partial_file as archives
from mongorestore_async.downloading.download import DownloadSource
from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.emulator import Validators
from mongorestore_async.errors import (
    DiskFull,
    DownloadError,
    DownloadExpired,
    DownloadTruncated,
    DownloadUsedUp,
    HashMismatch,
    NotFound,
)

SIZE = 5_000_000


class Usage(NamedTuple):
    free: int
    total: int = 10**9


async def test_one_download_allowed_is_one_request(open_library, tmp_path, names_in):
    async with open_library({"cut_after": 3_000_000}) as library:
        sources = await library.order(max_downloads=1)
        with pytest.raises(DownloadTruncated, match="one time allowed") as caught:
            await library.download(sources, tmp_path)

        kept = (tmp_path / f"{caught.value.file_name}.part").stat().st_size
        assert caught.value.received == kept > 1_500_000
        assert len(library.records) == 1
        # Asked for again, the job says that it is used up, and the part is still there.
        with pytest.raises(DownloadUsedUp, match="create a new restore job") as caught:
            await library.download(sources, tmp_path)
        assert caught.value.received == kept
    assert len(library.records) == 1
    assert names_in(tmp_path) == [f"{caught.value.file_name}.part", f"{caught.value.file_name}.part.json"]


async def test_the_same_break_is_met_only_so_often(open_library, tmp_path):
    async with open_library({"cut_after": 1_000_000, "ranges": False}) as library:
        with pytest.raises(DownloadTruncated, match="download again"):
            await library.download(await library.order("tenant"), tmp_path)

    assert len(library.records) == 4


async def test_a_rule_that_never_repeats_is_obeyed(open_library, tmp_path):
    async with open_library({"cut_after": 1_000_000}) as library:
        with pytest.raises(DownloadTruncated):
            await library.download(await library.order("tenant"), tmp_path, retry=NO_RETRY)

    assert len(library.records) == 1


@pytest.mark.parametrize("kind", ["replica-set", "cloud-backup", "tenant"])
@pytest.mark.parametrize("gone_status", [403, 410])
async def test_an_expired_link_is_told_as_such(open_library, tmp_path, names_in, kind, gone_status):
    async with open_library({"gone_status": gone_status}) as library:
        sources = await library.order(kind)
        library.emulator.clock.advance(5 * 3600)
        refresh = sources[0].refresh
        # The tenant job itself never says so: its date does, on the clock of the test's machine.
        with pytest.raises(DownloadExpired if kind != "tenant" else DownloadError) as caught:
            await library.download([DownloadSource(sources[0].job, refresh)], tmp_path)

    assert caught.value.received == 0
    assert len(library.records) == 1
    assert all(not name.endswith(".gz") for name in names_in(tmp_path))


async def test_a_link_that_expires_while_it_is_gone_on_with(open_library, tmp_path):
    async with open_library() as library:
        sources = await library.order()
        library.play_once(cut_after=3_000_000)
        with pytest.raises(DownloadTruncated):
            await library.download(sources, tmp_path, retry=NO_RETRY)
        library.emulator.clock.advance(5 * 3600)
        with pytest.raises(DownloadExpired) as caught:
            await library.download(sources, tmp_path)

    assert caught.value.received > 1_500_000
    assert len(library.records) == 1


async def test_a_date_that_has_passed_tells_of_an_expired_link(open_library, tmp_path):
    async with open_library(start=datetime(2020, 1, 1, tzinfo=UTC)) as library:
        sources = await library.order("tenant")
        library.emulator.clock.advance(5 * 3600)
        with pytest.raises(DownloadExpired):
            await library.download(sources, tmp_path)


async def test_a_wrong_hash_is_found_and_the_bytes_are_kept_aside(open_library, tmp_path, names_in):
    async with open_library({"wrong_byte_at": 4_000_000}) as library:
        with pytest.raises(HashMismatch) as caught:
            await library.download(await library.order(), tmp_path)

    assert names_in(tmp_path) == [f"{caught.value.file_name}.mismatch"]
    assert caught.value.received == (tmp_path / f"{caught.value.file_name}.mismatch").stat().st_size == SIZE
    assert ".mismatch" in caught.value.message


async def test_a_file_without_hash_is_unpacked_on_demand(open_library, tmp_path, names_in):
    async with open_library({"missing": 100_000}) as library:
        sources = await library.order("tenant")
        (file,) = await library.download(sources, tmp_path / "unchecked")
        assert file.verification is Verification.NOT_VERIFIABLE
        with pytest.raises(DownloadTruncated, match="trailer") as caught:
            await library.download(sources, tmp_path / "checked", check_gzip=True)
        library.play(missing=0)
        (file,) = await library.download(sources, tmp_path / "whole", check_gzip=True)

    assert names_in(tmp_path / "checked") == [f"{caught.value.file_name}.mismatch"]
    assert gzip.decompress(file.path.read_bytes())


async def test_a_file_of_unknown_length_is_always_unpacked(open_library, tmp_path):
    async with open_library({"missing": 100_000, "chunked": True}) as library:
        with pytest.raises(DownloadTruncated, match="trailer"):
            await library.download(await library.order("tenant"), tmp_path)


async def test_a_disk_without_room_is_found_before_it_is_filled(open_library, tmp_path, monkeypatch, names_in):
    async with open_library() as library:
        sources = await library.order()
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(SIZE - 1))
        with pytest.raises(DiskFull, match="free up space") as caught:
            await library.download(sources, tmp_path)
        assert caught.value.received == 0
        assert (tmp_path / f"{caught.value.file_name}.part").stat().st_size == 0
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(SIZE))
        (file,) = await library.download(sources, tmp_path)

    assert file.verification is Verification.VERIFIED
    assert names_in(tmp_path) == [file.path.name]


async def test_files_under_way_do_not_count_on_the_same_room(open_library, tmp_path, monkeypatch):
    async with open_library({"bytes_per_second": 1_000_000}, archive_bytes=200_000) as library:
        sources = await library.order("sharded")
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(300_000))
        with pytest.raises(DiskFull, match="other downloads"):
            await library.download(sources, tmp_path, concurrency=3)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
async def test_a_disk_that_becomes_full_keeps_what_is_there(open_library, tmp_path, monkeypatch, names_in, number):
    class Small:
        """A file on a disk with room for 2.5 MB."""

        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, data):
            room = 2_500_000 - self.file.tell()
            if not room:
                raise OSError(number, "full")
            return self.file.write(data[:room])

    opened = archives.open_locked
    async with open_library() as library:
        sources = await library.order()
        monkeypatch.setattr(archives, "open_locked", lambda path: Small(opened(path)))
        with pytest.raises(DiskFull, match="full after 2500000 bytes") as caught:
            await library.download(sources, tmp_path)
        assert (tmp_path / f"{caught.value.file_name}.part").stat().st_size == caught.value.received == 2_500_000
        monkeypatch.setattr(archives, "open_locked", opened)
        (file,) = await library.download(sources, tmp_path)

    assert (file.resumed_from, file.verification) == (2_500_000, Verification.VERIFIED)
    assert names_in(tmp_path) == [file.path.name]


async def test_a_stall_ends_in_time_and_keeps_what_came(open_library, tmp_path):
    async with open_library({"stall_after": 3_000_000}) as library:
        sources = await library.order(max_downloads=1)
        began = asyncio.get_running_loop().time()
        with pytest.raises(DownloadTruncated, match=r"sent nothing for 0\.3 s") as caught:
            await library.download(sources, tmp_path, stall_timeout=0.3)

        assert asyncio.get_running_loop().time() - began < 10
    assert caught.value.received == 3_000_000


async def test_a_slow_download_outlives_the_stall_timeout(open_library, tmp_path):
    async with open_library({"bytes_per_second": 80_000}, archive_bytes=120_000) as library:
        (file,) = await library.download(await library.order(), tmp_path, stall_timeout=1.0)

    assert file.verification is Verification.VERIFIED
    assert file.seconds > 0.4


async def test_another_file_of_that_name_is_not_overwritten_unasked(open_library, tmp_path):
    async with open_library() as library:
        sources = await library.order()
        (file,) = await library.download(sources, tmp_path)
        file.path.write_text("mine")
        with pytest.raises(DownloadError, match="overwrite=True"):
            await library.download(sources, tmp_path)
        assert file.path.read_text() == "mine"
        assert len(library.records) == 1
        (again,) = await library.download(sources, tmp_path, overwrite=True)

    assert again.path.stat().st_size == SIZE


@pytest.mark.parametrize("record", [None, "{}", "[1]", '{"version": 1, "job": 7, "label": ""}', "other"])
async def test_a_part_of_something_else_is_not_overwritten_unasked(open_library, tmp_path, record):
    async with open_library() as library:
        sources = await library.order()
        (file,) = await library.download(sources, tmp_path)
        file.path.unlink()
        part = tmp_path / f"{file.path.name}.part"
        part.write_text("mine")
        if record is not None:
            text = json.dumps({"version": 1, "job": "another", "label": ""}) if record == "other" else record
            (tmp_path / f"{part.name}.json").write_text(text)
        with pytest.raises(DownloadError, match="another download"):
            await library.download(sources, tmp_path)
        assert part.read_text() == "mine"
        (again,) = await library.download(sources, tmp_path, overwrite=True)

    assert again.verification is Verification.VERIFIED
    assert [path.name for path in tmp_path.iterdir()] == [again.path.name]


async def test_two_downloads_do_not_write_the_same_file(open_library, tmp_path):
    async with open_library({"bytes_per_second": 20_000_000}) as library:
        sources = await library.order()
        outcomes = await asyncio.gather(
            library.download(sources, tmp_path), library.download(sources, tmp_path), return_exceptions=True
        )

    (error,) = [outcome for outcome in outcomes if isinstance(outcome, DownloadError)]
    assert "another download is writing" in error.message
    ((file,),) = [outcome for outcome in outcomes if outcome is not error]
    assert file.verification is Verification.VERIFIED
    assert len(library.records) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"statusName": "BROKEN"}, "failed or was cancelled"),
        ({"delivery": {"statusName": "IN_PROGRESS"}}, "downloadable"),
        ({"delivery": {"statusName": "MAX_DOWNLOADS_EXCEEDED"}}, "maximum number of downloads"),
    ],
    ids=str,
)
async def test_nothing_is_fetched_while_a_job_of_a_batch_lacks_a_file(open_library, tmp_path, names_in, change, said):
    async with open_library(archive_bytes=100_000) as library:
        sources = await library.order("sharded")
        library.emulator.world.jobs.patch(library.job, change)
        fresh = DownloadSource(await sources[0].refresh(), sources[0].refresh)
        with pytest.raises(DownloadError, match=said):
            await library.download([*sources[1:], fresh], tmp_path)

    assert library.records == ()
    assert names_in(tmp_path) == []


async def test_a_job_that_cannot_be_read_does_not_spoil_a_whole_file(open_library, tmp_path):
    async with open_library({"validators": Validators.NONE}) as library:
        (source,) = await library.order()

        async def fail():
            raise NotFound("gone", status=404)

        (file,) = await library.download([DownloadSource(source.job, fail)], tmp_path)

    assert file.verification is Verification.NOT_YET


async def test_a_place_that_cannot_be_written_to_is_told(open_library, tmp_path):
    (tmp_path / "file").write_text("")
    async with open_library() as library:
        with pytest.raises(DownloadError, match="cannot be used"):
            await library.download(await library.order(), tmp_path / "file" / "below")

    assert library.records == ()
