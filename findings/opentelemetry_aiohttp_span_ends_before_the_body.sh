#!/usr/bin/env bash
# OpenTelemetry's instrumentation of aiohttp ends the span of a request when the head of the answer is there. What
# becomes of the body is in no span and no metric: a body that takes long takes no time, and one that breaks off is a
# success with status 200 and no error.
#
# Where it matters: downloads. An archive of hours that breaks in the middle is a span of some milliseconds that went
# well, also where the caller got the exception. Alerts on errors or durations of such spans see nothing.
#
# Seen on 2026-11-30 with Python 3.11.7, aiohttp 3.14.4, opentelemetry-sdk 1.45.1, opentelemetry-instrumentation-aiohttp-client 0.66b1:
#   slow body: 3 of 3 bytes after a second, span of less than half a second, status 200, UNSET, no error
#   broken body: ClientPayloadError after a second, span of less than half a second, status 200, UNSET, no error
# Fails when either line changes.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aiohttp==3.14.4 opentelemetry-sdk==1.45.1 \
    opentelemetry-instrumentation-aiohttp-client==0.66b1

OTEL_SEMCONV_STABILITY_OPT_IN=http "$folder/venv/bin/python" - >"$folder/seen" <<'PYTHON'
import asyncio
import time

import aiohttp
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

EXPORTER, PROVIDER = InMemorySpanExporter(), TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(EXPORTER))
AioHttpClientInstrumentor().instrument(tracer_provider=PROVIDER)


async def serve(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
    await writer.drain()
    await asyncio.sleep(1)
    if b"/slow" in head:
        writer.write(b"bc")
        await writer.drain()
    writer.close()


async def get(http, url):
    began = time.monotonic()
    try:
        async with http.get(url) as answer:
            told = f"{len(await answer.read())} of 3 bytes"
    except aiohttp.ClientError as error:
        told = type(error).__name__
    assert time.monotonic() - began > 0.9
    return told


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, aiohttp.ClientSession() as http:
        for name in ("slow", "broken"):
            told = await get(http, f"{origin}/{name}")
            span = EXPORTER.get_finished_spans()[-1]
            short = "less" if span.end_time - span.start_time < 500_000_000 else "more"
            status = span.attributes["http.response.status_code"]
            error = span.attributes.get("error.type", "no error")
            print(
                f"{name} body: {told} after a second, span of {short} than half a second, "
                f"status {status}, {span.status.status_code.name}, {error}"
            )


asyncio.run(main())
PYTHON

cat "$folder/seen"
sed -n 's/^#   \([a-z].*\)$/\1/p' "$0" | diff - "$folder/seen"
