"""The ways to run the emulator: on a thread, as a process, in an application server of one's own."""

import asyncio
import json
import math
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from mongorestore_async.emulator import SERVER_STATE, Emulator, EmulatorSettings, ThreadedEmulator, create_app
from mongorestore_async.emulator.__main__ import main
from mongorestore_async.errors import ConfigError

PATH = "/api/public/v1.0/groups"


def opener(emulator):
    """A blocking digest client, independent of aiohttp."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, emulator.url, emulator.public_key, emulator.private_key)
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPDigestAuthHandler(passwords))


def read(client, url):
    with client.open(url, timeout=30) as response:
        return json.load(response)


# ---- on a thread


def test_a_threaded_emulator_serves_code_that_blocks():
    with ThreadedEmulator(EmulatorSettings(projects=3)) as emulator:
        cluster = emulator.world.first("replica-set")
        client = opener(emulator)
        assert read(client, emulator.url + PATH)["totalCount"] == 3
        jobs = f"{emulator.url}{PATH}/{cluster.project_id}/clusters/{cluster.id}/restoreJobs"
        before = read(client, jobs)["results"]
        (made,) = emulator.add_jobs(cluster)
        assert [job["id"] for job in read(client, jobs)["results"]] == [made.id, *(job["id"] for job in before)]

        assert emulator.counts.refusals == 0
        assert [record.status for record in emulator.requests[:2]] == [401, 200]


def test_the_gate_of_a_threaded_emulator_is_moved_from_outside():
    with ThreadedEmulator(EmulatorSettings(auth_enabled=False)) as emulator, ThreadPoolExecutor(3) as pool:
        emulator.gate.close()
        calls = [pool.submit(read, opener(emulator), emulator.url + PATH) for _ in range(3)]
        while emulator.gate.waiting < 3:
            threading.Event().wait(0.001)
        assert not any(call.done() for call in calls)
        emulator.gate.open()
        assert [call.result()["totalCount"] for call in calls] == [2, 2, 2]


async def test_a_threaded_emulator_answers_while_the_loop_is_blocked():
    with ThreadedEmulator() as emulator:
        assert read(opener(emulator), emulator.url + PATH)["totalCount"] == 2


def test_a_threaded_emulator_ends_its_thread_and_starts_again():
    before = set(threading.enumerate())
    emulator = ThreadedEmulator()
    for _ in range(2):
        with emulator:
            assert len(set(threading.enumerate()) - before) == 1
            assert read(opener(emulator), emulator.url + PATH)
            with pytest.raises(ConfigError, match="running already"):
                emulator.start()
        assert set(threading.enumerate()) <= before
    emulator.close()
    with pytest.raises(ConfigError, match="not running"):
        _ = emulator.url


def test_a_taken_port_is_reported_to_the_caller_of_the_thread():
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as taken:
        emulator = ThreadedEmulator(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="address"):
            emulator.start()
    assert set(threading.enumerate()) <= before
    with emulator:
        assert emulator.url


# ---- on the caller's loop


async def test_an_emulator_starts_and_closes_without_async_with_too():
    emulator = Emulator()
    with pytest.raises(ConfigError, match="not running"):
        _ = emulator.url
    await emulator.start()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", emulator.url)
    with pytest.raises(ConfigError, match="running already"):
        await emulator.start()
    await emulator.close()
    await emulator.close()
    async with emulator, aiohttp.ClientSession() as client, client.get(emulator.url + PATH) as response:
        assert response.status == 401


async def test_a_taken_port_is_reported_and_can_be_tried_again():
    async with Emulator() as first:
        second = Emulator(port=int(first.url.rpartition(":")[2]))
        with pytest.raises(OSError, match="address"):
            await second.start()
    await second.start()
    await second.close()


async def test_two_emulators_have_nothing_in_common():
    async with Emulator() as one, Emulator() as two, aiohttp.ClientSession() as client:
        async with client.get(one.url + PATH):
            pass
        one.add_jobs(one.world.first("replica-set"))
        assert (one.counts.requests, two.counts.requests) == (1, 0)
        assert two.world.jobs.count(two.world.first("replica-set")) == 25


async def test_an_ipv6_address_is_bracketed():
    if not socket.has_ipv6:
        pytest.skip("this build of Python has no IPv6")
    try:
        emulator = Emulator(host="::1")
        await emulator.start()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback address")
    try:
        assert re.fullmatch(r"http://\[::1\]:\d+", emulator.url)
    finally:
        await emulator.close()


# ---- in a server of one's own


async def test_the_application_can_be_hosted_by_others():
    app = create_app(EmulatorSettings(auth_enabled=False, base_path="/om"))
    async with TestClient(TestServer(app)) as client, client.get("/om" + PATH) as response:
        document = await response.json()
        assert document["totalCount"] == 2
        assert document["links"][0]["href"].startswith(str(client.make_url("/om/api/public/v1.0/groups")))

    assert app[SERVER_STATE].counts.requests == 1
    assert app[SERVER_STATE].public_key == "emulator"


async def test_the_application_has_default_settings():
    assert create_app()[SERVER_STATE].settings == EmulatorSettings()


# ---- as a process


async def launch(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "mongorestore_async.emulator",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONASYNCIODEBUG": "1"},
    )


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
async def test_the_process_prints_how_to_reach_it_and_ends_cleanly(name):
    process = await launch("--projects", "4", "--base-path", "/om", "--private-key", "a 'quoted' key", "--speed", "60")
    async with asyncio.timeout(60):
        lines = [(await process.stdout.readline()).decode() for _ in range(4)]
        values = dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in lines[1:])
        url, key = values["MONGODB_ATLAS_BASE_URL"], values["MONGODB_ATLAS_PRIVATE_API_KEY"]
        auth = aiohttp.DigestAuthMiddleware(values["MONGODB_ATLAS_PUBLIC_API_KEY"], key)
        async with aiohttp.ClientSession(middlewares=(auth,)) as client, client.get(url + PATH) as response:
            assert (await response.json())["totalCount"] == 4
        process.send_signal(getattr(signal, name))
        rest, complaints = await process.communicate()

    assert lines[0].startswith("# The emulator listens at http://127.0.0.1:")
    assert url.endswith("/om")
    assert key == "a 'quoted' key"
    # On a busy machine asyncio's debug mode tells of slow callbacks.
    complaints = [line for line in complaints.splitlines() if not re.fullmatch(rb"Executing .* took .* seconds", line)]
    assert (process.returncode, rest, complaints) == (0, b"", [])


def test_what_was_printed_can_be_pasted_into_a_shell():
    process = subprocess.Popen(
        [sys.executable, "-m", "mongorestore_async.emulator", "--private-key", "it's $HOME"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = "".join(process.stdout.readline() for _ in range(4))
    finally:
        process.terminate()
        process.communicate(timeout=60)
    script = lines + 'printf %s "$MONGODB_ATLAS_PRIVATE_API_KEY"'
    pasted = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)

    assert pasted.stdout == "it's $HOME"


def test_bad_values_and_taken_ports_end_with_a_message(capsys):
    assert main(["--jobs", "-1"]) == 2
    assert "jobs_per_cluster is -1" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert main(["--port", str(taken.getsockname()[1])]) == 1
    assert "Choose another --port" in capsys.readouterr().err
    for wrong in (
        ["--start", "yesterday"],
        ["--today", "tomorrow"],
        ["--nonce-policy", "eternal"],
        ["--oddity", "sanity"],
        ["--create-fault", "lost"],
        ["--collection-limit", "disk"],
    ):
        with pytest.raises(SystemExit) as caught:
            main(wrong)
        assert caught.value.code == 2


def test_arguments_become_settings(monkeypatch):
    seen = []

    async def serve(emulator):
        seen.append(emulator.settings)

    monkeypatch.setattr("mongorestore_async.emulator.__main__._serve", serve)
    arguments = "--projects 3 --clusters 2 --jobs 250 --seed 7 --speed 60 --nonce-policy one-use --no-auth"
    more = "--manager ops-manager --start 2026-11-01T10:00 --page-cap 100 --oddity bare-creates --restore-seconds 5"
    more += " --today 2027-01-18 --create-fault taken --create-fault either --collection-limit nvme --check-snapshots"
    assert main([*arguments.split(), *more.split()]) == 0
    assert main(["--start", "2026-11-01T10:00:00+02:00"]) == 0

    assert seen[0] == EmulatorSettings(
        projects=3,
        clusters_per_project=2,
        jobs_per_cluster=250,
        seed=7,
        speed=60,
        nonce_policy="one-use",
        auth_enabled=False,
        manager="ops-manager",
        start=seen[0].start,
        page_cap=100,
        oddities=["bare-creates"],
        restore_seconds=5,
        today="2027-01-18",
        collection_limits=["nvme"],
        create_faults=["taken", "either"],
        check_snapshots=True,
    )
    assert (seen[1].today, seen[1].clusters_per_project, seen[1].create_faults) == (None, None, ())
    assert seen[1].restore_seconds == 20  # as the README says
    assert [one.start.isoformat() for one in seen] == ["2026-11-01T10:00:00+00:00", "2026-11-01T08:00:00+00:00"]


def test_faults_may_be_played_always(monkeypatch, capsys):
    seen = []

    async def serve(emulator):
        seen.extend(emulator.faults.played)

    monkeypatch.setattr("mongorestore_async.emulator.__main__._serve", serve)
    assert main(["--fault", "forbidden", "--fault", "slow_body"]) == 0

    assert [(played.name, played.times) for played in seen] == [("forbidden", math.inf), ("slow_body", math.inf)]
    assert main(["--fault", "forbiden"]) == 2
    assert capsys.readouterr().err == "There is no fault 'forbiden'; did you mean 'forbidden'?\n"


def test_today_is_a_day_or_now(monkeypatch):
    seen = []

    async def serve(emulator):
        seen.append(emulator.settings.today)

    monkeypatch.setattr("mongorestore_async.emulator.__main__._serve", serve)
    before = datetime.now(UTC).date()
    assert [main(["--today", day]) for day in ("2026-01-15", "now")] == [0, 0]

    assert seen[0] == date(2026, 1, 15)
    assert before <= seen[1] <= datetime.now(UTC).date()


async def test_an_emulator_can_speak_https(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    arguments = f"req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=x -keyout {key} -out {certificate}".split()
    alternative = ("-addext", "subjectAltName=IP:127.0.0.1")
    process = await asyncio.create_subprocess_exec(
        "openssl", *arguments, *alternative, stderr=asyncio.subprocess.DEVNULL
    )
    assert await process.wait() == 0
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    trust = ssl.create_default_context(cafile=certificate)
    settings = EmulatorSettings(auth_enabled=False)
    connector = aiohttp.TCPConnector(ssl=trust)
    async with Emulator(settings, ssl=context) as emulator, aiohttp.ClientSession(connector=connector) as client:
        assert emulator.url.startswith("https://127.0.0.1:")
        async with client.get(emulator.url + PATH) as response:
            document = await response.json()
        assert document["links"][0]["href"].startswith(emulator.url + PATH)
        await connector.close()
