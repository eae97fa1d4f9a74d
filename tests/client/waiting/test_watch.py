"""``watch()``: a job at each change of its state."""

import asyncio

import pytest
from aioresponses import CallbackResult

from builders.constants import PROJECT
from mongorestore_async import (
    CLOUD_MANAGER,
    OPS_MANAGER,
    ConfigError,
    NotFound,
    RestoreFailed,
    Unsupported,
    WaitTimeout,
)


def at_looks(backups, **changes):
    """Change the state of job ``j`` after so many looks, as in ``at_looks(backups, l2="FINISHED")``."""

    def change():
        status = changes.get(f"l{len(backups.looks)}")
        if status:
            backups.end("j", status=status)

    backups.on_look = change


async def test_each_change_is_told_once_from_the_present_state_on(backups, batch_of):
    backups.put("c", "j", "OPEN")
    batch = await batch_of("c/j")
    at_looks(backups, l2="IN_PROGRESS", l4="FINISHED")

    assert [job.status_name async for job in batch.watch(timeout=5)] == ["OPEN", "IN_PROGRESS", "FINISHED"]
    assert len(backups.looks) == 5


async def test_a_change_of_the_delivery_is_a_change(backups, batch_of):
    job = backups.put("c", "j", "FINISHED", delivery={"statusName": "IN_PROGRESS"})
    batch = await batch_of("c/j", until="downloadable")
    backups.on_look = lambda: len(backups.looks) == 2 and job["delivery"].update(statusName="READY", url="https://u")

    seen = [job.delivery.status_name async for job in batch.watch(timeout=5)]

    assert seen == ["IN_PROGRESS", "READY"]


async def test_a_failure_is_told_and_then_raised(backups, batch_of):
    backups.put("c", "j")
    backups.put("other", "good", "FINISHED")
    batch = await batch_of("c/j", "other/good")
    at_looks(backups, l1="BROKEN")
    seen = []

    async def watch():
        async for job in batch.watch(timeout=5):
            seen.append((job.id, job.status_name))  # noqa: PERF401 - what came before the error is what is tested

    with pytest.raises(RestoreFailed, match="1 of 2"):
        await watch()

    assert seen == [("j", "IN_PROGRESS"), ("good", "FINISHED"), ("j", "BROKEN")]


async def test_watching_ends_in_time_and_the_consumer_counts(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    async def watch():
        async for _ in batch.watch(timeout=0.05):
            await asyncio.sleep(0.1)

    with pytest.raises(WaitTimeout, match=r"after 0\.05 s"):
        await watch()


async def test_leaving_early_leaves_nothing_behind(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")

    async for job in batch.watch():
        assert job.id == "j"
        break
    seen = len(backups.looks)
    await asyncio.sleep(0.03)
    assert len(backups.looks) == seen


async def test_one_job_of_a_batch_is_watched_alone(backups, waiting_session):
    for job in ("j", "sibling"):
        backups.put("c", job, batchId="b")
    cluster = waiting_session().project(PROJECT, OPS_MANAGER).cluster("c")
    at_looks(backups, l3="FINISHED")

    assert [job.id async for job in cluster.watch_restore_job("j", timeout=5)] == ["j", "j"]
    assert set(backups.looks) == {("c", "j")}


async def test_a_watched_job_has_its_grace_and_then_is_not_found(backups, waiting_session):
    backups.put("c", "other")
    cluster = waiting_session().project(PROJECT, OPS_MANAGER).cluster("c")
    backups.on_look = lambda: len(backups.looks) == 3 and backups.put("c", "j", "FINISHED")

    assert [job.id async for job in cluster.watch_restore_job("j")] == ["j"]
    with pytest.raises(NotFound, match=f"no such restore job: ops-manager/{PROJECT}/c/nowhere"):
        [job async for job in cluster.watch_restore_job("nowhere")]


@pytest.mark.parametrize(
    ("job_id", "arguments"), [("a/b", {}), ("", {}), ("j", {"timeout": 0}), ("j", {"until": "done"})]
)
async def test_bad_arguments_are_refused_before_the_first_step(backups, waiting_session, job_id, arguments):
    cluster = waiting_session().project(PROJECT, OPS_MANAGER).cluster("c")

    with pytest.raises(ConfigError):
        cluster.watch_restore_job(job_id, **arguments)


async def test_addresses_span_projects_families_and_config_servers(backups, waiting_session):
    places = {"c0": "j0", "c1": "j1", "h": "j2"}
    for cluster, job in places.items():
        backups.put(cluster, job)
    session = waiting_session()
    refs = [
        session.project("p0", OPS_MANAGER).cluster("c0").ref("j0"),
        str(session.project("p1", CLOUD_MANAGER).cluster("c1").ref("j1")),
        session.project("p2", OPS_MANAGER).config_server("h").ref("j2"),
    ]

    batch = await session.batch(iter([*refs, refs[0]]), until="finished")

    assert [job.id for job in batch] == ["j0", "j1", "j2"]
    assert [str(ref) for ref in batch.refs] == [str(ref) for ref in refs]
    assert len(batch.sources) == 3
    backups.looks.clear()
    backups.end("j0", "j1", "j2")
    assert {str(job.state) for job in await batch.wait(timeout=5)} == {"FINISHED"}
    assert sorted(backups.looks) == [("c0", "j0"), ("c1", "j1"), ("h", "j2")]


async def test_jobs_of_one_cluster_are_found_in_one_list(backups, waiting_session):
    for number in range(10):
        backups.put("c", f"j{number}", batchId="b")
    backups.put("c", "unnamed", batchId="b")

    batch = await waiting_session().batch([f"ops-manager/p/c/j{number}" for number in range(10)])

    assert backups.looks == [("c", "list")]
    assert [job.id for job in batch] == [f"j{number}" for number in range(10)]


async def test_an_address_may_be_newer_than_the_list(backups, waiting_session):
    backups.put("c", "other")
    backups.on_look = lambda: len(backups.looks) == 3 and backups.put("c", "j")

    assert [job.id for job in await waiting_session().batch(["ops-manager/p/c/j"])] == ["j"]


@pytest.mark.parametrize("place", ["c/nowhere", "nowhere/j"])
async def test_an_address_that_leads_nowhere_is_not_found(backups, waiting_session, place):
    backups.put("c", "j")

    with pytest.raises(NotFound, match=f"no such restore job: ops-manager/p/{place}"):
        await waiting_session().batch(["ops-manager/p/c/j", f"ops-manager/p/{place}"])


@pytest.mark.parametrize(
    ("refs", "kind", "words"),
    [
        ([], ConfigError, "no restore job references"),
        ("ops-manager/p/c/j", ConfigError, r"pass \[ref\]"),
        (None, ConfigError, r"pass \[ref\]"),
        ([5], ConfigError, "a reference must be a JobRef or its string form, not int"),
        (["nonsense"], ConfigError, "not a job reference"),
        (["mongo-cloud/p/c/j"], ConfigError, "unknown product family; known families: atlas-cloud-backup, "),
        (["ops-manager/p/c/a%2Fb"], ConfigError, "restore job id must not contain"),
        (["atlas-flex/p/host:h/j"], Unsupported, "does not restore config servers"),
    ],
)
async def test_bad_addresses_are_refused_before_any_call(backups, waiting_session, refs, kind, words):
    with pytest.raises(kind, match=words):
        await waiting_session().batch(refs)
    assert backups.looks == []


async def test_what_to_wait_for_is_checked_with_the_addresses(backups, waiting_session):
    with pytest.raises(ConfigError, match="until must be"):
        await waiting_session().batch(["ops-manager/p/c/j"], until="done")


async def test_looks_that_were_cancelled_do_not_make_a_job_vanish(backups, batch_of, refused):
    for job in "ab":
        backups.put("c", job)
    batch = await batch_of("c/a", "c/b")
    hangs = 3

    async def play(look):
        if look == "list":
            return CallbackResult(payload={"results": [], "totalCount": 0})
        if hangs and look == "b":
            await asyncio.Event().wait()
        return refused(404, "RESTORE_JOB_NOT_FOUND") if hangs and look == "a" else None

    backups.faults["c"] = play
    watch = batch.watch(timeout=30)
    seen = [(await anext(watch)).id for _ in range(2)]
    while hangs:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(watch), 0.1)
        hangs -= 1
    assert backups.looks.count(("c", "a")) >= 3
    backups.end("a", "b")

    assert sorted([job.id async for job in watch]) == sorted(seen) == ["a", "b"]
