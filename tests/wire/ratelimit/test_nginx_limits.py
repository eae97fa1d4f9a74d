"""``limit_req`` of nginx before the emulator, as packaged and set up otherwise: it never says when to come again."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from contextlib import asynccontextmanager

import pytest

from builders.network import nginx_config
from mongorestore_async import OPS_MANAGER, AsyncSession, DigestAuth
from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager

NGINX = nginx_config("""
limit_req_zone $binary_remote_addr zone=all:1m rate=10r/s;
server {
    listen 127.0.0.1:@PORT@;
    location / {
        proxy_pass @API@;
        limit_req zone=all@MORE@;
    }
}
""")
SETTINGS = {
    "503, as packaged": (503, ""),
    "429": (429, "; limit_req_status 429"),
    "503, burst": (503, " burst=5"),
    "429, burst, nodelay": (429, " burst=5 nodelay; limit_req_status 429"),
}


@asynccontextmanager
async def behind_nginx(workshop, more, **settings):
    """Start an emulator behind nginx, and a session at it; ``statuses()`` counts the answers of nginx."""
    settings = EmulatorSettings(manager=Manager.OPS_MANAGER, jobs_per_cluster=5, **settings)
    async with Emulator(settings) as emulator:
        nginx = workshop.start("nginx", NGINX.replace("@API@", emulator.url).replace("@MORE@", more))

        def statuses():
            return Counter(int(re.search(r'" (\d{3}) ', line)[1]) for line in nginx.lines())

        key = DigestAuth(emulator.public_key, emulator.private_key)
        async with AsyncSession(key, base_url=nginx.url) as session:
            place = emulator.world.first("replica-set")
            yield session, session.project(place.project_id, OPS_MANAGER).cluster(place.id), statuses


@pytest.mark.parametrize("warm", [False, True], ids=["cold", "warm"])
@pytest.mark.parametrize(("status", "more"), SETTINGS.values(), ids=SETTINGS)
async def test_fifteen_lists_get_through_nginx(workshop, status, more, warm):
    async with behind_nginx(workshop, more) as (_, cluster, statuses):
        if warm:
            await cluster.restore_jobs()
            await asyncio.sleep(1)
        before = statuses()
        pages = await asyncio.gather(*(cluster.restore_jobs().page() for _ in range(15)))
        assert [len(page) for page in pages] == [5] * 15
        answered = statuses() - before
        assert answered[200] == 15
        assert answered[status] <= 16


@pytest.mark.parametrize(("status", "more"), [SETTINGS["503, as packaged"], SETTINGS["429, burst, nodelay"]])
async def test_a_hundred_lists_get_through_nginx(workshop, status, more):
    async with behind_nginx(workshop, more) as (_, cluster, statuses):
        await asyncio.gather(*(cluster.restore_jobs().page() for _ in range(100)))
        assert statuses()[200] == 100
        assert statuses()[status] <= 50


async def test_a_walk_gets_through_nginx(workshop):
    async with behind_nginx(workshop, "") as (_, cluster, statuses):
        assert len([job async for job in cluster.restore_jobs(items_per_page=1)]) == 5
        assert statuses()[503] <= 10
