"""Spans and measurements of creates, waits, watches and downloads; and what must stand in none of them."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from builders.restores import REQUEST
from mongorestore_async import (
    OPS_MANAGER,
    ConfigError,
    DownloadUsedUp,
    HttpRestore,
    MaybeCreated,
    Options,
    RestoreFailed,
    WaitTimeout,
)
from mongorestore_async.otel import linked_to

SIZE = 2_000_000
OURS = "mongorestore_async."


@pytest.fixture
async def world(emulate, connect, telemetry):
    settings = {"speed": 0.0, "restore_seconds": 60, "archive_bytes": SIZE}
    options = Options.for_tests(observer=telemetry.observer)
    async with emulate(**settings) as emulator, connect(emulator, options=options) as session:
        yield emulator, session


@pytest.fixture
async def order(world, first_cluster):
    """Order a download; gives the batch, ready to be waited for."""
    emulator, session = world

    async def ordering(**how):
        cluster = first_cluster(session, emulator)
        snapshot = await cluster.snapshots().latest_restorable()
        wanted = HttpRestore(snapshot.id, **{"max_downloads": 3, "expiration_hours": 2, **how})
        return await cluster.create_restore_job(wanted)

    return ordering


def jobs_seen(span):
    return [event.attributes[OURS + "job.state"] for event in span.events if event.name == OURS + "job"]


def push(emulator):
    """Let the restores be over after the first poll."""
    return lambda report: emulator.clock.advance(200) if report.round == 1 else None


async def test_a_create_is_a_span_around_its_calls(telemetry, order):
    batch = await order()
    (create,) = telemetry.named("restore create")
    below = [span for span in telemetry.spans if span.parent == create.get_span_context()]

    assert create.kind is SpanKind.INTERNAL
    assert [span.attributes["http.request.method"] for span in below] == ["GET", "POST"]
    assert create.attributes[OURS + "cluster"] == batch.refs[0].cluster
    (event,) = create.events
    assert event.attributes[OURS + "job.ref"] == str(batch.refs[0])
    assert telemetry.total(OURS + "operation.duration") == 1


async def test_a_create_whose_outcome_is_open_says_so(world, telemetry, first_cluster):
    emulator, session = world

    async def lose(record):
        return "drop-answer" if record.method == "POST" else None

    emulator.before_answer = lose
    with pytest.raises(MaybeCreated):
        await first_cluster(session, emulator).create_restore_job(REQUEST)
    (create,) = telemetry.named("restore create")

    assert create.status.status_code is StatusCode.ERROR
    assert "outcome is unknown" in create.status.description
    assert create.attributes["error.type"] == "MaybeCreated"
    assert jobs_seen(create) == []


async def test_a_wait_has_an_event_for_each_state(world, telemetry, order):
    emulator, _ = world
    batch = await order()
    counted = []

    def look(report):
        push(emulator)(report)
        counted.append({at[OURS + "job.state"]: n for at, n in telemetry.points(OURS + "wait.jobs")})

    await batch.wait(timeout=30, on_poll=look)
    (wait,) = telemetry.named("restore wait")
    polls = [span for span in telemetry.spans if span.parent == wait.get_span_context()]

    assert jobs_seen(wait) == ["RUNNING", "FINISHED"]
    assert wait.attributes[OURS + "job.refs"] == tuple(map(str, batch.refs))
    assert len(polls) == len(counted) >= 2
    assert (counted[0], counted[-1]) == ({"RUNNING": 1}, {"RUNNING": 0, "FINISHED": 1})
    assert telemetry.total(OURS + "wait.jobs") == 0
    states = {at[OURS + "job.state"]: n for at, n in telemetry.points(OURS + "job.changes")}
    assert states == {"RUNNING": 2, "FINISHED": 1}  # the create has seen it, too


async def test_a_wait_that_fails_is_told_by_its_error(world, telemetry, order):
    emulator, _ = world
    emulator.end_next_jobs("failed")
    batch = await order()
    with pytest.raises(WaitTimeout):
        await batch.wait(timeout=0.05)
    with pytest.raises(RestoreFailed):
        await batch.wait(timeout=30, on_poll=push(emulator))
    late, broken = telemetry.named("restore wait")

    assert (late.attributes["error.type"], broken.attributes["error.type"]) == ("WaitTimeout", "RestoreFailed")
    assert late.status.status_code is broken.status.status_code is StatusCode.ERROR
    assert jobs_seen(broken)[-1] == "FAILED"


async def test_a_cancelled_wait_ends_its_spans(telemetry, order):
    batch = await order()
    task = asyncio.create_task(batch.wait(timeout=None))
    await asyncio.sleep(0.1)
    assert telemetry.named("restore wait") == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (wait,) = telemetry.named("restore wait")

    assert wait.attributes["error.type"] == "CancelledError"
    assert wait.status.status_code is StatusCode.UNSET
    assert telemetry.total(OURS + "wait.jobs") == 0


async def test_each_step_of_a_watch_is_a_wait_of_its_own(world, telemetry, order):
    emulator, _ = world
    batch = await order()
    with telemetry.tracer.start_as_current_span("application") as outer:
        states = []
        async for job in batch.watch(timeout=30):
            assert trace.get_current_span() is outer
            states.append(str(job.state))
            emulator.clock.advance(200)
    waits = telemetry.named("restore wait")

    assert states == ["RUNNING", "FINISHED"]
    assert [jobs_seen(wait) for wait in waits] == [["RUNNING"], ["FINISHED"]]
    assert all(wait.parent == outer.get_span_context() for wait in waits)


async def test_a_download_covers_its_bodies_and_resumes(world, telemetry, order, tmp_path):
    emulator, _ = world
    batch = await order()
    batch = await batch.wait(timeout=30, on_poll=push(emulator))
    usual = emulator.downloads.play
    broken = attrs.evolve(usual, cut_after=1_000_000, bytes_per_second=4_000_000)
    emulator.downloads.fault = lambda record: broken if record.number == 1 else None
    (file,) = await batch.download(tmp_path)
    (download,) = telemetry.named("restore download")
    cut, rest = telemetry.named("GET")
    link = batch[0].delivery.url

    assert file.resumed_from > 0
    assert cut.parent == rest.parent == download.get_span_context()
    assert cut.kind is rest.kind is SpanKind.CLIENT
    assert (cut.attributes["http.response.status_code"], rest.attributes["http.response.status_code"]) == (200, 206)
    assert cut.attributes["error.type"] == "ConnectionBroken"
    assert cut.status.status_code is StatusCode.ERROR
    assert cut.end_time - cut.start_time > 200_000_000  # ns: the head came at once
    assert rest.status.status_code is download.status.status_code is StatusCode.UNSET
    assert cut.attributes[OURS + "received"] + rest.attributes[OURS + "received"] == file.size
    assert telemetry.total(OURS + "download.received") == file.size
    assert cut.attributes["url.full"] == f"{link.partition('/backup')[0]}/**redacted**"
    assert cut.attributes[OURS + "file.name"] == file.path.name


async def test_a_download_that_fails_carries_its_error(world, telemetry, order, tmp_path):
    emulator, _ = world
    batch = await order(max_downloads=1)
    batch = await batch.wait(timeout=30, on_poll=push(emulator))
    emulator.downloads.play = attrs.evolve(emulator.downloads.play, cut_after=500_000)
    with pytest.raises(Exception, match="one time allowed"):
        await batch.download(tmp_path)
    with pytest.raises(DownloadUsedUp):
        await batch.download(tmp_path)
    first, second = telemetry.named("restore download")

    assert (first.attributes["error.type"], second.attributes["error.type"]) == ("DownloadTruncated", "DownloadUsedUp")
    assert len(telemetry.named("GET")) == 1  # nothing was sent for the second


async def test_a_cancelled_download_ends_all_its_spans(world, telemetry, order, tmp_path):
    emulator, _ = world
    batch = await order()
    batch = await batch.wait(timeout=30, on_poll=push(emulator))
    emulator.downloads.play = attrs.evolve(emulator.downloads.play, bytes_per_second=500_000)
    task = asyncio.create_task(batch.download(tmp_path))
    while not telemetry.points(OURS + "download.received"):  # noqa: ASYNC110 - there is no event for it
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    for name in ("GET", "restore download"):
        (span,) = telemetry.named(name)
        assert span.attributes["error.type"] == "CancelledError"
        assert span.status.status_code is StatusCode.UNSET


async def test_work_is_linked_to_where_the_caller_says_it_began(world, telemetry, order, tmp_path):
    emulator, _ = world
    stored = {}
    with telemetry.tracer.start_as_current_span("ordered yesterday") as origin:
        batch = await order()
        TraceContextTextMapPropagator().inject(stored)
    with linked_to(stored["traceparent"], origin.get_span_context()):
        batch = await batch.wait(timeout=30, on_poll=push(emulator))
        await batch.download(tmp_path)
    await batch.wait(timeout=30)

    for name in ("restore wait", "restore download"):
        linked = telemetry.named(name)[0]
        assert linked.parent is None
        assert [(link.context.trace_id, link.context.span_id) for link in linked.links] == [
            (origin.get_span_context().trace_id, origin.get_span_context().span_id)
        ] * 2
    assert telemetry.named("restore wait")[1].links == ()


@pytest.mark.parametrize("origin", ["", "00-0-0-00", trace.INVALID_SPAN_CONTEXT, None])
def test_what_is_no_context_is_refused(origin, telemetry):
    with (
        telemetry.tracer.start_as_current_span("application"),  # which is not to be taken in its place
        pytest.raises(ConfigError, match="not a span context"),
        linked_to(origin),
    ):
        pass


async def test_nothing_that_is_exported_is_a_secret(world, telemetry, first_cluster, order, tmp_path):
    emulator, session = world
    batch = await order()
    batch = await batch.wait(timeout=30, on_poll=push(emulator))
    emulator.downloads.fault = lambda record: attrs.evolve(
        emulator.downloads.play, **({"cut_after": 500_000} if record.number == 1 else {})
    )
    assert await batch.download(tmp_path)
    emulator.before_answer = lambda record: _later("drop-answer" if record.method == "POST" else None)
    with pytest.raises(MaybeCreated):
        await first_cluster(session, emulator).create_restore_job(REQUEST)
    delivery, exported = batch[0].delivery, telemetry.exported()
    links = [str(link).partition("//")[2] for link in (delivery.url, delivery.url_v2) if link]
    keys = [part for link in links for part in link.split("/")[:-1] if len(part) > 24 and part != batch[0].id]
    nonces = [record.nonce for record in emulator.requests if getattr(record, "nonce", None)]
    secrets = [*links, *keys, *nonces, emulator.private_key, emulator.public_key, str(delivery.auth_value)]

    assert keys
    assert len(telemetry.spans) > 10
    assert [secret for secret in secrets if secret in exported] == []
    assert "/pull/" not in exported


async def _later(value):
    return value


async def test_the_instrumentation_of_aiohttp_makes_no_second_span(emulate, connect, first_cluster, telemetry):
    import aiohttp
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=telemetry.spans_to, meter_provider=telemetry.metrics_to)
    try:
        options = Options.for_tests(observer=telemetry.observer)
        async with emulate(speed=0.0, restore_seconds=60) as emulator, connect(emulator, options=options) as session:
            batch = await first_cluster(session, emulator).create_restore_job(REQUEST)
            async with aiohttp.ClientSession() as http:  # of the application, while a wait is under way
                waiting = asyncio.create_task(batch.wait(timeout=30, on_poll=push(emulator)))
                async with http.get(emulator.url) as answer:
                    await answer.read()
                await waiting
            plain = session.with_options(observer=None)
            await first_cluster(plain, emulator).restore_jobs()
    finally:
        instrumentor.uninstrument()
    by_scope = {}
    for span in telemetry.spans:
        by_scope.setdefault(span.instrumentation_scope.name, []).append(span)
    theirs = by_scope["opentelemetry.instrumentation.aiohttp_client"]

    assert len(theirs) == 2  # the application's own, and the one of a view that is not observed
    assert len(by_scope["mongorestore_async"]) >= 5


async def test_no_trace_context_leaves_for_the_server(play_raw, telemetry):
    from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

    from mongorestore_async import AsyncSession

    body = b'{"results":[],"totalCount":0,"links":[]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=telemetry.spans_to)
    try:
        async with play_raw(head + body) as server:
            for observer in (telemetry.observer, None):
                async with AsyncSession(None, base_url=server.url, options=Options(observer=observer)) as session:
                    await session.request("GET", "/groups", family=OPS_MANAGER)
    finally:
        instrumentor.uninstrument()

    assert [b"traceparent" in head.lower() for head in server.heads] == [False, True]
