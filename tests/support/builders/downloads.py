"""Answers of download servers as bytes, and downloads from them."""

import json

from mongorestore_async import NO_RETRY
from mongorestore_async.downloading.archive_fetcher import ArchiveFetcher
from mongorestore_async.downloading.download import DownloadSource, download_batch
from mongorestore_async.models import Delivery, JobRef, RestoreJob, Secret
from mongorestore_async.transport import HttpSettings

KEY = "c2VjcmV0LWtleS1vZi1hLWxpbms="
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
FILE = OK + b"Content-Length: 4\r\n\r\nfile"
NAME = "a.tar.gz"
JOB = "ops-manager/p/c/j"


def source(url, job="j", **delivery):
    found = RestoreJob(
        id=job,
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
