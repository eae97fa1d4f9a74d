"""Clients of others against the emulator: every call of theirs that this package is about.

Each client runs in a process, and all but curl in an environment of its own: ``nox -s clients`` makes these, and tells
by ``CLIENTS`` where they are. Without it only curl and what is installed beside the tests run. The tables in
docs/clients.rst are what these tests saw.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from builders.client_world import describe

TESTS = Path(__file__).parents[2]
DRIVERS = TESTS / "clients"
ENVIRONMENTS = os.environ.get("CLIENTS")
AREAS = ("projects", "clusters", "snapshots", "jobs", "creates")
CLIENTS = ("opsmanager", "atlasapi", "pyatlassdk", "npm", "curl")
HEADER = ("client", "area", "calls that work")
#: All there is to a client; opsmanager creates nothing.
KEYS = [(client, area) for client in CLIENTS for area in AREAS if (client, area) != ("opsmanager", "creates")]

#: Calls that fail for a reason that lies in the client: what is seen, and why the real server gives the same.
REFUSALS: dict[tuple[str, str], tuple[str, str]] = {
    key: tuple(value)
    for client, calls in json.loads((DRIVERS / "refusals.json").read_text(encoding="utf-8")).items()
    for key, value in (((client, call), value) for call, value in calls.items())
}


def command_of(client):
    """The command that runs a client's driver; skips the test where the client is missing."""
    if client == "npm":
        node = shutil.which("node")
        if ENVIRONMENTS is None or not (Path(ENVIRONMENTS) / "npm" / "node_modules").is_dir():
            pytest.skip("the npm client is installed by `nox -s clients`, where node and npm are installed")
        return [node, str(DRIVERS / "drive_npm.js")]
    if client == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    python = sys.executable
    if client != "curl" and ENVIRONMENTS is not None:
        python = str(Path(ENVIRONMENTS) / client / "bin" / "python")
    elif client != "curl" and importlib.util.find_spec(client) is None:
        pytest.skip(f"{client} is installed by `nox -s clients`")
    return [python, "-m", f"clients.drive_{client}"]


async def run(client, emulator):
    """Run a driver; gives what it saw, call by call."""
    command = command_of(client)
    environment = {**os.environ, "PYTHONPATH": str(TESTS), "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "127.0.0.1"}
    if client == "npm":
        environment["NODE_PATH"] = str(Path(ENVIRONMENTS) / "npm" / "node_modules")
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(300):
        output, complaints = await process.communicate(json.dumps(describe(emulator)).encode())
    assert process.returncode == 0, complaints.decode()
    return [json.loads(line) for line in output.decode().splitlines()]


@pytest.fixture(params=CLIENTS)
async def seen(request, emulate):
    """What one client saw."""
    settings = {"start": datetime.now(UTC), "clusters_per_project": 7, "check_snapshots": True}
    async with emulate(**settings) as emulator:
        yield request.param, await run(request.param, emulator)


async def test_every_call_works_or_has_its_reason(seen, book):
    client, lines = seen
    failed = {line["call"]: line["seen"] for line in lines if not line["works"]}
    expected = {call: text for (name, call), (text, _) in REFUSALS.items() if name == client}

    assert {area for area in AREAS if any(line["area"] == area for line in lines)} >= {"projects", "clusters", "jobs"}
    assert failed.keys() == expected.keys(), failed
    assert [call for call, text in failed.items() if not text.startswith(expected[call])] == [], failed

    table = book.table("clients.rst", "calls", HEADER, KEYS)
    for area in AREAS:
        working = "; ".join(line["call"] for line in lines if line["area"] == area and line["works"])
        if (client, area) in KEYS:
            table.check((client, area), (working,))


def test_the_reasons_are_those_of_the_page(book):
    header = ("client", "call", "what is seen", "why, and the real server")
    table = book.table("clients.rst", "refusals", header, list(REFUSALS))
    for key, row in REFUSALS.items():
        table.check(key, row)
    table.check_keys()
    book.table("clients.rst", "calls", HEADER, KEYS).check_keys()
