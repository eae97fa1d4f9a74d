"""How many calls a wait takes, and when."""

import asyncio
from itertools import cycle

import pytest
from aioresponses import CallbackResult

from builders.lists import states
from mongorestore_async import ATLAS_FLEX, CLOUD_MANAGER, OPS_MANAGER, RateLimit, RestoreBatch, WaitTimeout
from mongorestore_async.models import PollPolicy


async def test_one_job_costs_one_call_a_look(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.end_after(3, "j")

    done = await batch.wait(timeout=5)

    assert states(done) == ["FINISHED"]
    assert states(batch) == ["RUNNING"]
    assert backups.looks == [("c", "j")] * 4


async def test_what_is_over_is_neither_read_nor_slept_for(backups, batch_of):
    backups.put("c", "j", "FINISHED")
    batch = await batch_of("c/j", poll=PollPolicy(shortest=3600, longest=3600))

    done = await asyncio.wait_for(batch.wait(timeout=None), 1)

    assert states(done) == ["FINISHED"]
    assert backups.looks == []


async def test_jobs_of_one_batch_cost_one_list_call_and_members_join(backups, batch_of):
    for job in ("shard-0", "shard-1", "config"):
        backups.put("c", job, batchId="b")
    backups.put("c", "elsewhere", batchId="other")
    batch = await batch_of("c/shard-0")
    backups.end_after(3, "shard-0", "shard-1", "config")

    done = await batch.wait(timeout=5)

    assert backups.looks == [("c", "batch")] * 4
    assert sorted(job.id for job in done) == ["config", "shard-0", "shard-1"]
    assert set(states(done)) == {"FINISHED"}


async def test_restores_of_one_cluster_cost_one_list_call_per_round(backups, many):
    batch = await many(clusters=3, each=10)
    backups.end_after(60, *(job.id for job in batch))

    done = await batch.wait(timeout=5)

    assert {word for _, word in backups.looks} == {"list"}
    assert {sum(look[0] == cluster for look in backups.looks) for cluster in ("c0", "c1", "c2")} <= {20, 21}
    assert states(done) == ["FINISHED"] * 30


async def test_the_last_restore_of_a_cluster_is_read_by_itself(backups, batch_of):
    backups.put("c", "a")
    backups.put("c", "b")
    batch = await batch_of("c/a", "c/b")
    backups.end("a")
    backups.end_after(3, "b")

    await batch.wait(timeout=5)

    assert backups.looks == [("c", "list"), ("c", "b"), ("c", "b"), ("c", "b")]


async def test_jobs_deep_in_the_list_are_read_one_by_one(backups, batch_of):
    backups.put("c", "deep-0")
    backups.put("c", "deep-1")
    for number in range(50):
        backups.put("c", f"newer-{number}", "FINISHED")
    backups.cap = 10
    batch = await batch_of("c/deep-0", "c/deep-1")
    backups.end_after(6, "deep-0", "deep-1")

    await batch.wait(timeout=5)

    # One page was tried, not six; from then on two calls are cheaper than that page and the two.
    assert backups.looks[:3] == [("c", "list"), ("c", "deep-0"), ("c", "deep-1")]
    assert {word for _, word in backups.looks[3:]} == {"deep-0", "deep-1"}


async def test_where_the_newest_come_first_a_short_page_is_asked_for(backups, batch_of, server):
    for job in ("a", "b"):
        backups.put("c", job, status="RUNNING")
    batch = await batch_of("c/a", "c/b", family=ATLAS_FLEX)
    for job in backups.jobs["c"].values():
        job["status"] = "COMPLETED"
    server.sent.clear()

    await batch.wait(timeout=5)

    assert [sent.query["itemsPerPage"] for sent in server.sent] == ["100"]


async def test_a_list_with_a_job_that_cannot_be_read_is_not_needed(backups, batch_of):
    for job in ("a", "b"):
        backups.put("c", job)
    backups.put("c", "odd", created={"not": "a date"})
    batch = await batch_of("c/a", "c/b")
    backups.end("a", "b")

    assert states(await batch.wait(timeout=5)) == ["FINISHED", "FINISHED"]


async def test_concurrent_calls_are_bounded_for_many_clusters(backups, many):
    batch = await many(clusters=60, max_in_flight=4)
    backups.end_after(1, *(job.id for job in batch))
    backups.most_under_way = 0
    waiting = asyncio.create_task(batch.wait(timeout=5))
    most_tasks = 0
    pauses = cycle([0] * 99 + [0.001])  # the clock stands still while anything is ready
    while not waiting.done():
        await asyncio.sleep(next(pauses))
        most_tasks = max(most_tasks, len(asyncio.all_tasks()))

    assert backups.most_under_way == 4
    assert most_tasks <= 8
    assert states(await waiting) == ["FINISHED"] * 60
    assert 60 <= len(backups.looks) <= 64


async def test_many_clusters_of_one_project_are_looked_at_less_often(backups, many):
    policy = PollPolicy(jitter=0)
    reports = {}
    for family in (CLOUD_MANAGER, OPS_MANAGER):
        batch = await many(clusters=50, family=family, poll=policy)
        aged = RestoreBatch(batch.jobs, sources=batch.sources)
        with pytest.raises(WaitTimeout):
            await aged.wait(
                timeout=1, until="finished", on_poll=lambda each, of=family: reports.setdefault(of.name, each)
            )

    # 100 calls a minute are documented for the one, half of which is for looks; nothing for the other.
    assert reports["cloud-manager"].next_delay == pytest.approx(60, abs=1)
    assert reports["ops-manager"].next_delay == pytest.approx(15, abs=1)


async def test_what_was_read_just_now_is_not_read_again_at_once(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j", poll=PollPolicy(shortest=3600, longest=3600))

    with pytest.raises(WaitTimeout):
        await batch.wait(timeout=0.05)
    assert backups.looks == []

    aged = RestoreBatch(batch.jobs, sources=batch.sources, until="finished")
    with pytest.raises(WaitTimeout):
        await aged.wait(timeout=0.05)
    assert backups.looks == [("c", "j")]


async def test_a_list_that_is_not_counted_is_walked_to_its_end_only(backups, batch_of):
    for job in ("a", "b", "c"):
        backups.put("k", job)
    batch = await batch_of("k/a", "k/b", "k/c")
    shown = [backups.jobs["k"]["a"], backups.jobs["k"]["b"]]
    pages = iter([shown, []])

    def uncounted(look):
        return CallbackResult(payload={"results": next(pages, [])}) if look == "list" else None

    backups.faults["k"] = uncounted
    backups.end("a", "b", "c")

    await batch.wait(timeout=5)

    assert backups.looks == [("k", "list"), ("k", "list"), ("k", "c")]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (RateLimit(10, 10, 60), 60),
        (RateLimit(10, 10, 60, "caller"), 60),
        ({CLOUD_MANAGER: RateLimit(20, 20, 60)}, 30),
        ({CLOUD_MANAGER: None}, 10),
        ({OPS_MANAGER: RateLimit(1, 1, 60)}, 10),
        ("documented", 10),
        (None, 10),
    ],
    ids=str,
)
async def test_the_limits_of_the_session_set_the_pace(backups, many, limits, expected):
    batch = await many(clusters=5, rate_limits=limits, poll=PollPolicy(jitter=0, growth=1))
    aged = RestoreBatch(batch.jobs, sources=batch.sources, until="finished")
    reports = []

    with pytest.raises(WaitTimeout):
        await aged.wait(timeout=0.6, on_poll=reports.append)

    assert reports[0].next_delay == pytest.approx(expected, abs=1)
