"""What the restores of a cluster say about it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders.reports import NOW, history, restore
from mongorestore_async.models import CloudBackupRestoreJob, JobRef, JobState, RestoreJob
from mongorestore_async.models.restore_job import Delivery
from mongorestore_async.reports.cluster_history import LastOutcome, Restore, join_batches


def joined(restores):
    return join_batches(restores, newest_first=False)


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (JobState.PENDING, LastOutcome.RUNNING),
        (JobState.RUNNING, LastOutcome.RUNNING),
        (JobState.FINISHED, LastOutcome.FINISHED),
        (JobState.FAILED, LastOutcome.FAILED),
        (JobState.CANCELLED, LastOutcome.CANCELLED),
        (JobState.EXPIRED, LastOutcome.EXPIRED),
        (JobState.UNKNOWN, LastOutcome.UNKNOWN),
    ],
)
def test_the_latest_restore_decides(state, outcome):
    cluster = history("c", restore(state, days=1), restore(JobState.FINISHED, days=2))

    assert cluster.outcome is outcome


def test_every_state_has_an_outcome():
    assert {history("c", restore(state)).outcome for state in JobState} <= set(LastOutcome)


def test_a_cluster_without_restores_was_never_restored():
    assert history().outcome is LastOutcome.NEVER
    assert history().last is None
    assert history(has_backup=False).outcome is LastOutcome.NO_BACKUP


def test_a_list_that_was_not_read_to_the_end_proves_nothing():
    assert history("c", restore(), unread="server: 503").outcome is LastOutcome.UNREAD


def test_a_failure_does_not_hide_the_last_good_restore():
    good = restore(days=9)

    assert history("c", restore(JobState.FAILED, days=1), good, restore(days=10)).last_good is good


def test_only_a_good_restore_can_be_long_ago():
    before = NOW - timedelta(days=30)

    assert history("c", restore(days=31)).is_stale(before)
    assert not history("c", restore(days=29), restore(days=31)).is_stale(before)
    assert history("c", restore(JobState.FAILED, days=1), restore(days=31)).is_stale(before)
    assert not history("c", restore(JobState.FAILED, days=31)).is_stale(before)
    assert not history().is_stale(before)
    assert history("c", Restore(job="j", state=JobState.FINISHED)).is_stale(before)


def test_durations_are_told_of_good_ends_only():
    assert restore(seconds=60).seconds == 60
    assert restore(JobState.FAILED, seconds=60).seconds is None
    assert restore().seconds is None
    assert restore(seconds=-1).seconds is None  # the clocks of two servers


def test_a_batch_is_one_restore_as_bad_as_its_worst_job():
    jobs = [
        restore(days=1, seconds=60, job="a", batch="b"),
        restore(JobState.FAILED, days=1, seconds=90, job="c", batch="b"),
        restore(days=2, job="d"),
        restore(days=1, job="e", batch="other"),
    ]

    whole = joined(jobs)

    assert [(each.job, each.state, each.jobs) for each in whole] == [
        ("a", JobState.FAILED, 2),
        ("e", JobState.FINISHED, 1),
        ("d", JobState.FINISHED, 1),
    ]
    assert (whole[0].finished_at - whole[0].requested_at).total_seconds() == 90


def test_a_batch_is_over_when_all_of_its_jobs_are():
    running = [restore(JobState.RUNNING, job="a", batch="b"), restore(seconds=60, job="c", batch="b")]

    assert joined(running)[0].finished_at is None
    assert joined(running)[0].state is JobState.RUNNING


def test_a_batch_of_jobs_without_moments_has_none():
    jobs = [Restore(job=job, state=JobState.FINISHED, batch="b") for job in "ac"]

    assert joined(jobs)[0].moment is None


def test_a_job_without_moment_is_the_oldest():
    unknown = Restore(job="u", state=JobState.FINISHED)

    assert joined([unknown, restore(days=5000)])[-1] is unknown


def test_a_job_without_moment_that_runs_is_the_latest():
    running = Restore(job="r", state=JobState.RUNNING)

    assert joined([restore(days=0), running])[0] is running


def test_the_order_that_a_vendor_promises_decides():
    failed = Restore(job="f", state=JobState.FAILED)  # a download of Atlas tells no time

    assert join_batches([failed, restore(days=3), restore(days=1, job="k")], newest_first=True)[0] is failed


def test_the_moment_of_the_data_bounds_that_of_the_restore():
    before = NOW - timedelta(days=30)
    good = Restore(job="j", state=JobState.FINISHED, snapshot_moment=NOW - timedelta(days=2))

    assert not history("c", good).is_stale(before)
    assert history("c", good).is_stale(NOW - timedelta(days=1))


def test_a_job_that_is_listed_twice_counts_once():
    assert len(joined([restore(job="a"), restore(job="a")])) == 1


def test_a_restore_keeps_what_reports_need_and_no_secret():
    delivery = Delivery(url="https://example.com/secret-word", target_group_id="p2", target_cluster_id="c2")
    ref = JobRef(family="ops-manager", project="p", cluster="c", job="j")
    kept = Restore.of(RestoreJob(id="j", created=NOW, status_name="FINISHED", batch_id="b", delivery=delivery, ref=ref))

    assert kept == Restore(
        job="ops-manager/p/c/j", state=JobState.FINISHED, requested_at=NOW, target="p2/c2", batch="b"
    )
    assert "secret-word" not in repr(kept)


def test_a_job_of_unknown_origin_has_its_id():
    assert Restore.of(CloudBackupRestoreJob(id="j", finished_at=NOW)).job == "j"
    assert Restore.of(CloudBackupRestoreJob(id="j", finished_at=NOW)).moment == NOW
