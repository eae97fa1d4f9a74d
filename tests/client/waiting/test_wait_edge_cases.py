"""Waits that meet what servers, clocks and callers do once in a while."""

from __future__ import annotations

import asyncio
import pickle
import warnings
from types import SimpleNamespace

import attrs
import pytest
from aioresponses import CallbackResult

from mongorestore_async import (
    ConfigError,
    JobState,
    RestoreFailed,
    VendorDeprecation,
    WaitError,
    WaitTimeout,
)
from mongorestore_async.transport import decoding as notices
from mongorestore_async.waiting import waiter as waiting


def states(jobs):
    return {job.id: str(job.state) for job in jobs}


async def test_a_warning_that_is_made_an_error_comes_out_plainly(backups, batch_of, monkeypatch):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    monkeypatch.setattr(notices, "_told", set())
    backups.faults["c"] = lambda _: CallbackResult(
        payload={"id": "j", "statusName": "IN_PROGRESS"}, headers={"Deprecation": "true"}
    )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(VendorDeprecation):
            await batch.wait(timeout=5)


async def test_an_error_of_the_callers_retry_rule_comes_out_plainly(backups, batch_of, refused):
    def rule(failure):
        if failure.error.status == 503:
            raise ZeroDivisionError("a mistake in the rule")

    backups.put("c", "j")
    batch = await batch_of("c/j", retry=rule)
    backups.faults["c"] = lambda _: refused(503)

    with pytest.raises(ZeroDivisionError, match="a mistake in the rule"):
        await batch.wait(timeout=5)


class JustTooLate:
    """A deadline that fires when its body is through."""

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        raise TimeoutError

    def expired(self):
        return True


async def test_what_is_over_when_the_time_passes_is_no_time_out(backups, batch_of, monkeypatch):
    backups.put("c", "j", "IN_PROGRESS")
    batch = await batch_of("c/j")
    backups.end("j")
    late = SimpleNamespace(
        **{**vars(asyncio), "timeout": lambda _: JustTooLate(), "timeout_at": lambda _: JustTooLate()}
    )
    monkeypatch.setattr(waiting, "asyncio", late)

    assert states(await batch.wait(timeout=5)) == {"j": "FINISHED"}
    assert [job.state async for job in batch.watch(timeout=5)] == [JobState.RUNNING, JobState.FINISHED]


async def test_what_was_seen_before_the_time_passed_is_told_first(backups, batch_of):
    backups.put("c0", "good")
    backups.put("c1", "hangs")
    batch = await batch_of("c0/good", "c1/hangs")
    backups.end("good")
    backups.faults["c1"] = lambda _: asyncio.sleep(3600)
    watching = batch.watch(timeout=0.1)

    assert states([await anext(watching), await anext(watching), await anext(watching)])["good"] == "FINISHED"
    with pytest.raises(WaitTimeout, match="1 of 2"):
        await anext(watching)


@pytest.mark.parametrize("status", [408, 425])
async def test_a_proxy_that_lost_its_patience_does_not_end_a_wait(backups, batch_of, status):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    answers = iter([CallbackResult(status=status, body="<h1>Request Time-out</h1>")])
    backups.faults["c"] = lambda _: next(answers, None)
    backups.end("j")

    assert states(await batch.wait(timeout=5)) == {"j": "FINISHED"}


async def test_a_later_page_that_is_gone_says_nothing_about_the_jobs(backups, batch_of, server, refused):
    for number in range(4):
        backups.put("c", f"j{number}")
    batch = await batch_of(*(f"c/j{number}" for number in range(4)))
    backups.cap = 1
    answer = backups.answer

    async def without_later_pages(sent):
        if "pageNum" in sent.query and sent.page > 1:
            return refused(404, "RESOURCE_NOT_FOUND")
        return await answer(sent)

    server.serve(without_later_pages)
    backups.end_after(30, *(f"j{number}" for number in range(4)))

    assert set(states(await batch.wait(timeout=5)).values()) == {"FINISHED"}


async def test_a_batch_list_that_lags_behind_does_not_hide_members(backups, batch_of):
    backups.put("c", "shard-0", batchId="b")
    batch = await batch_of("c/shard-0")
    backups.put("c", "shard-1", batchId="b")
    backups.end("shard-0")
    lists = 0

    def lag(what):
        nonlocal lists
        lists += what == "batch"
        if what == "batch" and lists < 3:
            return CallbackResult(payload={"results": [], "totalCount": 0})
        if lists > 4:
            backups.end("shard-1")
        return None

    backups.faults["c"] = lag
    done = await batch.wait(timeout=5)

    assert states(done) == {"shard-0": "FINISHED", "shard-1": "FINISHED"}


async def test_a_batch_list_that_stays_empty_does_not_block_the_wait(backups, batch_of):
    backups.put("c", "j", batchId="b")
    batch = await batch_of("c/j")
    backups.end("j")
    backups.faults["c"] = lambda what: (
        CallbackResult(payload={"results": [], "totalCount": 0}) if what == "batch" else None
    )

    assert states(await batch.wait(timeout=5)) == {"j": "FINISHED"}


async def test_a_batch_whose_list_is_gone_ends_with_what_is_known(backups, batch_of, refused):
    for job, batch_id in (("a", "b1"), ("b", "b2")):
        backups.put("c", job, batchId=batch_id)
    batch = await batch_of("c/a", "c/b")
    backups.end("a", "b")
    backups.faults["c"] = lambda what: refused(404, "BATCH_NOT_FOUND") if what == "batch" else None

    assert states(await batch.wait(timeout=5)) == {"a": "FINISHED", "b": "FINISHED"}


UNREADABLE = {"id": "odd", "statusName": ["IN_PROGRESS"]}


async def test_a_job_that_cannot_be_read_holds_up_no_other(backups, batch_of, poll):
    """Neither the jobs behind it, nor those that run on when the patience with it has ended."""
    for job in ("odd", "good", "slow"):
        backups.put("c", job)
    batch = await batch_of("c/odd", "c/good", "c/slow", poll=attrs.evolve(poll, patience=0.8))
    backups.jobs["c"]["odd"].update(UNREADABLE)
    backups.end("good")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    backups.on_look = lambda: loop.time() - begun > 1.2 and backups.end("slow")

    with pytest.raises(WaitError) as caught:
        await batch.wait(timeout=20)

    assert type(caught.value) is WaitError
    assert states(caught.value.jobs) == {"odd": "RUNNING", "good": "FINISHED", "slow": "FINISHED"}


async def test_a_job_the_server_stumbles_over_holds_up_no_other(backups, batch_of, poll, refused):
    for job in ("odd", "good", "slow"):
        backups.put("c", job)
    batch = await batch_of("c/odd", "c/good", "c/slow", poll=attrs.evolve(poll, patience=0.8))
    backups.faults["c"] = lambda what: refused(500) if what in ("odd", "list") else None
    backups.end("good")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    backups.on_look = lambda: loop.time() - begun > 1.2 and backups.end("slow")

    with pytest.raises(WaitError) as caught:
        await batch.wait(timeout=20)

    assert type(caught.value) is WaitError
    assert states(caught.value.jobs) == {"odd": "RUNNING", "good": "FINISHED", "slow": "FINISHED"}


@pytest.mark.parametrize(
    "seconds", [10**400, float("nan"), -1, 0, float("inf")], ids=["endless", "nan", "negative", "zero", "inf"]
)
async def test_a_time_that_is_none_is_refused(backups, batch_of, seconds):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    with pytest.raises(ConfigError, match="timeout"):
        await batch.wait(timeout=seconds)
    with pytest.raises(ConfigError, match="timeout"):
        batch.watch(timeout=seconds)
    assert backups.looks == []


async def test_the_errors_of_a_wait_travel_without_secrets(backups, batch_of):
    delivery = {"statusName": "EXPIRED", "url": "https://om/pull/KEYKEY", "authValue": "TOKTOK"}
    backups.put("c", "j", "FINISHED", delivery=delivery)
    batch = await batch_of("c/j", until="downloadable")
    with pytest.raises(RestoreFailed) as caught:
        await batch.wait(timeout=5)

    packed = pickle.dumps(caught.value)
    copy = pickle.loads(packed)  # noqa: S301 - our own

    assert b"KEYKEY" not in packed
    assert b"TOKTOK" not in packed
    assert [job.id for job in copy.failed] == ["j"]
    assert copy.refs == caught.value.refs
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(batch)


async def test_a_time_out_beyond_the_callers_own_is_the_callers(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await batch.wait(timeout=5)
    with pytest.raises(WaitTimeout):
        async with asyncio.timeout(5):
            await batch.wait(timeout=0.02)
    assert asyncio.current_task().cancelling() == 0
