"""Downloads at their seams: odd answers, and ends at bad moments."""

from __future__ import annotations

import json
import time

import aiohttp
import pytest

from builders.downloads import ARCHIVE, FILE, HEAD, NAME, OK, SIZE, fetch, leave, source
from mongorestore_async import RetryPolicy
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.disk import partial_file as archives
from mongorestore_async.downloading.disk.resume_record import PartRecord
from mongorestore_async.downloading.download import DownloadSource
from mongorestore_async.downloading.download_types import Verification
from mongorestore_async.errors import (
    AuthError,
    ConfigError,
    DownloadError,
    DownloadTruncated,
    NotFound,
    ServerError,
    SessionClosed,
)
from mongorestore_async.models import Secret
from mongorestore_async.transport.connection import HttpSettings


async def test_an_empty_answer_that_announces_nothing_is_no_archive(play_raw, tmp_path):
    async def play(writer):
        writer.write(OK + b"\r\n")
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        with pytest.raises(DownloadTruncated, match="empty"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize(
    "location", ["http://user:pass@{host}/b", "http://a..b/c", f"http://{'a' * 70}.invalid/b", "http://h:99999/b"]
)
async def test_a_bad_redirect_is_an_error_of_this_file_only(play_raw, tmp_path, location):
    async def play(writer):
        host = raw.url.removeprefix("http://")
        head = f"HTTP/1.1 302 X\r\nLocation: {location.format(host=host)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw, play_raw(FILE) as other:
        lost = source("http://127.0.0.1:1/", url_v2=Secret(f"{raw.url}/{NAME}"), auth_value=Secret("t0ken"))
        good = source(f"{other.url}/b.tar.gz", "k")
        with pytest.raises(DownloadError, match=r"redirect target|name of a host"):
            await fetch([lost, good], tmp_path)

    assert len(raw.heads) == 1
    assert (tmp_path / "b.tar.gz").read_bytes() == ARCHIVE


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\0"])
async def test_an_unsendable_header_is_an_error_of_this_file_only(play_raw, tmp_path, value):
    async with play_raw(FILE) as raw:
        lost = source("http://127.0.0.1:1/", url_v2=Secret(f"{raw.url}/{NAME}"), auth_value=Secret(value))
        good = source(f"{raw.url}/b.tar.gz", "k")
        with pytest.raises(DownloadError, match="its header is not valid"):
            await fetch([lost, good], tmp_path)

    assert len(raw.heads) == 1
    assert (tmp_path / "b.tar.gz").read_bytes() == ARCHIVE


async def test_a_last_change_that_is_no_plain_text_is_no_validator(play_raw, tmp_path):
    head = OK.decode() + (
        "Last-Modified: Wed, 01 Jan 2025 00:00:00 GMT\udcff\r\nDate: Wed, 01 Jan 2025 01:00:00 GMT\r\n"
        f"Content-Length: {SIZE}\r\n\r\n"
    )

    async def play(writer):
        writer.write(head.encode(errors="surrogateescape") + (HEAD if len(raw.heads) == 1 else ARCHIVE))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=RetryPolicy(base=0))

    assert file.requests == 2
    assert file.path.read_bytes() == ARCHIVE


@pytest.mark.parametrize("label", ["application/json; charset=utf-8", "Application/XML", "text/html"])
async def test_a_message_instead_of_an_archive_keeps_the_part(play_raw, tmp_path, label):
    leave(tmp_path, HEAD, requests=1, size=SIZE, if_range='"v"')
    answer = OK + f"Content-Type: {label}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    async with play_raw(answer) as raw:
        with pytest.raises(DownloadError, match="instead of an archive"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert (tmp_path / f"{NAME}.part").read_bytes() == HEAD
    assert PartRecord.read(tmp_path / f"{NAME}.part.json").if_range == '"v"'


async def test_more_than_was_announced_does_not_fill_the_disk(play_raw, tmp_path):
    """In chunks nothing but the range tells how much there should be."""
    sent = 0

    async def play(writer):
        nonlocal sent
        writer.write(b'HTTP/1.1 206 X\r\nETag: "v"\r\nContent-Range: bytes 2-3/4\r\nTransfer-Encoding: chunked\r\n\r\n')
        for _ in range(64):
            writer.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
            await writer.drain()
            sent += 1

    leave(tmp_path, HEAD, requests=1, size=4, if_range='"v"')
    async with play_raw(play) as raw:
        with pytest.raises(DownloadError, match="more bytes than announced"):
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path)

    assert sent < 32


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), True, "5"])
def test_a_stall_timeout_is_a_number_a_clock_can_count_to(timeout):
    with pytest.raises(ConfigError, match="stall_timeout"):
        ArchiveFetcher(HttpSettings(), user_agent="tests", stall_timeout=timeout)


async def test_a_slow_disk_is_no_stall_of_the_server(play_raw, tmp_path, monkeypatch):
    size = 6 << 20
    write = archives.Archive.write

    def slowly(archive, pieces):
        time.sleep(0.5)
        write(archive, pieces)

    async def play(writer):
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % size)
        for _ in range(size >> 16):
            writer.write(bytes(1 << 16))
            await writer.drain()

    monkeypatch.setattr(archives.Archive, "write", slowly)
    async with play_raw(play) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, stall_timeout=0.2)

    assert file.size == size


async def test_a_hash_that_is_not_there_yet_can_be_looked_for_later(open_library, tmp_path):
    async with open_library({"hash_delay": 3600.0}) as library:
        sources = await library.order(max_downloads=1)
        (early,) = await library.download(sources, tmp_path, verify_tries=1)
        library.emulator.clock.advance(3600)
        (late,) = await library.download(sources, tmp_path)

    assert (early.verification, late.verification) == (Verification.NOT_YET, Verification.VERIFIED)
    assert (late.path, late.sha1) == (early.path, early.sha1)
    assert len(library.records) == 1
    assert [path.name for path in tmp_path.iterdir()] == [late.path.name]


@pytest.mark.parametrize(
    "error", [AuthError("revoked"), SessionClosed("closed")], ids=lambda error: type(error).__name__
)
async def test_a_key_that_is_revoked_meanwhile_does_not_cost_the_file(open_library, tmp_path, error):
    async with open_library() as library:
        (one,) = await library.order(max_downloads=1)
        asked = 0

        async def refuse():
            nonlocal asked
            asked += 1
            raise error

        (file,) = await library.download([DownloadSource(one.job, refuse)], tmp_path)

    assert (file.verification, asked) == (Verification.NOT_YET, 1)


async def test_a_file_of_unknown_length_is_checked_in_later_calls_too(open_library, tmp_path, monkeypatch):
    """A process may be killed in between, and the next one has no answer to see that by."""
    async with open_library({"chunked": True}, archive_bytes=200_000) as library:
        sources = await library.order("tenant")

        async def stop(*_, **__):
            raise DownloadError("killed")

        with monkeypatch.context() as patch:
            patch.setattr("mongorestore_async.downloading.transfer.check", stop)
            with pytest.raises(DownloadError, match="killed"):
                await library.download(sources, tmp_path)
        (part,) = tmp_path.glob("*.part")
        part.write_bytes(part.read_bytes()[:-4] + b"\0\0\0\0")
        record = part.with_name(f"{part.name}.json")
        known = json.loads(record.read_text(encoding="utf-8"))
        record.write_text(json.dumps(known | {"synced_sha1": None}), encoding="utf-8")
        with pytest.raises(DownloadTruncated, match="gzip"):
            await library.download(sources, tmp_path)


async def test_a_closed_session_that_was_lent_is_told(tmp_path):
    async with aiohttp.ClientSession() as lent:
        pass
    with pytest.raises(ConfigError, match="closed"):
        await fetch([source("http://127.0.0.1:1/a")], tmp_path, http=lent)


async def test_a_link_that_was_replaced_meanwhile_is_followed(play_raw, tmp_path):
    async with (
        play_raw(FILE) as new,
        play_raw(b"HTTP/1.1 403 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") as old,
    ):
        fresh = source(f"{new.url}/other?sig=2")
        stale = DownloadSource(source(f"{old.url}/{NAME}").job, fresh.refresh)
        (file,) = await fetch([stale], tmp_path, retry=RetryPolicy(base=0))

    assert (len(old.heads), len(new.heads)) == (1, 1)
    assert (file.path.name, file.path.read_bytes()) == (NAME, ARCHIVE)


@pytest.mark.parametrize("error", [AuthError("401"), NotFound("gone", status=404), ServerError("busy", status=503)])
async def test_a_job_unreadable_when_its_link_fails_keeps_the_part(play_raw, tmp_path, error):
    async def fail():
        nonlocal failing
        if failing:
            raise error
        return one.job

    async def play(writer):
        nonlocal failing
        failing = True
        writer.write(b"HTTP/1.1 401 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    failing = False
    leave(tmp_path, HEAD, requests=1, size=SIZE, if_range='"v"')
    async with play_raw(play) as raw:
        one = source(f"{raw.url}/{NAME}")
        with pytest.raises(DownloadError, match="could not be read either") as caught:
            await fetch([DownloadSource(one.job, fail)], tmp_path)

    assert caught.value.received == 2
    assert (tmp_path / f"{NAME}.part").read_bytes() == HEAD
