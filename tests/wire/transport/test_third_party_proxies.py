"""What stands between the library and the API: nginx and HAProxy before the emulator, Squid on the way to it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from builders.network import nginx_config
from mongorestore_async import (
    OPS_MANAGER,
    AsyncSession,
    AuthError,
    DigestAuth,
    Forbidden,
    HttpRestore,
    MaybeCreated,
    Options,
    RateLimited,
    RestoreError,
    RetryPolicy,
    ServerError,
    TransportError,
)
from mongorestore_async.emulator import Emulator, EmulatorSettings, Manager

JOBS = 25
WANTED = HttpRestore("5" * 24, 1, expiration_hours=2)

NGINX = nginx_config("""
limit_req_zone $binary_remote_addr zone=all:1m rate=40r/s;
upstream api {
    @NODES@
    keepalive 16;
}
server {
    listen 127.0.0.1:@PORT@;
    location / {
        proxy_pass http://api;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_connect_timeout 2s;
        proxy_read_timeout 1s;
        @MORE@
    }
}
""")

HAPROXY = """
global
    maxconn 512
defaults
    mode http
    retries 1
    option redispatch
    timeout connect 2s
    timeout client 30s
    timeout server 1s
frontend in
    bind 127.0.0.1:@PORT@
    default_backend api
backend api
    balance roundrobin
    @MORE@
    @NODES@
"""

STICKY = "cookie NODE insert indirect nocache"

SQUID = """
http_port 127.0.0.1:@PORT@
visible_hostname localhost
pid_filename @FOLDER@/squid.pid
access_log stdio:@FOLDER@/access.log
cache_log @FOLDER@/cache.log
coredump_dir @FOLDER@
netdb_filename none
pinger_enable off
max_filedescriptors 1024
cache deny all
cache_mem 8 MB
shutdown_lifetime 0 seconds
connect_timeout 2 seconds
@MORE@
http_access allow all
"""

PASSWORD = "proxy-password"
NCSA = "/usr/lib/squid/basic_ncsa_auth"
ASK = f"""
auth_param basic program {NCSA} @FOLDER@/users
acl known proxy_auth REQUIRED
http_access deny !known
"""


def port_of(url):
    return urlsplit(url).port


def nginx(workshop, *urls, more=""):
    nodes = "\n".join(f"server 127.0.0.1:{port_of(url)} max_fails=0;" for url in urls)
    return workshop.start("nginx", NGINX.replace("@NODES@", nodes).replace("@MORE@", more)).url


def haproxy(workshop, *urls, more=""):
    nodes = "\n".join(
        f"server node{number} 127.0.0.1:{port_of(url)} cookie node{number}" for number, url in enumerate(urls)
    )
    return workshop.start("haproxy", HAPROXY.replace("@NODES@", nodes).replace("@MORE@", more)).url


def squid(workshop, *, more="", files=None):
    return workshop.start("squid", SQUID.replace("@MORE@", more), files).url


REVERSE = pytest.mark.parametrize("before", [nginx, haproxy], ids=["nginx", "HAProxy"])


def settings(**changes):
    # By the clock of this machine, for proxies put a date of their own into answers.
    return EmulatorSettings(manager=Manager.OPS_MANAGER, jobs_per_cluster=JOBS, start=datetime.now(UTC), **changes)


@asynccontextmanager
async def meet(emulator, url, **arguments):
    """Open a session at a URL and name the first cluster of the emulator that is behind it."""
    arguments.setdefault("options", Options.for_tests(timeout=20))
    key = DigestAuth(emulator.public_key, emulator.private_key)
    async with AsyncSession(key, base_url=url, **arguments) as session:
        place = emulator.world.first("replica-set")
        yield session, session.project(place.project_id, OPS_MANAGER).cluster(place.id)


@asynccontextmanager
async def behind(reach, **arguments):
    """Start an emulator, and a session at the URL that ``reach`` makes of the emulator's."""
    async with Emulator(settings()) as emulator, meet(emulator, reach(emulator.url), **arguments) as (session, cluster):
        yield emulator, session, cluster


def through(proxy, **arguments):
    """Start an emulator, and a session that goes to it through a forward proxy."""
    return behind(lambda url: url, proxy=proxy, **arguments)


def ids(emulator):
    place = emulator.world.first("replica-set")
    return [job.id for job in emulator.world.jobs.page(place, 0, emulator.world.jobs.count(place))]


def posts(emulator):
    return sum(record.method == "POST" for record in emulator.requests)


async def walk(cluster):
    return [job.id async for job in cluster.restore_jobs(items_per_page=10)]


async def unused_url():
    async with Emulator() as gone:
        return gone.url


# --- nginx and HAProxy ------------------------------------------------------------------------------------------------


@REVERSE
async def test_a_proxy_is_not_noticed(workshop, before):
    async with behind(lambda url: before(workshop, url)) as (emulator, session, cluster):
        assert await walk(cluster) == ids(emulator)
        batch = await cluster.create_restore_job(WANTED)

        assert batch[0].id == ids(emulator)[0]
        assert session.stats.challenges == 1
        assert emulator.counts.creates_taken == 1


@pytest.mark.parametrize(("before", "status"), [(nginx, 502), (haproxy, 503)], ids=["nginx", "HAProxy"])
async def test_the_page_of_a_proxy_without_backend_is_a_server_error(workshop, before, status):
    more = {"more": "retries 0"} if before is haproxy else {}
    url = before(workshop, await unused_url(), **more)
    async with behind(lambda _: url) as (_, session, cluster):
        for call in (cluster.restore_jobs().page, lambda: cluster.create_restore_job(WANTED)):
            with pytest.raises(ServerError) as caught:
                await call()
            assert caught.value.status == status
            assert caught.value.error_code is None
        assert session.stats.requests == 8  # four tries of each read; the create itself was never sent


@REVERSE
@pytest.mark.parametrize("fault", ["drop", "drop-answer", "truncate"])
async def test_a_list_gets_over_a_backend_that_breaks_connections(workshop, before, fault):
    # nginx itself sends a GET again whose kept-alive connection broke, and so repeats its nc, which is refused.
    async with behind(lambda url: before(workshop, url)) as (emulator, session, cluster):
        emulator.fault_after_login = lambda record: fault if record.number in {3, 5, 9} else None

        assert await walk(cluster) == ids(emulator)
        assert emulator.counts.dropped > 0
        assert session.stats.requests <= 12


@REVERSE
@pytest.mark.parametrize(
    ("fault", "verdict"), [("drop", "cannot tell"), ("drop-answer", "taken"), ("truncate", "taken")]
)
async def test_a_create_broken_behind_a_proxy_is_found_again(workshop, before, fault, verdict):
    async with behind(lambda url: before(workshop, url)) as (emulator, _, cluster):
        emulator.fault_after_login = lambda record: fault if record.method == "POST" else None

        with pytest.raises(MaybeCreated) as caught:
            await cluster.create_restore_job(WANTED)
        found = await caught.value.reconcile()

        assert found.verdict == verdict
        assert posts(emulator) == 1
        assert emulator.counts.creates_taken == (verdict == "taken")


@REVERSE
async def test_a_create_slower_than_the_proxy_timeout_is_found_again(workshop, before):
    async with behind(lambda url: before(workshop, url)) as (emulator, _, cluster):

        async def dawdle(record):
            if record.method == "POST":
                await asyncio.sleep(2)

        emulator.before_answer = dawdle
        with pytest.raises(MaybeCreated, match="504") as caught:
            await cluster.create_restore_job(WANTED)

        assert (await caught.value.reconcile()).verdict == "taken"
        assert posts(emulator) == emulator.counts.creates_taken == 1


@pytest.mark.parametrize(
    ("more", "kind"),
    [("add_header Retry-After 1 always;", Options), ("", Options.for_tests)],  # which does not wait for 10 s
    ids=["Retry-After", "no Retry-After"],
)
async def test_calls_get_through_the_rate_limit_of_nginx(workshop, more, kind):
    limit = f"limit_req zone=all burst=5 nodelay; limit_req_status 429; {more}"
    options = kind(retry=RetryPolicy(tries=8), timeout=30)
    async with behind(lambda url: nginx(workshop, url, more=limit), options=options) as (emulator, session, cluster):
        pages = await asyncio.gather(*(cluster.restore_jobs() for _ in range(20)))
        await cluster.create_restore_job(WANTED)

        assert all(len(page) == JOBS for page in pages)
        assert session.stats.retries > 0
        assert emulator.counts.creates_taken == 1


async def test_a_rate_limit_that_lasts_is_told_with_what_nginx_said(workshop):
    limit = "limit_req zone=all; limit_req_status 429; add_header Retry-After 3600 always;"
    async with behind(lambda url: nginx(workshop, url, more=limit)) as (_, _, cluster):
        outcomes = await asyncio.gather(*(cluster.restore_jobs() for _ in range(20)), return_exceptions=True)

        refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert refused
        assert {type(error) for error in refused} == {RateLimited}
        assert {error.retry_after for error in refused if error.request.status == 429} == {3600.0}


# --- two nodes --------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def two_nodes(**changes):
    """Start two nodes of one server: the same data and key, nonces of their own."""
    played = settings(**changes)
    async with Emulator(played) as first, Emulator(played) as second:
        yield first, second


def by_use(nodes):
    """Sort nodes: first the one that was asked more."""
    return sorted(nodes, key=lambda node: -node.counts.requests)


STALE = pytest.mark.parametrize("stale", [True, False], ids=["unknown nonces are stale", "unknown nonces are wrong"])


@STALE
async def test_a_sticky_session_survives_the_loss_of_its_node(workshop, stale):
    async with two_nodes(stale_flag=stale) as nodes:
        url = haproxy(workshop, nodes[0].url, nodes[1].url, more=STICKY)
        async with meet(nodes[0], url) as (session, cluster):
            assert await walk(cluster) == ids(nodes[0])
            await asyncio.gather(*(cluster.restore_jobs() for _ in range(32)))
            home, other = by_use(nodes)
            assert other.counts.requests == 0
            assert session.stats.challenges == 1

            await home.close()
            assert await walk(cluster) == ids(other)
            await asyncio.gather(*(cluster.restore_jobs() for _ in range(32)))
            await cluster.create_restore_job(WANTED)

            assert session.stats.challenges == 2
            assert other.counts.repeated_nc == 0
            assert home.counts.creates_taken + other.counts.creates_taken == 1


@STALE
async def test_calls_under_way_survive_the_loss_of_their_node(workshop, stale):
    async with two_nodes(stale_flag=stale) as nodes:
        url = haproxy(workshop, nodes[0].url, nodes[1].url, more=STICKY)
        async with meet(nodes[0], url, options=Options.for_tests(timeout=20, max_in_flight=16)) as (_, cluster):
            await cluster.restore_jobs()
            home, other = by_use(nodes)
            half_way = asyncio.Event()

            async def watch(_):
                if home.counts.accepted >= 96:
                    half_way.set()

            home.before_answer = watch
            calls = [asyncio.create_task(walk(cluster)) for _ in range(64)]
            await half_way.wait()
            await home.close()

            assert await asyncio.gather(*calls) == [ids(other)] * 64
            assert home.counts.repeated_nc == other.counts.repeated_nc == 0


async def test_nodes_without_stickiness_are_told_as_such(workshop):
    async with two_nodes() as nodes:
        url = haproxy(workshop, nodes[0].url, nodes[1].url)
        async with meet(nodes[0], url) as (session, cluster):
            with pytest.raises(AuthError, match="session affinity"):
                await cluster.restore_jobs()

            assert session.stats.requests <= 12
            assert all(node.counts.requests for node in nodes)


# --- Squid ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain_squid(workshop):
    return squid(workshop)


@pytest.fixture(scope="module")
def forbidding_squid(workshop):
    return squid(workshop, more="http_access deny all")


@pytest.fixture(scope="module")
def asking_squid(workshop):
    """Start a Squid that asks for a password."""
    workshop.find(NCSA)
    command = ["openssl", "passwd", "-apr1", PASSWORD]
    hashed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return squid(workshop, more=ASK, files={"users": f"user:{hashed}\n"})


async def test_squid_forwards_and_the_login_holds(plain_squid):
    async with through(plain_squid) as (emulator, session, cluster):
        assert await walk(cluster) == ids(emulator)
        await asyncio.gather(*(cluster.restore_jobs(query={"a b": "ü/%2F&="}) for _ in range(32)))
        await cluster.create_restore_job(WANTED)

        assert session.stats.challenges == 1
        assert all("Via" in record.headers for record in emulator.requests)
        assert emulator.counts.creates_taken == 1


async def test_the_page_of_squid_without_a_server_is_a_server_error(plain_squid):
    gone = await unused_url()
    async with behind(lambda _: gone, proxy=plain_squid) as (_, session, cluster):
        with pytest.raises(ServerError) as caught:
            await cluster.create_restore_job(WANTED)

        assert caught.value.status == 503
        assert session.stats.requests == 4


@pytest.mark.parametrize(("fault", "taken"), [("drop", 0), ("drop-answer", 1)])
async def test_a_create_broken_behind_squid_is_found_again(plain_squid, fault, taken):
    async with through(plain_squid) as (emulator, _, cluster):
        emulator.fault_after_login = lambda record: fault if record.method == "POST" else None

        with pytest.raises(MaybeCreated) as caught:
            await cluster.create_restore_job(WANTED)

        assert (await caught.value.reconcile()).verdict == ("taken" if taken else "cannot tell")
        assert posts(emulator) == 1
        assert emulator.counts.creates_taken == taken


async def test_squid_that_forbids_the_way_is_told(forbidding_squid):
    async with through(forbidding_squid) as (emulator, _, cluster):
        with pytest.raises(Forbidden, match="403"):
            await cluster.create_restore_job(WANTED)

        assert emulator.counts.requests == 0


async def test_a_password_for_squid_is_sent_to_squid_only(asking_squid):
    async with through(asking_squid.replace("//", f"//user:{PASSWORD}@")) as (emulator, _, cluster):
        assert await walk(cluster) == ids(emulator)
        assert not any("Proxy-Authorization" in record.headers for record in emulator.requests)


async def test_a_missing_password_for_squid_is_told(asking_squid):
    async with through(asking_squid) as (emulator, session, cluster):
        with pytest.raises(RestoreError, match="407"):
            await cluster.create_restore_job(WANTED)

        assert session.stats.requests == 1
        assert emulator.counts.requests == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


@asynccontextmanager
async def tunnelled(proxy, certificate):
    """Start an emulator that speaks TLS, and a session that goes to it through a forward proxy."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    async with (
        Emulator(settings(), ssl=context) as emulator,
        meet(emulator, emulator.url, proxy=proxy, ca_file=certificate[0]) as (session, cluster),
    ):
        yield emulator, session, cluster


async def test_squid_tunnels_tls(plain_squid, certificate):
    async with tunnelled(plain_squid, certificate) as (emulator, session, cluster):
        assert await walk(cluster) == ids(emulator)
        await cluster.create_restore_job(WANTED)

        assert session.stats.challenges == 1
        assert emulator.counts.creates_taken == 1


@pytest.mark.parametrize(("which", "status"), [("forbidding_squid", 403), ("asking_squid", 407)])
async def test_a_tunnel_that_squid_does_not_open_is_told(request, certificate, which, status):
    async with tunnelled(request.getfixturevalue(which), certificate) as (emulator, _, cluster):
        with pytest.raises(TransportError, match=str(status)):
            await cluster.create_restore_job(WANTED)

        assert emulator.counts.requests == 0
