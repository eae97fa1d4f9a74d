"""The way to a server: a proxy, private CAs, and servers with their certificates."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    import pytest

CONFIG = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
[ca_without_identifier]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = none
authorityKeyIdentifier = none
[ca_not_critical]
basicConstraints = CA:true
keyUsage = keyCertSign,cRLSign
[server]
subjectAltName = DNS:localhost,IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server_without_identifier]
subjectAltName = DNS:localhost,IP:127.0.0.1
authorityKeyIdentifier = none
[server_elsewhere]
subjectAltName = DNS:om.example.com
authorityKeyIdentifier = keyid
"""


def certificate_authority(folder: Path) -> Callable[..., tuple[Path, Path, Path]]:
    """Make certificates with openssl: of a CA in some form, and of a server signed by it."""
    (folder / "openssl.cnf").write_text(CONFIG)

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)

    def make(ca: str, server: str, *, days: str = "2") -> tuple[Path, Path, Path]:
        name = f"{ca}-{server}-{days}"
        if not (folder / f"{name}.pem").exists():
            key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "openssl.cnf"]
            openssl("req", "-x509", *key, "-subj", "/CN=Private CA", "-days", "9", "-extensions", ca,
                    "-keyout", f"{name}-ca.key", "-out", f"{name}-ca.pem")  # fmt: skip
            openssl("req", *key, "-subj", "/CN=server", "-keyout", f"{name}.key", "-out", f"{name}.csr")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.pem", "-CAkey", f"{name}-ca.key",
                    "-CAcreateserial", "-days", days, "-extfile", "openssl.cnf", "-extensions", server,
                    "-out", f"{name}.pem")  # fmt: skip
        return folder / f"{name}-ca.pem", folder / f"{name}.pem", folder / f"{name}.key"

    return make


def check_strictly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make contexts as Python 3.13 does."""
    plain = ssl.create_default_context

    def create(*arguments: Any, **settings: Any) -> ssl.SSLContext:
        context = plain(*arguments, **settings)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", create)


@asynccontextmanager
async def serve(*certificate: Path) -> AsyncIterator[tuple[int, list[int]]]:
    """Answer every call with an empty list; counts connections."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    seen = []

    async def answer(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                body = b'{"results": [], "totalCount": 0}'
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def count(protocol):
        def make():
            seen.append(1)
            return protocol()

        return make

    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        count(lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), answer)), "127.0.0.1", 0, ssl=context
    )
    try:
        yield server.sockets[0].getsockname()[1], seen
    finally:
        server.close()
        await server.wait_closed()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def forward_proxy() -> AsyncIterator[tuple[str, list[tuple[str, str | None]]]]:
    """Run a small HTTP proxy: forwards plain requests and tunnels CONNECT; knows example.com; notes requests."""
    seen: list[tuple[str, str | None]] = []

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:  # a connection that was only tried
            writer.close()
            return
        line, *fields = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        method, target, _ = line.split()
        seen.append((f"{method} {target}", headers.get("proxy-authorization")))
        host = target if method == "CONNECT" else target.split("/")[2]
        name, _, port = host.partition(":")
        address = "127.0.0.1" if name.endswith(".example.com") else name
        remote_reader, remote_writer = await asyncio.open_connection(address, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = "/" + target.split("/", 3)[3]
            kept = [field for field in fields if field and not field.lower().startswith(("proxy-", "connection"))]
            remote_writer.write("\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""]).encode())
        await asyncio.gather(pipe(reader, remote_writer), pipe(remote_reader, writer), return_exceptions=True)

    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(handle(reader, writer))
        tasks.add(task)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # closed transports let go of their sockets on the next turn of the loop


NGINX = """
daemon off;
worker_processes 1;
pid @FOLDER@/nginx.pid;
error_log @FOLDER@/error.log;
events { worker_connections 512; }
http {
    access_log @FOLDER@/access.log;
    client_body_temp_path @FOLDER@/client;
    proxy_temp_path @FOLDER@/proxy;
    fastcgi_temp_path @FOLDER@/fastcgi;
    uwsgi_temp_path @FOLDER@/uwsgi;
    scgi_temp_path @FOLDER@/scgi;
    @HTTP@
}
"""


def nginx_config(http: str) -> str:
    """Write a configuration of nginx that keeps to its own folder, round the directives of its ``http`` block."""
    return NGINX.replace("@HTTP@", http.strip())
