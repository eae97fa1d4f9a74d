"""The way of a command to its server: proxies, CA files and strict certificates, as options and in the environment."""

from __future__ import annotations

import asyncio

import pytest

from builders.network import certificate_authority, check_strictly, forward_proxy, serve
from mongorestore_async.cli.session_factory import ServerOptions
from mongorestore_async.models import JobRef

ANY = ("--family", "ops-manager", "--project-id", "5" * 24, "--cluster-id", "6" * 24)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificate_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def call_beside(call):
    """Run a command in this process while the servers of the test go on."""

    async def calling(*words, **variables):
        return await asyncio.to_thread(call, *words, **variables)

    return calling


@pytest.fixture
def public(emulator):
    """The emulator under a name that only the proxy knows."""
    return f"http://om.example.com:{emulator.url.rpartition(':')[2]}"


@pytest.fixture
def job(emulator):
    """A job that is over, and its reference."""
    cluster = emulator.world.first("replica-set")
    found = emulator.world.jobs.at(cluster, 0)
    return str(JobRef(family="cloud-manager", project=cluster.project_id, cluster=cluster.id, job=found.id))


def commands(place, job, emulator):
    atlas = place("replica-set", "atlas-cloud-backup")
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    return {
        "jobs": ("jobs", *place()),
        "fleet": ("fleet", "jobs", "--family", "cloud-manager"),
        "snapshots": ("snapshots", *place()),
        "wait": ("wait", job, "--timeout", "2s"),
        "watch": ("watch", job, "--timeout", "2s"),
        "create": ("create", *place(), "--snapshot-id", snapshot, "--server-defaults"),
        "cancel": ("cancel", *atlas, "--job-id", "7" * 24),
    }


@pytest.mark.parametrize(
    ("command", "code"),
    [("jobs", 0), ("fleet", 0), ("snapshots", 0), ("wait", 5), ("watch", 5), ("create", 0), ("cancel", 1)],
)
async def test_every_command_goes_through_the_proxy(call_beside, emulator, place, job, public, command, code):
    async with forward_proxy() as (proxy, seen):
        words = (*commands(place, job, emulator)[command], "--base-url", public, "--proxy", f"http://u:pass@{proxy}")
        ended = await call_beside(*words)

    assert ended.code == code, ended.err
    assert seen
    assert all(f" {public}/" in line and login is not None for line, login in seen)


async def test_a_command_takes_the_proxy_of_the_environment(run, place, public):
    async with forward_proxy() as (proxy, seen):
        found = await run("jobs", *place(), MONGODB_ATLAS_BASE_URL=public, HTTP_PROXY=proxy)
        through = len(seen)
        spared = await run("jobs", *place(), HTTP_PROXY=proxy)  # the own machine has no proxy

    assert (found.code, spared.code) == (0, 0), found.err
    assert through == len(seen) > 0


async def test_an_option_wins_over_the_environment(call_beside, place, public):
    async with forward_proxy() as (proxy, seen):
        words = ("jobs", *place(), "--base-url", public, "--proxy", f"http://{proxy}")
        ended = await call_beside(*words, HTTP_PROXY="http://127.0.0.1:9", NO_PROXY="*")

    assert ended.code == 0, ended.err
    assert seen


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://user:s3cr3t@proxy.example.com:3128", "http://USER:PASSWORD@proxy.example.com:3128"),
        ("http://s3cr3t@proxy.example.com", "http://USER:PASSWORD@proxy.example.com"),
        ("http://user:s3@cr3t@proxy.example.com:3128", "http://USER:PASSWORD@proxy.example.com:3128"),
        ("http://user:s3cr3t://x@proxy.example.com", "http://USER:PASSWORD@proxy.example.com"),
        ("http://proxy.example.com:3128/", "http://proxy.example.com:3128/"),
    ],
)
def test_a_printed_command_has_no_password_of_a_proxy(proxy, shown):
    options = ServerOptions(proxy=proxy)

    assert options.arguments() == ["--proxy", shown]
    assert "s3" not in repr(options)


async def test_printed_commands_repeat_the_way_to_the_server(call_beside, emulator, place, public, authority):
    given = ("--base-url", public, "--ca-file", str(authority("ca", "server")[0]), "--no-strict-certificates")
    snapshot = emulator.world.snapshots.id(emulator.world.first("replica-set"))
    async with forward_proxy() as (proxy, _):
        words = ("create", *place(), "--snapshot-id", snapshot, "--server-defaults", *given)
        ended = await call_beside(*words, "--proxy", f"http://u:s3cr3t@{proxy}")

    assert ended.code == 0, ended.err
    printed = ended.out.replace("\\\n", " ").split()
    shown = ["--proxy", f"http://USER:PASSWORD@{proxy}"]
    assert printed[printed.index("--base-url") :] == [*given[:2], *shown, *given[2:]]


async def test_an_early_end_repeats_the_way_to_the_server(call_beside, emulator, public):
    cluster = emulator.world.first("replica-set")
    (running,) = emulator.world.jobs.create(cluster)
    ref = str(JobRef(family="cloud-manager", project=cluster.project_id, cluster=cluster.id, job=running.id))
    async with forward_proxy() as (proxy, _):
        words = ("--timeout", "2s", "--base-url", public, "--proxy", f"http://{proxy}", "--no-strict-certificates")
        ended = await call_beside("wait", ref, *words)

    assert ended.code == 5, ended.err
    follow = ended.err.partition("Resume with:\n")[2].replace("\\\n", " ")
    assert f"--proxy http://{proxy} --no-strict-certificates" in " ".join(follow.split())


@pytest.mark.parametrize(
    ("ca", "server", "host", "trusted", "words", "says"),
    [
        ("ca_without_identifier", "server_without_identifier", "127.0.0.1", True, (), "pass --no-strict-certificates"),
        ("ca", "server", "127.0.0.1", False, (), "with --ca-file"),
        ("ca", "server", "127.0.0.1", False, ("--no-strict-certificates",), "with --ca-file"),
        ("ca", "server_elsewhere", "localhost", True, (), "host name in --base-url"),
    ],
)
async def test_a_refused_certificate_is_told_in_options(
    call_beside, authority, monkeypatch, ca, server, host, trusted, words, says
):
    check_strictly(monkeypatch)
    ca_file, *certificate = authority(ca, server)
    other, *_ = authority("ca_not_critical", "server_elsewhere")
    async with serve(*certificate) as (port, seen):
        where = ("--base-url", f"https://{host}:{port}", "--ca-file", str(ca_file if trusted else other))
        ended = await call_beside("jobs", *ANY, *where, *words)

    assert ended.code == 1
    assert says in ended.err
    assert len(seen) == 1


@pytest.mark.parametrize("variable", [False, True])
async def test_strict_checks_are_left_out_where_asked(call_beside, authority, monkeypatch, variable):
    check_strictly(monkeypatch)
    ca_file, *certificate = authority("ca_without_identifier", "server_without_identifier")
    ca = {"MCLI_OPS_MANAGER_CA_CERTIFICATE": str(ca_file)} if variable else {}
    option = () if variable else ("--ca-file", str(ca_file))
    async with serve(*certificate) as (port, _):
        words = ("jobs", *ANY, "--base-url", f"https://127.0.0.1:{port}", *option, "--no-strict-certificates")
        ended = await call_beside(*words, **ca)

    assert ended.code == 0, ended.err


async def test_no_verification_at_all_has_no_strict_checks(call_beside, authority):
    _, *certificate = authority("ca", "server")
    async with serve(*certificate) as (port, _):
        words = ("jobs", *ANY, "--base-url", f"https://127.0.0.1:{port}", "--no-strict-certificates")
        ended = await call_beside(*words, MCLI_OPS_MANAGER_SKIP_VERIFY="true")

    assert ended.code == 0, ended.err


@pytest.mark.parametrize(("status", "says"), [(407, "check --proxy (or HTTPS_PROXY)"), (403, "check --proxy")])
async def test_a_proxy_that_refuses_is_told_in_options(call_beside, status, says):
    async def refuse(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        proxy = f"http://u:s3cr3t@127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ended = await call_beside("jobs", *ANY, "--base-url", "https://om.example.com", "--proxy", proxy)
        await asyncio.sleep(0.01)

    assert ended.code == 1
    assert says in ended.err
    assert "s3cr3t" not in ended.err


@pytest.mark.parametrize(
    ("words", "variables", "says"),
    [
        (("--proxy", "socks5://u:s3cr3t@proxy.example.com"), {}, "HTTP proxy"),
        ((), {"HTTPS_PROXY": "socks5://u:s3cr3t@proxy.example.com"}, "HTTP proxy"),
        (("--ca-file", "/no/such/s3c.pem"), {}, "CA file"),
    ],
)
def test_a_way_that_cannot_be_used_is_a_usage_error(call, words, variables, says):
    ended = call("jobs", *ANY, "--base-url", "https://om.example.com", *words, **variables)

    assert ended.code == 2
    assert says in ended.err
    assert "s3cr3t" not in ended.err
