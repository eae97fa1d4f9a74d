"""One restore where one was meant: calls of one session that ask for the same restore, or for the same target."""

from __future__ import annotations

import asyncio

import pytest

from builders.restore_server import RestoreServer
from builders.restores import DOWNLOAD, RESTORE, TARGET
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    OPS_MANAGER,
    AutomatedRestore,
    BadRequest,
    HttpRestore,
    MaybeCreated,
    NotRestorable,
    NotUnique,
    Rule,
    ServerError,
    SessionClosed,
    Snapshot,
    Target,
    Verdict,
)

OTHER = AutomatedRestore(Snapshot("s2"), TARGET)
ELSEWHERE = AutomatedRestore(Snapshot("s1"), Target("p2", "c9"))
TO_TARGET = {"methodName": "HTTP", "targetGroupId": "p2", "targetClusterId": "c2"}


@pytest.fixture
def serve(server):
    def make(**how):
        made = RestoreServer(**how)
        server.serve(made)
        return made

    return make


@pytest.fixture
def session(connect):
    return connect()


def source(session, cluster="c", family=OPS_MANAGER):
    return session.project("p", family).cluster(cluster)


@pytest.mark.parametrize("how", [{}, {"echo": False}, {"lag": 20}, {"over": True}])
@pytest.mark.parametrize("request_", [RESTORE, DOWNLOAD])
async def test_five_that_ask_at_once_start_one(session, serve, how, request_):
    over = how.pop("over", False)
    restores = serve(**how)
    restores.over = over

    batches = await asyncio.gather(*(source(session).ensure_restore(request_) for _ in range(5)))

    assert len(restores.created) == 1
    assert {job.id for batch in batches for job in batch} == {"made-0"}
    assert sorted(batch.existing for batch in batches) == [False, True, True, True, True]
    assert {batch.until for batch in batches} == {"finished" if request_ is RESTORE else "downloadable"}


async def test_five_on_atlas_start_one(connect, serve):
    restores = serve(atlas=True)
    session = connect(base_url="https://cloud.example.com")

    await asyncio.gather(*(source(session, family=ATLAS_CLOUD_BACKUP).ensure_restore(RESTORE) for _ in range(5)))

    assert len(restores.created) == 1


async def test_all_views_of_a_session_start_one(session, serve):
    restores = serve()
    views = [session, session.with_options(timeout=7), session.with_options(pretty=True)]

    await asyncio.gather(*(source(view).ensure_restore(RESTORE) for view in views))

    assert len(restores.created) == 1


async def test_an_ensure_waits_for_a_create_on_its_way(session, serve):
    restores = serve()

    created, ensured = await asyncio.gather(
        source(session).create_restore_job(RESTORE), source(session).ensure_restore(RESTORE)
    )

    assert (len(restores.created), ensured.existing, ensured[0].id) == (1, True, created[0].id)


async def test_ids_in_another_case_are_the_same_restore(session, serve):
    restores = serve()
    upper = AutomatedRestore(Snapshot("S1"), Target("P2", "C2"))

    await asyncio.gather(source(session).ensure_restore(RESTORE), source(session).ensure_restore(upper))

    assert len(restores.created) == 1


async def test_other_targets_do_not_wait_for_each_other(session, serve):
    restores = serve()
    loop = asyncio.get_running_loop()
    begun = loop.time()

    await source(session).ensure_restore(RESTORE)
    alone, begun = loop.time() - begun, loop.time()
    more = [AutomatedRestore(Snapshot("s1"), Target("p2", f"c{number}")) for number in range(10, 15)]
    await asyncio.gather(*(source(session).ensure_restore(request) for request in more))

    assert len(restores.created) == 6
    assert loop.time() - begun == pytest.approx(alone)


async def test_one_that_is_over_is_started_again(session, serve):
    restores = serve()
    restores.over = True

    first = await source(session).ensure_restore(RESTORE)
    second = await source(session).ensure_restore(RESTORE)

    assert (first.existing, second.existing, len(restores.created)) == (False, False, 2)


@pytest.mark.parametrize("whose", ["holder", "waiter"])
async def test_a_cancelled_call_lets_the_next_go(session, serve, whose):
    restores = serve()
    tasks = [asyncio.create_task(source(session).ensure_restore(RESTORE)) for _ in range(3)]
    await asyncio.sleep(0.1)  # the first one reads, the others wait
    cancelled = tasks.pop(0 if whose == "holder" else 1)
    cancelled.cancel()

    batches = await asyncio.gather(*tasks)
    with pytest.raises(asyncio.CancelledError):
        await cancelled

    assert len(restores.created) == 1
    assert sum(batch.existing for batch in batches) == 1
    assert session._view.transport.restore_locks.held == {}


async def test_a_refused_create_lets_the_next_go(session, serve, server):
    restores = serve()
    refusals = [{"error": 400, "errorCode": "INVALID_X", "reason": "Bad Request", "detail": "no"}]

    async def refuse(sent):
        if sent.method == "POST" and refusals:
            return server.answer(refusals.pop(), status=400)
        return await restores(sent)

    server.serve(refuse)
    results = await asyncio.gather(*(source(session).ensure_restore(RESTORE) for _ in range(3)), return_exceptions=True)

    assert [type(result).__name__ for result in results] == ["BadRequest", "RestoreBatch", "RestoreBatch"]
    assert isinstance(results[0], BadRequest)
    assert len(restores.created) == 1


async def test_waiting_calls_end_when_the_session_closes(session, serve):
    serve()
    tasks = [asyncio.create_task(source(session).ensure_restore(RESTORE)) for _ in range(3)]
    await asyncio.sleep(0.1)
    await session.close()

    assert {type(result) for result in await asyncio.gather(*tasks, return_exceptions=True)} == {SessionClosed}


@pytest.mark.parametrize("state", [{"statusName": "IN_PROGRESS"}, {"statusName": "OPEN"}])
async def test_a_target_being_restored_from_something_else(session, serve, state):
    restores = serve()
    restores.add(("p", "c"), id="j1", snapshotId="s2", delivery=TO_TARGET, **state)

    with pytest.raises(NotRestorable, match=r"cluster c2 of project p2 .*ops-manager/p/c/j1.*wait for them") as caught:
        await source(session).ensure_restore(RESTORE)

    assert [finding.rule for finding in caught.value.findings] == [Rule.RUNNING]
    assert caught.value.findings[0].fatal
    assert restores.created == []


async def test_a_create_goes_into_a_target_being_restored(session, serve):
    restores = serve()
    restores.add(("p", "c"), id="j1", snapshotId="s2", statusName="IN_PROGRESS", delivery=TO_TARGET)

    await source(session).create_restore_job(RESTORE)

    assert len(restores.created) == 1


async def test_a_running_job_that_hides_its_target_stops_an_ensure(session, serve):
    restores = serve()
    restores.add(("p", "c"), id="j1", snapshotId="s2", statusName="IN_PROGRESS", delivery={"methodName": "HTTP"})

    with pytest.raises(
        NotRestorable, match=r"may be being restored .*do not show where they go \(ops-manager/p/c/j1\)"
    ):
        await source(session).ensure_restore(RESTORE)
    assert restores.created == []


async def test_what_this_session_sent_elsewhere_stops_nothing(session, serve):
    restores = serve(echo=False)

    await source(session).ensure_restore(ELSEWHERE)
    await source(session).ensure_restore(RESTORE)

    assert len(restores.created) == 2
    with pytest.raises(NotRestorable, match="c/made-1"):
        await source(session).ensure_restore(OTHER)


async def test_a_target_restored_from_its_own_backup_is_busy(session, serve):
    restores = serve()
    restores.add(("p2", "c2"), id="j1", snapshotId="s7", statusName="IN_PROGRESS", delivery=TO_TARGET)

    with pytest.raises(NotRestorable, match="ops-manager/p2/c2/j1"):
        await source(session).ensure_restore(RESTORE)
    assert restores.created == []


@pytest.mark.parametrize("how", [{}, {"echo": False}, {"lag": 20}])
async def test_two_source_clusters_into_one_target(session, serve, how):
    restores = serve(**how)

    results = await asyncio.gather(
        source(session, "a").ensure_restore(RESTORE), source(session, "b").ensure_restore(OTHER), return_exceptions=True
    )

    assert isinstance(results[1], NotRestorable)
    assert "ops-manager/p/a/made-0" in str(results[1])
    assert len(restores.created) == 1


async def test_a_target_without_backup_has_no_list(session, serve, server):
    restores = serve()
    restores.failing["p2/clusters/c2/restoreJobs"] = server.answer(
        {"error": 404, "errorCode": "BACKUP_CONFIG_NOT_FOUND", "reason": "Not Found", "detail": "off"}, status=404
    )

    assert not (await source(session).ensure_restore(RESTORE)).existing


@pytest.mark.parametrize("status", [403, 404, 502])
async def test_a_list_that_cannot_be_read_starts_nothing(session, serve, server, status):
    restores = serve()
    restores.failing["p2/clusters/c2/restoreJobs"] = server.answer(
        body="<html>gateway</html>", status=status, content_type="text/html"
    )

    with pytest.raises(Exception, match=f"HTTP {status}"):
        await source(session).ensure_restore(RESTORE)
    assert restores.created == []


async def test_several_targets_of_one_name_are_still_unsure(session, serve):
    restores = serve()
    for number in range(2):
        restores.add(("p", "c"), id=f"j{number}", snapshotId="s1", statusName="IN_PROGRESS", delivery=TO_TARGET)

    with pytest.raises(NotUnique, match="more than once"):
        await source(session).ensure_restore(RESTORE)
    assert restores.created == []


async def test_downloads_of_other_terms_do_not_wait(session, serve):
    restores = serve()
    other = HttpRestore("s1", 2, expiration_hours=1)

    await asyncio.gather(source(session).ensure_restore(DOWNLOAD), source(session).ensure_restore(other))

    assert len(restores.created) == 2


async def test_a_restore_that_is_not_listed_yet_is_found(session, serve):
    restores = serve(lag=20)

    first = await source(session).ensure_restore(RESTORE)
    second = await source(session).ensure_restore(RESTORE)
    await asyncio.sleep(60)
    third = await source(session).ensure_restore(RESTORE)

    assert [job.id for batch in (first, second, third) for job in batch] == ["made-0"] * 3
    assert len(restores.created) == 1


class LateServer(RestoreServer):
    """Takes a create long after its caller is gone, or never."""

    takes_after: float | None = 5.0

    async def __call__(self, sent):
        if sent.method == "POST" and not self.created:
            if self.takes_after is not None:
                asyncio.get_running_loop().call_later(self.takes_after, self._take, ("p", "c"), sent.body)
            await asyncio.sleep(60)
        return await super().__call__(sent)


async def cancel_an_ensure(session):
    """Cancel an ensure whose create is on its way: the lists of source, target and baseline come first."""
    task = asyncio.create_task(source(session).ensure_restore(RESTORE))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(session.open_creates) == 1


@pytest.mark.parametrize("echo", [True, False])
async def test_what_a_cancelled_create_started_is_found(session, server, echo):
    restores = LateServer(echo=echo)
    server.serve(restores)
    await cancel_an_ensure(session)
    with pytest.raises(MaybeCreated, match=r"nothing was started now.*earlier create.*CancelledError") as caught:
        await source(session).ensure_restore(RESTORE)
    with pytest.raises(MaybeCreated):
        await source(session).ensure_restore(OTHER)
    await asyncio.sleep(5)

    batch = await source(session).ensure_restore(RESTORE)

    assert (batch.existing, [job.id for job in batch]) == (True, ["made-0"])
    assert session.open_creates == ()
    assert (await caught.value.reconcile()).verdict is Verdict.TAKEN
    with pytest.raises(NotRestorable):
        await source(session).ensure_restore(OTHER)
    assert len(restores.created) == 1


async def test_an_open_create_stops_no_other_target(session, server):
    restores = LateServer()
    restores.takes_after = None
    server.serve(restores)
    await cancel_an_ensure(session)
    restores.created.append({})

    assert not (await source(session).ensure_restore(ELSEWHERE)).existing
    with pytest.raises(MaybeCreated):
        await source(session).ensure_restore(RESTORE)
    assert not (await source(session).create_restore_job(RESTORE)).existing


async def test_a_waiting_ensure_asks_what_a_cancelled_one_did(session, server):
    restores = LateServer()
    restores.takes_after = 0.1
    server.serve(restores)
    waiting = asyncio.create_task(cancel_an_ensure(session))
    await asyncio.sleep(0.5)

    batch = await source(session).ensure_restore(RESTORE)
    await waiting

    assert (batch.existing, len(restores.created)) == (True, 1)


async def test_a_failed_look_after_an_open_create_starts_nothing(session, server):
    restores = LateServer()
    restores.takes_after = None
    server.serve(restores)
    await cancel_an_ensure(session)
    restores.failing["p/clusters/c/restoreJobs"] = server.answer({"error": 500, "errorCode": "X"}, status=500)

    with pytest.raises(ServerError):
        await source(session).ensure_restore(RESTORE)
    assert restores.created == []


@pytest.mark.parametrize("raised", [True, False])
async def test_a_dismissed_create_blocks_no_ensure(session, server, raised):
    restores = LateServer()
    restores.takes_after = None
    server.serve(restores)
    await cancel_an_ensure(session)
    with pytest.raises(MaybeCreated, match="dismiss") as caught:
        await source(session).ensure_restore(OTHER)
    view = session.with_options(timeout=50)
    (left,) = view.open_creates

    (caught.value if raised else left).dismiss()

    assert view.open_creates == session.open_creates == ()
    left.dismiss()
    restores.created.append({})  # takes the next create at once
    batch = await source(view).ensure_restore(OTHER)
    assert not batch.existing
