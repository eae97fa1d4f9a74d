"""Looks that fail: which a wait bears, which end it, and jobs that are not there."""

import asyncio
import re

import attrs
import pytest
from aioresponses import CallbackResult

from builders.constants import PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    Forbidden,
    JobVanished,
    NotFound,
    RestoreBatch,
    RestoreFailed,
    ServerError,
    SessionClosed,
    WaitError,
    WaitTimeout,
)
from mongorestore_async.waiting.job_source import describe_source


def failing(times, answer):
    """Give so many answers of a kind, then none."""
    left = iter(range(times))
    return lambda _: None if next(left, None) is None else answer() if callable(answer) else answer


def missing(code):
    return CallbackResult(status=404, payload={"error": 404, "errorCode": code, "detail": f"No: {code}."})


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

    with pytest.raises(WaitError, match=r"^cluster bad of project \S+ \(ops-manager\) could not be") as caught:
        await batch.wait(timeout=5, on_poll=finish_late)

    assert re.search(r"read for 0\.03 s \(HTTP 503 .*\); the outcome of their restores is unk", caught.value.problem)
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


async def test_a_created_job_that_never_appears_is_unknown(backups, batch_of, poll):
    backups.put("c", "j")
    backups.put("c", "other")
    batch = await batch_of("c/j", "c/other", poll=attrs.evolve(poll, patience=0.05))
    del backups.jobs["c"]["j"]
    backups.end("other")
    created = RestoreBatch(batch.jobs, sources=batch.sources, until="finished")

    with pytest.raises(JobVanished, match=r"1 of 2 .*: j \(not found for \d+ s, last seen as") as caught:
        await created.wait(timeout=50)
    assert [job.id for job in caught.value.vanished] == ["j"]
    assert [str(job.state) for job in caught.value.jobs] == ["RUNNING", "FINISHED"]


def gone_for(backups, looks, *, first=1):
    """Answer 404 to the looks from the first on, so many."""
    return lambda _: missing("RESTORE_JOB_NOT_FOUND") if first <= len(backups.looks) < first + looks else None


@pytest.mark.parametrize("looks", [1, 2, 3, 40])
async def test_a_job_that_comes_back_is_waited_for(backups, batch_of, looks):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = gone_for(backups, looks, first=2)
    reports = []
    backups.end_after(looks + 1, "j")

    done = await batch.wait(timeout=50, on_poll=reports.append)

    assert [str(job.state) for job in done] == ["FINISHED"]
    assert [report.missing for report in reports] == [0, *[1] * looks, 0]
    assert not any(report.bad for report in reports)


async def test_a_job_that_vanishes_is_unknown_not_failed(backups, batch_of, poll):
    backups.put("c", "j")
    batch = await batch_of("c/j", poll=attrs.evolve(poll, patience=0.05))
    backups.on_look = lambda: len(backups.looks) == 2 and backups.jobs["c"].pop("j")
    reports = []

    with pytest.raises(JobVanished, match=r"j \(not found for 0 s, last seen as statusName IN_PROGRESS\)") as caught:
        await batch.wait(timeout=50, on_poll=reports.append)

    assert [job.id for job in caught.value.jobs] == [job.id for job in caught.value.vanished] == ["j"]
    assert not isinstance(caught.value, RestoreFailed)
    assert isinstance(caught.value.__cause__, NotFound)
    assert "may have succeeded" in str(caught.value)
    assert (reports[-1].open, reports[-1].bad, reports[-1].lost) == (0, 1, 1)


async def test_patience_alone_loses_no_job(backups, batch_of, poll):
    backups.put("c", "j")
    batch = await batch_of("c/j", poll=attrs.evolve(poll, patience=0))
    backups.faults["c"] = gone_for(backups, 4)
    backups.end("j")

    assert [str(job.state) for job in await batch.wait(timeout=50)] == ["FINISHED"]
    assert len(backups.looks) == 5


@pytest.mark.parametrize("status", ["FINISHED", "BROKEN"])
async def test_others_are_waited_for_when_a_job_vanishes(backups, batch_of, poll, status):
    for job in ("gone", "shard"):
        backups.put("c", job, batchId="b")
    backups.put("other", "j")
    batch = await batch_of("c/gone", "c/shard", "other/j", poll=attrs.evolve(poll, patience=0.02))
    del backups.jobs["c"]["gone"]

    def finish_late(report):
        if report.lost:
            backups.end("shard", status=status)
            backups.end("j")

    with pytest.raises(WaitError, match="can no longer be found") as caught:
        await batch.wait(timeout=50, on_poll=finish_late)

    assert type(caught.value) is (JobVanished if status == "FINISHED" else RestoreFailed)
    assert [job.raw["statusName"] for job in caught.value.jobs] == ["IN_PROGRESS", status, "FINISHED"]


async def test_a_gateways_page_does_not_count_as_missing(backups, batch_of, poll):
    backups.put("c", "j")
    batch = await batch_of("c/j", poll=attrs.evolve(poll, patience=0.001))
    # Eight looks find nothing, four of them by the word of the API: it takes five for a job to be lost.
    answers = [missing("RESTORE_JOB_NOT_FOUND"), html()] * 4
    backups.faults["c"] = lambda _: answers.pop(0) if answers else None
    backups.end("j")
    reports = []

    assert [str(job.state) for job in await batch.wait(timeout=50, on_poll=reports.append)] == ["FINISHED"]
    assert [(report.missing, len(report.failures)) for report in reports] == [*[(1, 0), (1, 1)] * 4, (0, 0)]


async def test_a_timeout_tells_which_jobs_are_missing(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    del backups.jobs["c"]["j"]

    with pytest.raises(WaitTimeout, match=r"j \(.* not found in \d+ looks\)\. The restores may be still running"):
        await batch.wait(timeout=0.5)


async def test_watching_tells_no_change_for_a_vanished_job(backups, batch_of, poll):
    backups.put("c", "j")
    batch = await batch_of("c/j", poll=attrs.evolve(poll, patience=0.02))
    del backups.jobs["c"]["j"]
    watch, seen = batch.watch(), []

    with pytest.raises(JobVanished):
        seen += [job async for job in watch]
    with pytest.raises(JobVanished):
        await anext(watch)
    assert len(seen) <= 1


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


async def test_jobs_of_a_deleted_cluster_are_unknown(backups, batch_of, poll):
    for job in ("a", "b"):
        backups.put("c", job)
    backups.put("other", "j", "FINISHED")
    batch = await batch_of("c/a", "c/b", "other/j", poll=attrs.evolve(poll, patience=0.05))
    del backups.jobs["c"]

    with pytest.raises(JobVanished, match=r"2 of 3 .*CLUSTER_NOT_FOUND") as caught:
        await batch.wait(timeout=50)
    assert {job.id for job in caught.value.vanished} == {"a", "b"}


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


async def test_a_batch_of_a_deleted_cluster_is_unknown(backups, batch_of, poll):
    for job in ("shard", "config"):
        backups.put("c", job, batchId="b")
    batch = await batch_of("c/shard", "c/config", poll=attrs.evolve(poll, patience=0.05))
    del backups.jobs["c"]

    with pytest.raises(JobVanished, match="2 of 2"):
        await batch.wait(timeout=50)
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


def test_places_are_named_as_people_name_them(connect):
    project = connect().project("p", OPS_MANAGER)

    assert describe_source(project.cluster("c")) == "cluster c of project p (ops-manager)"
    assert describe_source(project.config_server("h")) == "config server h of project p (ops-manager)"
