"""Pure decisions about extreme answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mongorestore_async import OPS_MANAGER, AutomatedRestore, OplogTime, PointInTime, RestoreJob, Target
from mongorestore_async.creating.precheck_facts import Evidence
from mongorestore_async.creating.prechecks import check_restore
from mongorestore_async.models import ClusterSnapshot, OplogTimestamp, SnapshotPart, TimeRange
from mongorestore_async.waiting.tracker import JobTracker

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FOR_EVER = datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("wanted", [PointInTime(NOW), OplogTime(1_767_312_000, 1), PointInTime(FOR_EVER)])
def test_a_range_may_end_with_the_last_moment_there_is(wanted):
    found = TimeRange(start=OplogTimestamp(date=datetime.min.replace(tzinfo=UTC)), end=OplogTimestamp(date=FOR_EVER))
    evidence = Evidence(now=NOW, ranges=(found,))

    assert check_restore(OPS_MANAGER, AutomatedRestore(wanted, Target("p", "c")), evidence) == ()


def test_a_version_of_five_thousand_digits_is_no_version():
    part = SnapshotPart(mongod_version="9" * 5000 + ".0")

    assert Evidence(now=NOW, source_snapshots=(ClusterSnapshot(id="s", parts=(part,)),)).source_release is None


def test_a_batch_is_whole_only_as_of_the_look_that_listed_it():
    def job(job_id, status):
        return RestoreJob(id=job_id, batch_id="b", status_name=status)

    following = JobTracker[RestoreJob]("finished", grace=0, patience=0, batches=True)
    following.add("shard-0", job("shard-0", "IN_PROGRESS"), NOW)
    following.begin_poll()
    following.complete("b")

    following.begin_poll()
    following.receive(job("shard-0", "FINISHED"), NOW)
    assert [group.batch_id for group in following.open_groups()] == ["b"]
    following.receive(job("shard-1", "FINISHED"), NOW)
    following.complete("b")

    assert following.open_groups() == []
    following.begin_poll()
    assert following.open_groups() == []
