"""When modules of this package are loaded: none in a running loop once a session was made."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import mongorestore_async
from mongorestore_async.emulator import EmulatorSettings, Manager, ThreadedEmulator

OURS = Path(mongorestore_async.__file__).parent

# In a process of its own: what a program does first, with what each step loads. What it imports itself does not count.
PROGRAM = """
import asyncio, json, sys

from mongorestore_async import CLOUD_MANAGER, AsyncSession, DigestAuth, Fleet, HttpRestore, Options, ServiceAccount

url, login, user, secret, project, cluster_id, directory = sys.argv[1:]

def ours():
    return {name.partition(".")[2] for name in sys.modules if name.startswith("mongorestore_async.")}

async def main():
    auth = DigestAuth(user, secret) if login == "digest" else ServiceAccount(user, secret, revoke_on_close=True)
    session = AsyncSession(auth, base_url=url, options=Options.for_tests())
    made = ours()
    loaded = {"made": sorted(made)}

    def step(name):
        loaded[name] = sorted(ours() - made)

    async with session:
        cluster = session.project(project, CLOUD_MANAGER).cluster(cluster_id)
        assert len([job async for job in cluster.restore_jobs()]) == len(await cluster.restore_jobs()) == 20
        step("list")
        snapshot = await cluster.snapshots().latest_restorable()
        request = HttpRestore(snapshot.id, 3, expiration_hours=24)
        await cluster.dry_run(request, precheck=True)
        batch = await cluster.ensure_restore(request)
        batch = await session.batch(batch.refs)
        step("create")
        batch = await batch.wait(timeout=60, until="downloadable")
        step("wait")
        assert await batch.download(directory)
        step("download")
        async with Fleet(session, CLOUD_MANAGER).restore_jobs() as stream:
            assert len([found async for found in stream]) == 21
        step("fleet")
        async for _ in cluster.watch_restore_job(batch[0].id, timeout=60, until="downloadable"):
            pass
        async with cluster.restore_jobs(items_per_page=5).ahead() as pages:
            assert [len(page) async for page in pages] == [5, 5, 5, 5, 1]
        await session.with_options(timeout=5, envelope=True).request("GET", "/groups", family=CLOUD_MANAGER)
        step("more")
    step("closed")
    loaded["opentelemetry"] = sorted(name for name in sys.modules if name.split(".")[0] == "opentelemetry")
    print(json.dumps(loaded))

asyncio.run(main())
"""


@pytest.fixture(scope="module", params=["digest", "service account"])
def loaded(request, tmp_path_factory):
    """Names of our modules once a session is made, and of those that each step loaded beside them."""
    settings = EmulatorSettings(
        manager=Manager.CLOUD_MANAGER, projects=1, clusters_per_project=1, jobs_per_cluster=20, speed=60
    )
    with ThreadedEmulator(settings) as emulator:
        cluster = emulator.world.first("replica-set")
        keys = (emulator.public_key, emulator.private_key)
        if request.param != "digest":
            keys = (emulator.client_id, emulator.client_secret)
        arguments = (emulator.url, request.param, *keys, cluster.project_id, cluster.id)
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *arguments, str(tmp_path_factory.mktemp("files"))],
            capture_output=True,
            text=True,
            check=False,
            cwd=OURS.parent,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("step", ["list", "create", "wait", "download", "fleet", "more", "closed"])
def test_nothing_is_loaded_once_a_session_was_made(loaded, step):
    assert "listing.page_reader" in loaded["made"]
    assert loaded[step] == []


def test_telemetry_that_is_not_used_is_not_loaded(loaded):
    assert not [name for name in loaded["made"] if name.startswith("otel")]
    assert loaded["opentelemetry"] == []


def test_the_package_itself_loads_no_http_library():
    program = "import json, sys, mongorestore_async; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=OURS.parent)

    names = json.loads(done.stdout)
    assert "mongorestore_async" in names
    assert not {"aiohttp", "attrs", "cattrs", "yarl", "mongorestore_async.resources"} & set(names)
