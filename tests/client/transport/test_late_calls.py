"""What is said of a call that was not done in time: what it waited for, and what its earlier tries ended with."""

from __future__ import annotations

import asyncio
import gc
import pickle
import traceback
import weakref

import aiohttp
import pytest

from builders.constants import CLUSTER, PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    BadRequest,
    ConnectionBroken,
    DigestAuth,
    HttpRestore,
    Options,
    RateLimited,
    RequestTimeout,
    RetryPolicy,
    ServerError,
)

EMPTY = {"results": [], "totalCount": 0}
AT_ONCE = RetryPolicy(base=0, tries=20)


def jobs_of(session):
    return session.project(PROJECT, OPS_MANAGER).cluster(CLUSTER).restore_jobs()


def hang():
    return asyncio.Event().wait()


def script(server, *answers):
    """Answer with these in turn, then never."""
    left = list(answers)

    def serve(_sent):
        if not left:
            return hang()
        answer = left.pop(0)
        return answer if isinstance(answer, Exception) else server.answer({}, status=answer)

    server.serve(serve)


@pytest.mark.parametrize(
    ("answers", "told", "kind"),
    [
        ((504, 504, 504), "; 3 tries before ended with HTTP 504; ", ServerError),
        ((503,), "; 1 try before ended with HTTP 503; ", ServerError),
        ((502, 504, 502), "; 3 tries before ended with HTTP 502 (2), HTTP 504 (1); ", ServerError),
        (
            (504, aiohttp.ServerDisconnectedError()),
            "; 2 tries before ended with HTTP 504 (1), a broken connection (1); ",
            ConnectionBroken,
        ),
        (
            (aiohttp.ServerDisconnectedError(),) * 2,
            "; 2 tries before ended with a broken connection; ",
            ConnectionBroken,
        ),
        ((), "no answer within 5 s; raise", None),
    ],
)
async def test_a_time_out_tells_what_was_answered_before(connect, server, answers, told, kind):
    script(server, *answers)
    session = connect(options=Options(timeout=5, retry=AT_ONCE, rate_limits=None))

    with pytest.raises(RequestTimeout, match="no answer within 5 s") as caught:
        await jobs_of(session)

    cause = caught.value.__cause__
    assert told in str(caught.value)
    assert isinstance(cause, kind or type(None))
    assert caught.value.request.tries == len(answers) + 1
    if isinstance(cause, ServerError):
        assert cause.status == 504 or 504 not in answers or answers[-1] != 504
    assert told.strip("; ") in str(pickle.loads(pickle.dumps(caught.value)))  # noqa: S301


async def test_a_late_call_keeps_no_frames_alive(connect, server):
    script(server, 504, 504)

    with pytest.raises(RequestTimeout) as caught:
        await jobs_of(connect(options=Options(timeout=5, retry=AT_ONCE)))

    assert caught.value.__cause__.__traceback__ is None
    assert "HTTP 504" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("slots", "told"),
    [(1, "the one slot for a call in flight was taken"), (3, "all 3 slots for calls in flight were taken")],
)
async def test_a_call_that_got_no_slot_says_so(connect, server, slots, told):
    server.serve(lambda _sent: hang())
    session = connect(options=Options(timeout=60, max_in_flight=slots))
    others = [asyncio.ensure_future(jobs_of(session).page()) for _ in range(slots)]
    await asyncio.sleep(1)

    with pytest.raises(RequestTimeout, match=f"not sent within 5 s: {told} by other calls") as caught:
        await jobs_of(session.with_options(timeout=5))

    assert "Options.max_in_flight" in str(caught.value)
    assert not caught.value.request.unanswered
    assert len(server.sent) == slots
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def test_a_call_that_got_no_slot_again_tells_both(connect, server):
    first = asyncio.Event()

    def serve(sent):
        if not first.is_set():
            first.set()
            return server.answer({}, status=503)
        return hang()

    server.serve(serve)
    session = connect(options=Options(timeout=60, max_in_flight=1, rate_limits=None))
    retry = RetryPolicy(base=2, jitter=lambda _low, high: high)
    late = asyncio.ensure_future(jobs_of(session.with_options(timeout=5, retry=retry)).page())
    await first.wait()
    await asyncio.sleep(1)
    other = asyncio.ensure_future(jobs_of(session).page())

    with pytest.raises(
        RequestTimeout, match=r"not sent again within 5 s: the one slot.*1 try before ended with HTTP 503"
    ):
        await late
    other.cancel()


async def test_a_call_behind_a_login_that_hangs_says_so(connect, server):
    server.serve(lambda _sent: hang())
    session = connect(DigestAuth("public", "private"), options=Options(timeout=60))
    leader = asyncio.ensure_future(jobs_of(session).page())
    await asyncio.sleep(1)

    with pytest.raises(RequestTimeout, match="not sent within 5 s: the login was not over"):
        await jobs_of(session.with_options(timeout=5))
    leader.cancel()


async def test_a_call_that_was_refused_is_no_call_that_was_not_sent(connect, server):
    refusal = {"error": 429, "errorCode": "RATE_LIMITED", "reason": "Too Many Requests", "detail": "slow down"}
    server.serve(lambda _sent: server.answer(refusal, status=429))
    session = connect(options=Options(timeout=3, retry=AT_ONCE))

    with pytest.raises(RateLimited, match="HTTP 429 RATE_LIMITED: slow down; ") as caught:
        await jobs_of(session)

    error = caught.value
    assert (error.status, error.error_code, error.held_back) == (429, "RATE_LIMITED", False)
    assert f"; {len(server.sent)} tr" in str(error)
    assert "not sent" not in str(error)
    assert "other calls" not in str(error)
    assert error.retry_after > 0
    assert error.request.status == 429
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301


async def test_a_create_that_was_refused_is_told_so_too(connect, server):
    server.serve(lambda _sent: server.answer({"error": 429, "detail": "slow down"}, status=429))
    session = connect(options=Options(timeout=3, retry=AT_ONCE))

    with pytest.raises(RateLimited, match="slow down") as caught:
        await (
            session.project(PROJECT, OPS_MANAGER)
            .cluster(CLUSTER)
            .create_restore_job(HttpRestore("s", 1, expiration_hours=1))
        )

    assert caught.value.status == 429
    assert "not sent" not in str(caught.value)


async def test_a_call_held_back_after_a_failure_tells_of_it(connect, server):
    answers = [server.answer({}, status=502)]

    def serve(_sent):
        return answers.pop() if answers else server.answer({}, status=429, headers={"Retry-After": "30"})

    server.serve(serve)
    session = connect(options=Options(timeout=60))
    retry = RetryPolicy(base=2, jitter=lambda _low, high: high)
    late = asyncio.ensure_future(jobs_of(session.with_options(timeout=4, retry=retry)).page())
    await asyncio.sleep(1)
    with pytest.raises(RateLimited, match="HTTP 429"):
        await jobs_of(session.with_options(timeout=0.5))

    with pytest.raises(RateLimited, match="not sent again: the server has refused other calls") as caught:
        await late

    assert "1 try before ended with HTTP 502" in str(caught.value)
    assert caught.value.__cause__.status == 502
    assert caught.value.status == 0


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ((400, 400), BadRequest),
        ((503,) * 20, ServerError),
        ((429,) * 20, RateLimited),
        ((504, 429, 429, 429, 429), RateLimited),
        ((504,), RequestTimeout),
        ((aiohttp.ServerDisconnectedError(),) * 20, ConnectionBroken),
    ],
    ids=["refused", "answered to the end", "held back", "held back after others", "late", "broken"],
)
async def test_an_error_of_a_call_is_freed_at_once(connect, server, answers, kind):
    script(server, *answers)
    session = connect(options=Options(timeout=5, retry=AT_ONCE))
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(kind) as caught:
            await jobs_of(session)
        kept = weakref.ref(caught.value)
        del caught
        assert kept() is None
    finally:
        gc.enable()
