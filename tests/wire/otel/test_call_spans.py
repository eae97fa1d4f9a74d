"""Spans and measurements of calls of the API."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web
from opentelemetry import context, trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import SpanKind, StatusCode

from mongorestore_async import (
    CLOUD_MANAGER,
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    AuthError,
    ConnectFailed,
    NotFound,
    Options,
    RequestTimeout,
    RetryPolicy,
    ServiceAccount,
)
from mongorestore_async.emulator import Manager

JOBS = "/api/public/v1.0/groups/{project}/clusters/{cluster}/restoreJobs"


def fail(times, status):
    """Let the first so many requests that got past the login fail."""
    left = [status] * times

    async def before_answer(record):
        return web.Response(status=left.pop()) if left and record.outcome == "accepted" else None

    return before_answer


def events(span):
    return [(event.name.removeprefix("mongorestore_async."), dict(event.attributes)) for event in span.events]


async def test_a_call_is_one_client_span_by_the_conventions(emulate, connect, first_cluster, telemetry):
    options = Options.for_tests(observer=telemetry.observer)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        with telemetry.tracer.start_as_current_span("application") as outer:
            await cluster.restore_jobs()
            assert trace.get_current_span() is outer
        await cluster.restore_jobs()
    cold, _, warm = telemetry.spans
    port = session.base_url.port
    path = JOBS.format(project=cluster.project, cluster=emulator.world.first().id)

    assert (cold.name, cold.kind, cold.status.status_code) == (f"GET {JOBS}", SpanKind.CLIENT, StatusCode.UNSET)
    assert cold.parent == outer.get_span_context()
    assert dict(cold.attributes) == {
        "http.request.method": "GET",
        "http.request.resend_count": 1,
        "http.response.status_code": 200,
        "mongorestore_async.family": "ops-manager",
        "mongorestore_async.project": cluster.project,
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.full": f"{session.base_url.origin()}{path}?pageNum=1&itemsPerPage=500",
        "url.template": JOBS,
    }
    assert events(cold) == [("challenge", {"http.response.status_code": 401})]
    assert (warm.parent, events(warm)) == (None, [])
    assert "http.request.resend_count" not in warm.attributes
    assert cold.instrumentation_scope.name == "mongorestore_async"
    measured = {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "127.0.0.1",
        "server.port": port,
        "url.template": JOBS,
    }
    assert telemetry.points("http.client.request.duration") == [(measured, 2)]
    assert telemetry.total("mongorestore_async.call.challenges") == 1


async def test_the_buckets_are_those_that_the_conventions_advise(emulate, connect, first_cluster, telemetry):
    async with emulate() as emulator, connect(emulator, options=Options(observer=telemetry.observer)) as session:
        await first_cluster(session, emulator).restore_jobs()
    found = json.loads(telemetry._reader.get_metrics_data().to_json())
    (scope,) = found["resource_metrics"][0]["scope_metrics"]
    (metric,) = (each for each in scope["metrics"] if each["name"] == "http.client.request.duration")

    assert metric["unit"] == "s"
    assert metric["data"]["data_points"][0]["explicit_bounds"] == [
        *(0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
    ]


@pytest.mark.parametrize(("status", "error"), [(503, "ServerError"), (429, "RateLimited")])
async def test_tries_are_events_of_the_one_span(emulate, connect, first_cluster, telemetry, status, error):
    options = Options(observer=telemetry.observer, retry=RetryPolicy(base=0), rate_limits=None)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        emulator.before_answer = fail(2, status)
        await first_cluster(session, emulator).restore_jobs()
    (span,) = telemetry.spans
    failed = {"error.type": error, "http.response.status_code": status}

    assert events(span)[1:] == 2 * [("retry", {**failed, "mongorestore_async.retry.delay": 0.0})]
    assert span.attributes["http.request.resend_count"] == 3
    assert span.attributes["http.response.status_code"] == 200
    assert span.status.status_code is StatusCode.UNSET
    assert [value for _, value in telemetry.points("mongorestore_async.call.retries")] == [2]
    assert telemetry.total("mongorestore_async.call.rate_limited") == (2 if status == 429 else 0)
    assert telemetry.total("http.client.request.duration") == 1


async def test_an_error_of_the_api_is_told_by_its_status_and_code(emulate, connect, telemetry):
    options = Options.for_tests(observer=telemetry.observer)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        with pytest.raises(NotFound) as caught:
            await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()
    (span,) = telemetry.spans

    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, caught.value.problem)
    assert span.attributes["error.type"] == "404"
    assert span.attributes["mongorestore_async.error_code"] == caught.value.error_code
    ((measured, _),) = telemetry.points("http.client.request.duration")
    assert (measured["error.type"], measured["http.response.status_code"]) == ("404", 404)


async def test_a_call_without_an_answer_has_no_status(emulate, connect, first_cluster, telemetry, unused_tcp_port):
    options = Options(observer=telemetry.observer, retry=NO_RETRY)
    async with AsyncSession(None, base_url=f"http://127.0.0.1:{unused_tcp_port}", options=options) as session:
        with pytest.raises(ConnectFailed):
            await session.request("GET", "/groups/1/things", family=OPS_MANAGER)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        await first_cluster(session, emulator).restore_jobs()
        emulator.before_answer = lambda _: asyncio.sleep(60)
        with pytest.raises(RequestTimeout):
            await first_cluster(session.with_options(timeout=0.05), emulator).restore_jobs()
    refused, _, late = telemetry.spans

    assert refused.name == "GET"  # which of the path are ids is not known
    for span, error in ((refused, "ConnectFailed"), (late, "RequestTimeout")):
        assert "http.response.status_code" not in span.attributes
        assert span.attributes["error.type"] == error
        assert span.status.status_code is StatusCode.ERROR


async def test_a_refused_login_names_no_key(emulate, connect, first_cluster, telemetry):
    options = Options.for_tests(observer=telemetry.observer)
    async with emulate() as emulator, connect(emulator, private_key="wrong", options=options) as session:
        with pytest.raises(AuthError):
            await first_cluster(session, emulator).restore_jobs()
    (span,) = telemetry.spans

    assert span.attributes["error.type"] == "AuthError"
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert emulator.public_key not in telemetry.exported()


async def test_a_cancelled_call_ends_its_span_without_an_error_status(emulate, connect, first_cluster, telemetry):
    arrived = asyncio.Event()

    async def hold(record):
        if record.outcome == "accepted":
            arrived.set()
            await asyncio.sleep(60)

    options = Options.for_tests(observer=telemetry.observer)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        emulator.before_answer = hold
        task = asyncio.create_task(first_cluster(session, emulator).restore_jobs().collect())
        await arrived.wait()
        assert telemetry.spans == ()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (span,) = telemetry.spans

    assert span.attributes["error.type"] == "CancelledError"
    assert span.status.status_code is StatusCode.UNSET
    assert span.end_time is not None


async def test_concurrent_calls_stay_below_their_own_spans(emulate, connect, first_cluster, telemetry):
    async with emulate() as emulator, connect(emulator, options=Options(observer=telemetry.observer)) as session:
        cluster = first_cluster(session, emulator)

        async def work(number):
            with telemetry.tracer.start_as_current_span(f"work {number}") as outer:
                async with cluster.restore_jobs(items_per_page=10).ahead(2) as pages:
                    async for page in pages:
                        assert page.items
                        assert trace.get_current_span() is outer
            return outer.get_span_context()

        outers = await asyncio.gather(*(work(number) for number in range(5)))
        assert trace.get_current_span() is trace.INVALID_SPAN
    calls = telemetry.named(f"GET {JOBS}")

    for outer in outers:
        assert sum(span.parent == outer for span in calls) == 3
    assert len(calls) == 15


async def test_a_call_that_is_thrown_away_leaves_the_context_of_others_alone(connect, emulate, telemetry, caplog):
    async with emulate() as emulator, connect(emulator, options=Options(observer=telemetry.observer)) as session:
        await session.request("GET", "/groups", family=OPS_MANAGER)
        pending = session.request("GET", "/groups", family=OPS_MANAGER).__await__()
        elsewhere = context.Context()

        async def begin():
            next(pending)

        await asyncio.create_task(begin())
        token = context.attach(elsewhere)
        with pytest.raises(RuntimeError):  # the deadline of the call wants its task
            pending.throw(RuntimeError)
        assert context.get_current() is elsewhere
        context.detach(token)
    assert len(telemetry.spans) == 2
    assert "Failed to detach" not in caplog.text


async def test_a_token_is_asked_for_within_the_call_that_needs_it(emulate, telemetry):
    options = Options.for_tests(observer=telemetry.observer)
    async with emulate(manager=Manager.CLOUD_MANAGER) as emulator:
        account = ServiceAccount(emulator.client_id, emulator.client_secret)
        async with AsyncSession(account, base_url=emulator.url, options=options) as session:
            await session.request("GET", "/groups", family=CLOUD_MANAGER)
    (span,) = telemetry.spans

    assert ("token", {"http.response.status_code": 200}) in events(span)
    assert emulator.client_secret not in telemetry.exported()


async def test_waiting_for_a_slot_is_an_event(emulate, connect, first_cluster, telemetry):
    options = Options(observer=telemetry.observer, max_in_flight=1)
    async with emulate() as emulator, connect(emulator, options=options) as session:
        cluster = first_cluster(session, emulator)
        await asyncio.gather(*(cluster.restore_jobs().collect() for _ in range(3)))
    queued = [attributes for span in telemetry.spans for name, attributes in events(span) if name == "queued"]

    assert len(queued) >= 2
    assert all(attributes["mongorestore_async.queue.duration"] > 0 for attributes in queued)
    assert telemetry.total("mongorestore_async.call.queue.duration") == len(queued)


async def test_nothing_is_made_where_the_application_suppresses_it(emulate, connect, first_cluster, telemetry):
    async with emulate() as emulator, connect(emulator, options=Options(observer=telemetry.observer)) as session:
        with suppress_instrumentation():
            await first_cluster(session, emulator).restore_jobs()
    assert telemetry.spans == ()
    assert telemetry.points("http.client.request.duration") == []
