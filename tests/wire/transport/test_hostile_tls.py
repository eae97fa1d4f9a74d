"""TLS that must not be trusted, and servers that want a certificate of the client."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING

import aiohttp
import pytest

from builders.restores import KEY, REQUEST
from mongorestore_async import (
    NO_RETRY,
    OPS_MANAGER,
    AsyncSession,
    ConnectFailed,
    ConnectionBroken,
    MaybeCreated,
    Options,
    ProtocolError,
    TransportError,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates")

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n{"results":[]}'
OPTIONS = Options(retry=NO_RETRY, timeout=10)

AUTHORITY = """
[ca]
default_ca = it
[it]
dir = .
database = ./index.txt
serial = ./serial
new_certs_dir = .
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = nobody
x509_extensions = root
[nobody]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
"""
VALID = ("20260101000000Z", "20960101000000Z")
EXPIRED = ("20200101000000Z", "20200201000000Z")
TO_COME = ("20950101000000Z", "20960101000000Z")


@pytest.fixture(scope="session")
def papers(tmp_path_factory) -> Path:
    """Make two authorities and certificates of the first: good, of another host, expired, to come, of a client."""
    folder = tmp_path_factory.mktemp("papers")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ("-config", "ca.cnf", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    (folder / "ca.cnf").write_text(AUTHORITY)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01")
    for name in ("ca", "stranger"):
        openssl(
            "req",
            "-x509",
            *new_key,
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
        )
    orders = {
        "good": ("IP:127.0.0.1", VALID),
        "other-host": ("DNS:example.org", VALID),
        "expired": ("IP:127.0.0.1", EXPIRED),
        "to-come": ("IP:127.0.0.1", TO_COME),
        "client": ("DNS:client", VALID),
    }
    for name, (subject, (start, end)) in orders.items():
        openssl("req", "-new", *new_key, "-subj", f"/CN={name}", "-addext", f"subjectAltName={subject}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-in", f"{name}.csr",
                "-out", f"{name}.pem", "-startdate", start, "-enddate", end, "-notext")  # fmt: skip
    return folder


def server_side(
    papers: Path, name: str, *, version: ssl.TLSVersion | None = None, clients: bool = False
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers / f"{name}.pem", papers / f"{name}.key")
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if clients:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(papers / "ca.pem")
    return context


def client_side(papers: Path, name: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(papers / "ca.pem"))
    if name is not None:
        context.load_cert_chain(papers / f"{name}.pem", papers / f"{name}.key")
    return context


BAD = {
    "unknown CA": ("good", "stranger.pem", "unable to get local issuer.*ca_file"),
    "wrong host": ("other-host", "ca.pem", "IP address mismatch.*host name"),
    "expired": ("expired", "ca.pem", "expired.*renew"),
    "not valid yet": ("to-come", "ca.pem", "not yet valid.*clock"),
    "self-signed": ("stranger", "ca.pem", "self-signed.*ca_file"),
}


@pytest.mark.parametrize(("name", "trusted", "said"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("how", ["ca_file", "ssl", "borrowed"])
async def test_nothing_is_sent_to_a_server_that_cannot_be_trusted(papers, play_raw, name, trusted, said, how):
    async with play_raw(ANSWER, ssl=server_side(papers, name)) as server:
        context = ssl.create_default_context(cafile=str(papers / trusted))
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as http:
            settings = {"ca_file": {"ca_file": papers / trusted}, "ssl": {"ssl": context}, "borrowed": {"http": http}}[
                how
            ]
            async with AsyncSession(KEY, base_url=server.url, options=OPTIONS, **settings) as session:
                cluster = session.project("p", OPS_MANAGER).cluster("c")
                with pytest.raises(ConnectFailed, match=said):
                    await cluster.restore_jobs()
                with pytest.raises(ConnectFailed):  # and not MaybeCreated: it is certain that nothing was created
                    await cluster.create_restore_job(REQUEST)
        assert server.heads == []


async def test_a_certificate_that_is_trusted_and_fits_is_taken(papers, play_raw):
    async with (
        play_raw(ANSWER, ssl=server_side(papers, "good")) as server,
        AsyncSession(KEY, base_url=server.url, options=OPTIONS, ca_file=papers / "ca.pem") as session,
    ):
        assert (await session.request("GET", "/x")).document == {"results": []}


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_a_client_certificate_is_shown_when_the_context_has_one(papers, play_raw, version):
    server_context = server_side(papers, "good", version=version, clients=True)
    async with play_raw(ANSWER, ssl=server_context) as server:
        context = client_side(papers, "client")
        async with AsyncSession(KEY, base_url=server.url, options=OPTIONS, ssl=context) as session:
            assert (await session.request("GET", "/x")).status == 200
        for wrong in (None, "stranger"):
            context = client_side(papers, wrong)
            async with AsyncSession(KEY, base_url=server.url, options=OPTIONS, ssl=context) as session:
                cluster = session.project("p", OPS_MANAGER).cluster("c")
                # In TLS 1.3 the server refuses after the handshake, and its alert may be lost with the connection.
                with pytest.raises((ConnectFailed, ConnectionBroken)):
                    await cluster.restore_jobs()
                with pytest.raises(TransportError) as caught:
                    await cluster.create_restore_job(REQUEST)
                assert not isinstance(caught.value, MaybeCreated)  # it is the read before that fails
        assert len(server.heads) == 1


async def test_plain_http_where_tls_was_promised(papers):
    async def greet(_reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with AsyncSession(KEY, base_url=url, options=OPTIONS, ssl=client_side(papers)) as session:
        with pytest.raises(ConnectFailed, match=r"(?i)ssl"):
            await session.request("GET", "/x")
    server.close()


async def test_tls_where_plain_http_was_promised(papers, play_raw):
    async with play_raw(ANSWER, ssl=server_side(papers, "good")) as server:
        async with AsyncSession(KEY, base_url="http" + server.url.removeprefix("https"), options=OPTIONS) as session:
            with pytest.raises(ProtocolError):
                await session.request("GET", "/x")
        assert server.heads == []


async def test_a_connection_cut_within_a_tls_record_is_a_broken_one(papers, play_raw):
    async def cut(writer):
        writer.write(ANSWER.replace(b"14", b"1400"))
        await writer.drain()
        writer.transport.abort()

    async with (
        play_raw(cut, ssl=server_side(papers, "good")) as server,
        AsyncSession(KEY, base_url=server.url, options=OPTIONS, ca_file=papers / "ca.pem") as session,
    ):
        with pytest.raises(ConnectionBroken):
            await session.request("GET", "/x")
