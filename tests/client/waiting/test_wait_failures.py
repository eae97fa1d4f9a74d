"""Looks that fail: which a wait bears, which end it, and jobs that are not there."""

import asyncio

import attrs
import pytest
from aioresponses import CallbackResult

from builders.constants import PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    Forbidden,
    NotFound,
    RestoreBatch,
    RestoreFailed,
    ServerError,
    SessionClosed,
    WaitError,
    WaitTimeout,
)


def failing(times, answer):
    """Give so many answers of a kind, then none."""
    left = iter(range(times))
    return lambda _: None if next(left, None) is None else answer() if callable(answer) else answer


def html():
    return CallbackResult(status=404, body="<html>No such page</html>", content_type="text/html", reason="Not Found")


def garbled():
    return CallbackResult(body='{"results": [', content_type="application/json")


async def test_a_cluster_that_fails_for_a_while_ends_no_wait(backups, batch_of, refused):
    backups.put("good", "a", "FINISHED")
    backups.put("bad", "b")
    batch = await batch_of("good/a", "bad/b")
    aged = RestoreBatch(batch.jobs, sources=batch.sources, until="finished")
    backups.faults["bad"] = failing(4, lambda: refused(503, "SERVICE_UNAVAILABLE"))
    backups.end("b")
    reports = []

    done = await aged.wait(timeout=5, on_poll=reports.append)

    assert [str(job.state) for job in done] == ["FINISHED", "FINISHED"]
    assert [[each.in_a_row for each in report.failures] for report in reports] == [[1], [2], [3], [4], []]
    failure = reports[0].failures[0]
    assert failure.source.cluster == "bad"
    assert isinstance(failure.error, ServerError)
    assert failure.error.__traceback__ is None


@pytest.mark.parametrize(
    "answer",
    [html, garbled, ConnectionResetError("broken"), TimeoutError(), lambda: CallbackResult(status=429, payload={})],
    ids=["a proxy's 404", "garbled", "reset", "timeout", "429"],
)
async def test_failures_that_pass_by_themselves_are_borne(backups, batch_of, answer):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = failing(3, answer)
    backups.end("j")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED"]
    assert len(backups.looks) == 4


@pytest.mark.parametrize(("status", "kind"), [(403, Forbidden), (410, NotFound)])
async def test_failures_that_need_an_action_end_the_wait_at_once(backups, batch_of, refused, status, kind):
    for cluster in ("good", "bad"):
        backups.put(cluster, f"{cluster}-j")
    batch = await batch_of("good/good-j", "bad/bad-j")
    backups.faults["bad"] = refused(status)
    backups.faults["good"] = lambda _: asyncio.sleep(3600)

    with pytest.raises(kind) as caught:
        await asyncio.wait_for(batch.wait(timeout=None), 2)
    assert caught.value.request.status == status


async def test_a_cluster_is_given_up_and_the_others_are_waited_for(backups, batch_of, poll, refused):
    backups.put("good", "a")
    backups.put("bad", "b")
    batch = await batch_of("good/a", "bad/b", poll=attrs.evolve(poll, patience=0.03))
    backups.faults["bad"] = refused(503)
    reports = []

    def finish_late(report):
        reports.append(report)
        if report.bad:
            backups.end("a")

    with pytest.raises(WaitError, match=r"<Cluster ops-manager .*/bad> could not be read for 0\.03 s") as caught:
        await batch.wait(timeout=5, on_poll=finish_late)

    assert not isinstance(caught.value, (RestoreFailed, WaitTimeout))
    assert isinstance(caught.value.__cause__, ServerError)
    assert [str(job.state) for job in caught.value.jobs] == ["FINISHED", "RUNNING"]
    assert (reports[-1].open, reports[-1].over, reports[-1].bad) == (0, 1, 1)


async def test_patience_counts_from_the_first_of_failures_in_a_row(backups, batch_of, poll, refused):
    backups.put("c", "j")
    batch = await batch_of("c/j", poll=attrs.evolve(poll, patience=0.3))
    backups.faults["c"] = lambda _: refused(503) if len(backups.looks) % 2 else None
    backups.end_after(120, "j")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED"]


async def test_a_failed_restore_is_reported_with_a_given_up_cluster(backups, batch_of, poll, refused):
    backups.put("good", "a", "BROKEN")
    backups.put("bad", "b")
    batch = await batch_of("good/a", "bad/b", poll=attrs.evolve(poll, patience=0))
    backups.faults["bad"] = refused(503)

    with pytest.raises(RestoreFailed, match=r"1 of 2 .* could not be read for 0 s") as caught:
        await batch.wait(timeout=5)
    assert [job.id for job in caught.value.failed] == ["a"]


async def test_a_job_that_was_just_created_may_be_missing_for_a_while(backups, batch_of):
    job = backups.put("c", "j")
    batch = await batch_of("c/j")
    del backups.jobs["c"]["j"]
    created = RestoreBatch(batch.jobs, sources=batch.sources, until="finished")

    def appear():
        if len(backups.looks) == 3:
            backups.jobs["c"]["j"] = {**job, "statusName": "FINISHED"}

    backups.on_look = appear

    assert [str(job.state) for job in await created.wait(timeout=5)] == ["FINISHED"]
    assert len(backups.looks) == 4


async def test_a_job_that_never_appears_ended_badly(backups, batch_of):
    backups.put("c", "j")
    backups.put("c", "other")
    batch = await batch_of("c/j", "c/other")
    del backups.jobs["c"]["j"]
    backups.end("other")
    created = RestoreBatch(batch.jobs, sources=batch.sources, until="finished")

    with pytest.raises(RestoreFailed, match=r"1 of 2 .*: j \(not found\)"):
        await created.wait(timeout=5)


async def test_a_job_that_vanishes_ended_badly(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.on_look = lambda: len(backups.looks) == 2 and backups.jobs["c"].pop("j")

    with pytest.raises(RestoreFailed, match=r"j \(no longer listed, last seen as statusName IN_PROGRESS\)") as caught:
        await batch.wait(timeout=5)

    assert [job.id for job in caught.value.failed] == ["j"]
    assert len(backups.looks) == 4


async def test_a_list_that_does_not_show_a_job_proves_nothing(backups, batch_of):
    backups.put("c", "hidden")
    backups.put("c", "a")
    batch = await batch_of("c/hidden", "c/a")
    shown = backups.jobs["c"]

    def hide(look):
        if look == "list":
            return CallbackResult(payload={"results": [shown["a"]], "totalCount": 1})
        return None

    backups.faults["c"] = hide
    backups.end_after(4, "a", "hidden")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED", "FINISHED"]


async def test_a_cluster_that_is_deleted_ends_its_jobs_badly(backups, batch_of):
    for job in ("a", "b"):
        backups.put("c", job)
    backups.put("other", "j", "FINISHED")
    batch = await batch_of("c/a", "c/b", "other/j")
    del backups.jobs["c"]

    with pytest.raises(RestoreFailed, match="2 of 3") as caught:
        await batch.wait(timeout=5)
    assert {job.id for job in caught.value.failed} == {"a", "b"}


async def test_closing_the_session_ends_the_wait(backups, waiting_session):
    backups.put("c", "j")
    session = waiting_session()
    batch = await session.batch([f"{OPS_MANAGER.name}/{PROJECT}/c/j"], until="finished")
    waiting = asyncio.create_task(batch.wait(timeout=5))
    await asyncio.sleep(0.01)
    await session.close()

    with pytest.raises(SessionClosed):
        await waiting


async def test_a_message_names_ten_jobs_and_counts_the_rest(many, backups):
    batch = await many(clusters=3, each=5)
    backups.end(*(job.id for job in batch), status="BROKEN")

    with pytest.raises(RestoreFailed) as caught:
        await batch.wait(timeout=5)

    assert str(caught.value).count("(statusName BROKEN)") == 10
    assert "and 5 more" in str(caught.value)
    assert len(caught.value.failed) == 15


async def test_errors_of_a_wait_hold_no_secret(backups, batch_of):
    backups.put("c", "j", "FINISHED", delivery={"statusName": "EXPIRED", "url": "https://om/pull/0a1b2c3d4e/x.tar.gz"})
    batch = await batch_of("c/j", until="downloadable")

    with pytest.raises(RestoreFailed) as caught:
        await batch.wait(timeout=5)
    assert "0a1b2c3d4e" not in f"{caught.value!s} {caught.value!r} {caught.value.jobs!r}"


async def test_a_batch_of_a_deleted_cluster_ended_badly(backups, batch_of):
    for job in ("shard", "config"):
        backups.put("c", job, batchId="b")
    batch = await batch_of("c/shard", "c/config")
    del backups.jobs["c"]

    with pytest.raises(RestoreFailed, match="2 of 2"):
        await batch.wait(timeout=5)
    assert {look for _, look in backups.looks} == {"batch"}


async def test_refreshing_raises_the_first_failure(backups, batch_of, refused):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    backups.faults["c"] = refused(503)
    with pytest.raises(ServerError):
        await batch.refresh()
    backups.faults.clear()
    backups.jobs["c"].clear()
    with pytest.raises(NotFound, match="no such restore job"):
        await batch.refresh()
    assert len(backups.looks) == 2


async def test_addresses_are_read_with_the_patience_of_the_grace(backups, waiting_session, refused):
    backups.put("c", "j")
    backups.faults["c"] = failing(3, lambda: refused(503))

    assert len(await waiting_session().batch(["ops-manager/p/c/j"])) == 1
    backups.faults["c"] = refused(503)
    with pytest.raises(ServerError):
        await asyncio.wait_for(waiting_session().batch(["ops-manager/p/c/j"]), 2)
