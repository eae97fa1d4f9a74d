"""The header sets of the documents, read from the socket byte for byte."""

import asyncio
import re
from email.utils import parsedate_to_datetime

import pytest

from mongorestore_async.emulator import ChallengeForm, Emulator, EmulatorSettings, QopForm, error_answer

MISPRINT = [ChallengeForm("MD5", QopForm.OP_AS_QOP)]


async def raw(emulator, target, *, method="GET", more=(), version="1.1"):
    """Send a request by hand; give status line, header lines and body."""
    host, _, port = emulator.url.removeprefix("http://").partition("/")[0].rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{method} {target} HTTP/{version}", f"Host: {host}:{port}", *more, "", ""]
    writer.write("\r\n".join(lines).encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode().rstrip("\r\n").split("\r\n")
    length = next((int(line[16:]) for line in head if line.lower().startswith("content-length: ")), 0)
    body = await reader.readexactly(length) if method != "HEAD" else b""
    writer.close()
    await writer.wait_closed()
    return head[0], head[1:], body


def as_printed(fixture, values):
    """The header lines of a fixture file with the placeholders filled in."""
    lines = [f"{name}: {value}" for name, value in fixture["headers"].items()]
    return [re.sub(r"\{(\w+)\}", lambda found: values[found[1]], line) for line in lines]


def filled(lines, body):
    """The values of the placeholders as they were received."""
    text = "\n".join(lines)
    found = {
        "dateInUnixFormat": re.search(r"^Date: (.*)$", text, re.MULTILINE)[1],
        "requestLengthInBytes": str(len(body)),
    }
    for name, pattern in {
        "nonce": r'nonce="([A-Za-z0-9+/]{32})"',
        "gitHash": r"gitHash=([0-9a-f]{40});",
        "ApplicationVersion": r"versionString=(\S+)$",
    }.items():
        match = re.search(pattern, text, re.MULTILINE)
        found[name] = match[1] if match else ""
    return found


async def test_the_challenge_has_the_documented_headers_in_order(seed):
    async with Emulator(EmulatorSettings(challenges=MISPRINT)) as emulator:
        status, lines, body = await raw(emulator, "/api/public/v1.0/groups")
        date = parsedate_to_datetime(filled(lines, body)["dateInUnixFormat"])
        now = emulator.clock.now()

    assert status == "HTTP/1.1 401 Unauthorized"
    assert lines == as_printed(seed("headers_401"), filled(lines, body))
    assert 0 <= (now - date).total_seconds() < 60
    assert b'"errorCode": "UNEXPECTED_ERROR"' in body
    assert b'"detail": "You are not authorized for this resource."' in body


async def test_the_default_challenge_has_qop_like_the_real_service():
    async with Emulator() as emulator:
        _, lines, _ = await raw(emulator, "/api/public/v1.0/groups")

    challenge = next(line for line in lines if line.startswith("WWW-Authenticate"))
    assert re.fullmatch(
        r'WWW-Authenticate: Digest realm="MMS Public API", domain="", nonce="[A-Za-z0-9+/]{32}", algorithm=MD5, '
        r'qop="auth", stale=false',
        challenge,
    )


@pytest.mark.parametrize(
    ("target", "fixture"),
    [
        ("/api/public/v1.0/groups", "headers_200_ops_cloud_manager"),
        ("/api/public/v1.0/clusters?pretty=true", "headers_200_ops_cloud_manager"),
        ("/api/atlas/v1.0/groups", "headers_200_atlas"),
    ],
)
@pytest.mark.parametrize("manager", ["ops-manager", "cloud-manager"])
async def test_success_has_the_documented_headers_in_order(seed, target, fixture, manager):
    async with Emulator(EmulatorSettings(auth_enabled=False, manager=manager)) as emulator:
        status, lines, body = await raw(emulator, target)

    assert status == "HTTP/1.1 200 OK"
    assert lines == as_printed(seed(fixture), filled(lines, body))


async def test_errors_are_plain_json_with_the_headers_of_a_success():
    async with Emulator(EmulatorSettings(auth_enabled=False)) as emulator:
        status, lines, _ = await raw(emulator, "/api/public/v1.0/groups/nonsense")

    assert status == "HTTP/1.1 404 Not Found"
    assert [line.partition(":")[0] for line in lines] == [
        "Vary",
        "Content-Type",
        "Strict-Transport-Security",
        "Date",
        "Connection",
        "Content-Length",
        "X-MongoDB-Service-Version",
    ]
    assert "Content-Type: application/json" in lines


@pytest.mark.parametrize("tail", ["/groups", "/clusters", "/groups/x", "/nothing", "/groups?pageNum=0"])
async def test_atlas_v2_sends_the_service_version_as_recorded(call_atlas, tail):
    async with call_atlas("cloud") as atlas:
        response = await atlas.send("GET", atlas.api + tail)
        unknown = await atlas.send("GET", f"{atlas.api}/groups/{'0' * 24}")

    assert response.headers["X-MongoDB-Service-Version"].startswith("gitHash=")
    assert (unknown.status, "X-MongoDB-Service-Version" in unknown.headers) == (404, False)


async def test_atlas_v1_can_send_the_service_version():
    settings = EmulatorSettings(auth_enabled=False, service_version_on_atlas=True)
    async with Emulator(settings) as emulator:
        _, lines, _ = await raw(emulator, "/api/atlas/v1.0/groups")

    assert any(line.startswith("X-MongoDB-Service-Version: gitHash=") for line in lines)


async def test_the_connection_is_closed_when_asked():
    async with Emulator(EmulatorSettings(auth_enabled=False)) as emulator:
        _, asked, _ = await raw(emulator, "/api/atlas/v1.0/groups", more=["Connection: close"])
        _, old, _ = await raw(emulator, "/api/atlas/v1.0/groups", version="1.0")

    assert "Connection: close" in asked
    assert "Connection: close" in old


async def test_the_answer_to_an_absolute_target_links_to_its_path():
    async with Emulator(EmulatorSettings(auth_enabled=False)) as emulator:
        target = f"{emulator.url}/api/atlas/v1.0/groups?pretty=true"
        status, _, body = await raw(emulator, target)
        assert emulator.requests[0].path == target

    assert status == "HTTP/1.1 200 OK"
    assert f'"{emulator_root(target)}/api/atlas/v1.0/groups?pretty=true&pageNum=1&itemsPerPage=100"'.encode() in body


def emulator_root(target):
    return target.partition("/api")[0]


async def test_the_date_is_that_of_the_emulators_clock():
    async with Emulator(EmulatorSettings(auth_enabled=False, speed=0)) as emulator:
        emulator.clock.advance(86_400 * 3 + 5)
        _, lines, _ = await raw(emulator, "/api/atlas/v1.0/groups")
        emulator.fault = lambda _: error_answer(503, "SERVICE_UNAVAILABLE", headers={"Server": "nginx"})
        _, faulty, _ = await raw(emulator, "/api/atlas/v1.0/groups")

    assert "Date: Thu, 05 Nov 2026 12:00:05 GMT" in lines
    assert "Date: Thu, 05 Nov 2026 12:00:05 GMT" in faulty
    assert "Server: nginx" in faulty


async def test_a_request_without_a_host_is_answered():
    async with Emulator(EmulatorSettings(auth_enabled=False)) as emulator:
        host, _, port = emulator.url.removeprefix("http://").rpartition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /api/atlas/v1.0/groups HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()

    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"http://localhost/api/atlas/v1.0/groups" in answer
