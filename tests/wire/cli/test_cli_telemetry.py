"""Commands started by ``opentelemetry-instrument``: observed without a switch, and exported also on SIGTERM."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from mongorestore_async.otel import RestoreInstrumentor

INSTRUMENT = Path(sys.executable).with_name("opentelemetry-instrument")
PATIENCE = 120
#: Spans go to standard output, and only when the process exits.
SETTINGS = {
    "OTEL_TRACES_EXPORTER": "console",
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
    "OTEL_BSP_SCHEDULE_DELAY": "600000",
}


@pytest.fixture
def instrumented(environment):
    @asynccontextmanager
    async def starting(*words):
        pipe = asyncio.subprocess.PIPE
        command = (INSTRUMENT, sys.executable, "-m", "mongorestore_async.cli", *words)
        process = await asyncio.create_subprocess_exec(*command, env=environment | SETTINGS, stdout=pipe, stderr=pipe)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    return starting


def spans_in(out):
    """Read the documents that the console exporter wrote among other lines."""
    text, found = out.decode(), []
    start = text.find("{\n")
    while start >= 0:
        span, end = json.JSONDecoder().raw_decode(text, start)
        found.append(span)
        start = text.find("{\n", end)
    return found


def test_the_entry_point_names_the_instrumentation():
    (found,) = entry_points(group="opentelemetry_instrumentor", name="mongorestore_async")
    assert found.load() is RestoreInstrumentor


async def test_a_wait_that_is_terminated_exports_its_span(instrumented, emulator):
    cluster = emulator.world.first("replica-set")
    job = emulator.add_jobs(cluster)[0]
    emulator.clock.speed = 0
    ref = f"cloud-manager/{cluster.project_id}/{cluster.id}/{job.id}"
    async with instrumented("wait", ref, "--timeout", "2h", "--poll", "1s") as process:
        while b"running" not in (line := await asyncio.wait_for(process.stderr.readline(), PATIENCE)):
            assert line
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    spans = {span["name"]: span for span in spans_in(out)}

    assert process.returncode == 130
    assert b"Resume with:" in err
    assert spans["restore wait"]["attributes"]["error.type"] == "CancelledError"
    assert spans["restore wait"]["attributes"]["mongorestore_async.job.refs"] == [ref]
    assert emulator.private_key.encode() not in out + err


async def test_a_board_that_is_terminated_exports_its_calls(instrumented):
    async with instrumented("board", "--family", "cloud-manager", "--port", "0") as process:
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE)
        assert line.startswith(b"The board is at http")
        await asyncio.sleep(1)  # for a first call
        process.send_signal(signal.SIGTERM)
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)

    assert process.returncode == 0
    assert any(span["name"].startswith("GET /api/public/v1.0/groups") for span in spans_in(out))
