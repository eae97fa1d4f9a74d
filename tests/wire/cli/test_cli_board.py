"""The command ``board``: a server in a process of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
import urllib.error
import urllib.request

import pytest

from mongorestore_async.emulator import EmulatorSettings, Manager, ThreadedEmulator

COMMAND = (sys.executable, "-m", "mongorestore_async.cli", "board", "--family", "cloud-manager")


@pytest.fixture(scope="module")
def emulator():
    settings = EmulatorSettings(manager=Manager.CLOUD_MANAGER, projects=2, clusters_per_project=2, jobs_per_cluster=3)
    with ThreadedEmulator(settings) as running:
        yield running


def ask(url, host=None):
    request = urllib.request.Request(url, headers={} if host is None else {"Host": host})  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


async def start(emulator, *words):
    environ = {
        "MONGODB_ATLAS_BASE_URL": emulator.url,
        "MONGODB_ATLAS_PUBLIC_API_KEY": emulator.public_key,
        "MONGODB_ATLAS_PRIVATE_API_KEY": emulator.private_key,
    }
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*COMMAND, *words, env=environ, stdout=pipe, stderr=pipe)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_it_serves_until_it_is_interrupted(emulator, stop):
    process = await start(emulator, "--port", "0", "--title", "Ours", "--allow-host", "board.example.com")
    line = (await process.stdout.readline()).decode()
    url = line.rsplit(" ", 1)[1].strip()
    assert line.startswith("The board is at http://127.0.0.1:")

    async with asyncio.timeout(60):
        while "last read" not in (page := (await asyncio.to_thread(ask, url))[1]):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert "<h1>Ours</h1>" in page
    assert page.count('class="t ') == 4
    assert (await asyncio.to_thread(ask, url, "board.example.com"))[0] == 200
    assert (await asyncio.to_thread(ask, url, "evil.example.com"))[0] == 421

    process.send_signal(stop)
    out, err = await process.communicate()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_an_address_that_others_reach_is_warned_of(emulator):
    process = await start(emulator, "--port", "0", "--host", "0.0.0.0")  # noqa: S104 - what it warns of
    await process.stdout.readline()
    warning = await process.stderr.readline()
    process.terminate()
    await process.communicate()

    assert warning.startswith(b"note: there is no login")


async def test_the_address_that_is_printed_is_answered(emulator):
    process = await start(emulator, "--port", "0", "--host", "0.0.0.0")  # noqa: S104 - as above
    url = (await process.stdout.readline()).decode().rsplit(" ", 1)[1].strip()
    status, _ = await asyncio.to_thread(ask, url)
    refused, _ = await asyncio.to_thread(ask, url, "evil.example.com")
    process.terminate()
    _, err = await process.communicate()

    assert (status, refused) == (200, 421)
    assert b"--allow-host" in err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--port", "{taken}"), "(address already in use): choose another --port"),
        (("--host", "192.0.2.1"), "(cannot assign requested address): choose another --host"),
        (("--host", "a..b"), "choose another --host"),
    ],
)
async def test_an_address_that_cannot_be_listened_on_is_told_with_its_option(emulator, words, reason):
    port = emulator.url.rsplit(":", 1)[1]
    process = await start(emulator, *(word.format(taken=port) for word in words))
    out, err = await process.communicate()

    assert (process.returncode, out) == (2, b"")
    assert err.startswith(b"error: ")
    assert err.decode().endswith(f"{reason}\n")
    assert b"Errno" not in err
