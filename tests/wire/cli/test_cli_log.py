"""``--verbose`` and ``--debug``: what is logged of calls on standard error, and that no secret is."""

from __future__ import annotations

import io
import json
import re

import pytest
from aiohttp import web

from mongorestore_async.cli.console import PlainConsole
from mongorestore_async.cli.display.http_log import HttpLog
from mongorestore_async.emulator.world import Order
from mongorestore_async.transport.observers import Operation

LINE = re.compile(r"\d\d:\d\d:\d\d\.\d{3}  (GET|POST) (\S+)(?: \S+)?  ([^,]+), (\d+) ms(?:, (.*))?")
TOKEN = "a token that only this answer has"


@pytest.fixture
def calls():
    """What the lines about calls say: verb, URL, status, further facts."""

    def read(err):
        found = [LINE.fullmatch(line) for line in err.splitlines()]
        return [(each[1], each[2], each[3], each[5]) for each in found if each is not None]

    return read


def test_each_call_is_a_line_beside_the_output(call, calls, place):
    plain = call("jobs", *place(), "--limit", "3", "-o", "jsonl")
    ended = call("jobs", *place(), "--limit", "3", "-o", "jsonl", "--verbose")

    assert (ended.code, ended.out) == (0, plain.out)
    [(method, url, status, facts)] = calls(ended.err)
    assert (method, status, facts) == ("GET", "200", "2 requests")  # one of them was challenged
    assert url.endswith("/restoreJobs?pageNum=1&itemsPerPage=3")
    assert ended.err.count("\n") == 1


def test_without_the_options_nothing_is_logged(call, place):
    assert call("jobs", *place(), "-o", "json").err == ""


def test_tries_and_pauses_are_told(call, calls, place, emulator):
    answers = iter([web.json_response({"error": 503, "detail": "no"}, status=503, headers={"Retry-After": "0"})])
    emulator.fault_after_login = lambda _: next(answers, None)

    ended = call("jobs", *place(), "--verbose", "--limit", "1")

    [(_, _, status, facts)] = calls(ended.err)
    assert ended.code == 0
    assert status == "200"
    assert re.fullmatch(r"2 tries, 3 requests(, paused \d\.\d\d s)?", facts)


def test_a_call_without_an_answer_says_so(call, calls):
    ended = call("projects", "--family", "cloud-manager", "--verbose", MONGODB_ATLAS_BASE_URL="http://127.0.0.1:9")
    assert ended.code == 1
    assert {status for _, _, status, _ in calls(ended.err)} == {"no answer"}


def test_debug_adds_each_request_with_the_fields_that_hold_no_secret(call, place, emulator):
    hidden = {"X-Token": TOKEN, "Set-Cookie": f"session={TOKEN}", "Location": f"https://h/{TOKEN}", "X-Other": TOKEN}
    shown = {"Retry-After": "0", "Via": "1.1 gateway"}
    answers = iter([web.json_response({"error": 503}, status=503, headers=hidden | shown)])
    emulator.fault_after_login = lambda _: next(answers, None)

    ended = call("jobs", *place(), "--debug", "--limit", "1")

    statuses = re.findall(r"^\S+    GET \S+: (\d+)$", ended.err, re.MULTILINE)
    assert statuses == ["401", "503", "200"]
    assert TOKEN not in ended.err
    for name in hidden:
        assert f"      {name}: **redacted**\n" in ended.err
    for name, value in shown.items():
        assert f"      {name}: {value}\n" in ended.err
    assert "      WWW-Authenticate: **redacted**\n" in ended.err


@pytest.mark.parametrize("option", ["--verbose", "--debug", "-D"])
def test_no_secret_is_logged_of_a_download(option, call, calls, emulator, tmp_path):
    cluster = emulator.world.first("replica-set")
    snapshot = emulator.world.snapshots.id(cluster)
    [job] = emulator.world.jobs.create(cluster, Order(snapshot_id=snapshot, max_downloads=3, expiration_hours=2))
    emulator.clock.advance(2 * emulator.settings.restore_seconds)
    ref = f"cloud-manager/{cluster.project_id}/{cluster.id}/{job.id}"
    [document] = json.loads(call("wait", ref, "-o", "json", "--show-secrets").out)
    link = document["delivery"]["url"]

    ended = call("download", ref, "--directory", str(tmp_path), option)

    assert ended.code == 0, ended.err
    [archive] = [each for each in calls(ended.err) if "/api/" not in each[1]]
    assert archive[2] == "200"
    assert archive[1] == f"{link.partition('/backup/')[0]}/**redacted**"
    key = link.split("/")[-2]
    assert len(key) > 20
    assert [secret for secret in (emulator.private_key, link, key) if secret in ended.err] == []


def test_another_observer_that_fails_ends_no_log(caplog):
    def broken(_operation):
        raise RuntimeError("of the other observer")

    written = io.StringIO()
    with HttpLog(PlainConsole(written), has_requests=False, also=broken)(
        Operation(kind="call", method="GET", url="https://om.example.com/api")
    ):
        pass

    assert "GET https://om.example.com/api  no answer" in written.getvalue()
    assert "the observer failed; the call is not affected" in caplog.text


@pytest.mark.parametrize("option", ["--verbose", "--debug"])
def test_no_secret_of_a_service_account_is_logged(option, call, emulator):
    settings = emulator.settings
    variables = {
        "MONGODB_ATLAS_CLIENT_ID": settings.client_id,
        "MONGODB_ATLAS_CLIENT_SECRET": settings.client_secret,
        "MONGODB_ATLAS_PUBLIC_API_KEY": None,
        "MONGODB_ATLAS_PRIVATE_API_KEY": None,
    }

    ended = call("projects", "--family", "atlas-cloud-backup", option, **variables)

    assert ended.code == 0, ended.err
    assert ("POST of the login: 200" in ended.err) == (option == "--debug")
    assert settings.client_secret not in ended.err
    assert not re.search(r"Bearer|Basic|access_token", ended.err)


async def test_on_a_terminal_nothing_is_replaced_between_the_lines(on_terminal, place):
    async with on_terminal("jobs", *place(), "--limit", "3", "--verbose", columns=250) as terminal:
        assert await terminal.end() == 0

    lines = [line for line in terminal.text.split("\r\n") if LINE.fullmatch(line)]
    assert len(lines) == 1
    assert "\x1b[2K" not in terminal.text
