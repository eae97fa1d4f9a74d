"""What cannot be read of a fleet: entries of the report, and what ends the run."""

from __future__ import annotations

import pytest

from mongorestore_async import ATLAS_FLEX, OPS_MANAGER, AuthError, Forbidden, NotFound, ServerError, SessionClosed
from mongorestore_async.fleet import FailureKind, Fleet


async def test_names_that_fit_nothing_are_told(fleet, world, read):
    stream = fleet.restore_jobs(projects=["p1", "typo"], clusters=["c0", "c9*"])
    await read(stream)

    assert [(one.kind, "'typo'" in str(one.error), "'c9*'" in str(one.error)) for one in stream.failures] == [
        (FailureKind.UNMATCHED, True, False),
        (FailureKind.UNMATCHED, False, True),
    ]


async def test_failures_stay_with_their_clusters(fleet, world, read):
    world.plays |= {
        "p0/c0": world.refused(403, "USER_CANNOT_ACCESS_GROUP"),
        "p0/c1": world.refused(503),
        "p1/c0": world.refused(404, "CLUSTER_NOT_FOUND"),
        "p1/c1": world.server.answer({"results": [{}]}),
        "p2/c0": world.refused(404, "BACKUP_CONFIG_NOT_FOUND"),
    }
    stream = fleet.restore_jobs()

    assert await read(stream) == ["p2/c1/0", "p2/c1/1"]
    assert {(one.project.id, one.cluster.key): one.kind for one in stream.failures} == {
        ("p0", "c0"): FailureKind.FORBIDDEN,
        ("p0", "c1"): FailureKind.SERVER,
        ("p1", "c0"): FailureKind.GONE,
        ("p1", "c1"): FailureKind.UNREADABLE,
    }
    assert (stream.progress.failed, stream.progress.without_backup) == (4, 1)


async def test_a_list_that_breaks_off_fails_after_its_first_jobs(connect, make_world, read):
    world = make_world(projects=2, clusters=1, jobs=6)
    answers = iter([None, world.refused(503)])

    async def break_off():
        return next(answers)

    world.plays["p1/c0"] = break_off
    stream = Fleet(connect().with_options(items_per_page=2), OPS_MANAGER).restore_jobs()

    assert await read(stream) == [*world.all_ids[:6], "p1/c0/0", "p1/c0/1"]
    assert [(one.cluster.key, one.kind, one.error.resume_at) for one in stream.failures] == [
        ("c0", FailureKind.SERVER, 2)
    ]
    assert (stream.progress.over, stream.progress.failed) == (2, 1)


async def test_unlistable_clusters_of_a_project_are_one_failure(connect, world, read):
    world.plays["p1"] = world.refused(403, "USER_CANNOT_ACCESS_GROUP")
    stream = Fleet(connect(base_url="https://cloud.example.com"), ATLAS_FLEX).restore_jobs()

    assert await read(stream) == [name for name in world.all_ids if not name.startswith("p1")]
    assert [(one.project.id, one.cluster, one.kind) for one in stream.failures] == [("p1", None, FailureKind.FORBIDDEN)]


@pytest.mark.parametrize("place", ["p1/c1", "clusters"])
async def test_a_blocked_address_ends_the_run_at_once(fleet, world, place, read):
    world.plays |= {"p0/c0": world.hang, place: world.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST")}
    stream = fleet.restore_jobs()

    with pytest.raises(Forbidden) as caught:  # bare: no ExceptionGroup
        await read(stream)
    assert caught.value.__notes__ == ["reading the fleet 'om'"]
    assert world.under_way["all"] == 0
    async with fleet.restore_jobs() as again:
        for _ in range(2):  # a second loop does not look complete either
            with pytest.raises(Forbidden):
                async for _ in again:
                    pass


async def test_the_error_of_a_run_keeps_its_traceback_as_it_was(fleet, world):
    world.plays["clusters"] = world.refused(403, "IP_ADDRESS_NOT_ON_ACCESS_LIST")
    depths = []
    async with fleet.restore_jobs() as stream:
        for _ in range(5):
            with pytest.raises(Forbidden) as caught:
                await anext(stream)
            depths.append(len(caught.traceback))

    assert len(set(depths)) == 1
    assert "transport.py" in {entry.path.name for entry in caught.traceback}


async def test_a_server_that_wants_a_key_ends_the_run(fleet, world, read):
    headers = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}
    world.plays["clusters"] = world.server.answer({}, status=401, headers=headers)

    with pytest.raises(AuthError):
        await read(fleet.restore_jobs())


async def test_a_closed_session_ends_the_run(fleet, session, world):
    world.plays["p1/c1"] = world.hang

    async def close():
        async with fleet.restore_jobs() as stream:
            async for _ in stream:
                await session.close()

    with pytest.raises(SessionClosed):
        await close()


async def test_a_broken_list_of_projects_is_raised_at_the_end(connect, make_world):
    world = make_world(projects=4)
    session = connect(base_url="https://cloud.example.com").with_options(items_per_page=2)
    document = {"results": [{"id": "p0"}, {"id": "p1"}], "totalCount": 4}
    answers = iter([world.server.answer(document), world.refused(503)])

    async def break_off():
        return next(answers)

    world.plays["groups"] = break_off
    found, stream = [], Fleet(session, ATLAS_FLEX).restore_jobs()

    async def take():
        async with stream:
            async for one in stream:
                found.append(one.job.id)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(ServerError):
        await take()

    assert sorted(found) == [name for name in world.all_ids if name[:2] in {"p0", "p1"}]
    assert [(one.project, one.kind) for one in stream.failures] == [(None, FailureKind.SERVER)]


async def test_a_project_that_hangs_is_given_up_after_one_deadline(connect, make_world, read):
    world = make_world(projects=4, clusters=12)
    world.plays |= {f"p1/c{number}": world.hang for number in range(12)}
    session = connect().with_options(timeout=0.4)
    stream = Fleet(session, OPS_MANAGER).restore_jobs(per_project=3)

    assert await read(stream) == [name for name in world.all_ids if not name.startswith("p1")]
    assert {one.cluster.key for one in stream.failures} == {f"c{number}" for number in range(12)}
    assert {one.kind for one in stream.failures} == {FailureKind.TIMED_OUT}
    assert len([name for name in world.read if name.startswith("p1")]) < 12
    assert any("skipped" in str(one.error) for one in stream.failures)


async def test_one_slow_cluster_does_not_give_its_project_up(connect, make_world, read):
    world = make_world(projects=1, clusters=12)
    world.plays["p0/c0"] = world.hang
    stream = Fleet(connect().with_options(timeout=0.4), OPS_MANAGER).restore_jobs(per_project=3)

    assert len(await read(stream)) == 22
    assert [one.cluster.key for one in stream.failures] == ["c0"]


async def test_errors_of_the_report_keep_no_frames(fleet, world, read):
    world.plays["p1/c1"] = world.refused(404)
    stream = fleet.restore_jobs()
    await read(stream)

    error = stream.failures[0].error
    assert isinstance(error, NotFound)
    assert error.__traceback__ is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 410])
@pytest.mark.parametrize("headers", [{}, {"WWW-Authenticate": 'Basic realm="gateway"'}], ids=["plain", "Basic"])
async def test_a_gateways_page_is_a_failure_of_one_cluster(fleet, world, read, status, headers):
    page = world.server.answer(status=status, body="<html>No</html>", headers=headers)
    world.plays |= {"p0/c0": page, "p1/c1": page}
    stream = fleet.restore_jobs()

    found = await read(stream)

    assert found == [name for name in world.all_ids if not name.startswith(("p0/c0", "p1/c1"))]
    assert [(one.kind, one.error.from_gateway) for one in stream.failures] == [(FailureKind.SERVER, True)] * 2


@pytest.mark.parametrize("status", [403, 404])
async def test_a_gateways_page_for_the_list_of_all_loses_none(fleet, world, read, status):
    world.plays["clusters"] = world.server.answer(status=status, body="<html>No</html>")

    assert await read(fleet.restore_jobs()) == world.all_ids
