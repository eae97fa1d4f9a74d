"""The board over HTTP: who is answered, with what, and how streams live and end."""

from __future__ import annotations

import asyncio
import gc

import pytest
from aiohttp import web

from builders.board_fleet import Job, cluster_of
from mongorestore_async import ConfigError, JobState
from mongorestore_async.board import BoardServer, create_board, web_app

A, B = cluster_of("a"), cluster_of("b", "p2")
PAGES = ["", "project/1", "board.css", "board.js", "icon.svg", "project/99", "nothing"]


async def ask(client, url, method="GET", **headers):
    async with client.request(method, url, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers, await response.text()


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_has_the_policy_and_is_not_stored(serve, client, path):
    async with serve() as server:
        status, headers, _ = await ask(client, server.url + path)

    assert status == (404 if path in {"project/99", "nothing"} else 200)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["", "project/1", "events", "board.js"])
@pytest.mark.parametrize("host", ["evil.example.com", "localhost.evil", ""])
async def test_a_foreign_name_is_refused(serve, client, path, host):
    async with serve() as server:
        status, headers, text = await ask(client, server.url + path, Host=host)

    assert status == 421
    assert "a!" not in text
    assert "Content-Security-Policy" in headers


async def test_names_that_are_allowed_are_answered(serve, client):
    async with serve(hosts=["Board.example.com"]) as server:
        port = server.url.rsplit(":", 1)[1].rstrip("/")
        for host in (f"board.example.com:{port}", "board.example.com", "localhost", f"[::1]:{port}"):
            assert (await ask(client, server.url, Host=host))[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["", "events", "project/1"])
async def test_it_only_reads(serve, client, method, path):
    async with serve() as server:
        assert (await ask(client, server.url + path, method))[0] == 405


async def test_the_page_has_all_that_is_to_be_read(serve, client):
    async with serve() as server:
        _, headers, page = await ask(client, server.url)
        _, _, project = await ask(client, f"{server.url}project/1")

    assert headers["Content-Type"] == "text/html; charset=utf-8"
    for text in ("a: running", "b: never", "No last restore failed", "Timeline of restores"):
        assert text in page
    assert 'id="k1"' in project
    assert "p1!" in project


async def test_a_change_is_an_event_for_everybody_who_looks(serve, look, fleet):
    async with serve() as server, look(server) as one, look(server) as two:
        fleet.tell("ended", A, Job("1").over(JobState.FAILED))

        for events in (one, two):
            assert "a: failed" in await events.until("c1")
            assert events.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert events.response.headers["X-Accel-Buffering"] == "no"
            assert events.response.headers["Cache-Control"] == "no-store"


async def test_changes_that_come_together_are_one_event(serve, look, fleet):
    async with serve() as server, look(server) as events:
        for number in range(100):
            fleet.tell("found", B, Job(f"j{number}"))
        _, data, _ = await events.next()

        assert "c2" in data
        assert "and 89 restores more" in data["running"]


async def test_who_comes_back_gets_what_was_missed(serve, look, fleet):
    async with serve() as server:
        async with look(server) as events:
            fleet.tell("ended", A, Job("1").over())
            _, _, last_id = await events.next()
        fleet.tell("found", B, Job("2"))
        await asyncio.sleep(0.5)

        async with look(server, after="old-1", **{"Last-Event-ID": last_id}) as events:
            assert "b: running" in await events.until("c2")


async def test_a_server_started_anew_lets_the_page_load_itself(serve, look):
    async with serve() as server, look(server) as events:
        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        await server.__aexit__(None, None, None)
        await events.end()
    async with serve(port) as server, look(server, after="0123456789abcdef-1") as events:
        assert await events.next() == ("reset", None, None)
        await events.end()


async def test_a_silent_stream_says_that_it_is_alive(serve, look, monkeypatch):
    monkeypatch.setattr(web_app, "_SECONDS_ALIVE", 0.1)
    async with serve() as server, look(server) as events:
        for _ in range(3):
            assert (await events.next(alive=True))[0] in {"alive", "change"}
        assert b": alive\n" in web_app.ALIVE


async def test_closing_ends_the_streams_at_once(serve, look):
    async with serve() as server, look(server) as one, look(server) as two:
        before = asyncio.get_running_loop().time()
        await server.__aexit__(None, None, None)

        await one.end()
        await two.end()
        assert asyncio.get_running_loop().time() - before < 10


async def test_viewers_are_bounded_and_their_places_come_free(serve, look, client):
    async with serve(max_viewers=2) as server:
        async with look(server), look(server):
            status, headers, _ = await ask(client, f"{server.url}events")
            assert (status, headers["Retry-After"]) == (503, "30")
        async with asyncio.timeout(10):
            while (await _opened(client, server)) != 200:  # noqa: ASYNC110 - a server is asked
                await asyncio.sleep(0.05)


async def _opened(client, server):
    async with client.get(f"{server.url}events") as response:
        return response.status


async def test_a_viewer_that_takes_nothing_is_cut_off(serve, client, monkeypatch):
    monkeypatch.setattr(web_app, "_SECONDS_STALLED", 0.5)
    monkeypatch.setattr(web_app, "_SECONDS_ALIVE", 0.01)
    monkeypatch.setattr(web_app, "ALIVE", b": " + b"x" * 1_000_000 + b"\n\n")
    async with serve(max_viewers=1) as server:
        async with client.get(server.url) as response:
            after = (await response.text()).partition('data-after="')[2].partition('"')[0]
        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)  # reads a few kilobytes
        writer.write(f"GET /events?after={after} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        await asyncio.sleep(0.2)
        assert (await ask(client, f"{server.url}events"))[0] == 503
        async with asyncio.timeout(30):
            while (await _opened(client, server)) != 200:  # noqa: ASYNC110 - a server is asked
                await asyncio.sleep(0.05)
        writer.transport.abort()


async def test_it_can_be_mounted_and_its_links_hold(fleet, client, is_read):
    app = web.Application()
    app.add_subapp("/ops/board/", create_board(fleet, title="Ours"))
    async with BoardServer(app, port=0) as server:
        base = f"{server.url}ops/board/"
        await is_read(base)
        assert "<h1>Ours</h1>" in (await ask(client, base))[2]
        assert (await ask(client, f"{base}board.js"))[0] == 200
        assert (await ask(client, f"{base}project/1"))[0] == 200
        assert (await ask(client, base, Host="evil"))[0] == 421
        assert (await ask(client, f"{base}nothing"))[1]["Cache-Control"] == "no-store"
        status, headers, _ = await ask(client, base.rstrip("/"))
        assert (status, headers["Location"]) == (308, "board/")
        async with client.get(f"{base}events") as response:
            assert response.status == 200


async def test_nothing_is_left_when_it_ends(serve, look, fleet):
    before = asyncio.all_tasks()
    async with serve() as server, look(server) as events:
        fleet.tell("ended", A, Job("1").over())
        await events.next()
    await asyncio.sleep(0.1)
    gc.collect()

    assert asyncio.all_tasks() - before == set()


async def test_a_server_that_does_not_run_has_no_address(fleet):
    server = BoardServer(create_board(fleet), port=0)

    with pytest.raises(ConfigError, match="not running"):
        _ = server.url


async def test_a_port_that_is_taken_leaves_nothing_behind(serve, fleet):
    async with serve() as server:
        port = int(server.url.rsplit(":", 1)[1].rstrip("/"))
        with pytest.raises(OSError, match="address already in use"):
            await BoardServer(create_board(fleet), port=port).__aenter__()


@pytest.mark.parametrize("wrong", [{"reread": web_app.timedelta()}, {"max_viewers": 0}, {"hosts": ["http://x"]}])
def test_wrong_settings_are_told_at_once(fleet, wrong):
    with pytest.raises(ConfigError):
        create_board(fleet, **wrong)
