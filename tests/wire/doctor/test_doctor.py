"""The doctor before broken set-ups: each is told by the check that names its cause."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from builders.network import certificate_authority, check_strictly, forward_proxy, serve
from mongorestore_async import (
    ATLAS_CLOUD_BACKUP,
    ATLAS_FLEX,
    CLOUD_MANAGER,
    OPS_MANAGER,
    AccessToken,
    AsyncSession,
    ConfigError,
    ConnectFailed,
    DigestAuth,
    ServiceAccount,
    SessionClosed,
)
from mongorestore_async.doctor import CheckName, CheckOutcome, diagnose
from mongorestore_async.emulator import Manager, RateCode, RateLimiting
from mongorestore_async.errors import HintKind
from mongorestore_async.families import RateLimit

NO_ACCESS = ("access-list", "IP_ADDRESS_NOT_ON_ACCESS_LIST")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificate_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def examine(emulate, connect):
    """Diagnose an emulator whose answers ``play`` may replace; it must have got nothing but GET requests."""

    async def examining(play=None, *, family=OPS_MANAGER, key=None, settings=None, session=None, **arguments):
        usual = {"jobs_per_cluster": 2, "projects": 1, "start": datetime.now(UTC), "manager": Manager.OPS_MANAGER}
        async with emulate(**usual | (settings or {})) as emulator:
            emulator.before_answer = play
            make = session or (lambda emulator: connect(emulator, private_key=key))
            async with make(emulator) as opened:
                found = await diagnose(opened, family, **arguments)
            sent = {record.method for record in emulator.requests if not record.path.startswith("/api/oauth")}
        assert sent <= {"GET"}
        assert [result.name for result in found.results] == list(CheckName)
        assert emulator.private_key not in str(found)
        return found

    return examining


def answering(part, make):
    """Answer requests whose path has a part in it with something else."""

    async def play(record):
        return make() if part in record.path else None

    return play


def names_cause(found, name, *words):
    """Check that one check failed, that it says why, and that what follows from it is skipped because of it."""
    assert [result.name for result in found.failures] == [name], str(found)
    assert all(word in str(found[name]) for word in words), str(found[name])
    skipped = [result.message for result in found.results if result.outcome is CheckOutcome.SKIPPED]
    assert {message for message in skipped if "not checked" in message} <= {f"not checked, because {name} failed"}
    return found[name]


def page(status=200, **headers):
    return lambda: web.Response(status=status, text="<html>please log in</html>", headers=headers)


def refusal(status, code, *parameters):
    """Make the API's own error document."""
    said = {"error": status, "errorCode": code, "reason": "No", "detail": "It is so.", "parameters": parameters}
    return lambda: web.json_response(said, status=status)


async def test_nothing_is_wrong(examine):
    found = await examine()
    assert found.ok
    assert not found.warnings
    skipped = {result.name for result in found.results if result.outcome is CheckOutcome.SKIPPED}
    assert skipped == {"tls", "strict-tls", "create"}
    assert "only a create can tell" in found["create"].message
    assert "the first one is read" in found["project"].message


async def test_what_is_named_is_read(examine, emulate):
    async with emulate(jobs_per_cluster=2, projects=1) as emulator:
        cluster = emulator.world.first("replica-set")
    found = await examine(project_id=cluster.project_id, cluster=cluster.id)
    assert found.ok
    assert cluster.project_id in found["project"].message
    assert cluster.id in found["cluster"].message


# --- the twelve


async def test_a_wrong_key(examine):
    result = names_cause(await examine(key="wr0ng"), "key", "refused the API key 'emulator'")
    assert "wr0ng" not in str(result)


@pytest.mark.parametrize(
    ("part", "status", "code"),
    [
        ("/groups", 403, "ACCESS_FORBIDDEN"),
        ("/groups", 401, "NOT_ORG_GROUP_CREATOR"),
        ("/clusters", 403, "USER_UNAUTHORIZED"),
        ("/restoreJobs", 401, "USER_CANNOT_ACCESS_GROUP"),
        ("/restoreJobs", 403, "ACCESS_FORBIDDEN"),
    ],
)
async def test_no_rights(examine, part, status, code):
    found = await examine(answering(part, refusal(status, code)))
    names_cause(found, "rights", code, "give the key a role in the project")
    assert found["key"].outcome == found["access-list"].outcome == "ok"


@pytest.mark.parametrize(
    "code", ["IP_ADDRESS_NOT_ON_ACCESS_LIST", "IP_ADDRESS_NOT_ON_WHITELIST", "ORG_REQUIRES_ACCESS_LIST"]
)
@pytest.mark.parametrize("part", ["/groups", "/restoreJobs"])
async def test_a_blocked_address(examine, part, code):
    found = await examine(answering(part, refusal(403, code, "192.0.2.7")))
    names_cause(found, "access-list", code, "access list")
    assert found["key"].outcome == "ok"
    assert "192.0.2.7" in found["access-list"].message or code.startswith("ORG")


@pytest.mark.parametrize(
    ("ahead", "outcome", "says"),
    [
        (timedelta(minutes=20), "failed", "20 minutes behind the server's"),
        (-timedelta(days=3), "failed", "3 days ahead of the server's"),
        (timedelta(seconds=100), "warning", "seconds behind"),
        (timedelta(seconds=10), "ok", "agree"),
    ],
)
async def test_a_skewed_clock(examine, ahead, outcome, says):
    found = await examine(settings={"start": datetime.now(UTC) + ahead})
    assert (found["clock"].outcome, says in found["clock"].message) == (outcome, True), str(found)
    assert found["rights"].outcome == "ok"  # it keeps nothing else from being checked


async def test_a_skewed_clock_is_told_beside_another_failure(examine):
    found = await examine(key="wrong", settings={"start": datetime.now(UTC) + timedelta(hours=5)})
    assert [result.name for result in found.failures] == ["clock", "key"]
    assert found["rights"].message == "not checked, because key failed"


@asynccontextmanager
async def trusting(authority, ca, server, *, ca_file=True, **arguments):
    file, *certificate = authority(ca, server)
    async with serve(*certificate) as (port, _):
        url = f"https://localhost:{port}"
        async with AsyncSession(
            None, base_url=url, ca_file=file if ca_file is True else ca_file, **arguments
        ) as session:
            yield session


async def test_a_private_ca(authority):
    async with trusting(authority, "ca", "server", ca_file=None) as session:
        found = await diagnose(session, OPS_MANAGER)
    result = names_cause(found, "tls", "certificate was refused", "pass the certificate of the CA")
    assert result.hint.kind is HintKind.PASS_CA_FILE


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_strict_ca(authority, monkeypatch, is_new):
    if is_new:
        check_strictly(monkeypatch)  # as Python 3.13 does
    async with trusting(authority, "ca_without_identifier", "server_without_identifier") as session:
        found = await diagnose(session, OPS_MANAGER)
        made_by_python = is_new or found["tls"].is_failure
    name = "tls" if made_by_python else "strict-tls"
    assert found[name].outcome == ("failed" if made_by_python else "warning"), str(found)
    assert found[name].hint.kind is HintKind.RELAX_CERTIFICATE_CHECKS
    assert "Python 3.13 and newer" in str(found[name])


@pytest.mark.parametrize(
    ("status", "says"), [(407, "refused the tunnel"), (403, "refused the tunnel"), (502, "HTTP 502")]
)
async def test_a_proxy_that_refuses(status, says):
    async def refuse(reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        proxy = f"http://us3r:s3cr3t@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncSession(None, base_url="https://om.example.com", proxy=proxy) as session:
            found = await diagnose(session, OPS_MANAGER)
        await asyncio.sleep(0.01)
    names_cause(found, "proxy", says)
    assert "s3cr3t" not in str(found)
    assert "us3r" not in str(found)


async def test_a_proxy_that_is_not_there():
    port = await closed_port()
    proxy = f"http://u:s3cr3t@localhost:{port}"
    async with AsyncSession(None, base_url="https://om.example.com", proxy=proxy) as session:
        found = await diagnose(session, OPS_MANAGER)
    names_cause(found, "connection", f"nothing listens on localhost:{port}")
    assert found["proxy"].message == f"http://localhost:{port} is used"


async def test_a_proxy_that_works(authority, emulate, connect):
    file, *certificate = authority("ca", "server")
    async with serve(*certificate) as (port, _), forward_proxy() as (proxy, seen):
        url = f"https://localhost:{port}"
        async with AsyncSession(None, base_url=url, ca_file=file, proxy=f"http://u:s3cr3t@{proxy}") as session:
            found = await diagnose(session, OPS_MANAGER)
    names_cause(found, "project", "the key sees no project")  # the server has none
    assert found["proxy"].message == f"http://{proxy} is used"
    assert (found["tls"].outcome, found["strict-tls"].outcome) == ("ok", "skipped")
    assert {line.split()[0] for line, _ in seen} == {"CONNECT"}


async def closed_port():
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port


async def test_a_wrong_port(connect):
    port = await closed_port()
    async with AsyncSession(None, base_url=f"http://127.0.0.1:{port}") as session:
        found = await diagnose(session, OPS_MANAGER)
    names_cause(found, "connection", f"nothing listens on 127.0.0.1:{port}", "check the port")


async def test_the_port_of_http_for_https(examine):
    def https(emulator):
        return AsyncSession(None, base_url=URL(emulator.url).with_scheme("https"))

    names_cause(await examine(session=https), "tls", "the port does not speak TLS")


async def test_the_port_of_https_for_http(authority):
    _, *certificate = authority("ca", "server")
    async with serve(*certificate) as (port, _), AsyncSession(None, base_url=f"http://localhost:{port}") as session:
        found = await diagnose(session, OPS_MANAGER)
        await asyncio.sleep(0.05)  # the server closes its connections
    names_cause(found, "answer", "the port speaks TLS: use https://")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (page(), "something else than the API answers"),
        (page(302, Location="https://login.example.com/"), "the server redirects"),
        (page(403), "something else than the API answers: HTTP 403"),
        (page(404), "something else than the API answers: HTTP 404"),
        (page(503), "something else than the API answers: HTTP 503"),
        (page(401, **{"WWW-Authenticate": "Basic realm=gate"}), "does not offer HTTP digest"),
    ],
)
async def test_html_in_between(examine, make, says):
    found = await examine(answering("", make))
    names_cause(found, "answer", says)
    assert found["key"].outcome == found["server-version"].outcome == "skipped"


@pytest.mark.parametrize(
    ("version", "outcome"),
    [
        ("5.0.22.100.20240101T0000Z", "warning"),
        ("3.6.1", "warning"),
        ("6.0.1", "ok"),
        ("v20261119", "ok"),
        ("", "skipped"),
    ],
)
async def test_an_old_server(examine, monkeypatch, version, outcome):
    monkeypatch.setattr(
        "mongorestore_async.emulator.apis.answers.SERVICE_VERSION", f"gitHash=a; versionString={version}"
    )
    found = await examine()
    assert (found["server-version"].outcome, found.ok) == (outcome, True)
    assert outcome != "warning" or f"release {version} is older than 6.0" in found["server-version"].message


@pytest.mark.parametrize("status", [404, 405])
async def test_a_family_that_the_server_does_not_have(examine, status):
    missing = answering("/api/atlas", refusal(status, "RESOURCE_NOT_FOUND"))
    result = names_cause(
        await examine(missing, family=ATLAS_CLOUD_BACKUP), "family", "has no API of Atlas cloud backup"
    )
    assert (result.hint.kind, result.hint.values["family"]) == (HintKind.USE_FAMILY, "ops-manager")


@pytest.mark.parametrize(
    ("family", "part", "status", "code"),
    [
        (CLOUD_MANAGER, "/clusters", 404, "ATLAS_GROUP"),
        (ATLAS_CLOUD_BACKUP, "/clusters", 404, "NOT_ATLAS_GROUP"),
        (ATLAS_CLOUD_BACKUP, "/restoreJobs", 400, "CANNOT_USE_FLEX_CLUSTER_IN_CLUSTER_API"),
        (ATLAS_FLEX, "/restoreJobs", 400, "CANNOT_USE_NON_FLEX_CLUSTER_IN_FLEX_API"),
    ],
)
async def test_a_project_or_cluster_of_another_family(examine, family, part, status, code):
    names_cause(await examine(answering(part, refusal(status, code)), family=family), "family", code)


async def test_no_project(examine):
    none = answering("/groups", lambda: web.json_response({"results": [], "totalCount": 0}))
    names_cause(await examine(none), "project", "the key sees no project")


@pytest.mark.parametrize(("project", "says"), [("5" * 24, "GROUP_NOT_FOUND"), ("a/b", "must not contain '/'")])
async def test_an_unknown_project(examine, project, says):
    found = await examine(project_id=project)
    names_cause(found, "project", says)
    assert found["key"].outcome == "ok"


# --- their siblings


async def test_no_key(examine):
    result = names_cause(await examine(session=lambda emulator: AsyncSession(None, base_url=emulator.url)), "key")
    assert result.hint.kind is HintKind.LOG_IN


@pytest.mark.parametrize("auth", [ServiceAccount("id", "s3cr3t-s3cr3t"), AccessToken("s3cr3t-s3cr3t")])
async def test_a_wrong_account_or_token(examine, auth):
    found = await examine(family=CLOUD_MANAGER, session=lambda emulator: AsyncSession(auth, base_url=emulator.url))
    names_cause(found, "key", "refused the")
    assert "s3cr3t" not in str(found)


async def test_ops_manager_without_an_address():
    async with AsyncSession(DigestAuth("a", "b")) as session:
        found = await diagnose(session, OPS_MANAGER)
    assert names_cause(found, "address", "no public host").hint.kind is HintKind.PASS_BASE_URL


async def test_ops_manager_with_a_service_account():
    async with AsyncSession(ServiceAccount("id", "s3cr3t"), base_url="https://om.example.com") as session:
        found = await diagnose(session, OPS_MANAGER)
    assert names_cause(found, "key", "has no service accounts").hint.kind is HintKind.USE_API_KEY


async def test_a_name_that_nobody_knows():
    async with AsyncSession(None, base_url="https://no-such-host.invalid") as session:
        found = await diagnose(session, OPS_MANAGER)
    names_cause(found, "dns", "no-such-host.invalid cannot be found")


@pytest.mark.parametrize("name", [f"{'a' * 64}.example.com", "a..example.com"])
async def test_what_cannot_be_the_name_of_a_host(name):
    async with AsyncSession(None, base_url=f"https://{name}") as session:
        found = await diagnose(session, OPS_MANAGER)
        with pytest.raises(ConnectFailed, match="it cannot be the name of a host"):
            await session.project("5" * 24, OPS_MANAGER).clusters()
    names_cause(found, "dns", f"{name} cannot be the name of a host")


async def test_a_server_that_says_nothing():
    async def read(reader, writer):
        await reader.read()
        writer.close()

    async with await asyncio.start_server(read, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with AsyncSession(None, base_url=f"http://127.0.0.1:{port}") as session:
            found = await diagnose(session, OPS_MANAGER, seconds=0.2)
        async with AsyncSession(None, base_url=f"https://127.0.0.1:{port}") as session:
            silent = await diagnose(session, OPS_MANAGER, seconds=0.2)
        await asyncio.sleep(0.01)
    names_cause(found, "answer", "no answer within 0.2 s")
    names_cause(silent, "tls", "no TLS within 0.2 s")


async def test_a_cluster_that_is_not_there(examine):
    names_cause(await examine(cluster="6" * 24), "cluster", "HTTP 404")
    names_cause(await examine(cluster="a/b"), "cluster", "must not contain '/'")


@pytest.mark.parametrize(("named", "outcome"), [(False, "ok"), (True, "warning")])
async def test_a_backup_that_is_switched_off(examine, named, outcome):
    off = answering("/restoreJobs", refusal(404, "BACKUP_CONFIG_NOT_FOUND"))
    found = await examine(off, cluster="6" * 24 if named else None)
    assert found.ok
    assert (found["cluster"].outcome, found["rights"].outcome) == (outcome, "ok")


async def test_a_project_without_clusters(examine):
    none = answering("/clusters", lambda: web.json_response({"results": [], "totalCount": 0}))
    found = await examine(none)
    assert found.ok
    assert found["cluster"].message == "the project has no cluster"


async def test_projects_that_cannot_be_listed_but_read(examine, emulate):
    async with emulate(jobs_per_cluster=2, projects=1) as emulator:
        project = emulator.world.first("replica-set").project_id

    async def play(record):
        return refusal(403, "ACCESS_FORBIDDEN")() if record.path.partition("?")[0].endswith("/groups") else None

    found = await examine(play, project_id=project)
    assert found.ok, str(found)
    assert found["rights"].message == "the key may list clusters and restore jobs"


async def test_limits(examine):
    limited = {"endpoint_limits": {"projects": RateLimit(20, 10, 60)}, "today": datetime.now(UTC).date()}
    found = await examine(family=ATLAS_CLOUD_BACKUP, settings=limited)
    assert found["limits"].outcome == "ok"
    assert "calls are left" in found["limits"].message

    headers = {"RateLimit-Limit": "1200", "RateLimit-Remaining": "7"}
    few = await examine(answering("/groups", lambda: web.json_response({"results": []}, headers=headers)))
    assert few["limits"].outcome == "warning"
    assert few["limits"].message.startswith("7 of 1200 calls are left")

    used_up = {"rate_limiting": RateLimiting(limit=RateLimit(1, 1, 3600), code=RateCode.RATE_LIMITED)}
    names_cause(await examine(settings=used_up), "limits", "RATE_LIMITED")


async def test_certificates_that_end_soon_or_are_not_verified(authority):
    async with trusting(authority, "ca", "server") as session:
        found = await diagnose(session, OPS_MANAGER)
    assert found["tls"].outcome == "warning"
    assert "certificate of Private CA" in found["tls"].message
    assert "have it renewed" in found["tls"].message
    async with trusting(authority, "ca", "server", ca_file=None, ssl=False) as session:
        found = await diagnose(session, OPS_MANAGER)
    assert (found["tls"].outcome, found["strict-tls"].outcome) == ("warning", "skipped")


async def test_strict_checks_that_are_left_out(authority, monkeypatch):
    check_strictly(monkeypatch)
    plain = {"strict_certificates": False}
    async with trusting(authority, "ca_without_identifier", "server_without_identifier", **plain) as session:
        found = await diagnose(session, OPS_MANAGER)
    assert found["strict-tls"].message == "the certificate would not pass; the settings leave them out"


async def test_strict_checks_that_this_python_does_not_make(authority):
    file, *_ = authority("ca", "server")
    async with trusting(authority, "ca", "server") as session:
        found = await diagnose(session, OPS_MANAGER)
    assert found["strict-tls"].outcome == "ok"
    context = ssl.create_default_context(cafile=file)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    async with trusting(authority, "ca", "server", ca_file=None, ssl=context) as session:
        found = await diagnose(session, OPS_MANAGER)
    assert (found["strict-tls"].outcome, found["tls"].is_failure) == ("skipped", False)


async def test_an_address_without_encryption(monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 9))])
    async with AsyncSession(None, base_url="http://om.example.com:9") as session:
        found = await diagnose(session, OPS_MANAGER, seconds=0.2)
    assert found["address"].outcome == "warning"
    assert "use https" in found["address"].message
    assert found["dns"].message == "om.example.com is 127.0.0.1"
    names_cause(found, "connection")


async def test_a_lookup_that_hangs(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: over.wait(5))
    async with AsyncSession(None, base_url="https://om.example.com") as session:
        found = await diagnose(session, OPS_MANAGER, seconds=0.05)
        over.set()
    names_cause(found, "dns", "looking up om.example.com took more than 0.05 s")


async def test_a_proxy_of_a_kind_that_is_not_spoken():
    session = AsyncSession(None, base_url="https://om.example.com", proxy=lambda _: "socks5://u:s3cr3t@h")
    found = await diagnose(session, OPS_MANAGER)
    assert session.stats.requests == 0
    await session.close()
    names_cause(found, "proxy", "must be an HTTP proxy's URL")
    assert "s3cr3t" not in str(found)


async def test_a_ca_file_that_cannot_be_read(authority):
    _, *certificate = authority("ca", "server")
    async with serve(*certificate) as (port, _):
        session = AsyncSession(None, base_url=f"https://localhost:{port}", ca_file="/no/such/file.pem")
        found = await diagnose(session, OPS_MANAGER)
        await session.close()
    names_cause(found, "tls", "the CA file '/no/such/file.pem' cannot be used")


async def test_connections_of_somebody_else(examine):
    async with aiohttp.ClientSession() as http:

        def borrowed(emulator):
            return AsyncSession(DigestAuth(emulator.public_key, emulator.private_key), base_url=emulator.url, http=http)

        found = await examine(session=borrowed)
    assert found.ok
    assert "passed as http makes the connections" in found["tls"].message


async def test_bad_arguments_and_a_closed_session(emulate, connect):
    async with emulate() as emulator:
        session = connect(emulator)
        with pytest.raises(ConfigError, match="seconds must be a positive number"):
            await diagnose(session, OPS_MANAGER, seconds=0)
        await session.close()
        with pytest.raises(SessionClosed):
            await diagnose(session, OPS_MANAGER)


async def test_a_result_is_text_and_json(examine):
    found = await examine(key="wrong")
    assert str(found["key"]).startswith("failed: key: the server refused")
    assert json.loads(json.dumps(found["key"].to_dict()))["check"] == "key"
