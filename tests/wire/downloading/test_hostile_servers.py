"""Download hosts that misbehave, byte by byte."""

from __future__ import annotations

import asyncio
import pickle
import traceback
from types import SimpleNamespace

import aiohttp
import pytest

from builders.downloads import ARCHIVE, FILE, OK
from mongorestore_async import NO_RETRY
from mongorestore_async.downloading import archive_fetcher as downloads
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.errors import DownloadError, DownloadTruncated, ProtocolError
from mongorestore_async.models import Delivery, Headers, JobRef, RestoreJob, Secret
from mongorestore_async.models.secret import unhide
from mongorestore_async.transport.connection import HttpSettings

KEY = "c2VjcmV0LWtleQ=="
PATH = f"/backup/../restore/v2//pull/j/{KEY}/%2e%2E;a=%2f/a%20b.tar.gz?X=%2f+&Y=+%7e&Z"


def source(url, **delivery):
    job = RestoreJob(
        id="j",
        ref=JobRef(family="ops-manager", project="p", cluster="c", job="j"),
        status_name="FINISHED",
        delivery=Delivery(status_name="READY", url=Secret(url), **delivery),
    )

    async def refresh():
        return job

    return DownloadSource(job, refresh)


async def download(url, directory, *, stall_timeout=2.0, http=None, retry=NO_RETRY, **delivery):
    fetcher = ArchiveFetcher(HttpSettings(http=http), user_agent="tests", stall_timeout=stall_timeout)
    return await download_batch([source(url, **delivery)], directory, fetcher=fetcher, retry=retry, verify_tries=0)


async def test_the_url_is_sent_byte_for_byte(play_raw, tmp_path):
    async with play_raw(FILE) as raw:
        (file,) = await download(raw.url + PATH, tmp_path)

    assert raw.heads[0].startswith(f"GET {PATH} HTTP/1.1\r\n".encode())
    assert file.path.name == "a b.tar.gz"
    assert file.path.read_bytes() == ARCHIVE


async def test_a_request_carries_nothing_that_is_not_needed(play_raw, tmp_path):
    async with (
        play_raw(FILE.replace(OK, OK + b"Set-Cookie: a=b; Path=/\r\n")) as raw,
        aiohttp.ClientSession(
            cookies={"session": "mine"}, headers={"X-Mine": "1"}, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as lent,
    ):
        await download(raw.url + "/a", tmp_path / "1", http=lent)
        await download(raw.url + "/a", tmp_path / "2", http=lent)
        assert not lent.closed
        assert [cookie.key for cookie in lent.cookie_jar] == ["session"]

    for head in raw.heads:
        names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:] if line}
        assert names == {b"host", b"user-agent", b"accept-encoding", b"accept"}
        assert b"Accept-Encoding: identity" in head


async def test_the_header_of_a_link_stays_at_its_origin(play_raw, tmp_path):
    async with play_raw(FILE) as other:
        back = f"HTTP/1.1 307 X\r\nLocation: {other.url}/b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        answers = [b"HTTP/1.1 302 X\r\nLocation: /a?x=%2F=\r\nConnection: close\r\n\r\n", back.encode()]

        async def answer(writer):
            writer.write(answers[len(first.heads) - 1])
            writer.close()

        async with play_raw(answer) as first:
            await download("http://127.0.0.1:1/unused", tmp_path, url_v2=Secret(first.url + "/v3/a"),
                           auth_header="X-Token", auth_value=Secret("t0ken"))  # fmt: skip

    assert [b"X-Token: Bearer t0ken" in head for head in (*first.heads, *other.heads)] == [True, True, False]
    assert first.heads[1].startswith(b"GET /a?x=%2F= HTTP/1.1")


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (b"HTTP/1.1 302 X\r\nLocation: /again\r\nConnection: close\r\n\r\n", DownloadError, "more than 5 times"),
        (b"HTTP/1.1 302 X\r\nConnection: close\r\n\r\n", DownloadError, "not a valid URL"),
        (b"HTTP/1.1 302 X\r\nLocation: ftp://h/a\r\nConnection: close\r\n\r\n", DownloadError, "not a valid URL"),
        (b"HTTP/1.1 302 X\r\nLocation: http://[x/a\r\nConnection: close\r\n\r\n", DownloadError, "not a valid URL"),
        (b"HTTP/1.1 302 X\r\nLocation: /a b\r\nConnection: close\r\n\r\n", DownloadError, "not a valid URL"),
        (OK + b"Content-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin", DownloadError, "web page"),
        (OK + b"Content-Length: 0\r\n\r\n", DownloadTruncated, "empty"),
        (OK + b"Content-Length: 9\r\n\r\nfile", DownloadError, "broke"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nfile\r\n", DownloadError, "broke"),
        (b"HTTP/1.1 204 X\r\nConnection: close\r\n\r\n", DownloadError, "HTTP 204"),
        (b"HTTP/1.1 403 X\r\nConnection: close\r\nContent-Length: 3\r\n\r\nkey", DownloadError, "HTTP 403"),
        (
            b"HTTP/1.1 206 X\r\nConnection: close\r\nContent-Range: bytes 2-3/4\r\n\r\nle",
            DownloadError,
            "does not match the request",
        ),
        (b"220 smtp.example.com\r\n\r\n", DownloadError, "not valid HTTP"),
        (b"", DownloadError, "broke"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_no_archive_ends_in_an_error_without_secrets(play_raw, tmp_path, answer, error, said):
    async def play(writer):
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        with pytest.raises(error, match=said) as caught:
            await download(Secret(f"{raw.url}/dir/{KEY}/a.tar.gz?sig={KEY}"), tmp_path)

    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY not in shown
    assert KEY not in repr(pickle.loads(pickle.dumps(caught.value)).__dict__)  # noqa: S301
    assert KEY not in "".join(path.read_text() for path in tmp_path.iterdir())
    assert not (tmp_path / "a.tar.gz").exists()


async def test_a_connection_that_cannot_be_made_uses_nothing_up(play_raw, tmp_path):
    async with play_raw(FILE) as raw:
        url = Secret(f"{raw.url}/{KEY}/a.tar.gz")
    with pytest.raises(DownloadError, match="no connection") as caught:
        await download(url, tmp_path, max_downloads=1)

    assert KEY not in "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert list(tmp_path.iterdir()) == []


async def test_a_link_is_no_way_out_of_the_directory(play_raw, tmp_path):
    async with play_raw(FILE) as raw:
        (file,) = await download(f"{raw.url}/x/..%2F..%2F%00evil", tmp_path)

    assert file.path.parent == tmp_path
    assert file.path.name == "_.._evil" or "evil" in file.path.name
    # Its hash is not known, so the record of it stays.
    assert {path.name for path in tmp_path.iterdir()} == {file.path.name, f"{file.path.name}.part.json"}


@pytest.mark.parametrize("url", ["ftp://h/a.tar.gz", "no url", "http:///a", "http://h/a\r\nX: y", "file:///etc/passwd"])
async def test_a_link_that_cannot_be_sent_is_refused(tmp_path, url):
    with pytest.raises(DownloadError, match="not a valid URL"):
        await download(url, tmp_path)


@pytest.mark.parametrize(
    ("location", "followed"),
    [
        ("http://h/a", False),
        ("ftp://h/a", False),
        ("//other/a?x=%2F", "https://other/a?x=%2F"),
        ("https://h/%7E/../a?b=c=", "https://h/%7E/../a?b=c="),
        ("HTTPS://other:8443/a", "HTTPS://other:8443/a"),
        ("https://h/\N{LATIN SMALL LETTER U WITH DIAERESIS}", "https://h/%C3%BC"),
    ],
)
def test_a_redirect_from_https_never_leaves_it(location, followed):
    reply = SimpleNamespace(headers=Headers([("Location", location)]), request=None)

    if followed:
        assert unhide(downloads._follow(Secret("https://h/x"), reply)) == followed
    else:
        with pytest.raises(ProtocolError, match="from https"):
            downloads._follow(Secret("https://h/x"), reply)


async def test_an_answer_that_never_begins_ends_in_time(play_raw, tmp_path):
    async def nothing(writer):
        await asyncio.sleep(30)

    async with play_raw(nothing) as raw:
        began = asyncio.get_running_loop().time()
        with pytest.raises(DownloadError, match=r"sent nothing for 0\.2 s"):
            await download(raw.url + "/a", tmp_path, stall_timeout=0.2)

        assert asyncio.get_running_loop().time() - began < 10
