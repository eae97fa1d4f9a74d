"""Certificates that are refused, each for a reason of its own: what the error says, and how often it is tried."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

import aiohttp
import pytest

from builders.network import certificate_authority, check_strictly, serve
from mongorestore_async import (
    OPS_MANAGER,
    AsyncSession,
    ConfigError,
    ConnectFailed,
    Options,
    PollPolicy,
    ProxyFailed,
    RetryPolicy,
    TLSFailed,
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return certificate_authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def strict(monkeypatch):
    check_strictly(monkeypatch)


FAST = Options(retry=RetryPolicy(base=0), poll=PollPolicy(patience=0))


@pytest.mark.parametrize(
    ("ca", "server", "host", "trusted", "says"),
    [
        ("ca_without_identifier", "server_without_identifier", "127.0.0.1", True, "strict_certificates=False"),
        ("ca_not_critical", "server", "127.0.0.1", True, "strict_certificates=False"),
        ("ca", "server_without_identifier", "127.0.0.1", True, "strict_certificates=False"),
        ("ca", "server", "127.0.0.1", False, "ca_file"),
        ("ca", "server_elsewhere", "localhost", True, "host name"),
        ("ca", "server_elsewhere", "127.0.0.1", True, "host name"),
    ],
)
async def test_a_refused_certificate_is_told_and_not_tried_again(authority, strict, ca, server, host, trusted, says):
    ca_file, *certificate = authority(ca, server)
    other, *_ = authority("ca_not_critical", "server_elsewhere")
    async with serve(*certificate) as (port, seen):
        url = f"https://{host}:{port}"
        async with AsyncSession(None, base_url=url, ca_file=ca_file if trusted else other, options=FAST) as session:
            with pytest.raises(TLSFailed, match="certificate was refused") as caught:
                await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()
        assert says in str(caught.value)
        assert caught.value.not_acted
        assert len(seen) == 1


@pytest.mark.parametrize(
    ("ca", "server"), [("ca_without_identifier", "server_without_identifier"), ("ca_not_critical", "server")]
)
async def test_without_strict_checks_certificates_are_still_verified(authority, strict, ca, server):
    ca_file, *certificate = authority(ca, server)
    other, *_ = authority("ca_not_critical", "server_elsewhere")
    async with serve(*certificate) as (port, _):
        settings = {"base_url": f"https://127.0.0.1:{port}", "strict_certificates": False, "options": FAST}
        async with AsyncSession(None, ca_file=ca_file, **settings) as session:
            assert not await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()
        for foreign in (other, None):
            async with AsyncSession(None, ca_file=foreign, **settings) as session:
                with pytest.raises(TLSFailed, match="ca_file"):
                    await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()


async def test_a_port_without_tls_is_told():
    async def answer(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, AsyncSession(None, base_url=url, options=FAST) as session:
        with pytest.raises(TLSFailed, match="no TLS with the server"):
            await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()
        await asyncio.sleep(0.01)


def test_strict_certificates_do_not_mix_with_contexts_of_the_user():
    with pytest.raises(ConfigError, match="VERIFY_X509_STRICT"):
        AsyncSession(None, ssl=ssl.create_default_context(), strict_certificates=False)
    with pytest.raises(ConfigError, match="strict_certificates must be"):
        AsyncSession(None, strict_certificates=None)


@pytest.mark.parametrize(("status", "sent"), [(403, 1), (407, 1), (502, 4), (503, 4)])
async def test_a_proxy_that_refuses_the_tunnel_is_not_asked_again(status, sent):
    seen = []

    async def refuse(reader, writer):
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    url = "https://om.example.com"
    async with server, AsyncSession(None, base_url=url, proxy=proxy, options=FAST) as session:
        with pytest.raises(ProxyFailed, match=f"HTTP {status}") as caught:
            await session.project("5" * 24, OPS_MANAGER).cluster("6" * 24).restore_jobs()
        assert isinstance(caught.value, ConnectFailed)
        assert isinstance(caught.value.__cause__, aiohttp.ClientHttpProxyError)
        await asyncio.sleep(0.01)
    assert len(seen) == sent
