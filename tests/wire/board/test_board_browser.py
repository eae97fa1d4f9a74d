"""The board in a real Chromium: what is painted and when, without scripts, by keyboard, behind restarts and 502s."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from builders.board_fleet import HOSTILE, Job, PlayedFleet, cluster_of, failure_of
from builders.browser import CHROMIUM, Browser
from mongorestore_async import JobState
from mongorestore_async.board import create_board

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

A, B = cluster_of("a"), cluster_of("b", "p2")
LIVE = "document.getElementById('status').textContent.startsWith('Live')"


@pytest.fixture
async def browser(tmp_path):
    async with Browser(tmp_path / "profile") as running:
        yield running


@pytest.fixture
def fleet():
    """Play a fleet with what is there after years: good, bad, never, running, and names that attack."""
    now = datetime.now(UTC)
    return PlayedFleet(
        {
            A: [Job("1", requested_at=now)],
            B: [Job("2", requested_at=now - timedelta(hours=2)).over(JobState.FAILED)],
            cluster_of(HOSTILE, HOSTILE): [Job(HOSTILE, requested_at=now - timedelta(hours=3)).over()],
            cluster_of("never", "p2"): [],
        }
    )


async def test_a_change_is_shown_and_nothing_is_refused(serve, fleet, browser):
    async with serve() as server:
        page = await browser.page()
        await page.go(server.url)
        await page.until(LIVE)
        began = time.monotonic()
        fleet.tell("ended", A, Job("1").over(JobState.FAILED))
        await page.until("document.getElementById('c1').classList.contains('bad')", seconds=10)

        assert time.monotonic() - began < 10  # ten times what it may take
        assert "running → failed" in await page.run("document.getElementById('status').textContent")
        assert page.console == []
        assert await page.run("document.querySelectorAll('img,iframe').length") == 0


async def test_it_can_be_read_without_scripts(serve, browser):
    async with serve() as server:
        page = await browser.page()
        await page.scripts(on=False)
        await page.go(server.url)
        document = await page.call("DOM.getDocument")
        found = await page.call("DOM.getOuterHTML", nodeId=document["root"]["nodeId"])
        assert "never: never" in found["outerHTML"]
        assert 'http-equiv="refresh"' in found["outerHTML"]
        assert page.console == []


async def test_arrow_keys_walk_the_matrix_and_focus_stays_at_changes(serve, fleet, browser):
    async with serve() as server:
        page = await browser.page()
        await page.go(server.url)
        await page.until(LIVE)
        focused = "document.activeElement.id"
        await page.run("document.querySelector('.matrix li:nth-child(2) a').focus()")
        first = await page.run(focused)
        assert first.startswith("p")

        await page.key("ArrowRight")
        tile = await page.run(focused)
        assert tile.startswith("c")
        await page.key("End")
        await page.key("Home")
        assert await page.run(focused) == first
        await page.key("ArrowUp")
        assert await page.run(focused) not in {first, tile}

        await page.run("document.getElementById('c1').focus()")
        fleet.tell("ended", A, Job("1").over())
        await page.until("document.getElementById('c1').classList.contains('good')")
        assert await page.run(focused) == "c1"


async def test_tab_passes_a_row_at_its_project(serve, browser):
    async with serve() as server:
        page = await browser.page()
        await page.go(server.url)

        assert await page.run("[...document.querySelectorAll('.t')].every(tile => tile.tabIndex === -1)")
        assert await page.run("[...document.querySelectorAll('.matrix li > a')].every(link => link.tabIndex === 0)")


async def test_a_tile_leads_to_its_cluster(serve, browser):
    async with serve() as server:
        page = await browser.page()
        await page.go(server.url)
        await page.run("document.querySelector('.t.bad').click()")
        await page.until("document.querySelector(':target')?.textContent === 'b'")

        await page.until("document.querySelector('header a').textContent === 'Back to Restores'")
        assert page.console == []


async def test_the_page_loads_itself_anew_after_a_restart(serve, fleet, browser):
    page = await browser.page()
    async with serve() as server:
        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        await page.go(server.url)
        await page.until(LIVE)
        epoch = await page.run("document.body.dataset.after")
    await page.until("document.getElementById('status').textContent.startsWith('Connection lost')")
    async with serve(port):
        await page.until(f"document.body.dataset.after.split('-')[0] !== '{epoch.split('-')[0]}' && {LIVE}")
        fleet.tell("ended", A, Job("1").over())
        await page.until("document.querySelector('[title^=\"a: finished\"]') !== null")


async def test_a_502_does_not_end_the_page_for_good(fleet, browser, is_read):
    """A browser closes a stream that was answered with an error, and never opens it again by itself."""
    answers = []

    @web.middleware
    async def gateway(request, handler):
        if request.path.endswith("/events"):
            answers.append(request.query["after"])
            if len(answers) < 3:
                raise web.HTTPBadGateway
        return await handler(request)

    app = web.Application(middlewares=[gateway])
    app.add_subapp("/board/", create_board(fleet))
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/board/"
        await is_read(url)
        page = await browser.page()
        await page.go(url)
        await page.until(LIVE)
        fleet.tell("ended", A, Job("1").over())
        await page.until("document.getElementById('c1').classList.contains('good')")
        assert len(answers) == 3
    finally:
        await runner.cleanup()


async def test_seven_tabs_of_one_person_all_follow(serve, fleet, browser):
    """Over HTTP/1.1 a browser has six connections to a server: tabs that nobody sees must give theirs back."""
    async with serve() as server:
        pages = []
        for _ in range(7):
            page = await browser.page()
            await page.go(server.url)
            await page.until(LIVE)
            # Headless tabs are never hidden by others, so they are told that they are.
            await page.run(
                "Object.defineProperty(document, 'hidden', {get: () => window.isHidden === true, configurable: true});"
                "window.isHidden = true; document.dispatchEvent(new Event('visibilitychange')); true"
            )
            await page.until("document.getElementById('status').textContent === 'Paused.'", seconds=30)
            pages.append(page)
        fleet.tell("ended", A, Job("1").over())
        await asyncio.sleep(0.5)
        for page in pages[:2]:
            await page.run("window.isHidden = false; document.dispatchEvent(new Event('visibilitychange')); true")
            await page.until("document.getElementById('c1').classList.contains('good')")


async def test_what_cannot_be_read_and_what_stopped_is_shown(serve, fleet, browser):
    fleet.failures = [failure_of(B), failure_of(project=cluster_of("x", "p9").project)]
    async with serve() as server:
        page = await browser.page()
        await page.go(server.url)
        text = await page.run("document.getElementById('trouble').innerText")

        assert "the server failed" in text
        assert "p9!" in text
