"""Retry rules of users that break: what they were asked about stays visible, and a create stays honest."""

from __future__ import annotations

import asyncio
import traceback
from decimal import Decimal

import pytest

from builders.constants import PROJECT
from mongorestore_async import (
    OPS_MANAGER,
    ConfigError,
    HttpRestore,
    MaybeCreated,
    Options,
    RestoreError,
    RetryPolicy,
    ServerError,
)

REQUEST = HttpRestore("s", 1, expiration_hours=1)


class Broken(Exception):
    """What a user's code raises."""


class Stop(BaseException):
    """What is no error."""


def raising(error):
    def rule(failure):
        raise error

    return rule


def broken_jitter(_low, _high):
    raise Broken("no entropy")


def broken_inside(failure):
    try:
        {}["budget"]
    except KeyError:
        raise Broken("no budget") from None


RULES = {
    "a rule": raising(Broken("rule")),
    "a rule with a cause": broken_inside,
    "a lookup": raising(KeyError("x")),
    "a wrong signature": lambda: None,
    "an assertion": raising(AssertionError()),
}


@pytest.fixture
def place(connect):
    def name(rule):
        session = connect(options=Options(retry=rule, rate_limits=None))
        return session, session.project(PROJECT, OPS_MANAGER).cluster("c")

    return name


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("status", [408, 500, 502, 503])
async def test_a_rule_that_raises_hides_no_open_create(place, server, rule, status):
    server.will_read({"results": []})
    server.will(status=status)
    session, cluster = place(rule)

    with pytest.raises(MaybeCreated, match=f"HTTP {status}") as caught:
        await cluster.create_restore_job(REQUEST)

    error = caught.value
    assert isinstance(error.__cause__, RestoreError)
    assert error.__cause__.status == status
    assert error.request.status == status
    assert not isinstance(error.__context__, RestoreError)
    assert type(error.__context__).__name__ in "".join(error.__notes__)
    assert len(session.open_creates) == 1
    assert len(server.posts) == 1


async def test_a_rule_may_raise_the_failure_itself(place, server):
    def rule(failure):
        raise failure.error

    server.will_read({"results": []})
    server.will(status=503)
    _, cluster = place(rule)

    with pytest.raises(MaybeCreated) as caught:
        await cluster.create_restore_job(REQUEST)
    assert isinstance(caught.value.__cause__, ServerError)
    assert not hasattr(caught.value, "__notes__")

    server.serve(lambda _: server.answer(status=503))
    with pytest.raises(ServerError) as caught:
        await cluster.restore_job("j")
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize("rule", [raising(Broken("rule")), RetryPolicy(jitter=broken_jitter)], ids=["rule", "jitter"])
async def test_a_rule_that_raises_ends_a_read_with_both(place, server, rule):
    server.will(status=503, body="<html>busy</html>")
    _, cluster = place(rule)

    with pytest.raises(Broken) as caught:
        await cluster.restore_job("j")

    assert isinstance(caught.value.__context__, ServerError)
    assert "HTTP 503" in caught.value.__notes__[0]
    assert "HTTP 503" in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("rule", [raising(Broken("rule")), RetryPolicy(jitter=broken_jitter)], ids=["rule", "jitter"])
async def test_a_rule_that_raises_after_a_certain_no_is_heard(place, server, rule):
    server.will_read({"results": []})
    server.will(status=429)
    session, cluster = place(rule)

    with pytest.raises(Broken):
        await cluster.create_restore_job(REQUEST)

    assert session.open_creates == ()


NONSENSE = [float("nan"), "1", b"1", True, Decimal(1), [], object(), 1j]


@pytest.mark.parametrize("wait", NONSENSE, ids=lambda wait: type(wait).__name__)
async def test_what_is_no_number_of_seconds_is_refused(place, server, wait):
    _, cluster = place(lambda _: wait)
    server.will(status=503)
    with pytest.raises(ConfigError, match="retry rule returned") as caught:
        await cluster.restore_job("j")
    assert isinstance(caught.value.__context__, ServerError)

    server.will_read({"results": []})
    server.will(status=503)
    with pytest.raises(MaybeCreated, match="HTTP 503"):
        await cluster.create_restore_job(REQUEST)
    assert len(server.posts) == 1


@pytest.mark.parametrize("jitter", [lambda *_: float("nan"), lambda *_: None, lambda *_: "0"])
async def test_a_jitter_with_nonsense_never_hangs_a_call(place, server, jitter):
    server.will(status=503)
    _, cluster = place(RetryPolicy(jitter=jitter))

    with pytest.raises((ConfigError, ServerError)):
        await cluster.restore_job("j")


@pytest.mark.parametrize("wait", [-1, -1e300, 0, -0.0])
async def test_a_negative_wait_is_none_at_all(place, server, wait):
    server.will(status=503)
    server.will({"id": "j"})
    _, cluster = place(lambda failure: wait if failure.tries < 2 else None)

    assert (await cluster.restore_job("j")).id == "j"


@pytest.mark.parametrize("wait", [float("inf"), 10**400, 1e308])
async def test_a_wait_beyond_the_deadline_gives_up_at_once(place, server, wait):
    server.will(status=503)
    _, cluster = place(lambda _: wait)

    with pytest.raises(ServerError):
        await cluster.restore_job("j")


async def drive(coroutine):
    """Run a coroutine by hand: a task would let such an end out of the test."""
    while True:
        coroutine.send(None)
        await asyncio.sleep(0)


@pytest.mark.parametrize("end", [asyncio.CancelledError("now"), Stop(), KeyboardInterrupt()], ids=repr)
async def test_what_is_no_error_passes_a_rule_unchanged(place, server, end):
    server.will_read({"results": []})
    server.will(status=502)
    session, cluster = place(raising(end))
    create = cluster.create_restore_job(REQUEST)

    with pytest.raises(type(end)) as caught:
        await drive(create)

    assert caught.value is end
    assert not hasattr(end, "__notes__")
    assert len(session.open_creates) == 1
