"""The way to the server: name, connection, certificate. Each is tried by itself, so that the first that fails is named.

Certificates are verified by a handshake with the settings of the session. Behind a proxy the first call tells about
them: a tunnel is nothing that this file opens.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl as tls
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from mongorestore_async.auth.tokens import travels_in_clear
from mongorestore_async.doctor.check_results import CheckName, CheckOutcome, CheckResult
from mongorestore_async.errors import ConfigError
from mongorestore_async.protocol.redaction import one_line
from mongorestore_async.transport.connection import Connection
from mongorestore_async.transport.failures import tls_failure
from mongorestore_async.transport.worker_threads import WorkerThreads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from yarl import URL

    from mongorestore_async.transport.transport import Transport

__all__ = ["check_network", "speaks_tls"]

#: Days before the end of a certificate from which on it is said.
_DAYS_LEFT = 14

_OK, _WARNING, _FAILED, _SKIPPED = CheckOutcome


async def check_network(transport: Transport, seconds: float) -> AsyncIterator[CheckResult]:
    """Check the way to the server of a session, up to the first failure.

    Args:
        transport: The session's.
        seconds: For each step.

    """
    base = transport.base_url
    if travels_in_clear(base):
        yield CheckResult(
            CheckName.ADDRESS, _WARNING, f"{base} is not encrypted: others can read and change what is sent; use https"
        )
    else:
        yield CheckResult(CheckName.ADDRESS, _OK, str(base))
    if transport.http_settings.http is not None:
        told = "the aiohttp session passed as http makes the connections"
        for name in (CheckName.DNS, CheckName.CONNECTION, CheckName.PROXY, CheckName.TLS, CheckName.STRICT_TLS):
            yield CheckResult(name, _SKIPPED, told)
        return
    threads = WorkerThreads("doctor", 2)
    try:
        async for result in _check_way(transport, threads, seconds):
            yield result
    finally:
        threads.close()


async def speaks_tls(url: URL, seconds: float) -> bool:
    """Whether a port, addressed with http://, is one for https://; nothing is sent over the connection."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = tls.CERT_NONE
    result = await _shake_hands(url, context, seconds)
    return not result.is_failure


async def _check_way(transport: Transport, threads: WorkerThreads, seconds: float) -> AsyncIterator[CheckResult]:
    base, settings = transport.base_url, transport.http_settings
    connection = Connection(settings, limit=1, threads=threads)
    try:
        proxy = await connection.choose_proxy(base)
    except ConfigError as error:
        yield CheckResult(CheckName.PROXY, _FAILED, error.problem)
        return
    nearest = base if proxy is None else proxy.with_user(None)
    yield CheckResult(CheckName.PROXY, _OK, "none is used" if proxy is None else f"{nearest.origin()} is used")
    result = await _look_up(nearest, threads, seconds)
    yield result
    if result.is_failure:
        return
    result = await _connect(nearest, seconds)
    yield result
    if result.is_failure:
        return
    if base.scheme != "https":
        told = "the address is http://, which has no certificates"
        yield CheckResult(CheckName.TLS, _SKIPPED, told)
        yield CheckResult(CheckName.STRICT_TLS, _SKIPPED, told)
        return
    async for result in _check_certificate(connection, transport, threads, seconds, is_direct=proxy is None):
        yield result


async def _look_up(url: URL, threads: WorkerThreads, seconds: float) -> CheckResult:
    host = url.host or ""
    with contextlib.suppress(ValueError):
        ip_address(host)
        return CheckResult(CheckName.DNS, _OK, f"{host} is an IP address")
    try:
        async with asyncio.timeout(seconds):
            found = await threads.run(socket.getaddrinfo, host, url.port, type=socket.SOCK_STREAM)
    except TimeoutError:
        return CheckResult(CheckName.DNS, _FAILED, f"looking up {host} took more than {seconds:g} s: check DNS")
    except OSError as error:
        said = one_line(error.strerror or str(error))
        return CheckResult(CheckName.DNS, _FAILED, f"{host} cannot be found ({said}): check the name, and DNS")
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    return CheckResult(CheckName.DNS, _OK, f"{host} is {', '.join(addresses)}")


async def _connect(url: URL, seconds: float) -> CheckResult:
    where = f"{url.host}:{url.port}"
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(url.host, url.port)
    except TimeoutError:
        message = f"no connection to {where} within {seconds:g} s: a firewall may drop it"
    except ConnectionRefusedError:
        message = f"nothing listens on {where} (connection refused): check the port"
    except OSError as error:
        message = f"no connection to {where} ({one_line(error.strerror or str(error))})"
    else:
        writer.close()
        return CheckResult(CheckName.CONNECTION, _OK, f"{where} takes connections")
    return CheckResult(CheckName.CONNECTION, _FAILED, message)


async def _check_certificate(
    connection: Connection, transport: Transport, threads: WorkerThreads, seconds: float, *, is_direct: bool
) -> AsyncIterator[CheckResult]:
    try:
        context = await connection.tls_context()
    except ConfigError as error:
        yield CheckResult(CheckName.TLS, _FAILED, error.problem)
        return
    if context is False:
        yield CheckResult(
            CheckName.TLS, _WARNING, "certificates are not verified: anybody in between can read the keys"
        )
        yield CheckResult(CheckName.STRICT_TLS, _SKIPPED, "certificates are not verified")
        return
    if not is_direct:
        told = "behind a proxy the strict checks cannot be made by themselves"
        yield CheckResult(CheckName.STRICT_TLS, _SKIPPED, told)
        return
    if context is True:
        context = await threads.run(tls.create_default_context)
    result = await _shake_hands(transport.base_url, context, seconds)
    yield result
    if result.is_failure:
        return
    yield await _check_strictly(transport, context, threads, seconds)


async def _check_strictly(
    transport: Transport, context: tls.SSLContext, threads: WorkerThreads, seconds: float
) -> CheckResult:
    """Find out whether a certificate that was accepted also passes the strict checks."""
    if context.verify_flags & tls.VERIFY_X509_STRICT:
        return CheckResult(CheckName.STRICT_TLS, _OK, "this Python makes them, and the certificate passes")
    settings = transport.http_settings
    if isinstance(settings.ssl, tls.SSLContext):
        return CheckResult(CheckName.STRICT_TLS, _SKIPPED, "the SSLContext that was passed leaves them out")
    strict = await threads.run(
        tls.create_default_context, cafile=None if settings.ca_file is None else str(settings.ca_file)
    )
    strict.verify_flags |= tls.VERIFY_X509_STRICT
    result = await _shake_hands(transport.base_url, strict, seconds)
    if not result.is_failure:
        return CheckResult(CheckName.STRICT_TLS, _OK, "the certificate passes; they are not made here")
    if not settings.strict_certificates:
        message = "the certificate would not pass; the settings leave them out"
        return CheckResult(CheckName.STRICT_TLS, _WARNING, message)
    message = f"a newer Python will not connect: {result.message}"
    return CheckResult(CheckName.STRICT_TLS, _WARNING, message, result.hint)


async def _shake_hands(url: URL, context: tls.SSLContext, seconds: float) -> CheckResult:
    """Verify the certificate of a server, and read from it until when it is valid."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(url.host, url.port, ssl=context, server_hostname=url.host)
    except TimeoutError:
        return CheckResult(CheckName.TLS, _FAILED, f"no TLS within {seconds:g} s: is it a port for https?")
    except OSError as error:  # those of ssl are of this kind
        found = tls_failure(error, one_line(str(error)))
        plain = "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER_FAILURE" in str(error)
        message = f"{found.problem}: the port does not speak TLS; is it one for http://?" if plain else found.problem
        return CheckResult(CheckName.TLS, _FAILED, message, None if plain else found.hint)
    try:
        certificate: dict[str, Any] = writer.get_extra_info("peercert") or {}
        version = writer.get_extra_info("ssl_object").version()
    finally:
        writer.transport.abort()  # a shutdown of TLS would wait for the server
    return _read_certificate(certificate, version, datetime.now(UTC))


def _read_certificate(certificate: dict[str, Any], version: str, now: datetime) -> CheckResult:
    if "notAfter" not in certificate:
        return CheckResult(CheckName.TLS, _OK, version)
    names = {key: value for part in certificate.get("issuer", ()) for key, value in part}
    issuer = one_line(str(names.get("commonName") or names.get("organizationName") or "an unnamed CA"))
    ends = datetime.fromtimestamp(tls.cert_time_to_seconds(certificate["notAfter"]), UTC)
    message = f"{version}, certificate of {issuer}, valid until {ends:%Y-%m-%d}"
    days = (ends - now).days
    if days >= _DAYS_LEFT:
        return CheckResult(CheckName.TLS, _OK, message)
    return CheckResult(CheckName.TLS, _WARNING, f"{message}, which is soon: have it renewed")
