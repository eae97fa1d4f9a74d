"""The board of 2,000 clusters, and its pictures for the documentation: ``nox -s board``, which prints what it measured.

Nothing here is asserted by time: the figures are for people, with the load of the machine beside them.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders.board_fleet import Job, PlayedFleet, cluster_of, failure_of
from builders.browser import CHROMIUM, Browser
from mongorestore_async import JobState

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
    pytest.mark.skipif("BOARD" not in os.environ, reason="only in nox -s board"),
]

LIVE = "document.getElementById('status').textContent.startsWith('Live')"
PAINT = "JSON.stringify(performance.getEntriesByType('paint').map(entry => entry.startTime))"
#: Notes in the page when the tile of the change is there.
SEEN = """new Promise(resolve => {
  const look = () => document.querySelector('[title^="%s: cancelled"]') ? resolve(Date.now()) : setTimeout(look, 5);
  look();
})"""
PICTURES = os.environ.get("BOARD_PICTURES")


def years(count, *, running=15, bad=13):
    """A fleet of teams with some history: one cluster of ``running`` restores, one restore of ``bad`` has failed."""
    dice, now = random.Random(1), datetime.now(UTC)  # noqa: S311 - the same pictures every time
    clusters = {}
    for number in range(count):
        jobs = [
            Job(f"{number}-{back}", requested_at=now - timedelta(hours=dice.uniform(1, 12) + 160 * back)).over(
                JobState.FAILED if dice.randrange(bad) == 0 else JobState.FINISHED, dice.uniform(600, 5400)
            )
            for back in range(3)
        ]
        if number % running == 1:
            jobs.append(Job(f"{number}-r", requested_at=now - timedelta(minutes=dice.uniform(1, 60))))
        word = ("orders", "users", "ledger", "search", "audit", "media")[number % 6]
        team = ("payments", "checkout", "identity", "catalog", "billing", "platform", "search")[number // 20 % 7]
        cluster = cluster_of(f"{word}-{number:04}", f"{team}-{number // 20:03}")
        clusters[cluster] = [] if number % 40 == 7 else jobs
    return PlayedFleet(clusters)


@pytest.fixture
async def browser(tmp_path):
    async with Browser(tmp_path / "profile") as running:
        yield running


async def test_ten_browsers_look_at_2000_clusters(serve, client, browser, capsys):
    fleet = years(2000)
    async with serve(of=fleet) as server:
        pages, paints, shown = [], [], []
        for _ in range(10):
            page = await browser.page(own=True)
            await page.go(server.url)
            await page.until(LIVE)
            paints += json.loads(await page.run(PAINT))[:1]
            pages.append(page)
        names = random.Random(2).sample(list(fleet.clusters), 40)  # noqa: S311 - as above
        began, used = time.monotonic(), time.process_time()
        for cluster in names:
            job = Job(f"new-{cluster.key}", requested_at=datetime.now(UTC))
            fleet.tell("found", cluster, job)
            seen = asyncio.create_task(pages[0].run(SEEN % cluster.name))
            await asyncio.sleep(0.5)
            told = time.time()
            fleet.tell("ended", cluster, job.over(JobState.CANCELLED))
            shown.append(await seen / 1000 - told)
        wall, used = time.monotonic() - began, time.process_time() - used
        async with client.get(server.url) as response:
            size = len(await response.read())
        consoles = [page.console for page in pages if page.console]

    with capsys.disabled():
        load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
        print(f"\n2,000 clusters, 10 browsers, load of the machine {load}")  # noqa: T201 - what it is for
        print(f"first paint: {min(paints):.0f} to {max(paints):.0f} ms; page {size / 1000:.0f} kB")  # noqa: T201
        print(f"an event is shown after {min(shown):.2f} to {max(shown):.2f} s")  # noqa: T201
        print(f"the server, and the test beside it, used {used / wall:.3f} of a core")  # noqa: T201
    assert size < 1_000_000
    assert consoles == []
    assert len(shown) == 40


@pytest.mark.skipif(PICTURES is None, reason="BOARD_PICTURES is not set")
async def test_pictures_for_the_documentation(serve, browser):
    folder = Path(PICTURES)
    failing = years(60, bad=4)
    project = next(iter(failing.clusters)).project
    failing.failures = [failure_of(project=cluster_of("x", "warehouse-008").project)]
    failing.failures += [failure_of(each) for each in failing.clusters if each.project == project][:3]
    for name, fleet in (("empty", PlayedFleet()), ("busy", years(100)), ("failing", failing)):
        async with serve(of=fleet, title="Restores of all teams") as server:
            page = await browser.page(960, 760)
            await page.go(server.url)
            await page.until(LIVE)
            if name == "busy":
                for cluster in list(fleet.clusters)[1:100:30]:
                    job = fleet.clusters[cluster][-1] if fleet.clusters[cluster] else Job("x")
                    fleet.tell("ended", cluster, job.over(JobState.FINISHED, 900))
                await page.until("document.querySelectorAll('#changes li').length >= 1")
                await page.size(960, 900)
                await page.run("document.getElementById('s-running').scrollIntoView(); true")
            await asyncio.sleep(3)
            await page.picture(folder / f"board-{name}.png")
            if name == "busy":
                await page.dark()
                await page.size(390, 844, mobile=True, scale=1)
                await page.run("scrollTo(0, 0)")
                await asyncio.sleep(0.5)
                await page.picture(folder / "board-phone.png")
            assert page.console == []
