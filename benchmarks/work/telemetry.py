"""What a call costs that is observed: by nothing, by an observer, by OpenTelemetry with and without an SDK."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from harness import Result, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness import Bench

    from mongorestore_async import Operation

__all__ = ["client", "measure"]

_JOBS = 20
_IN_FLIGHT = 16
_TITLES = {
    "off": "not observed",
    "empty": "an observer that does nothing",
    "api": "Telemetry, no SDK in the process",
    "unsampled": "Telemetry, SDK, spans not sampled, metrics",
    "sdk": "Telemetry, SDK, spans and metrics",
    "aiohttp": "not observed, OpenTelemetry's instrumentation of aiohttp, SDK",
}


@contextmanager
def _nothing(_operation: Operation) -> Iterator[Any]:
    yield lambda _event: None


def _providers(*, sampled: bool) -> dict[str, Any]:
    """Make providers whose exporters throw away what they get."""
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
    from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

    class Sink(SpanExporter):
        def export(self, spans: Any) -> SpanExportResult:
            del spans
            return SpanExportResult.SUCCESS

    tracers = TracerProvider(ALWAYS_ON if sampled else ALWAYS_OFF)
    tracers.add_span_processor(BatchSpanProcessor(Sink()))
    return {"tracer_provider": tracers, "meter_provider": MeterProvider([InMemoryMetricReader()])}


def _observer(way: str) -> Any:
    if way in {"off", "empty"}:
        return _nothing if way == "empty" else None
    if way == "aiohttp":
        from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor

        AioHttpClientInstrumentor().instrument(**_providers(sampled=True))
        return None
    from mongorestore_async.otel import Telemetry

    return Telemetry() if way == "api" else Telemetry(**_providers(sampled=way == "sdk"))


def client(url: str, way: str, calls: int) -> dict[str, Any]:
    """In a client process: CPU seconds of a page that is awaited, 16 under way."""
    from answers import PROJECT, cluster_id
    from server import PRIVATE_KEY, PUBLIC_KEY

    from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, Options

    async def run() -> float:
        options = Options(observer=_observer(way))
        async with AsyncSession(DigestAuth(PUBLIC_KEY, PRIVATE_KEY), base_url=url, options=options) as session:
            cluster = session.project(PROJECT, CLOUD_MANAGER).cluster(cluster_id(1, _JOBS))

            async def work() -> None:
                left = iter(range(calls))

                async def turn() -> None:
                    for _ in left:
                        await cluster.restore_jobs()

                async with asyncio.TaskGroup() as group:
                    for _ in range(_IN_FLIGHT):
                        group.create_task(turn())

            await work()
            begun = time.process_time()
            await work()
            return (time.process_time() - begun) / calls

    return {"cpu": asyncio.run(run())}


def measure(bench: Bench) -> Result:
    """Measure every way."""
    calls = 40 if bench.fast else 1_000
    bench.set(jobs=_JOBS)
    found = bench.turns({way: partial(bench.child, "work.telemetry:client", way=way, calls=calls) for way in _TITLES})
    columns, rows = table(found, "off", _TITLES, unit="us")
    return Result(
        title="Telemetry",
        text=f"CPU of a page of {_JOBS} jobs that is awaited, in a process that has read {calls:,} before, "
        f"{_IN_FLIGHT} under way; threads of the SDK count, exporters throw away what they get.",
        columns=columns,
        rows=rows,
        samples=found,
    )
