"""Which archives a job has, where, and why there may be none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from builders.foreign_jobs import ForeignJob
from mongorestore_async.downloading.links import (
    DownloadLink,
    LinkState,
    downloads_allowed,
    find_links,
    link_state,
    next_step,
    no_link,
    refusal,
)
from mongorestore_async.errors import (
    ApiError,
    DownloadError,
    DownloadExpired,
    DownloadLost,
    DownloadUsedUp,
    NothingToDownload,
    RateLimited,
    RequestContext,
    ServerError,
)
from mongorestore_async.models import (
    CloudBackupRestoreJob,
    Component,
    Delivery,
    Headers,
    RestoreJob,
    Secret,
    TenantRestoreJob,
)

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
URL = Secret("https://om:8443/backup/restore/v2/pull/j/a2V5==/rs-1.tar.gz")
URL_V2 = Secret("https://om:8443/backup/restore/v3/pull/j/rs-1.tar.gz")


def restore_job(status="READY", job_status="FINISHED", **delivery):
    return RestoreJob(id="j", status_name=job_status, delivery=Delivery(status_name=status, **delivery))


def cloud_job(**fields):
    return CloudBackupRestoreJob(**{"id": "j", "delivery_type": "download", **fields})


def tenant_job(**fields):
    return TenantRestoreJob(**{"id": "j", "delivery_type": "DOWNLOAD", "status": "COMPLETED", **fields})


def test_the_newer_link_is_preferred_with_its_header():
    job = restore_job(url=URL, url_v2=URL_V2, auth_header="X-Token", auth_bearer="Token", auth_value=Secret("s3cret"))

    (link,) = find_links(job).values()

    assert link == DownloadLink(URL_V2, ("X-Token", Secret("Token s3cret")))
    assert "s3cret" not in repr(link)
    assert link.file_name == "rs-1.tar.gz"


def test_the_header_is_bearer_unless_the_job_says_otherwise():
    (link,) = find_links(restore_job(url=URL, url_v2=URL_V2, auth_value=Secret("s3cret"))).values()

    assert link.header == ("Authorization", "Bearer s3cret")


@pytest.mark.parametrize("fields", [{"url_v2": URL_V2}, {"auth_value": Secret("t")}, {}])
def test_a_newer_link_that_is_not_whole_leaves_the_older_one(fields):
    assert find_links(restore_job(url=URL, **fields)) == {"": DownloadLink(URL)}


def test_a_sharded_cloud_backup_has_a_link_for_each_shard():
    job = cloud_job(
        components=(
            Component(replica_set_name="shard-0", download_url=URL),
            Component(replica_set_name="config"),
            Component(replica_set_name="shard-0", download_url=URL_V2),
            Component(download_url=URL),
        )
    )

    assert find_links(job) == {
        "shard-0": DownloadLink(URL),
        "config": None,
        "shard-0-2": DownloadLink(URL_V2),
        "part-3": DownloadLink(URL),
    }


def test_the_first_of_several_cloud_backup_urls_is_taken():
    assert find_links(cloud_job(delivery_url=(URL, URL))) == {"": DownloadLink(URL)}
    assert find_links(cloud_job(delivery_url=(URL, URL_V2))) == {"": DownloadLink(URL)}
    assert find_links(cloud_job(delivery_url=(URL,), components=(Component(replica_set_name="a"),))) == {
        "": DownloadLink(URL)
    }


def test_a_tenant_has_one_presigned_link():
    assert find_links(tenant_job(snapshot_url=URL)) == {"": DownloadLink(URL)}


@pytest.mark.parametrize(
    ("job", "state"),
    [
        (restore_job(url=URL), LinkState.READY),
        (restore_job("ready", url=URL), LinkState.READY),
        (restore_job("LEVITATING", url=URL), LinkState.READY),
        (restore_job(None, url=URL), LinkState.READY),
        (restore_job(max_downloads=1), LinkState.NOT_READY),
        (restore_job(expires=NOW), LinkState.NOT_READY),
        (restore_job(), LinkState.NO_ARCHIVE),
        (restore_job("READY", "IN_PROGRESS"), LinkState.NOT_READY),
        (restore_job("IN_PROGRESS", "IN_PROGRESS", target_cluster_id="c"), LinkState.NO_ARCHIVE),
        (restore_job("IN_PROGRESS", "IN_PROGRESS", method_name="AUTOMATED_RESTORE"), LinkState.NO_ARCHIVE),
        (restore_job("IN_PROGRESS", url=URL), LinkState.NOT_READY),
        (restore_job("NOT_STARTED"), LinkState.NOT_READY),
        (restore_job("PENDING"), LinkState.NOT_READY),
        (restore_job("EXPIRED", url=URL), LinkState.EXPIRED),
        (restore_job("MAX_DOWNLOADS_EXCEEDED", url=URL), LinkState.USED_UP),
        (restore_job("FAILED"), LinkState.FAILED),
        (restore_job("INTERRUPTED", url=URL), LinkState.FAILED),
        (restore_job("READY", "BROKEN", url=URL), LinkState.FAILED),
        (restore_job("READY", "KILLED", url=URL), LinkState.FAILED),
        (RestoreJob(id="j"), LinkState.NOT_READY),
        (cloud_job(delivery_url=(URL,)), LinkState.READY),
        (cloud_job(), LinkState.NOT_READY),
        (cloud_job(delivery_url=(URL,), failed=True), LinkState.FAILED),
        (cloud_job(delivery_url=(URL,), cancelled=True), LinkState.FAILED),
        (cloud_job(delivery_url=(URL,), expired=True), LinkState.EXPIRED),
        (cloud_job(delivery_type="automated", finished_at=NOW), LinkState.NO_ARCHIVE),
        (cloud_job(delivery_type="teleport", delivery_url=(URL,)), LinkState.READY),
        (cloud_job(components=(Component(replica_set_name="a"),)), LinkState.NOT_READY),
        (tenant_job(snapshot_url=URL), LinkState.READY),
        (tenant_job(status="RUNNING"), LinkState.NOT_READY),
        (tenant_job(status="FAILED"), LinkState.FAILED),
        (tenant_job(status="CLOSED", snapshot_url=URL), LinkState.USED_UP),
        (tenant_job(delivery_type="RESTORE"), LinkState.NO_ARCHIVE),
    ],
)
def test_a_job_tells_where_its_links_stand(job, state):
    assert link_state(job) is state


def test_a_kind_of_job_without_archives_has_none():
    assert find_links(ForeignJob(id="j")) == {}
    assert link_state(ForeignJob(id="j")) is LinkState.NO_ARCHIVE


@pytest.mark.parametrize(
    ("job", "allowed"),
    [
        (restore_job(max_downloads=1), 1),
        (restore_job(max_downloads=2_147_483_646), 2_147_483_646),
        (restore_job(max_downloads=2_147_483_647), None),
        (restore_job(), None),
        (RestoreJob(id="j"), None),
        (tenant_job(), None),
    ],
)
def test_a_job_tells_how_often_its_link_may_be_used(job, allowed):
    assert downloads_allowed(job) == allowed


@pytest.mark.parametrize("state", LinkState)
def test_every_state_has_an_error_that_says_what_to_do(state):
    error = no_link(state, file_name="a.tar.gz", received=7)

    kinds = {
        LinkState.READY: DownloadUsedUp,
        LinkState.EXPIRED: DownloadExpired,
        LinkState.USED_UP: DownloadUsedUp,
        LinkState.FAILED: DownloadLost,
        LinkState.NO_ARCHIVE: NothingToDownload,
    }
    assert type(error) is kinds.get(state, DownloadError)
    assert (error.file_name, error.received) == ("a.tar.gz", 7)
    assert ";" in error.message


@pytest.mark.parametrize(
    ("status", "kind"),
    [(503, ServerError), (500, ServerError), (429, RateLimited), (403, ApiError), (501, ServerError)],
)
def test_a_refusal_of_a_host_becomes_an_error_without_its_body(status, kind):
    request = RequestContext(method="GET", url="https://h/x")

    error = refusal(status, Headers([("Retry-After", "7")]), request, NOW)

    assert type(error) is kind
    assert (error.status, error.retry_after, error.request) == (status, 7, request)


def test_a_page_is_kept_without_the_link_it_repeats():
    link = DownloadLink(Secret("https://om:8443/f/a2V5/x.tar.gz?k=zz"), ("X-Token", Secret("Bearer t0ken")))
    page = f"<p>{link.url} was refused ({link.header[1]}) \N{LATIN SMALL LETTER E WITH ACUTE}</p>".encode()

    kept = link.redact(page)

    assert b"a2V5" not in kept
    assert b"t0ken" not in kept
    assert kept.startswith(b"<p>")
    assert kept.endswith(b") \xc3\xa9</p>")
    assert DownloadLink(URL).redact(b"<p>closed</p>") == b"<p>closed</p>"


@pytest.mark.parametrize(
    ("requests", "allowed", "advice"),
    [
        (5, None, "download again to resume"),
        (1, 3, "download again to resume: 1 of 3 uses of the link are spent"),
        (1, 1, "create a new restore job: the link was used the one time allowed; "),
        (4, 3, "create a new restore job: the link was used the 3 times allowed; "),
    ],
)
def test_what_to_do_next_depends_on_the_uses_left(requests, allowed, advice):
    assert next_step(requests, allowed).startswith(advice)
