"""Waiting for restores of single collections: a SUCCESSFUL job is over once its collections were read."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
import re

import attrs
import pytest
from aioresponses import CallbackResult

from builders.lists import states
from mongorestore_async import (
    NO_RETRY,
    ConfigError,
    Forbidden,
    NotFound,
    NothingToDownload,
    Options,
    RestoredCollection,
    RestoreFailed,
    RestoreIncomplete,
    WaitError,
    WaitTimeout,
)
from mongorestore_async.models import PollPolicy

NAMED = {"collections": [{"sourceNamespace": "shop.orders"}]}
WHOLE = {"databases": [{"sourceNamespace": "shop"}]}
GOOD = {"sourceNamespace": "shop.orders", "state": "SUCCESSFUL"}
VIEW = {"sourceNamespace": "shop.view", "state": "UNSUPPORTED"}
BAD = {"sourceNamespace": "shop.orders", "state": "FAILED"}
REF = "atlas-collection-restore/p/c/j"


@attrs.define
class Restores:
    """One cluster with jobs of single collections: documents that a test changes, and faults of their lists."""

    jobs: dict = attrs.field(factory=dict)
    collections: dict = attrs.field(factory=dict)
    looks: list = attrs.field(factory=list)
    fault: object = None
    cap: int = 500

    def put(self, job="j", state="SUCCESSFUL", listed=(GOOD,), **members):
        self.collections[job] = list(listed)
        return self.jobs.setdefault(job, {"id": job, "state": state, **members})

    async def answer(self, sent):
        path = re.search(r"collectionRestoreJobs(?:/([^/?]+))?(/collections)?(?:\?|\Z)", sent.url)
        job, below = path.groups()
        self.looks.append("collections" if below else job or "list")
        if self.fault is not None and (made := self.fault(self.looks[-1])) is not None:
            return await made if asyncio.iscoroutine(made) else made
        if job and not below:
            return CallbackResult(payload=self.jobs[job])
        found = self.collections[job] if below else list(self.jobs.values())
        size = min(self.cap, int(sent.query["itemsPerPage"]))
        shown = found[(sent.page - 1) * size : sent.page * size]
        return CallbackResult(payload={"results": shown, "totalCount": len(found)})


def refused(status, code="UNEXPECTED_ERROR"):
    return CallbackResult(status=status, payload={"error": status, "errorCode": code, "detail": f"No: {code}."})


@pytest.fixture
def restores(server):
    made = Restores()
    server.serve(made.answer)
    return made


@pytest.fixture
def batch_of(connect):
    async def make(*refs, grace=0.05, patience=5.0, **arguments):
        poll = PollPolicy(shortest=0.002, longest=0.01, grace=grace, patience=patience, budget_share=None)
        session = connect(options=Options(retry=NO_RETRY, rate_limits=None, poll=poll))
        return await session.batch(refs or [REF], until="finished", **arguments)

    return make


async def test_a_restore_is_done_once_its_collections_were_read(restores, batch_of):
    job = restores.put(state="IN_PROGRESS", **NAMED)
    batch = await batch_of()
    job["state"] = "SUCCESSFUL"
    done = await batch.wait(timeout=5)

    assert (states(done), done[0].ok, done.skipped) == (["FINISHED"], True, ())
    assert batch[0].ok is None
    assert restores.looks == ["j", "j", "collections"]


async def test_a_job_that_was_over_before_is_read_as_well(restores, batch_of):
    restores.put(**NAMED)
    batch = await batch_of()

    assert batch[0].ok is None
    assert (await batch.wait(timeout=5))[0].ok is True
    assert (await (await batch.wait(timeout=5)).wait(timeout=5))[0].ok is True
    assert restores.looks.count("collections") == 2


async def test_collections_of_a_job_that_is_over_are_read_at_once(restores, connect):
    restores.put(**NAMED)
    poll = PollPolicy(shortest=3600, longest=3600)
    session = connect(options=Options(retry=NO_RETRY, rate_limits=None, poll=poll))
    batch = await session.batch([REF])

    assert (await batch.wait(timeout=5))[0].ok is True
    assert restores.looks == ["j", "j", "collections"]


async def test_what_was_read_is_kept_by_a_refresh(restores, batch_of):
    restores.put(listed=[GOOD, VIEW], **WHOLE)
    done = await (await batch_of()).wait(timeout=5)

    again = await done.refresh()
    assert (again[0].ok, [each.source_namespace for each in again.skipped]) == (True, ["shop.view"])
    assert restores.looks.count("collections") == 1


async def test_a_named_collection_that_failed_is_an_error(restores, batch_of):
    restores.put(listed=[BAD], **NAMED)
    with pytest.raises(RestoreIncomplete) as caught:
        await (await batch_of()).wait(timeout=5)

    error = caught.value
    assert isinstance(error, RestoreFailed)
    assert error.problem == (
        "1 of 1 restore jobs did not restore all that they named: j (state SUCCESSFUL, 1 not restored as asked)."
        " Collections: shop.orders (FAILED)"
    )
    assert "accept_incomplete=True" in str(error)
    assert [type(each) for each in error.collections] == [RestoredCollection]
    assert (error.failed[0].ok, error.jobs[0].id, [str(ref) for ref in error.refs]) == (False, "j", [REF])


async def test_an_incomplete_restore_can_be_accepted(restores, batch_of):
    restores.put(listed=[BAD, VIEW], **{**NAMED, **WHOLE})
    done = await (await batch_of()).wait(timeout=5, accept_incomplete=True)

    assert (done[0].ok, states(done)) == (False, ["FINISHED"])
    assert [each.source_namespace for each in done[0].outcome.incomplete] == ["shop.orders"]
    assert [each.source_namespace for each in done.skipped] == ["shop.view"]


@pytest.mark.parametrize("value", [1, "yes", None])
async def test_accepting_is_yes_or_no(restores, batch_of, value):
    restores.put(**NAMED)
    batch = await batch_of()
    with pytest.raises(ConfigError, match="accept_incomplete must be True or False"):
        await batch.wait(timeout=5, accept_incomplete=value)


async def test_what_a_whole_database_skips_raises_nothing(restores, batch_of):
    restores.put(listed=[GOOD, VIEW], **WHOLE)
    done = await (await batch_of()).wait(timeout=5)

    assert (done[0].ok, [each.source_namespace for each in done.skipped]) == (True, ["shop.view"])


@pytest.mark.parametrize(("state", "words"), [("FAILED", "state FAILED"), ("CANCELED", "state CANCELED")])
async def test_a_bad_end_tells_why_and_reads_no_collections(restores, batch_of, state, words):
    restores.put(state=state, errorMessage="shop.x was not found, see https://h/?token=abc", **NAMED)
    with pytest.raises(RestoreFailed, match=f"{words}: shop.x was not found") as caught:
        await (await batch_of()).wait(timeout=5)

    assert not isinstance(caught.value, RestoreIncomplete)
    assert caught.value.failed[0].ok is False
    assert "abc" not in str(caught.value)
    assert "collections" not in restores.looks


async def test_a_bad_end_counts_more_than_an_incomplete_one(restores, batch_of):
    restores.put("j", listed=[BAD], **NAMED)
    restores.put("k", state="FAILED")
    with pytest.raises(RestoreFailed, match=r"2 of 2 restore jobs failed: j \(.*\), k \(state FAILED\)") as caught:
        await (await batch_of(REF, REF[:-1] + "k")).wait(timeout=5)

    assert not isinstance(caught.value, RestoreIncomplete)
    assert [job.id for job in caught.value.failed] == ["j", "k"]


async def test_an_unknown_state_is_waited_through(restores, batch_of):
    job = restores.put(state="ARCHIVING", **NAMED)
    batch = await batch_of()
    restores.fault = lambda _look: job.update(state="SUCCESSFUL") if len(restores.looks) > 3 else None

    assert (await batch.wait(timeout=5))[0].ok is True


async def test_a_list_that_lags_behind_is_read_again(restores, batch_of):
    restores.put(listed=[], **NAMED)

    def appear(_look):
        if restores.looks.count("collections") == 2:
            restores.collections["j"] = [{**GOOD, "state": "FINALIZING"}]
        if restores.looks.count("collections") == 3:
            restores.collections["j"] = [GOOD]

    restores.fault = appear
    assert (await (await batch_of(grace=1)).wait(timeout=5))[0].ok is True
    assert restores.looks.count("collections") == 3


async def test_a_list_that_stays_empty_is_no_success(restores, batch_of):
    restores.put(listed=[], **{**NAMED, **WHOLE})
    with pytest.raises(RestoreIncomplete, match=r"shop \(not listed\), shop.orders \(not listed\)") as caught:
        await (await batch_of()).wait(timeout=5)

    assert (caught.value.collections, caught.value.missing) == ((), ("shop", "shop.orders"))
    assert restores.looks.count("collections") > 2


async def test_a_job_that_tells_nothing_at_all_is_no_success(restores, batch_of):
    restores.put(listed=[])
    with pytest.raises(RestoreIncomplete, match="the server tells neither what was asked for nor"):
        await (await batch_of()).wait(timeout=5)


async def test_a_missing_list_counts_as_an_empty_one(restores, batch_of):
    restores.put(**NAMED)
    restores.fault = lambda look: refused(404, "RESOURCE_NOT_FOUND") if look == "collections" else None
    with pytest.raises(RestoreIncomplete, match="not listed"):
        await (await batch_of()).wait(timeout=5)


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_a_list_that_fails_for_a_while_is_borne(restores, batch_of, status):
    restores.put(**NAMED)
    restores.fault = lambda look: refused(status) if look == "collections" and restores.looks.count(look) < 4 else None
    reports = []
    done = await (await batch_of()).wait(timeout=5, on_poll=reports.append)

    assert done[0].ok is True
    assert [len(report.failures) for report in reports] == [1, 1, 1, 0]
    assert [report.open for report in reports] == [1, 1, 1, 0]


async def test_a_list_that_fails_for_ever_ends_the_wait(restores, batch_of):
    restores.put(**NAMED)
    restores.fault = lambda look: refused(500) if look == "collections" else None
    with pytest.raises(WaitError, match=r"could not be read for 0.5 s .*; the outcome of their restores is unknown"):
        await (await batch_of(patience=0.5)).wait(timeout=None)


@pytest.mark.parametrize(
    ("others", "words"),
    [({}, "have ended, but it was not told yet what became of"), ({"k": "IN_PROGRESS"}, "are still running")],
)
async def test_a_timeout_tells_whether_restores_still_run(others, words, restores, batch_of):
    restores.put(listed=[], **NAMED)
    for job, state in others.items():
        restores.put(job, state, **NAMED)
    batch = await batch_of(REF, *(f"atlas-collection-restore/p/c/{job}" for job in others), grace=60)

    with pytest.raises(WaitTimeout, match=f"The restores {words}"):
        await batch.wait(timeout=1)


async def test_a_list_that_fails_delays_no_other_job(restores, batch_of):
    restores.put("j", **NAMED)
    running = restores.put("k", state="IN_PROGRESS", **NAMED)
    restores.fault = lambda look: refused(500) if look == "collections" and running["state"] != "SUCCESSFUL" else None
    reports = []

    def end(report):
        reports.append(report)
        if len(reports) == 5:
            running["state"] = "SUCCESSFUL"

    done = await (await batch_of(REF, REF[:-1] + "k")).wait(timeout=5, on_poll=end)
    assert [job.ok for job in done] == [True, True]


async def test_a_job_that_fails_delays_no_collections_of_others(restores, batch_of):
    restores.put("j", state="IN_PROGRESS", **NAMED)
    restores.put("k", **NAMED)
    batch = await batch_of(REF, REF[:-1] + "k", patience=0.5)
    restores.fault = lambda look: refused(500) if look in {"j", "list"} else None
    with pytest.raises(WaitError, match="could not be read") as caught:
        await batch.wait(timeout=None)

    assert [job.ok for job in caught.value.jobs] == [None, True]
    assert restores.looks.count("collections") == 1


async def test_a_key_without_the_right_to_the_list_is_told(restores, batch_of):
    restores.put(**NAMED)
    restores.fault = lambda look: refused(403, "USER_UNAUTHORIZED") if look == "collections" else None
    with pytest.raises(Forbidden):
        await (await batch_of()).wait(timeout=5)


async def test_a_list_that_is_switched_off_is_told(restores, batch_of):
    restores.put(**NAMED)
    restores.fault = lambda look: refused(410, "VERSION_GONE") if look == "collections" else None
    with pytest.raises(NotFound, match="VERSION_GONE"):
        await (await batch_of()).wait(timeout=5)


async def test_there_is_nothing_to_download(restores, batch_of, tmp_path):
    restores.put(**NAMED)
    batch = await batch_of()
    with pytest.raises(NothingToDownload):
        await batch.download(tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_an_incomplete_restore_is_told_to_other_processes(restores, batch_of):
    restores.put(listed=[BAD], **{**NAMED, **WHOLE, "databases": [{"sourceNamespace": "crm"}]})
    with pytest.raises(RestoreIncomplete) as caught:
        await (await batch_of()).wait(timeout=5)

    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (str(copy), copy.missing) == (str(caught.value), ("crm",))
    assert [each.source_namespace for each in copy.collections] == ["shop.orders"]
    assert [job.ok for job in copy.failed] == [False]


async def test_reports_count_an_incomplete_restore_as_bad(restores, batch_of):
    restores.put(listed=[BAD], **NAMED)
    for accept in (False, True):
        reports = []
        with contextlib.suppress(RestoreIncomplete):
            await (await batch_of()).wait(timeout=5, on_poll=reports.append, accept_incomplete=accept)
        assert [(report.bad, report.over, report.open) for report in reports] == [
            (1, 0, 0) if not accept else (0, 1, 0)
        ]


async def test_a_page_of_a_gateway_is_no_empty_list(restores, batch_of):
    restores.put(**NAMED)
    page = CallbackResult(status=404, body="<html>not here</html>", content_type="text/html")
    restores.fault = lambda look: page if look == "collections" and restores.looks.count(look) < 3 else None
    assert (await (await batch_of(grace=0)).wait(timeout=5))[0].ok is True


async def test_pages_that_contradict_each_other_are_read_again(restores, batch_of):
    restores.put(listed=[{**GOOD, "sourceNamespace": f"shop.c{number}"} for number in range(30)], **WHOLE)
    restores.cap = 10
    broken = CallbackResult(payload={"results": [], "totalCount": 30})

    def fault(look):
        return broken if look == "collections" and 1 < restores.looks.count(look) < 20 else None

    restores.fault = fault
    assert (await (await batch_of()).wait(timeout=30))[0].ok is True


async def test_a_cancelled_wait_can_be_repeated(restores, batch_of):
    restores.put(**NAMED)
    restores.fault = lambda look: asyncio.sleep(60) if look == "collections" else None
    batch = await batch_of()
    task = asyncio.create_task(batch.wait(timeout=None))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    restores.fault = None
    assert (await batch.wait(timeout=5))[0].ok is True


async def test_time_can_pass_while_collections_are_read(restores, batch_of):
    restores.put(**NAMED)
    restores.fault = lambda look: asyncio.sleep(60) if look == "collections" else None
    with pytest.raises(WaitTimeout, match=r"j \(state SUCCESSFUL, its collections not read yet\)") as caught:
        await (await batch_of()).wait(timeout=0.5)

    assert (caught.value.jobs[0].ok, states(caught.value.jobs)) == (None, ["FINISHED"])


async def test_several_jobs_of_a_cluster_are_listed_and_judged(restores, batch_of):
    for name in "jkl":
        restores.put(name, listed=[BAD if name == "k" else GOOD], **NAMED)
    with pytest.raises(RestoreIncomplete, match="1 of 3") as caught:
        await (await batch_of(*(REF[:-1] + name for name in "jkl"))).wait(timeout=5)

    assert [job.ok for job in caught.value.jobs] == [True, False, True]
    assert restores.looks.count("collections") == 3


async def test_a_watch_tells_the_changes_and_ends_the_same(restores, batch_of):
    job = restores.put(state="INITIALIZING", listed=[BAD], **NAMED)
    batch, seen = await batch_of(), []

    async def watch():
        async for each in batch.watch(timeout=5):
            seen.append((str(each.state), each.ok))
            job["state"] = "IN_PROGRESS" if len(seen) == 1 else "SUCCESSFUL"

    with pytest.raises(RestoreIncomplete):
        await watch()
    assert seen == [("PENDING", None), ("RUNNING", None), ("FINISHED", False)]
    assert [each.ok async for each in batch.watch(timeout=5, accept_incomplete=True)][-1] is False


async def test_one_job_can_be_watched(restores, batch_of):
    restores.put(**NAMED)
    cluster = (await batch_of()).sources[0]

    assert [job.ok async for job in cluster.watch_restore_job("j", timeout=5)] == [True]
    restores.collections["j"] = [BAD]
    watch = cluster.watch_restore_job("j", timeout=5, accept_incomplete=True)
    assert [job.ok async for job in watch] == [False]
    with pytest.raises(RestoreIncomplete):
        _ = [job async for job in cluster.watch_restore_job("j", timeout=5)]


async def test_there_is_no_file_to_wait_for(restores, batch_of):
    restores.put(**NAMED)
    batch = await batch_of()
    with pytest.raises(ConfigError, match="restores into a cluster and will have no download"):
        await batch.wait(timeout=5, until="downloadable")


async def test_many_collections_are_not_kept(restores, batch_of):
    restores.put(
        listed=[{**GOOD, "sourceNamespace": f"shop.c{number:05}"} for number in range(20_000)] + [VIEW], **WHOLE
    )
    restores.cap = 500
    most = 0

    def count(look):
        nonlocal most
        if look == "collections":
            most = max(most, sum(isinstance(each, RestoredCollection) for each in gc.get_objects()))

    restores.fault = count
    done = await (await batch_of()).wait(timeout=None)

    assert (done[0].ok, len(done.skipped)) == (True, 1)
    assert restores.looks.count("collections") == 41
    assert most <= 2 * restores.cap
