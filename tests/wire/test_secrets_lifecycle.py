"""No secret is seen in waits, downloads, and what they leave on disk: see test_secrets.py for the rest."""

from __future__ import annotations

import asyncio
import logging
import shutil
import warnings
from types import SimpleNamespace

import aiohttp
import attrs
import pytest

from builders.downloads import KEY, OK
from builders.telemetry import Collector
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP_V1,
    ATLAS_FLEX,
    ATLAS_TENANT_V1,
    NO_RETRY,
    OPS_MANAGER,
    HttpRestore,
    Options,
    WaitTimeout,
)
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.downloading.links import find_links
from mongorestore_async.emulator import DownloadPlay
from mongorestore_async.errors import (
    ConfigError,
    DiskFull,
    DownloadError,
    DownloadExpired,
    DownloadTruncated,
    DownloadUsedUp,
    HashMismatch,
)
from mongorestore_async.models import Delivery, JobRef, RestoreJob, Secret
from mongorestore_async.models.secret import SECRET_FIELDS
from mongorestore_async.transport.connection import HttpSettings

FAMILIES = {
    "replica-set": OPS_MANAGER,
    "sharded": OPS_MANAGER,
    "cloud-backup": ATLAS_CLOUD_BACKUP_V1,
    "tenant": ATLAS_TENANT_V1,
    "flex": ATLAS_FLEX,
}
SIZE = 3_000_000
TOKEN = "t0kenOfTheLinkOfNobody"


async def caught(awaitable):
    """Run what fails; the traceback begins here, so no frame of a test with its own copies of secrets is in it."""
    try:
        result = await awaitable
    except BaseException as error:  # noqa: BLE001
        return error
    pytest.fail(f"nothing was raised, but {type(result).__name__} returned")


def texts(value, *, secret=False):
    """Every text below a secret member of a document."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from texts(each, secret=secret or name in SECRET_FIELDS)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each, secret=secret)
    elif isinstance(value, str) and secret:
        yield value


def learn(hunt, jobs):
    """Name the secrets of some jobs: each link whole, and the part of it that is the key."""
    for job in jobs:
        for secret in texts(job.to_dict(redacted=False)):
            number = len(hunt.secrets)
            hunt.secrets[f"secret {number}"] = secret.partition("//")[2] or secret
            path = secret.partition("//")[2].partition("/")[2].partition("?")[0].rpartition("/")[0]
            keys = [segment for segment in path.split("/") if len(segment) > 24 or segment.endswith("=")]
            hunt.secrets |= {f"key {number} {index}": key for index, key in enumerate(keys) if key != job.id}
            query = secret.partition("?")[2]
            if query:
                hunt.secrets[f"signature {number}"] = query.rpartition("=")[2] or query


@pytest.mark.parametrize("kind", FAMILIES)
async def test_a_walk_from_snapshot_to_archive_shows_no_secret(emulate, connect, hunt, tmp_path, kind):
    asyncio.get_running_loop().slow_callback_duration = 0  # asyncio's debug log shows every callback
    telemetry = Collector()
    options = attrs.evolve(
        Options.for_tests(),
        on_exchange=lambda record: hunt.thing("exchange record", record),
        observer=telemetry.observer,
    )
    settings = {"speed": 0.0, "restore_seconds": 60, "clusters_per_project": 7, "archive_bytes": SIZE}
    async with emulate(**settings) as emulator, connect(emulator, options=options) as session:
        found = emulator.world.first(kind)
        family = FAMILIES[kind]
        hunt.secrets["private key"] = emulator.private_key
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            place = session.project(found.project_id, family)
            cluster = place.cluster(found.id if family is OPS_MANAGER else found.name)
            snapshot = await cluster.snapshots().latest_restorable()
            if family is OPS_MANAGER:
                order = HttpRestore(snapshot.id, max_downloads=2, expiration_hours=2)
            else:
                order = HttpRestore.on_server_terms(snapshot.id)
            hunt.thing("plan", await cluster.dry_run(order))
            hunt.thing("snapshot", snapshot)
            batch = await cluster.create_restore_job(order)
            early = await caught(batch.wait(timeout=0.05, until="downloadable"))
            assert isinstance(early, WaitTimeout)
            hunt.error("early wait", early)
            hunt.error("early download", await caught(batch.download(tmp_path / "early")))
            emulator.clock.advance(200)
            reports = []
            batch = await batch.wait(timeout=10, until="downloadable", on_poll=reports.append)
            told = []
            emulator.downloads.play = attrs.evolve(emulator.downloads.play, bytes_per_second=20_000_000)

            def look(progress):
                told.append(progress)
                for path in (tmp_path / "files").glob("*.json"):
                    hunt.text(f"record {path.name}", path.read_text())

            files = await batch.download(tmp_path / "files", on_progress=look)
            late = await batch.refresh()
        things = {
            "batch": batch,
            "jobs": batch.jobs,
            "late": late,
            "refs": batch.refs,
            "batch of refs": await session.batch(batch.refs),
            "reports": reports,
            "progress": told,
            "files": files,
            "links": [find_links(job) for job in batch.jobs],
            "jobs of the timeout": early.jobs,
            "names on disk": [str(path) for path in tmp_path.rglob("*")],
        }
        for name, thing in things.items():
            hunt.thing(name, thing)
        hunt.thing("everything", list(things.values()))
        assert "restore download" in telemetry.exported()
        hunt.text("telemetry", telemetry.exported())
        assert any(picture[0].startswith("record ") for picture in hunt.pictures)
        learn(hunt, [*batch.jobs, *late.jobs])
        assert any(name.startswith("secret") for name in hunt.secrets)


FAILURES = {
    # What lay in the buffers of a connection that is reset may be lost: all there was, sometimes.
    "broken": ({"cut_after": 2_900_000}, {}, (DownloadTruncated, DownloadUsedUp)),
    "stalled": ({"stall_after": 100_000}, {}, DownloadTruncated),
    "wrong hash": ({"wrong_hash": True}, {}, HashMismatch),
    "expired": ({}, {"seconds": 3 * 3600}, DownloadExpired),
    "busy": ({"unavailable": 9}, {}, DownloadUsedUp),
    "no room": ({}, {"free": 3}, DiskFull),
}


@pytest.mark.parametrize("case", FAILURES)
async def test_a_download_that_fails_shows_no_secret(emulate, connect, hunt, tmp_path, monkeypatch, case):
    asyncio.get_running_loop().slow_callback_duration = 0
    play, change, kind = FAILURES[case]
    settings = {"speed": 0.0, "restore_seconds": 60, "archive_bytes": SIZE, "downloads": DownloadPlay(**play)}
    telemetry = Collector()
    options = Options.for_tests(observer=telemetry.observer)
    async with emulate(**settings) as emulator, connect(emulator, options=options) as session:
        found = emulator.world.first("replica-set")
        cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
        snapshot = await cluster.snapshots().latest_restorable()
        batch = await cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=1, expiration_hours=2))
        emulator.clock.advance(200)
        batch = await batch.wait(timeout=10, until="downloadable")
        emulator.clock.advance(change.get("seconds", 0))
        if "free" in change:
            monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=9, free=change["free"]))
        error = await caught(batch.download(tmp_path, stall_timeout=0.3))
        assert isinstance(error, kind)
        hunt.error(case, error)
        hunt.text("telemetry", telemetry.exported())
        for path in tmp_path.glob("*.json"):
            hunt.text("record", path.read_text())
        hunt.thing("names", [path.name for path in tmp_path.iterdir()])
        hunt.thing("batch", batch)
        hunt.thing("session", session)
        learn(hunt, batch.jobs)
        hunt.secrets["private key"] = emulator.private_key


def link_to(url):
    """Make a source whose link has a key in its path and a token beside it, and its fetching."""
    job = RestoreJob(
        id="j",
        ref=JobRef(family="ops-manager", project="p", cluster="c", job="j"),
        status_name="FINISHED",
        delivery=Delivery(
            status_name="READY",
            url=Secret("http://127.0.0.1:1/"),
            url_v2=Secret(f"{url}/pull/{KEY}/a.tar.gz?sig={KEY}"),
            auth_value=Secret(TOKEN),
        ),
    )

    async def refresh():
        return job

    return DownloadSource(job, refresh)


async def fetch(source, directory, *, settings=None, stall_timeout=0.5):
    fetcher = ArchiveFetcher(settings or HttpSettings(), user_agent="tests", stall_timeout=stall_timeout)
    return await download_batch([source], directory, fetcher=fetcher, retry=NO_RETRY, verify_tries=0)


@pytest.fixture
def links(hunt):
    """A hunt that knows the secrets of :func:`link_to`."""
    hunt.secrets |= {"key": KEY, "token": TOKEN}
    yield hunt
    for number in range(5):  # what a hunt wants at least, and a word from our own loggers
        hunt.thing(f"link {number}", find_links(link_to("http://h").job))
    logging.getLogger("mongorestore_async").debug("a record")


def echo(head):
    return head


def huge(head):
    return OK + b"X-Echo: " + head.partition(b" HTTP")[0] * 200 + b"\r\n\r\n"


def huge_redirect(head):
    return b"HTTP/1.1 302 X\r\nLocation: http://h" + head.split(b" ")[1] * 300 + b"\r\n\r\n"


def odd_redirect(head):
    return b"HTTP/1.1 302 X\r\nConnection: close\r\nLocation: ftp://h" + head.split(b" ")[1] + b"\r\n\r\n"


def redirect_with_a_user(head):
    return b"HTTP/1.1 302 X\r\nConnection: close\r\nLocation: //u:" + KEY.encode() + b"@h/x\r\n\r\n"


def redirect_to_nowhere(head):
    return b"HTTP/1.1 302 X\r\nConnection: close\r\nLocation: http://127.0.0.1:1" + head.split(b" ")[1] + b"\r\n\r\n"


def long_label(head):
    return b"HTTP/1.1 302 X\r\nConnection: close\r\nLocation: http://" + b"a" * 70 + head.split(b" ")[1] + b"\r\n\r\n"


def refusal(head):
    return b"HTTP/1.1 403 " + head.split(b" ")[1] + b"\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def broken_chunks(head):
    return OK + b"Transfer-Encoding: chunked\r\n\r\n" + head.split(b" ")[1] + b"\r\n"


def broken_header(head):
    return OK + b"X y: " + head.split(b" ")[1] + b"\r\n" + TOKEN.encode() + b"\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        echo,
        huge,
        huge_redirect,
        odd_redirect,
        redirect_with_a_user,
        redirect_to_nowhere,
        long_label,
        refusal,
        broken_chunks,
        broken_header,
    ],
)
async def test_an_odd_answer_that_says_too_much_is_not_repeated(play_raw, links, tmp_path, answer):
    async def play(writer):
        writer.write(answer(raw.heads[-1]))
        await writer.drain()
        writer.close()

    async with play_raw(play) as raw:
        error = await caught(fetch(link_to(raw.url), tmp_path))
    assert isinstance(error, DownloadError)
    assert KEY.encode() in raw.heads[0]
    links.error(answer.__name__, error)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("ended", ["cancelled", "too late"])
async def test_a_download_that_is_cancelled_shows_no_secret(play_raw, links, tmp_path, begun, ended):
    """Its frames reach down into the HTTP library, which has the URL."""
    asyncio.get_running_loop().slow_callback_duration = 0
    reached = asyncio.Event()

    async def play(writer):
        if begun:
            writer.write(OK + b"Content-Length: 9\r\n\r\nfile")
        reached.set()
        await asyncio.sleep(30)

    async def bounded(source):
        async with asyncio.timeout(0.3):
            await fetch(source, tmp_path, stall_timeout=20)

    async with play_raw(play) as raw:
        source = link_to(raw.url)
        if ended == "too late":
            error = await caught(bounded(source))
            assert isinstance(error, TimeoutError)
        else:
            task = asyncio.create_task(fetch(source, tmp_path, stall_timeout=20))
            await reached.wait()
            await asyncio.sleep(0.1)
            task.cancel()
            error = await caught(task)
            assert isinstance(error, asyncio.CancelledError)
        links.error(ended, error)


async def test_settings_that_cannot_be_used_show_no_link(links, tmp_path):
    async with aiohttp.ClientSession() as lent:
        pass
    for settings in (HttpSettings(http=lent), HttpSettings(ca_file=tmp_path / "none.pem")):
        error = await caught(fetch(link_to("http://127.0.0.1:1"), tmp_path / "files", settings=settings))
        assert isinstance(error, ConfigError)
        links.error("settings", error)
