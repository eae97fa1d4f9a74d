"""How the emulator's downloads can be played: ranges, validators, odd headers, bodies that stall, end or lie."""

import asyncio
import contextlib
import time

import aiohttp
import attrs
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from mongorestore_async.emulator import DownloadPlay, Emulator, EmulatorSettings, Offer, Validators
from mongorestore_async.emulator.world import Order
from mongorestore_async.errors import ConfigError

SIZE = 50_000


class Link:
    def __init__(self, emulator, client):
        self.emulator = emulator
        self.client = client
        cluster = emulator.world.first()
        snapshot = emulator.world.jobs.snapshot_id(cluster)
        (self.job,) = emulator.world.jobs.create(cluster, Order(snapshot_id=snapshot))
        self.path = f"/api/public/v1.0/groups/{cluster.project_id}/clusters/{cluster.id}/restoreJobs/{self.job.id}"

    @property
    def data(self):
        return self.emulator.archives.of(self.job).read(0, 1 << 30)

    async def url(self):
        async with self.client.get(self.emulator.url + self.path) as response:
            return URL((await response.json())["delivery"]["url"], encoded=True)

    async def get(self, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(await self.url(), headers=headers) as response:
            return response, await response.read()


@contextlib.asynccontextmanager
async def linked(size=SIZE, **play):
    settings = EmulatorSettings(
        speed=0, gzip=False, auth_enabled=False, restore_seconds=0, archive_bytes=size, downloads=DownloadPlay(**play)
    )
    async with Emulator(settings) as emulator, aiohttp.ClientSession(auto_decompress=False) as client:
        yield Link(emulator, client)


async def read_into(received, client, url):
    async with client.get(url) as response:
        async for piece in response.content.iter_any():
            received += piece


# ---- ranges and validators


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-", 100, SIZE),
        ("bytes=49999-49999", SIZE - 1, SIZE),
        ("bytes=100-9999999", 100, SIZE),
        ("bytes=-7", SIZE - 7, SIZE),
        ("bytes=-9999999", 0, SIZE),
    ],
)
async def test_a_range_is_answered_with_that_part(asked, start, stop):
    async with linked() as link:
        response, data = await link.get(Range=asked)
        assert (response.status, data) == (206, link.data[start:stop])
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{SIZE}"
        assert response.content_length == stop - start
        record = link.emulator.downloads.records[-1]
        assert (record.range, record.sent, record.status) == (asked, stop - start, 206)


@pytest.mark.parametrize("asked", ["bytes=5-3", "bytes=1-2,5-6", "bytes=-", "bytes=x-", "lines=1-2", "bytes 1-2", ""])
async def test_a_range_that_cannot_be_understood_is_ignored(asked):
    async with linked() as link:
        response, data = await link.get(Range=asked)
        assert (response.status, data) == (200, link.data)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=60000-70000", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused(asked):
    async with linked() as link:
        response, _ = await link.get(Range=asked)
        assert (response.status, response.headers["Content-Range"]) == (416, f"bytes */{SIZE}")


@pytest.mark.parametrize(
    ("validators", "etag", "modified", "by_etag", "by_date"),
    [
        (Validators.STRONG, '"', True, 206, 206),
        (Validators.WEAK, 'W/"', True, 200, 206),
        (Validators.DATE, None, True, 200, 206),
        (Validators.NONE, None, False, 200, 200),
        (Validators.CHANGING, '"', False, 200, 200),
    ],
)
async def test_if_range_is_good_for_the_validators_there_are(validators, etag, modified, by_etag, by_date):
    async with linked(validators=validators) as link:
        first, _ = await link.get()
        tag, date = first.headers.get("ETag"), first.headers.get("Last-Modified")
        assert (tag is None) if etag is None else tag.startswith(etag)
        assert (date is not None) is modified
        assert first.headers["Accept-Ranges"] == "bytes"
        for value, status in ((tag or '"x"', by_etag), (date or "Mon, 02 Nov 2026 12:00:00 GMT", by_date)):
            again, _ = await link.get(Range="bytes=1-2", If_Range=value)
            assert again.status == status


async def test_a_regenerated_archive_is_sent_whole_to_old_validators():
    async with linked() as link:
        first, old = await link.get()
        link.emulator.archives.regenerate(link.job)
        for name in ("ETag", "Last-Modified"):
            response, data = await link.get(Range="bytes=10-", If_Range=first.headers[name])
            assert (response.status, data) == (200, link.data)
        assert data != old


async def test_a_server_may_know_no_ranges():
    async with linked(ranges=False) as link:
        response, data = await link.get(Range="bytes=10-")
        assert (response.status, len(data), "Accept-Ranges" in response.headers) == (200, SIZE, False)


# ---- odd headers


async def test_content_range_can_lie():
    async with linked(content_range_shift=5) as link:
        response, data = await link.get(Range="bytes=10-19")
        assert (response.headers["Content-Range"], data) == (f"bytes 15-24/{SIZE}", link.data[10:20])


async def test_the_length_can_be_left_out_and_the_type_mislabelled():
    async with linked(chunked=True, gzip_label=True, disposition='attachment; filename="../../etc/passwd"') as link:
        response, data = await link.get()
        assert (response.content_length, response.headers["Transfer-Encoding"]) == (None, "chunked")
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["Content-Disposition"] == 'attachment; filename="../../etc/passwd"'
        assert data == link.data


@pytest.mark.parametrize("name", ["..%2F..%2Fetc%2Fpasswd", "..", "", "%00", "a%20b.tar.gz", "CON", "x" * 300])
async def test_links_may_end_in_any_name(name):
    async with linked(file_name=name) as link:
        url = await link.url()
        assert str(url).endswith("/" + name)
        response, data = await link.get()
        assert (response.status, data) == (200, link.data)


async def test_the_date_is_the_one_of_the_clock():
    async with linked() as link:
        response, _ = await link.get()
        assert response.headers["Date"] == "Mon, 02 Nov 2026 12:00:00 GMT"


# ---- bodies


async def test_the_first_requests_can_be_put_off():
    async with linked(unavailable=2) as link:
        assert [(await link.get())[0].status for _ in range(3)] == [503, 503, 200]
        assert link.emulator.downloads.offer(link.job).downloads == 1


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("position", [0, 1, 30_000, SIZE - 1])
async def test_a_body_can_be_cut(position, chunked):
    async with linked(cut_after=position, chunked=chunked, block=7_000) as link:
        received = bytearray()
        with pytest.raises(aiohttp.ClientPayloadError):
            await read_into(received, link.client, await link.url())
        assert received == link.data[:position]
        assert link.emulator.downloads.records[-1].sent == position
        assert link.emulator.downloads.offer(link.job).completed is None


async def test_a_body_can_stall_and_ends_when_its_client_leaves():
    async with linked(stall_after=30_000) as link:
        async with link.client.get(await link.url()) as response:
            assert await response.content.readexactly(30_000) == link.data[:30_000]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await response.content.read(1)
        async with asyncio.timeout(20):
            while link.emulator.working:  # noqa: ASYNC110 - the emulator has no event for it
                await asyncio.sleep(0.01)


async def test_a_body_can_drip():
    async with linked(size=10_000, bytes_per_second=50_000) as link:
        started = time.monotonic()
        _, data = await link.get()
        assert 0.15 < time.monotonic() - started < 20
        assert data == link.data


async def test_bytes_can_be_wrong_or_missing():
    async with linked(wrong_byte_at=20_000, missing=100) as link:
        response, data = await link.get()
        differing = [place for place, (one, other) in enumerate(zip(data, link.data, strict=False)) if one != other]
        assert (differing, len(data), response.content_length) == ([20_000], SIZE - 100, SIZE - 100)


async def test_a_client_that_leaves_early_is_no_trouble():
    async with linked(size=50 << 20) as link:
        async with link.client.get(await link.url()) as response:
            await response.content.readexactly(1000)
        async with asyncio.timeout(20):
            while link.emulator.working:  # noqa: ASYNC110 - the emulator has no event for it
                await asyncio.sleep(0.01)
        assert 1000 <= link.emulator.downloads.records[-1].sent < 50 << 20
        assert (await link.get(Range="bytes=5-6"))[1] == link.data[5:7]


# ---- hooks


async def test_each_request_can_be_played_in_its_own_way():
    async with linked() as link:

        def fault(record):
            if record.number == 1:
                return attrs.evolve(link.emulator.downloads.play, cut_after=123)
            return web.Response(status=418) if record.number == 2 else None

        link.emulator.downloads.fault = fault
        with pytest.raises(aiohttp.ClientPayloadError):
            await link.get()
        assert [(await link.get())[0].status for _ in range(2)] == [418, 200]
        assert [record.sent for record in link.emulator.downloads.records] == [123, 0, SIZE]


async def test_the_hooks_of_all_requests_see_downloads_too():
    async with linked() as link:
        url = await link.url()
        link.emulator.fault = lambda _: "drop"
        with pytest.raises(aiohttp.ClientConnectionError):
            await link.client.get(url)
        assert link.emulator.downloads.records == ()
        link.emulator.fault = None
        assert (await link.get())[1] == link.data


@pytest.mark.parametrize("word", ["drop-answer", "truncate"])
async def test_what_comes_after_the_answer_is_too_late_for_a_body(word):
    async def late(_):
        return word

    async with linked() as link:
        url = await link.url()
        link.emulator.before_answer = late
        async with link.client.get(url) as response:
            assert await response.read() == link.data
        assert link.emulator.counts.dropped == 1


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10)), max_size=20))
def test_what_was_covered_is_known(steps):
    offer, model = Offer(), set()
    for start, length in steps:
        offer.cover(start, start + length)
        model |= set(range(start, start + length))
    assert {byte for start, stop in offer.covered for byte in range(start, stop)} == model
    assert offer.covered == sorted(offer.covered)
    assert all(one[1] < other[0] for one, other in zip(offer.covered, offer.covered[1:], strict=False))
    assert offer.covers(20) is (model >= set(range(20)))


@pytest.mark.parametrize(
    "wrong",
    [
        {"gone_status": 404},
        {"block": 0},
        {"unavailable": -1},
        {"cut_after": -1},
        {"bytes_per_second": 0},
        {"validators": "spell"},
        {"missing": -1},
        {"hash_delay": -1},
    ],
)
def test_plays_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError):
        DownloadPlay(**wrong)
