"""Answers of download servers as bytes, and downloads from them."""

import gzip
import io
import json
import random
import tarfile

from mongorestore_async import NO_RETRY
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.models import Delivery, FileHash, JobRef, RestoreJob, Secret
from mongorestore_async.transport.connection import HttpSettings

KEY = "c2VjcmV0LWtleS1vZi1hLWxpbms="
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
#: A small file that may be an archive, and its beginning.
ARCHIVE = gzip.compress(bytes(512), mtime=0)
SIZE = len(ARCHIVE)
HEAD = ARCHIVE[:2]
FILE = OK + b"Content-Length: %d\r\n\r\n" % SIZE + ARCHIVE
NAME = "a.tar.gz"
JOB = "ops-manager/p/c/j"


def a_tar(seed, size=60_000):
    """Make a tar with a file that does not become smaller."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo("db/collection.bson")
        member.size = size
        archive.addfile(member, io.BytesIO(random.Random(seed).randbytes(size)))  # noqa: S311 - bytes, no secrets
    return file.getvalue()


def an_archive(seed, size=60_000):
    """Make a version of an archive: all of one size have one size."""
    return gzip.compress(a_tar(seed, size), 0, mtime=0)


def answer(status, body, *, cut=None, chunked=False, length=None, **fields):
    """Make the bytes of an answer; its body may break off."""
    head = [f"HTTP/1.1 {status} X", "Connection: close"]
    head += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    head.append(
        "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body) if length is None else length}"
    )
    sent = body if cut is None else body[:cut]
    if chunked:
        sent = b"%x\r\n" % len(sent) + sent + b"\r\n" + (b"0\r\n\r\n" if cut is None else b"")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + sent


def source(url, job="j", hashes=(), **delivery):
    found = RestoreJob(
        id=job,
        hashes=tuple(FileHash(type_name="SHA1", file_name=name, hash=value) for name, value in hashes),
        ref=JobRef(family="ops-manager", project="p", cluster="c", job=job),
        status_name="FINISHED",
        delivery=Delivery(status_name="READY", url=Secret(url), **delivery),
    )

    async def refresh():
        return found

    return DownloadSource(found, refresh)


async def fetch(sources, directory, *, stall_timeout=2.0, http=None, retry=NO_RETRY, **how):
    fetcher = ArchiveFetcher(HttpSettings(http=http), user_agent="tests", stall_timeout=stall_timeout)
    return await download_batch(sources, directory, fetcher=fetcher, retry=retry, **{"verify_tries": 0, **how})


def leave(directory, data=b"", name=NAME, **record):
    """Leave a part behind."""
    (directory / f"{name}.part").write_bytes(data)
    known = {"version": 1, "job": JOB, "label": "", **record}
    (directory / f"{name}.part.json").write_text(json.dumps(known))
