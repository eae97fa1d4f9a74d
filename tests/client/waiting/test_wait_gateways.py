"""Pages of gateways in the middle of a wait: borne like a 5xx, whatever their status, and no verdict on anything."""

from __future__ import annotations

import itertools

import pytest
from aioresponses import CallbackResult

from builders.constants import PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    ApiError,
    AuthError,
    DigestAuth,
    Forbidden,
    NotFound,
    RestoreError,
    WaitError,
)

REF = f"{OPS_MANAGER.name}/{PROJECT}/c/j"
KEY = DigestAuth("public", "private-key")
PAGES = [400, 401, 402, 403, 404, 405, 407, 408, 409, 410, 413, 414, 421, 425, 431, 444, 460, 495, 499]
BODIES = {
    "html": {"body": "<html><h1>No</h1></html>", "content_type": "text/html"},
    "empty": {"body": ""},
    "text": {"body": "upstream request timeout", "content_type": "text/plain"},
    "json": {"payload": {"message": "no Route matched with those values"}},
    "another error": {"payload": {"error": 502, "detail": "bad gateway"}},
    "a word": {"payload": {"error": "Forbidden"}},
}


def failing(times, make):
    left = iter(range(times))
    return lambda _: None if next(left, None) is None else make()


def page(status, **members):
    return CallbackResult(status=status, **(members or BODIES["html"]))


@pytest.mark.parametrize("status", PAGES)
async def test_a_page_of_a_gateway_ends_no_wait(backups, batch_of, status):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = failing(5, lambda: page(status))
    backups.end("j")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED"]
    assert len(backups.looks) == 6


@pytest.mark.parametrize("status", [400, 403, 404, 410])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_what_is_no_error_document_is_borne(backups, batch_of, status, body):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = failing(3, lambda: page(status, **body))
    backups.end("j")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_page_that_stays_ends_the_wait_with_patience(backups, batch_of, status):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = lambda _: page(status)

    with pytest.raises(WaitError, match=r"could not be read for 5 s .*; the outcome .* is unknown") as caught:
        await batch.wait(timeout=None)

    assert type(caught.value) is WaitError
    assert caught.value.__cause__.from_gateway
    assert [job.id for job in caught.value.jobs] == ["j"]
    assert len(backups.looks) > 100


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize("look", ["list", "batch"])
async def test_a_list_a_gateway_answers_is_no_missing_job(backups, batch_of, look, status):
    for number in range(4):
        backups.put("c", f"j{number}", **({"batchId": "b"} if look == "batch" else {}))
    batch = await batch_of(*(f"c/j{number}" for number in range(4)))
    failures = itertools.count()
    backups.faults["c"] = lambda kind: page(status) if kind in {"list", "batch"} and next(failures) < 4 else None
    backups.end("j0", "j1", "j2", "j3")

    assert {str(job.state) for job in await batch.wait(timeout=5)} == {"FINISHED"}


async def test_a_page_within_a_walk_is_not_its_end(backups, batch_of):
    """The second page of a list: a list that became shorter ends so, a gateway's 404 does not."""
    backups.cap = 2
    for number in range(5):
        backups.put("c", f"j{number}")
    batch = await batch_of(*(f"c/j{number}" for number in range(5)))
    looks = itertools.count(1)
    backups.faults["c"] = lambda _: page(404) if next(looks) == 2 else None
    backups.end("j0", "j1", "j2", "j3", "j4")

    assert {str(job.state) for job in await batch.wait(timeout=5)} == {"FINISHED"}


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410])
async def test_finding_a_batch_bears_a_page(backups, waiting_session, status):
    backups.put("c", "j", "FINISHED")
    backups.faults["c"] = failing(3, lambda: page(status))

    batch = await waiting_session().batch([REF])

    assert [job.id for job in batch] == ["j"]
    assert len(backups.looks) == 4


@pytest.mark.parametrize("status", [404, 410])
async def test_a_page_that_stays_is_not_no_such_job(backups, waiting_session, status):
    backups.faults["c"] = lambda _: page(status)

    with pytest.raises(NotFound) as caught:
        await waiting_session().batch([REF])

    assert caught.value.from_gateway
    assert "no such restore job" not in str(caught.value)


async def test_the_apis_own_word_still_ends_a_wait(backups, batch_of, refused):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = refused(403, "USER_UNAUTHORIZED")

    with pytest.raises(Forbidden, match="USER_UNAUTHORIZED"):
        await batch.wait(timeout=None)
    assert len(backups.looks) == 1


# --- with a login -----------------------------------------------------------------------------------------------------

NONCE = {"WWW-Authenticate": 'Digest realm="r", nonce="n", qop="auth"'}
LOGINS = {
    "no challenge": {},
    "Basic": {"WWW-Authenticate": 'Basic realm="gateway"'},
    "Negotiate": {"WWW-Authenticate": "Negotiate"},
    "Bearer": {"WWW-Authenticate": 'Bearer realm="sso"'},
    "407": None,
}


def asking(headers):
    if headers is None:
        return page(407, headers={"Proxy-Authenticate": 'Basic realm="proxy"'}, **BODIES["html"])
    return page(401, headers=headers, **BODIES["html"])


class Login:
    """Asks for a login as the API does; in front of it a gateway that gives so many pages of its own."""

    def __init__(self, server, backups):
        self.pages = iter(())
        self._backups = backups
        server.serve(self.answer)

    async def answer(self, sent):
        if (own := next(self.pages, None)) is not None:
            return own
        if "Authorization" not in sent.headers:
            return CallbackResult(status=401, headers=NONCE, payload={"error": 401, "errorCode": "UNEXPECTED_ERROR"})
        return await self._backups.answer(sent)


@pytest.fixture
def login(server, backups):
    return Login(server, backups)


@pytest.fixture
def session(connect, waiting_session):
    return connect(KEY, options=waiting_session().options)


@pytest.mark.parametrize("headers", LOGINS.values(), ids=LOGINS)
async def test_a_gateways_login_page_ends_no_wait(backups, login, session, server, headers):
    backups.put("c", "j")
    batch = await session.batch([REF], until="finished")
    login.pages = iter([asking(headers) for _ in range(5)])
    backups.end("j")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED"]
    assert session.stats.challenges == 1  # the nonce is as good as before
    assert 'nonce="n"' in server.last.headers["Authorization"]


@pytest.mark.parametrize("headers", LOGINS.values(), ids=LOGINS)
async def test_a_login_page_blocks_no_other_call(backups, login, session, headers):
    backups.put("c", "j")
    place = session.project(PROJECT, OPS_MANAGER).cluster("c")
    await place.restore_job("j")
    login.pages = iter([asking(headers) for _ in range(4)])
    for _ in range(4):
        with pytest.raises(ApiError) as caught:
            await place.restore_job("j")
        assert (caught.value.from_gateway, caught.value.transient, caught.value.run_wide) == (True, True, False)

    assert (await place.restore_job("j")).id == "j"


@pytest.mark.parametrize("headers", LOGINS.values(), ids=LOGINS)
@pytest.mark.parametrize("auth", [KEY, None], ids=["digest", "no login"])
async def test_a_cold_start_at_a_login_page_ends_at_once(connect, server, waiting_session, headers, auth):
    server.serve(lambda _: asking(headers))
    session = connect(auth, options=waiting_session().options)

    with pytest.raises(RestoreError) as caught:
        await session.batch([REF])

    error = caught.value
    assert isinstance(error, AuthError) or (isinstance(error, ApiError) and error.status in {401, 407})
    assert not error.transient
    assert len(server.sent) == 1
    if headers is None:
        assert "user name and the password" in str(error)


async def test_a_session_without_a_key_bears_a_login_page(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = failing(3, lambda: asking(LOGINS["Basic"]))
    backups.end("j")

    assert [str(job.state) for job in await batch.wait(timeout=5)] == ["FINISHED"]


async def test_a_server_that_begins_to_want_a_key_ends_a_wait(backups, batch_of):
    backups.put("c", "j")
    batch = await batch_of("c/j")
    backups.faults["c"] = lambda _: CallbackResult(status=401, headers=NONCE)

    with pytest.raises(AuthError):
        await batch.wait(timeout=5)
