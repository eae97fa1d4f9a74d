"""Was a create taken whose answer got lost?"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from builders.constants import NOW
from mongorestore_async.creating.reconciling import Baseline, find_created, server_moment
from mongorestore_async.errors import Verdict
from mongorestore_async.families import ATLAS_CLOUD_BACKUP, ATLAS_FLEX, ATLAS_TENANT, OPS_MANAGER
from mongorestore_async.models import (
    SERVER_DEFAULT,
    AutomatedRestore,
    Checkpoint,
    CloudBackupRestoreJob,
    Delivery,
    HttpRestore,
    Link,
    OplogTime,
    RestoreJob,
    Snapshot,
    Target,
    TenantRestoreJob,
)

LATER = NOW + timedelta(seconds=2)
BEFORE = Baseline(ids=frozenset({"old"}), complete=True, moment=NOW)
PARTIAL = Baseline(ids=frozenset({"old"}), complete=False, moment=NOW)
DOWNLOAD = HttpRestore("s1", max_downloads=2, expiration_hours=3)
AUTOMATED = AutomatedRestore(Snapshot("s1"), Target("p2", "c2"))


def job(name="new", **fields):
    fields.setdefault("created", LATER)
    return RestoreJob(id=name, **fields)


def test_one_new_job_that_fits_was_taken():
    found = find_created(OPS_MANAGER, BEFORE, DOWNLOAD, [job("old"), job(snapshot_id="s1")])
    assert found.verdict is Verdict.TAKEN
    assert [one.id for one in found.jobs] == ["new"]
    assert found.candidates == found.jobs


def test_the_jobs_of_one_batch_are_one_restore():
    jobs = [job(str(number), batch_id="b") for number in range(3)]
    found = find_created(OPS_MANAGER, BEFORE, AUTOMATED, jobs)
    assert found.verdict is Verdict.TAKEN
    assert found.jobs == tuple(jobs)


@pytest.mark.parametrize("batches", [(None, None), ("a", "b"), ("a", None)])
def test_several_restores_that_fit_cannot_be_told_apart(batches):
    jobs = [job(str(number), batch_id=batch) for number, batch in enumerate(batches)]
    found = find_created(OPS_MANAGER, BEFORE, DOWNLOAD, jobs)
    assert found.verdict is Verdict.CANNOT_TELL
    assert found.candidates == tuple(jobs)
    assert found.jobs == ()


def test_nothing_new_is_no_proof_of_anything():
    assert find_created(OPS_MANAGER, BEFORE, DOWNLOAD, [job("old")]).verdict is Verdict.CANNOT_TELL


def test_a_request_that_never_left_was_not_taken():
    assert find_created(OPS_MANAGER, BEFORE, DOWNLOAD, [job()], reached=False).verdict is Verdict.NOT_TAKEN


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (DOWNLOAD, {"snapshot_id": "s2"}),
        (DOWNLOAD, {"delivery": Delivery(max_downloads=9)}),
        (DOWNLOAD, {"delivery": Delivery(expiration_hours=9)}),
        (AUTOMATED, {"snapshot_id": "s2"}),
        (AUTOMATED, {"delivery": Delivery(target_group_id="p3")}),
        (AUTOMATED, {"delivery": Delivery(target_cluster_id="c3")}),
        (AutomatedRestore(Checkpoint("k1"), Target("p2", "c2")), {"checkpoint_id": "k2"}),
        (DOWNLOAD, {"created": NOW - timedelta(minutes=1)}),
    ],
)
def test_a_job_that_differs_in_one_field_is_no_candidate(request_, fields):
    assert find_created(OPS_MANAGER, BEFORE, request_, [job(**fields)]).candidates == ()


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (DOWNLOAD, {}),
        (DOWNLOAD, {"created": None}),
        (DOWNLOAD, {"created": NOW - timedelta(seconds=3)}),
        (HttpRestore("s1", SERVER_DEFAULT, expiration_hours=SERVER_DEFAULT), {"delivery": Delivery(max_downloads=9)}),
        (AutomatedRestore(OplogTime(1, 1), Target("p2", "c2")), {"snapshot_id": "any"}),
        (AutomatedRestore(Checkpoint("k1"), Target("p2", "c2")), {"snapshot_id": "any", "delivery": Delivery()}),
    ],
)
def test_a_field_that_one_side_does_not_have_says_nothing(request_, fields):
    assert find_created(OPS_MANAGER, BEFORE, request_, [job(**fields)]).verdict is Verdict.TAKEN


@pytest.mark.parametrize("created", [None, NOW, NOW - timedelta(seconds=3)])
def test_behind_a_partial_baseline_only_a_later_job_is_certain(created):
    found = find_created(OPS_MANAGER, PARTIAL, DOWNLOAD, [job(created=created)])
    assert found.verdict is Verdict.CANNOT_TELL
    assert len(found.candidates) == 1
    assert find_created(OPS_MANAGER, PARTIAL, DOWNLOAD, [job()]).verdict is Verdict.TAKEN


def test_a_partial_baseline_without_server_clock_proves_nothing():
    baseline = Baseline(ids=frozenset(), complete=False, moment=None)
    assert find_created(OPS_MANAGER, baseline, DOWNLOAD, [job()]).verdict is Verdict.CANNOT_TELL


def test_jobs_of_all_families_are_told_by_their_ids():
    jobs = [CloudBackupRestoreJob(id="old"), CloudBackupRestoreJob(id="new")]

    assert find_created(ATLAS_CLOUD_BACKUP, BEFORE, DOWNLOAD, jobs[::-1]).verdict is Verdict.TAKEN
    assert find_created(ATLAS_TENANT, BEFORE, DOWNLOAD, [TenantRestoreJob(id="new")]).verdict is Verdict.TAKEN


@pytest.mark.parametrize(
    ("family", "kind", "moment"),
    [
        (ATLAS_CLOUD_BACKUP, CloudBackupRestoreJob, "created_at"),
        (ATLAS_TENANT, TenantRestoreJob, "restore_scheduled_date"),
    ],
)
def test_every_kind_of_job_has_a_moment_it_was_made(family, kind, moment):
    late, early = (kind(id="new", **{moment: NOW + timedelta(seconds=seconds)}) for seconds in (2, -60))

    assert find_created(family, PARTIAL, DOWNLOAD, [late]).verdict is Verdict.TAKEN
    assert find_created(family, PARTIAL, DOWNLOAD, [early]).candidates == ()
    assert find_created(family, PARTIAL, DOWNLOAD, [kind(id="new")]).verdict is Verdict.CANNOT_TELL


def test_a_job_that_was_over_before_was_not_created_after():
    over = CloudBackupRestoreJob(id="new", finished_at=NOW - timedelta(minutes=1))

    assert find_created(ATLAS_CLOUD_BACKUP, PARTIAL, DOWNLOAD, [over]).candidates == ()


def test_in_newest_first_lists_new_jobs_precede_known_ones():
    # Atlas v2 tells no time of creation, and real lists have thousands of jobs.
    listed = [CloudBackupRestoreJob(id=name) for name in ("new", "old", "of the second page")]

    found = find_created(ATLAS_CLOUD_BACKUP, PARTIAL, DOWNLOAD, listed)

    assert found.verdict is Verdict.TAKEN
    assert [job.id for job in found.jobs] == ["new"]
    assert find_created(ATLAS_CLOUD_BACKUP, PARTIAL, DOWNLOAD, listed[1:]).candidates == ()


def test_in_unordered_lists_the_position_proves_nothing():
    listed = [TenantRestoreJob(id=name) for name in ("new", "old")]

    assert find_created(ATLAS_TENANT, PARTIAL, DOWNLOAD, listed).verdict is Verdict.CANNOT_TELL
    assert find_created(ATLAS_FLEX, PARTIAL, DOWNLOAD, listed).verdict is Verdict.TAKEN
    assert find_created(ATLAS_FLEX, PARTIAL, DOWNLOAD, listed[:1]).verdict is Verdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 02 Nov 2026 12:00:00 GMT", NOW),
        ("Mon, 2 Nov 2026 12:00:00 GMT", NOW),
        ("Mon, 02 Nov 2026 13:00:00 +0100", NOW),
        ("Mon, 02 Nov 2026 12:00:00 -0000", NOW),
        ("{dateInUnixFormat}", None),
        ("", None),
    ],
)
def test_the_servers_clock_is_read_where_it_can_be(text, moment):
    assert server_moment({"Date": text}) == moment
    assert server_moment({}) is None


@pytest.mark.parametrize("moment", [None, NOW])
def test_a_baseline_that_was_kept_comes_back_equal(moment):
    baseline = Baseline(ids=frozenset({"b", "a"}), complete=True, moment=moment)

    assert Baseline.from_document(json.loads(json.dumps(baseline.to_document()))) == baseline


@pytest.mark.parametrize(
    ("total_count", "rel", "complete"),
    [(2, "self", True), (3, "self", False), (None, "self", False), (2, "next", False)],
)
def test_a_baseline_is_complete_where_no_page_follows(total_count, rel, complete):
    links = (Link(href="https://om.example.com/next", rel=rel),)
    baseline = Baseline.of(["a", "b"], total_count=total_count, links=links, headers={})

    assert baseline == Baseline(ids=frozenset("ab"), complete=complete, moment=None)
