"""What the log of requests keeps, and what it leaves out."""

import re
from datetime import UTC, datetime

import pytest

from builders.emulated import EmulatorCaller, call_emulator
from mongorestore_async import ATLAS_CLOUD_BACKUP, ATLAS_FLEX, CLOUD_MANAGER, OPS_MANAGER, HttpRestore
from mongorestore_async.emulator import DownloadPlay, Emulator, EmulatorSettings
from mongorestore_async.testing import connect

PLACES = {
    "cloud-manager": (CLOUD_MANAGER, "replica-set", {}),
    "ops-manager": (OPS_MANAGER, "replica-set", {"manager": "ops-manager", "base_path": "/om"}),
    "cloud-backup": (ATLAS_CLOUD_BACKUP, "cloud-backup-sharded", {}),
    "flex": (ATLAS_FLEX, "flex", {}),
}


@pytest.mark.parametrize("redirects", [(), ("",)], ids=["direct", "redirected"])
@pytest.mark.parametrize("name", PLACES)
async def test_download_links_are_cut_before_their_keys(name, redirects, tmp_path):
    family, kind, changes = PLACES[name]
    settings = EmulatorSettings(
        start=datetime.now(UTC), polls_per_restore=2, downloads=DownloadPlay(redirects=redirects), **changes
    )
    async with Emulator(settings) as emulator, connect(emulator, service_account=name == "flex") as session:
        place = emulator.world.first(kind)
        by_id = family in {CLOUD_MANAGER, OPS_MANAGER}
        cluster = session.project(place.project_id, family).cluster(place.id if by_id else place.name)
        request = HttpRestore("5" * 24, 5, expiration_hours=1) if by_id else HttpRestore.on_server_terms("5" * 24)
        batch = await (await cluster.create_restore_job(request)).wait(timeout=10)
        await batch.download(tmp_path)

        downloads = [record for record in emulator.requests if "/api/" not in record.path]
        assert len(downloads) == len(emulator.downloads.records) >= 1 + len(redirects)
        assert all(
            re.fullmatch(rf"[a-z0-9/]*/{record.job_id}/\.\.\.", logged.path)
            for logged, record in zip(downloads, emulator.downloads.records, strict=True)
        )
        assert not any(token in str(emulator.log) for token in emulator.tokens.tokens)
        assert all(record.body is None for record in emulator.requests if "/oauth/" in record.path)


async def test_bodies_and_queries_are_read():
    async with call_emulator(EmulatorCaller) as caller:
        path = f"/api/public/v1.0/groups/{caller.world.first('replica-set').project_id}/clusters"
        await caller.get(f"{path}?itemsPerPage=5&name=a%20b&empty=")
        await caller.post(path, {"a": [1]})
        await caller.get(path, "POST", data=b"{", headers={"Content-Type": "application/json"})
        await caller.get(path, "POST", data={"a": "1"})

    assert [record.body for record in caller.emulator.requests] == [None, {"a": [1]}, None, None]
    assert caller.emulator.requests[0].query == {"itemsPerPage": "5", "name": "a b", "empty": ""}


async def test_a_line_says_what_became_of_a_request():
    async with Emulator(EmulatorSettings()) as emulator, connect(emulator) as session:
        emulator.faults.play("dropped_connection")
        assert await session.projects(CLOUD_MANAGER).first() is not None

    target = "GET    /api/public/v1.0/groups?pageNum=1&itemsPerPage=1"
    assert str(emulator.log).splitlines() == [
        f"   1  {target} -> 401",
        f"   2  {target} -> no answer (fault dropped_connection)",
        f"   3  {target} -> 200",
    ]
