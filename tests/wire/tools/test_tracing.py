"""Instrumentations of aiohttp see calls of the API, and no download."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import aiohttp
import pytest

from builders.tools import tool
from mongorestore_async import OPS_MANAGER, HttpRestore, Options


@pytest.fixture
def seen(monkeypatch):
    """URLs that a trace config sees which is put into every session made, as instrumentations do."""
    urls = []
    trace = aiohttp.TraceConfig()

    async def look(_session, _context, parameters):
        urls.append(str(parameters.url))

    trace.on_request_start.append(look)
    original = aiohttp.ClientSession.__init__

    def wrapped(self, *args, **kwargs):
        kwargs["trace_configs"] = [*(kwargs.get("trace_configs") or ()), trace]
        original(self, *args, **kwargs)

    monkeypatch.setattr(aiohttp.ClientSession, "__init__", wrapped)
    return urls


@asynccontextmanager
async def lent(wanted):
    if not wanted:
        yield None
        return
    async with aiohttp.ClientSession() as http:
        yield http


async def download(emulate, connect, directory, http=None):
    """Restore and download once; gives the links, whole and their keys."""
    settings = {"speed": 0.0, "restore_seconds": 60, "archive_bytes": 100_000}
    async with emulate(**settings) as emulator, connect(emulator, options=Options.for_tests(), http=http) as session:
        found = emulator.world.first("replica-set")
        cluster = session.project(found.project_id, OPS_MANAGER).cluster(found.id)
        snapshot = await cluster.snapshots().latest_restorable()
        batch = await cluster.create_restore_job(HttpRestore(snapshot.id, max_downloads=3, expiration_hours=2))
        emulator.clock.advance(200)
        batch = await batch.wait(timeout=30, until="downloadable")
        assert await batch.download(directory)
        delivery = batch.jobs[0].delivery
        return [str(link).partition("//")[2] for link in (delivery.url, delivery.url_v2, delivery.auth_value) if link]


@pytest.mark.parametrize("borrowed", [False, True])
async def test_no_trace_sees_a_download(emulate, connect, tmp_path, seen, borrowed):
    async with lent(borrowed) as http:
        links = await download(emulate, connect, tmp_path, http)

    assert any("/restoreJobs" in url for url in seen)
    assert not any(link in url for url in seen for link in links if link)
    assert not any("/pull/" in url for url in seen)


@pytest.mark.parametrize("borrowed", [False, True])
async def test_opentelemetry_exports_no_link(emulate, connect, tmp_path, borrowed):
    instrumentation = tool("opentelemetry.instrumentation.aiohttp_client")
    sdk = tool("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = instrumentation.AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        async with lent(borrowed) as http:
            links = await download(emulate, connect, tmp_path, http)
    finally:
        instrumentor.uninstrument()
    exported = " ".join(span.to_json() for span in exporter.get_finished_spans())

    assert "/restoreJobs" in exported
    assert "/pull/" not in exported
    assert [link for link in links if link and link in exported] == []


@pytest.mark.parametrize("borrowed", [False, True])
async def test_sentry_exports_no_link(emulate, connect, tmp_path, borrowed):
    sentry_sdk = tool("sentry_sdk")
    from sentry_sdk.integrations.aiohttp import AioHttpIntegration
    from sentry_sdk.transport import Transport

    sent = []

    class Keeper(Transport):
        def capture_envelope(self, envelope):
            sent.extend(item.payload.json for item in envelope.items if item.payload.json)

    sentry_sdk.init(
        "https://key@sentry.invalid/1",
        transport=Keeper,
        traces_sample_rate=1.0,
        default_integrations=False,
        integrations=[AioHttpIntegration()],
    )
    try:
        with sentry_sdk.start_transaction(name="restore", op="test"):
            async with lent(borrowed) as http:
                links = await download(emulate, connect, tmp_path, http)
            sentry_sdk.capture_message("restored")  # with the breadcrumbs until here
    finally:
        sentry_sdk.get_client().close()
        sentry_sdk.init()
    # The emulator runs in this process, and Sentry traces what it serves as well.
    ours = [event for event in sent if event.get("contexts", {}).get("trace", {}).get("op") != "http.server"]
    exported = json.dumps(ours, default=repr)

    assert "/restoreJobs" in exported
    assert "/pull/" not in exported
    assert [link for link in links if link and link in exported] == []
