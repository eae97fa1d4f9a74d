"""What the server says about the end of what is called, and what is told when that is over."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime

import pytest

from builders.constants import JOB
from builders.lists import EMPTY
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    ATLAS_SERVERLESS,
    ATLAS_TENANT,
    ApiError,
    BadRequest,
    HttpRestore,
    NotFound,
)
from mongorestore_async.protocol.deprecation import VendorDeprecation

HEADERS = {"Deprecation": "Mon, 5 Aug 2024 00:00:00 GMT", "Sunset": "Thu, 15 Jan 2026 00:00:00 GMT"}


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """Start as a new process: nothing was told yet."""
    told = set()
    monkeypatch.setattr("mongorestore_async.transport.decoding._told", told)
    return told


async def test_a_deprecation_warns_once_per_family_and_resource(open_atlas, server):
    tenant, flex = open_atlas(ATLAS_TENANT), open_atlas(ATLAS_FLEX)
    server.serve(lambda sent: server.answer({"id": JOB} if sent.url.endswith(JOB) else EMPTY, headers=HEADERS))

    with pytest.warns(VendorDeprecation, match="restores API of Atlas M2/M5 is deprecated since 2024-08-05") as caught:
        await tenant.restore_jobs()

    assert len(caught) == 1
    assert caught[0].filename == __file__  # the user's line, not one of ours
    assert caught[0].message.sunset == datetime(2026, 1, 15, tzinfo=UTC)
    # Warnings are errors here: none of these may warn again.
    await tenant.restore_jobs()
    await tenant.restore_job(JOB)
    await open_atlas(ATLAS_TENANT, "another").restore_jobs().collect()
    with pytest.warns(VendorDeprecation, match="snapshots API of Atlas M2/M5"):
        await tenant.snapshots()
    with pytest.warns(VendorDeprecation, match="restoreJobs API of Atlas flex"):
        await flex.restore_jobs()


async def test_answers_that_say_nothing_warn_of_nothing(open_atlas, server, told):
    server.serve(lambda _: server.answer(EMPTY, headers={"Deprecation": "no idea", "Sunset": ""}))

    await open_atlas(ATLAS_CLOUD_BACKUP).restore_jobs()

    assert told == set()


async def test_errors_say_it_too(open_atlas, server):
    cluster = open_atlas(ATLAS_TENANT)
    server.serve(lambda _: server.answer({"error": 404, "errorCode": "X"}, status=404, headers=HEADERS))

    with pytest.warns(VendorDeprecation, match="may be removed after 2026-01-15"), pytest.raises(NotFound):
        await cluster.restore_job(JOB)


async def test_a_warning_as_error_fails_one_read_and_no_create(open_atlas, server):
    cluster = open_atlas(ATLAS_CLOUD_BACKUP)
    server.serve(lambda sent: server.answer({"id": JOB} if sent.method == "POST" else EMPTY, headers=HEADERS))
    request = HttpRestore.on_server_terms("s")

    with pytest.raises(VendorDeprecation):
        await cluster.create_restore_job(request)
    assert server.posts == []

    assert [job.id for job in await cluster.create_restore_job(request)] == [JOB]


async def test_an_answer_to_a_write_warns_of_nothing(open_atlas, server, told):
    cluster = open_atlas(ATLAS_CLOUD_BACKUP)
    server.serve(lambda _: server.answer(status=204, headers=HEADERS))

    await cluster.cancel_restore_job(JOB)

    assert told == set()


async def test_whoever_does_not_want_to_know_can_ignore_it(open_atlas, server):
    cluster = open_atlas(ATLAS_TENANT)
    server.serve(lambda _: server.answer(EMPTY, headers=HEADERS))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore", VendorDeprecation)
        await cluster.restore_jobs()

    assert caught == []


@pytest.mark.parametrize(
    ("family", "advice"),
    [
        (ATLAS_TENANT, "the clusters were migrated to flex clusters; use the family atlas-flex"),
        (ATLAS_SERVERLESS, "the instances were migrated to flex or dedicated clusters"),
        (ATLAS_CLOUD_BACKUP, "use the family that replaces it, or update this package"),
    ],
)
async def test_a_version_that_is_gone_names_what_replaces_it(open_atlas, server, family, advice):
    cluster = open_atlas(family)
    server.serve(lambda _: server.answer({"error": 410, "errorCode": "VERSION_GONE"}, status=410))

    with pytest.raises(NotFound, match=f"HTTP 410 VERSION_GONE: .* -> .*{advice}"):
        await cluster.restore_jobs()


async def test_an_old_kind_of_key_is_no_old_version(open_atlas, server):
    cluster = open_atlas(ATLAS_TENANT)
    server.serve(lambda _: server.answer({"error": 410, "errorCode": "PERSONAL_API_KEYS_DEPRECATED"}, status=410))

    with pytest.raises(NotFound, match="-> create a programmatic API key"):
        await cluster.restore_jobs()


@pytest.mark.parametrize(("status", "code", "kind"), [(406, None, ApiError), (400, "INVALID_VERSION_DATE", BadRequest)])
async def test_a_version_that_was_not_asked_for_is_explained(connect, server, status, code, kind):
    server.serve(lambda _: server.answer({"error": status, "errorCode": code}, status=status))

    with pytest.raises(kind, match=f"HTTP {status}.* -> the API is versioned.*family=ATLAS_CLOUD_BACKUP") as caught:
        await connect().request("GET", "/api/atlas/v2/groups")

    assert (caught.value.status, caught.value.error_code) == (status, code)
