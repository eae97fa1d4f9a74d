"""Answers about other jobs than the ones a wait asked for: a cache or a gateway mixed them up."""

import attrs
import pytest
from aioresponses import CallbackResult

from builders.constants import PROJECT
from mongorestore_async import OPS_MANAGER, DataError, WaitError, WaitTimeout


def another(status, **members):
    return CallbackResult(payload={"id": "job-99", "statusName": status, **members})


@pytest.mark.parametrize("status", ["FINISHED", "BROKEN", "IN_PROGRESS"])
async def test_the_end_of_another_job_ends_no_wait(backups, batch_of, status):
    backups.put("c", "job-1")
    batch = await batch_of("c/job-1")
    backups.faults["c"] = lambda _: another(status) if len(backups.looks) < 4 else None
    backups.end_after(5, "job-1")
    reports = []

    done = await batch.wait(timeout=50, on_poll=reports.append)

    assert [(job.id, str(job.state)) for job in done] == [("job-1", "FINISHED")]
    assert [len(report.failures) for report in reports] == [1, 1, 1, 0, 0, 0]
    assert isinstance(reports[0].failures[0].error, DataError)


async def test_a_wait_with_other_answers_only_ends_unknown(backups, batch_of, poll):
    backups.put("c", "job-1")
    batch = await batch_of("c/job-1", poll=attrs.evolve(poll, patience=0.05))
    backups.faults["c"] = another("FINISHED")

    with pytest.raises(WaitError, match="could not be read") as caught:
        await batch.wait(timeout=50)
    assert isinstance(caught.value.__cause__, DataError)
    assert [job.id for job in caught.value.jobs] == ["job-1"]


async def test_watching_gives_no_other_job(backups, waiting_session):
    backups.put("c", "job-1")
    cluster = waiting_session().project(PROJECT, OPS_MANAGER).cluster("c")
    backups.faults["c"] = lambda _: another("FINISHED") if len(backups.looks) < 3 else None
    backups.end_after(4, "job-1")

    assert {job.id async for job in cluster.watch_restore_job("job-1")} == {"job-1"}


async def test_an_address_is_not_found_by_another_job(backups, waiting_session):
    backups.put("c", "job-1")
    backups.faults["c"] = another("FINISHED")

    with pytest.raises(DataError):
        await waiting_session().batch([f"ops-manager/{PROJECT}/c/job-1"])


async def test_a_list_of_another_batch_is_a_failed_look(backups, batch_of):
    for job in ("shard", "config"):
        backups.put("c", job, batchId="b1")
    foreign = [{"id": "x", "batchId": "b2", "statusName": "FINISHED"}]
    batch = await batch_of("c/shard")
    backups.end("shard")

    def answer(look):
        if look == "batch" and len(backups.looks) < 6:
            return CallbackResult(payload={"results": foreign, "totalCount": 1})
        return None

    backups.faults["c"] = answer
    backups.end_after(8, "config")
    reports = []

    done = await batch.wait(timeout=50, on_poll=reports.append)

    # The list failed, so that it is not known whether there are more members; those that are known were read.
    assert [job.id for job in done] == ["shard", "config"]
    assert reports[0].over == 1
    assert len(reports[0].failures) == 1


async def test_a_bad_end_is_seen_although_the_list_is_mixed_up(backups, batch_of):
    backups.put("c", "shard", batchId="b1")
    batch = await batch_of("c/shard")
    backups.end("shard", status="BROKEN")
    backups.faults["c"] = lambda look: CallbackResult(body="?") if look == "batch" else None

    with pytest.raises(WaitError, match="1 of 1 restore jobs failed"):
        await batch.wait(timeout=50)


async def test_an_id_in_another_case_is_one_job(backups, batch_of):
    backups.put("c", "ABC", batchId="b1")
    backups.put("c", "other", batchId="b1")
    batch = await batch_of("c/ABC")
    backups.jobs["c"]["ABC"]["id"] = "abc"
    backups.end("ABC", "other")

    done = await batch.wait(timeout=50)

    assert [job.id for job in done] == ["abc", "other"]


async def test_a_timeout_names_the_job_that_was_asked_for(backups, batch_of):
    backups.put("c", "job-1")
    batch = await batch_of("c/job-1")
    backups.faults["c"] = another("BROKEN")

    with pytest.raises(WaitTimeout, match=r"job-1 \(statusName IN_PROGRESS\)"):
        await batch.wait(timeout=0.1)
