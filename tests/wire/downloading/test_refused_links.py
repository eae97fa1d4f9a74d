"""Links that a host refuses although their job has them, and hosts that send a file in small pieces."""

from __future__ import annotations

import re

import pytest

from builders.downloads import NAME, an_archive, answer, fetch, source
from mongorestore_async import NO_RETRY, RetryPolicy
from mongorestore_async.errors import DownloadError, DownloadTruncated, DownloadUsedUp, LinkRefused, ProxyFailed


def asked_for(raw):
    """Whether the last request asked for a range, and where it begins."""
    asked = re.search(rb"(?i)range: bytes=(\d+)-", raw.heads[-1])
    return asked is not None, int(asked[1]) if asked else 0


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
async def test_a_refused_link_that_the_job_still_has_is_told(play_raw, tmp_path, status):
    async with play_raw(b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n" % status) as raw:
        with pytest.raises(LinkRefused, match="create a new restore job") as caught:
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=RetryPolicy(base=0))

    assert len(raw.heads) == 1
    assert f"HTTP {status}" in str(caught.value)
    assert "wait" not in str(caught.value)
    assert isinstance(caught.value, DownloadError)
    assert caught.value.__cause__.status == status


async def test_a_refused_link_keeps_what_came_before(play_answers, tmp_path):
    data = an_archive(2)
    async with play_answers(answer(200, data, cut=20_000, etag='"v"'), answer(404, b"")) as raw:
        with pytest.raises(LinkRefused, match="20000 of") as caught:
            await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=RetryPolicy(base=0))

    assert caught.value.received == 20_000
    assert len(raw.heads) == 2


async def test_a_proxy_that_wants_a_login_does_not_use_the_link_up(play_raw, tmp_path):
    async with play_raw(b"HTTP/1.1 407 X\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") as raw:
        with pytest.raises(DownloadError, match="check proxy and its user name") as caught:
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=1)], tmp_path, retry=RetryPolicy(base=0))

    assert not isinstance(caught.value, (LinkRefused, DownloadUsedUp))
    assert isinstance(caught.value.__cause__, ProxyFailed)
    assert len(raw.heads) == 1
    assert not list(tmp_path.iterdir())  # not even a record of its use


@pytest.mark.parametrize("retry", [RetryPolicy(base=0, tries=2), NO_RETRY], ids=["two tries", "no retry"])
async def test_short_ranges_that_go_on_are_no_failed_tries(play_raw, tmp_path, retry):
    step = 100_000
    data = an_archive(3, size=900_000)

    async def play(writer):
        asked, first = asked_for(raw)
        if not asked:
            writer.write(answer(200, data, cut=step, etag='"v"'))
        else:
            part = data[first : first + step]
            span = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
            writer.write(answer(206, part, etag='"v"', content_range=span))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        one = source(f"{raw.url}/{NAME}")
        if retry is NO_RETRY:  # the first answer breaks off
            with pytest.raises(DownloadTruncated):
                await fetch([one], tmp_path, retry=retry)
        (file,) = await fetch([one], tmp_path, retry=retry)

    assert file.path.read_bytes() == data
    assert len(raw.heads) > 5


async def test_connections_that_bring_little_each_are_gone_on_with(play_raw, tmp_path):
    data = an_archive(4, size=900_000)

    async def play(writer):
        asked, first = asked_for(raw)
        span = f"bytes {first}-{len(data) - 1}/{len(data)}"
        more = {"content_range": span} if asked else {}
        writer.write(answer(206 if asked else 200, data[first:], cut=100_000, etag='"v"', **more))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        (file,) = await fetch([source(f"{raw.url}/{NAME}")], tmp_path, retry=RetryPolicy(base=0, tries=2))

    assert file.path.read_bytes() == data
    assert len(raw.heads) > 5


async def test_ranges_use_the_link_each_time(play_raw, tmp_path):
    data = an_archive(5, size=900_000)

    async def play(writer):
        asked, first = asked_for(raw)
        span = f"bytes {first}-{first + 9999}/{len(data)}"
        short = answer(206, data[first : first + 10_000], etag='"v"', content_range=span)
        writer.write(short if asked else answer(200, data, cut=100_000, etag='"v"'))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        with pytest.raises(DownloadTruncated, match="the 4 times"):
            await fetch([source(f"{raw.url}/{NAME}", max_downloads=4)], tmp_path, retry=RetryPolicy(base=0))

    assert len(raw.heads) == 4
