"""Creates whose signed request was refused: it, or the copy that a gateway sent of it."""

from __future__ import annotations

import asyncio
from itertools import count

import pytest

from builders.constants import PROJECT
from mongorestore_async import OPS_MANAGER, AuthError, DigestAuth, Forbidden, HttpRestore, MaybeCreated, Verdict

REQUEST = HttpRestore("s", 1, expiration_hours=1)
OLD = {"id": "old", "snapshotId": "s", "created": "2026-01-01T00:00:00Z"}
NEW = {"id": "new", "snapshotId": "s", "created": "2026-01-01T00:01:00Z"}
OTHER = {"id": "other", "snapshotId": "t", "created": "2026-01-01T00:01:00Z"}
STALE = pytest.mark.parametrize("stale", ["true", "false"])


class Refusing:
    """A server with digest login that refuses signed creates.

    Attributes:
        times: How many it refuses.
        taken: What is in the list afterwards.
        posts: The signed creates.

    """

    def __init__(self, server, *, stale="false", times=1, taken=(), lists=None, code="UNEXPECTED_ERROR"):
        self.times, self.taken, self.stale, self.code = times, taken, stale, code
        self.posts, self._server, self._nonces, self._lists = [], server, count(), lists

    def challenge(self, stale="false"):
        line = f'Digest realm="r", nonce="n{next(self._nonces)}", qop="auth", stale={stale}'
        document = {"error": 401, "errorCode": self.code}
        return self._server.answer(document, status=401, headers={"WWW-Authenticate": line})

    async def __call__(self, sent):
        if "Authorization" not in sent.headers:
            return self.challenge()
        if sent.method == "GET":
            if self.posts and self._lists is not None:
                return await self._lists(self._server)
            jobs = [OLD, *(self.taken if self.posts else ())]
            return self._server.answer({"results": jobs, "totalCount": len(jobs)})
        self.posts.append(sent)
        return self.challenge(self.stale) if len(self.posts) <= self.times else self._server.answer(NEW)


def create(connect, server, refusing):
    server.serve(refusing)
    session = connect(DigestAuth("public", "private"))
    return session, session.project(PROJECT, OPS_MANAGER).cluster("c").create_restore_job(REQUEST)


@STALE
@pytest.mark.parametrize("times", [1, 2])
async def test_what_started_nothing_is_sent_again(connect, server, stale, times):
    refusing = Refusing(server, stale=stale, times=times)
    _, creating = create(connect, server, refusing)

    assert [job.id for job in await creating] == ["new"]
    assert len(refusing.posts) == times + 1
    assert {sent.data for sent in refusing.posts} == {refusing.posts[0].data}


@STALE
async def test_what_a_gateway_sent_twice_is_not_sent_again(connect, server, stale):
    refusing = Refusing(server, stale=stale, taken=[NEW])
    session, creating = create(connect, server, refusing)
    with pytest.raises(MaybeCreated) as caught:
        await creating

    assert len(refusing.posts) == 1
    assert isinstance(caught.value.__cause__, AuthError)
    assert len(session.open_creates) == 1
    found = await caught.value.reconcile()
    assert (found.verdict, [job.id for job in found.batch]) == (Verdict.TAKEN, ["new"])


async def test_two_new_jobs_that_fit_are_not_sent_again(connect, server):
    refusing = Refusing(server, taken=[NEW, {**NEW, "id": "twin"}])
    _, creating = create(connect, server, refusing)
    with pytest.raises(MaybeCreated) as caught:
        await creating

    assert len(refusing.posts) == 1
    assert len((await caught.value.reconcile()).candidates) == 2


async def test_new_jobs_of_others_stop_nothing(connect, server):
    refusing = Refusing(server, taken=[OTHER])
    _, creating = create(connect, server, refusing)

    assert [job.id for job in await creating] == ["new"]


async def test_a_list_that_cannot_be_read_leaves_it_open(connect, server):
    async def broken(server):
        return server.answer({"error": 500, "errorCode": "UNEXPECTED_ERROR"}, status=500)

    refusing = Refusing(server, lists=broken)
    session, creating = create(connect, server, refusing)
    with pytest.raises(MaybeCreated):
        await creating

    assert len(refusing.posts) == len(session.open_creates) == 1


async def test_one_cancelled_while_the_list_is_read_is_kept(connect, server):
    reading = asyncio.Event()

    async def hang(_):
        reading.set()
        await asyncio.Event().wait()

    session, creating = create(connect, server, Refusing(server, lists=hang))
    task = asyncio.create_task(creating)
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert len(session.open_creates) == 1


async def test_a_login_refused_three_times_is_a_certain_no(connect, server):
    refusing = Refusing(server, times=9)
    session, creating = create(connect, server, refusing)
    with pytest.raises(AuthError, match="3 times") as caught:
        await creating

    assert caught.value.request.status == 401
    assert len(refusing.posts) == 3
    assert not session.open_creates


async def test_missing_rights_are_told_as_before(connect, server):
    refusing = Refusing(server, times=9, code="USER_UNAUTHORIZED")
    _, creating = create(connect, server, refusing)
    with pytest.raises(Forbidden):
        await creating

    assert len(refusing.posts) == 1
