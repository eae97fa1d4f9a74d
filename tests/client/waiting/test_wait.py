"""``wait()``: how many calls it takes, what ends it, and what comes out of it."""

import asyncio
from datetime import timedelta

import attrs
import pytest

from builders.constants import PROJECT
from builders.lists import states
from mongorestore_async import (
    OPS_MANAGER,
    ConfigError,
    JobState,
    RestoreBatch,
    RestoreFailed,
    WaitTimeout,
    load_job,
)


async def test_one_killed_member_ends_its_batch(backups, batch_of):
    for job in ("shard-0", "shard-1", "config"):
        backups.put("c", job, batchId="b")
    backups.end("shard-1", status="KILLED")
    batch = await batch_of("c/shard-0", "c/config")

    with pytest.raises(RestoreFailed, match=r"1 of 3 restore jobs failed: shard-1 \(statusName KILLED\)") as caught:
        await batch.wait(timeout=5)

    assert [job.id for job in caught.value.failed] == ["shard-1"]
    assert states(RestoreBatch(caught.value.jobs)) == ["RUNNING", "RUNNING", "CANCELLED"]
    assert backups.looks == [("c", "batch")]


async def test_independent_restores_do_not_end_each_other(backups, batch_of):
    backups.put("c0", "broken", "BROKEN")
    backups.put("c0", "good")
    backups.put("c1", "late")
    batch = await batch_of("c0/broken", "c0/good", "c1/late")
    backups.end("good")
    backups.end_after(8, "late")

    with pytest.raises(RestoreFailed, match="1 of 3") as caught:
        await batch.wait(timeout=5)

    assert states(RestoreBatch(caught.value.jobs)) == ["FAILED", "FINISHED", "FINISHED"]
    assert [str(ref) for ref in caught.value.refs] == [
        f"ops-manager/{PROJECT}/{x}" for x in ("c0/broken", "c0/good", "c1/late")
    ]
    assert [job.id for job in caught.value.failed] == ["broken"]


async def test_unknown_words_are_waited_through(backups, batch_of):
    backups.put("c", "j", "OPEN")
    batch = await batch_of("c/j")
    backups.end_after(3, "j")

    assert states(await batch.wait(timeout=5)) == ["FINISHED"]


async def test_a_file_is_waited_for_until_there_is_a_url(backups, batch_of):
    job = backups.put("c", "j", "FINISHED", delivery={"statusName": "READY"})
    batch = await batch_of("c/j", until="downloadable")
    backups.on_look = lambda: len(backups.looks) == 3 and job["delivery"].update(url="https://om/pull/key")

    done = await batch.wait(timeout=5)

    assert done[0].delivery.url
    assert len(backups.looks) == 4


async def test_a_link_that_expires_is_no_file(backups, batch_of):
    backups.put("c", "j", "FINISHED", delivery={"statusName": "EXPIRED", "url": "https://om/pull/key"})
    batch = await batch_of("c/j", until="downloadable")

    with pytest.raises(RestoreFailed, match="delivery EXPIRED"):
        await batch.wait(timeout=5)
    assert states(await batch.wait(timeout=5, until="finished")) == ["FINISHED"]


@pytest.mark.parametrize("time", [0.05, timedelta(milliseconds=50)])
async def test_time_out_names_what_is_left_and_the_wait_can_go_on(backups, batch_of, time):
    backups.put("c", "good", "FINISHED")
    backups.put("c", "broken", "BROKEN")
    backups.put("c", "slow")
    batch = await batch_of("c/good", "c/broken", "c/slow")

    with pytest.raises(
        WaitTimeout, match=r"1 of 3 .* after 0\.05 s: slow \(statusName IN_PROGRESS\); 1 failed"
    ) as caught:
        await batch.wait(timeout=time)

    assert states(RestoreBatch(caught.value.jobs)) == ["FINISHED", "FAILED", "RUNNING"]
    assert caught.value.__cause__ is None
    backups.end("slow")
    with pytest.raises(RestoreFailed):
        await batch.wait(timeout=5)


async def test_time_out_comes_in_time_when_a_look_hangs(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = lambda _: asyncio.sleep(3600)
    loop = asyncio.get_running_loop()

    started = loop.time()
    with pytest.raises(WaitTimeout):
        await batch.wait(timeout=0.1)

    assert loop.time() - started < 0.5


async def test_cancelling_the_wait_sends_nothing(backups, batch_of, server):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    task = asyncio.create_task(batch.wait(timeout=None))
    looked = asyncio.Event()
    backups.on_look = lambda: len(backups.looks) > 1 and looked.set()
    await looked.wait()
    task.cancel("by its owner")

    with pytest.raises(asyncio.CancelledError, match="by its owner"):
        await task
    seen = len(server.sent)
    await asyncio.sleep(0.05)
    assert len(server.sent) == seen
    assert {sent.method for sent in server.sent} == {"GET"}


async def test_a_report_after_each_round_says_how_it_stands(backups, batch_of):
    backups.put("c0", "broken", "BROKEN")
    backups.put("c1", "late")
    batch = await batch_of("c0/broken", "c1/late")
    backups.end_after(2, "late")
    reports = []

    with pytest.raises(RestoreFailed):
        await batch.wait(timeout=5, on_poll=reports.append)

    assert [(each.round, each.open, each.over, each.bad) for each in reports] == [
        (1, 1, 0, 1),
        (2, 1, 0, 1),
        (3, 0, 1, 1),
    ]
    assert all(each.failures == () for each in reports)
    assert reports[0].next_delay > 0
    assert reports[-1].next_delay == 0
    assert sorted(each.seconds for each in reports) == [each.seconds for each in reports]


@pytest.mark.parametrize("error", [TimeoutError("of the hook"), ValueError("of the hook")])
async def test_an_error_of_the_hook_ends_the_wait_as_it_is(backups, batch_of, error):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    def hook(_):
        raise error

    with pytest.raises(type(error), match="of the hook"):
        await batch.wait(timeout=5, on_poll=hook)


async def test_a_hook_that_nobody_would_await_is_refused(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    async def hook(_):
        raise AssertionError("never awaited")

    with pytest.raises(ConfigError, match="plain function"):
        await batch.wait(timeout=5, on_poll=hook)


async def test_refresh_reads_all_once_with_what_joined(backups, batch_of):
    backups.put("c0", "a", batchId="b")
    backups.put("c0", "unnamed", batchId="b")
    backups.put("c1", "j", "FINISHED")
    batch = await batch_of("c0/a", "c1/j")
    backups.end("a", status="BROKEN")

    fresh = await batch.refresh()

    assert sorted(backups.looks) == [("c0", "batch"), ("c1", "j")]
    assert {job.id: job.state for job in fresh} == {
        "a": JobState.FAILED,
        "j": JobState.FINISHED,
        "unnamed": JobState.RUNNING,
    }
    assert fresh.until == "finished"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"timeout": 0}, "timeout must be a positive"),
        ({"timeout": -1}, "timeout must be a positive"),
        ({"timeout": timedelta(0)}, "timeout must be a positive"),
        ({"timeout": True}, "timeout must be a positive"),
        ({"timeout": float("nan")}, "timeout must be a positive"),
        ({"timeout": float("inf")}, "None for no limit"),
        ({"timeout": "6 h"}, "timeout must be a positive"),
        ({"timeout": 1, "until": "done"}, "until must be 'finished' or 'downloadable'"),
    ],
)
async def test_bad_arguments_are_refused_before_any_call(backups, batch_of, arguments, words):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    with pytest.raises(ConfigError, match=words):
        await batch.wait(**arguments)
    with pytest.raises(ConfigError, match=words):
        batch.watch(**arguments)
    assert backups.looks == []


async def test_jobs_found_by_address_must_say_what_to_wait_for(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j", until=None)

    with pytest.raises(ConfigError, match="to wait for the restore"):
        await batch.wait(timeout=1)


async def test_a_batch_without_its_clusters_says_how_to_get_them():
    loose = RestoreBatch((load_job(OPS_MANAGER, {"id": "j"}, project="p", cluster="c"),), until="finished")
    stray = RestoreBatch((load_job(OPS_MANAGER, {"id": "j"}),), until="finished")

    with pytest.raises(ConfigError, match=r"session\.batch\(refs\)"):
        await loose.wait(timeout=1)
    with pytest.raises(ConfigError, match="has no ref"):
        await stray.wait(timeout=1)


async def test_a_job_of_another_cluster_is_told(batch_of, backups):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    foreign = load_job(OPS_MANAGER, {"id": "x"}, project=PROJECT, cluster="elsewhere")

    with pytest.raises(ConfigError, match="elsewhere/x does not belong to a cluster"):
        await attrs.evolve(batch, jobs=(foreign,)).wait(timeout=1)
