"""Custom CA files, SSL contexts and proxies over real sockets."""

from __future__ import annotations

import asyncio
import base64
import ssl
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from builders.network import forward_proxy
from mongorestore_async import (
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    ConnectFailed,
    DigestAuth,
    Options,
    RequestTimeout,
)
from mongorestore_async.emulator import EmulatorSettings, create_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROJECTS = "/groups"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """Make a self-signed certificate of localhost."""
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
async def tls_server(certificate: tuple[Path, Path]) -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    runner = web.AppRunner(create_app(EmulatorSettings()))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def key() -> DigestAuth:
    settings = EmulatorSettings()
    return DigestAuth(settings.public_key, settings.private_key)


async def test_an_unknown_ca_is_refused_with_advice(certificate):
    async with tls_server(certificate) as url, AsyncSession(key(), base_url=url) as session:
        with pytest.raises(ConnectFailed, match="ca_file"):
            await session.request("GET", PROJECTS, family=OPS_MANAGER)


async def test_a_ca_file_an_ssl_context_and_no_verification_work(certificate):
    context = ssl.create_default_context(cafile=str(certificate[0]))
    async with tls_server(certificate) as url:
        for settings in ({"ca_file": certificate[0]}, {"ssl": context}, {"ssl": False}):
            async with AsyncSession(key(), base_url=url, **settings) as session:
                assert (await session.request("GET", PROJECTS, family=OPS_MANAGER)).status == 200
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http,
            AsyncSession(key(), base_url=url, http=http) as session,
        ):
            assert (await session.request("GET", PROJECTS, family=OPS_MANAGER)).status == 200


async def test_environment_variables_of_mongocli_reach_the_connection(certificate):
    auth = key()
    base = {"MCLI_PUBLIC_API_KEY": auth.public_key, "MCLI_PRIVATE_API_KEY": str(auth.private_key)}
    async with tls_server(certificate) as url:
        for extra in (
            {"MCLI_OPS_MANAGER_CA_CERTIFICATE": str(certificate[0])},
            {"MCLI_OPS_MANAGER_SKIP_VERIFY": "true"},
        ):
            async with AsyncSession.from_env({**base, "MCLI_OPS_MANAGER_URL": url, **extra}) as session:
                assert (await session.request("GET", PROJECTS, family=OPS_MANAGER)).status == 200


async def test_a_ca_file_that_cannot_be_used_is_told_before_any_call(tmp_path):
    for name in ("missing.pem", "empty.pem"):
        (tmp_path / "empty.pem").write_text("no certificate")
        session = AsyncSession(None, base_url="https://127.0.0.1:1", ca_file=tmp_path / name)
        with pytest.raises(ConfigError, match=name):
            await session.open()
        await session.close()


def test_settings_that_exclude_each_other_are_refused():
    context = ssl.create_default_context()
    with pytest.raises(ConfigError, match="either"):
        AsyncSession(None, ssl=context, ca_file="x.pem")
    for proxy in ("proxy.example.com:3128", "socks5://proxy:1", ""):
        with pytest.raises(ConfigError, match="http://proxy"):
            AsyncSession(None, proxy=proxy)


async def test_connection_settings_do_not_mix_with_a_borrowed_session():
    async with aiohttp.ClientSession() as http:
        for settings in ({"ca_file": "x.pem"}, {"ssl": False}):
            with pytest.raises(ConfigError, match="belong to the connector"):
                AsyncSession(None, http=http, **settings)


async def test_a_proxy_with_credentials_works_together_with_digest(emulate, connect, first_cluster):
    expected = "Basic " + base64.b64encode(b"user:pass word").decode()
    async with emulate() as emulator, forward_proxy() as (proxy, seen):
        async with connect(emulator, proxy=f"http://user:pass%20word@{proxy}") as session:
            assert len(await first_cluster(session, emulator).restore_jobs()) == 25
        assert len(seen) == 2
        assert all(line.startswith(f"GET {emulator.url}/") for line, _ in seen)
        assert {authorization for _, authorization in seen} == {expected}
        assert emulator.counts.accepted == 1


async def test_https_through_a_proxy(certificate):
    async with tls_server(certificate) as url, forward_proxy() as (proxy, seen):
        settings = {"proxy": f"http://user:word@{proxy}", "ca_file": certificate[0]}
        async with AsyncSession(key(), base_url=url, **settings) as session:
            assert (await session.request("GET", PROJECTS, family=OPS_MANAGER)).status == 200
        credentials = "Basic " + base64.b64encode(b"user:word").decode()
        assert seen[0] == (f"CONNECT {url.removeprefix('https://')}", credentials)


async def test_the_proxy_settings_of_a_borrowed_session_are_taken(emulate, connect, first_cluster, monkeypatch):
    async with emulate() as emulator, forward_proxy() as (proxy, seen):
        async with (
            aiohttp.ClientSession(proxy=f"http://{proxy}") as http,
            connect(emulator, http=http) as session,
        ):
            await first_cluster(session, emulator).restore_jobs()
        assert len(seen) == 2

        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        monkeypatch.delenv("no_proxy", raising=False)
        async with aiohttp.ClientSession(trust_env=True) as http, connect(emulator, http=http) as session:
            await first_cluster(session, emulator).restore_jobs()
        assert len(seen) == 4

        monkeypatch.setenv("no_proxy", "127.0.0.1")
        async with aiohttp.ClientSession(trust_env=True) as http, connect(emulator, http=http) as session:
            await first_cluster(session, emulator).restore_jobs()
        async with aiohttp.ClientSession() as http, connect(emulator, http=http) as session:
            await first_cluster(session, emulator).restore_jobs()
        assert len(seen) == 4


async def test_a_session_from_the_environment_uses_its_proxy(emulate, first_cluster):
    async with emulate() as emulator, forward_proxy() as (proxy, seen):
        public = f"http://om.example.com:{emulator.url.rpartition(':')[2]}"
        environ = {
            "MCLI_PUBLIC_API_KEY": emulator.public_key,
            "MCLI_PRIVATE_API_KEY": str(emulator.private_key),
            "MONGODB_ATLAS_OPS_MANAGER_URL": public,
            "HTTP_PROXY": f"http://user:word@{proxy}",
            "NO_PROXY": "10.0.0.0/8,.example.com:1",
        }
        async with AsyncSession.from_env(environ) as session:
            await first_cluster(session, emulator).restore_jobs()
        assert [line.startswith(f"GET {public}/") for line, _ in seen] == [True, True]

        direct = {"MCLI_OPS_MANAGER_URL": emulator.url, "MONGODB_ATLAS_OPS_MANAGER_URL": ""}
        for settings in (environ | direct, environ | {"HTTP_PROXY": "http://127.0.0.1:1"} | direct):
            async with AsyncSession.from_env(settings) as session:
                await first_cluster(session, emulator).restore_jobs()
        assert len(seen) == 2


async def test_a_function_may_choose_the_proxy(emulate, connect, first_cluster):
    asked = []

    async with emulate() as emulator, forward_proxy() as (proxy, seen):

        def choose(target):
            asked.append(str(target.origin()))
            return f"http://{proxy}"

        async with connect(emulator, proxy=choose) as session:
            await first_cluster(session, emulator).restore_jobs()
        assert (asked, len(seen)) == ([emulator.url], 2)

        async with connect(emulator, proxy=lambda _target: None) as session:
            await first_cluster(session, emulator).restore_jobs()
        assert len(seen) == 2

        session = AsyncSession(None, base_url=emulator.url, proxy=lambda _target: "socks5://u:hush-word@127.0.0.1:1")
        with pytest.raises(ConfigError, match="HTTP proxy's URL") as caught:
            await first_cluster(session, emulator).restore_jobs()
        assert "hush-word" not in str(caught.value)


async def test_a_proxy_that_is_not_there_is_a_failed_connection(emulate, connect, first_cluster):
    async with emulate() as emulator, connect(emulator, proxy="http://user:hush-word@127.0.0.1:1") as session:
        with pytest.raises(ConnectFailed, match="proxy") as caught:
            await first_cluster(session, emulator).restore_jobs()
        assert "hush-word" not in repr(caught.value) + str(caught.value) + repr(caught.value.__cause__)
        assert emulator.counts.requests == 0


async def test_a_connection_without_an_answer_is_told_as_such():
    silent = asyncio.Event()

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    async with await asyncio.start_server(accept, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with AsyncSession(None, options=Options(timeout=2), base_url=url) as session:
            with pytest.raises(RequestTimeout, match=r"no answer within 2 s") as caught:
                await session.request("GET", PROJECTS, family=OPS_MANAGER)
        silent.set()
        await asyncio.sleep(0.05)
    assert caught.value.request.unanswered
