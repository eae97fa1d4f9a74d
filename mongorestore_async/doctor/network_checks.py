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
    from collections.abc import Callable
    from typing import TypeAlias

    from yarl import URL

    from mongorestore_async.transport.transport import Transport

    Note: TypeAlias = Callable[[CheckResult], object]

__all__ = ["NetworkChecks"]

#: Days before the end of a certificate from which on it is said.
_DAYS_LEFT = 14

_OK, _WARNING, _FAILED, _SKIPPED = CheckOutcome


class NetworkChecks:
    """Checks the way to the server of a session, up to the first failure.

    Args:
        transport: The session's.
        seconds: For each step.
        note: Takes the results.

    """

    def __init__(self, transport: Transport, seconds: float, note: Note) -> None:
        self._base = transport.base_url
        self._settings = transport.http_settings
        self._seconds = seconds
        self._note = note
        self._threads = WorkerThreads("doctor", 2)
        self._address: str | None = None  # of the server, where it took a connection

    async def run(self) -> None:
        """Make the checks."""
        base = self._base
        if travels_in_clear(base):
            told = f"{base} is not encrypted: others can read and change what is sent; use https"
            self._note(CheckResult(CheckName.ADDRESS, _WARNING, told))
        else:
            self._note(CheckResult(CheckName.ADDRESS, _OK, str(base)))
        if self._settings.http is not None:
            told = "the aiohttp session passed as http makes the connections"
            for name in (CheckName.PROXY, CheckName.DNS, CheckName.CONNECTION, CheckName.TLS, CheckName.STRICT_TLS):
                self._note(CheckResult(name, _SKIPPED, told))
            return
        try:
            await self._check_way()
        finally:
            self._threads.close()

    async def speaks_tls(self) -> bool:
        """Whether the port of the server, which the session addresses with http://, is one for https://."""
        if self._address is None:
            return False
        context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = tls.CERT_NONE
        return not (await self._shake_hands(self._address, context)).is_failure

    async def _check_way(self) -> None:
        connection = Connection(self._settings, limit=1, threads=self._threads)
        try:
            proxy = await connection.choose_proxy(self._base)
        except ConfigError as error:
            self._note(CheckResult(CheckName.PROXY, _FAILED, error.problem))
            return
        nearest = self._base if proxy is None else proxy.with_user(None)
        self._note(
            CheckResult(CheckName.PROXY, _OK, "none is used" if proxy is None else f"{nearest.origin()} is used")
        )
        address = await self._connect(nearest, await self._look_up(nearest))
        if address is None:
            return
        self._address = address if proxy is None else None
        if self._base.scheme == "https":
            await self._check_certificate(connection)
            return
        for name in (CheckName.TLS, CheckName.STRICT_TLS):
            self._note(CheckResult(name, _SKIPPED, "the address is http://, which has no certificates"))

    async def _look_up(self, url: URL) -> list[str]:
        """Find the addresses of a host, in threads of our own, as calls do."""
        host = url.host or ""
        with contextlib.suppress(ValueError):
            ip_address(host)
            self._note(CheckResult(CheckName.DNS, _OK, f"{host} is an IP address"))
            return [host]
        try:
            async with asyncio.timeout(self._seconds):
                found = await self._threads.run(socket.getaddrinfo, host, url.port, type=socket.SOCK_STREAM)
        except TimeoutError:
            message = f"looking up {host} took more than {self._seconds:g} s: check DNS"
        except OSError as error:
            message = f"{host} cannot be found ({one_line(error.strerror or str(error))}): check the name, and DNS"
        except UnicodeError:
            message = f"{one_line(host)} cannot be the name of a host: check the address"
        else:
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
            self._note(CheckResult(CheckName.DNS, _OK, f"{host} is {', '.join(addresses)}"))
            return addresses
        self._note(CheckResult(CheckName.DNS, _FAILED, message))
        return []

    async def _connect(self, url: URL, addresses: list[str]) -> str | None:
        """Connect to the first address that takes it; which one that is, None for none."""
        where, message = f"{url.host}:{url.port}", ""
        for address in addresses:
            try:
                async with asyncio.timeout(self._seconds):
                    _, writer = await asyncio.open_connection(address, url.port)
            except TimeoutError:
                message = f"no connection to {where} within {self._seconds:g} s: a firewall may drop it"
            except ConnectionRefusedError:
                message = f"nothing listens on {where} (connection refused): check the port"
            except OSError as error:
                message = f"no connection to {where} ({one_line(error.strerror or str(error))})"
            else:
                writer.close()
                self._note(CheckResult(CheckName.CONNECTION, _OK, f"{where} takes connections"))
                return address
        if message:
            self._note(CheckResult(CheckName.CONNECTION, _FAILED, message))
        return None

    async def _check_certificate(self, connection: Connection) -> None:
        """Verify the certificate as calls do, and then as newer Pythons do."""
        try:
            context = await connection.tls_context()
        except ConfigError as error:
            self._note(CheckResult(CheckName.TLS, _FAILED, error.problem))
            return
        if context is False:
            told = "certificates are not verified: anybody in between can read the keys"
            self._note(CheckResult(CheckName.TLS, _WARNING, told))
            self._note(CheckResult(CheckName.STRICT_TLS, _SKIPPED, "certificates are not verified"))
        elif self._address is None:
            told = "behind a proxy the strict checks cannot be made by themselves"
            self._note(CheckResult(CheckName.STRICT_TLS, _SKIPPED, told))
        else:
            if context is True:
                context = await self._threads.run(tls.create_default_context)
            result = await self._shake_hands(self._address, context)
            self._note(result)
            if not result.is_failure:
                self._note(await self._check_strictly(self._address, context))

    async def _check_strictly(self, address: str, context: tls.SSLContext) -> CheckResult:
        """Find out whether a certificate that was accepted also passes the strict checks."""
        settings = self._settings
        if context.verify_flags & tls.VERIFY_X509_STRICT:
            return CheckResult(CheckName.STRICT_TLS, _OK, "this Python makes them, and the certificate passes")
        if isinstance(settings.ssl, tls.SSLContext):
            return CheckResult(CheckName.STRICT_TLS, _SKIPPED, "the SSLContext that was passed leaves them out")
        ca_file = None if settings.ca_file is None else str(settings.ca_file)
        strict = await self._threads.run(tls.create_default_context, cafile=ca_file)
        strict.verify_flags |= tls.VERIFY_X509_STRICT
        result = await self._shake_hands(address, strict)
        if not result.is_failure:
            return CheckResult(CheckName.STRICT_TLS, _OK, "the certificate passes; they are not made here")
        if not settings.strict_certificates:
            message = "the certificate would not pass; the settings leave them out"
            return CheckResult(CheckName.STRICT_TLS, _WARNING, message)
        message = f"a newer Python will not connect: {result.message}"
        return CheckResult(CheckName.STRICT_TLS, _WARNING, message, result.hint)

    async def _shake_hands(self, address: str, context: tls.SSLContext) -> CheckResult:
        """Verify the certificate of the server, and read from it until when it is valid."""
        host, port = self._base.host, self._base.port
        try:
            async with asyncio.timeout(self._seconds):
                _, writer = await asyncio.open_connection(address, port, ssl=context, server_hostname=host)
        except TimeoutError:
            return CheckResult(CheckName.TLS, _FAILED, f"no TLS within {self._seconds:g} s: is it a port for https?")
        except OSError as error:  # those of ssl are of this kind
            found = tls_failure(error, one_line(str(error)))
            if "WRONG_VERSION_NUMBER" in str(error) or "RECORD_LAYER_FAILURE" in str(error):
                message = f"{found.problem}: the port does not speak TLS; is it one for http://?"
                return CheckResult(CheckName.TLS, _FAILED, message)
            return CheckResult(CheckName.TLS, _FAILED, found.problem, found.hint)
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
