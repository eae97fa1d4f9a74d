"""One exchange: admission, login, deadline, the whole answer read before it returns."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
import attrs
from multidict import CIMultiDict, CIMultiDictProxy

from mongorestore_async.errors import (
    ConnectFailed,
    ProtocolError,
    RequestContext,
    RequestTimeout,
    SessionClosed,
    TransportError,
    WrongLoop,
)
from mongorestore_async.models.headers import Headers
from mongorestore_async.protocol.login import Attempt, Login
from mongorestore_async.protocol.redaction import redact_url
from mongorestore_async.protocol.replies import RawReply
from mongorestore_async.transport.connection import Connection
from mongorestore_async.transport.gate import LoginGate
from mongorestore_async.transport.options import MAX_ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.credentials import DigestAuth
    from mongorestore_async.transport.connection import HttpSettings
    from mongorestore_async.transport.options import Options

__all__ = ["Call", "ServerFacts", "Stats", "Transport"]

_READ_CHUNK = 64 * 1024

_NO_HEADERS: CIMultiDictProxy[str] = CIMultiDictProxy(CIMultiDict())

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.ServerFingerprintMismatch)


@attrs.frozen
class Call:
    """One call to be made.

    Attributes:
        method: HTTP verb in upper case.
        url: The target, already encoded.
        headers: Headers beside ``User-Agent`` and ``Authorization``.
        body: Body as sent, None without one. It may be sent again in reply to a challenge.
        family: Name of the product family, for errors.

    """

    method: str
    url: URL
    headers: Mapping[str, str]
    body: bytes | None = attrs.field(default=None, repr=False)
    family: str | None = None


@attrs.frozen
class Stats:
    """What a session and its views have sent so far.

    Attributes:
        requests: HTTP requests, those that were challenged included.
        challenges: Answers that were a digest challenge.

    """

    requests: int = 0
    challenges: int = 0


@attrs.define
class ServerFacts:
    """What the answers so far have told about the server.

    Attributes:
        service_version: ``X-MongoDB-Service-Version`` as received last, None while none came.
        page_limit: The largest page the server takes when nobody asked for a size: 500, or 100 on old releases.

    """

    service_version: str | None = None
    page_limit: int = MAX_ITEMS_PER_PAGE


class Transport:
    """The connection, login and slots that a session shares with its views."""

    def __init__(self, auth: DigestAuth | None, base_url: URL, settings: HttpSettings, *, max_in_flight: int) -> None:
        self.base_url = base_url
        self.facts = ServerFacts()
        self._requests = 0
        self._challenges = 0
        self._connection = Connection(settings, limit=max_in_flight)
        self._gate = None if auth is None else LoginGate(Login(auth, time.monotonic))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Lock | None = None
        self._slots = asyncio.Semaphore(max_in_flight)
        self._closed = False
        self._deadlines: set[asyncio.Timeout] = set()
        self._idle = asyncio.Event()

    @property
    def stats(self) -> Stats:
        """What was sent so far."""
        return Stats(requests=self._requests, challenges=self._challenges)

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    async def open(self) -> None:
        """Make the HTTP session on the running loop; a second call does nothing.

        Raises:
            SessionClosed: It was closed.
            WrongLoop: It was opened on another loop.
            ConfigError: The CA file cannot be read, or the borrowed session is closed.

        """
        self._check_usable()
        if self._opening is None:
            self._loop = asyncio.get_running_loop()
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._connection.opened:
                return
            await self._connection.open(self.base_url)
            self._slots = asyncio.Semaphore(self._connection.capacity)

    async def close(self) -> None:
        """End calls in flight with :class:`SessionClosed` and close what is our own.

        Raises:
            WrongLoop: It was opened on another loop.

        """
        self._check_loop()
        self._closed = True
        now = asyncio.get_running_loop().time()
        for deadline in tuple(self._deadlines):
            if not deadline.expired():
                deadline.reschedule(now)
        while self._deadlines:
            self._idle.clear()
            await self._idle.wait()
        await self._connection.close()

    async def exchange(self, call: Call, options: Options) -> RawReply:
        """Make one call and read its answer to the end.

        Raises:
            ConnectFailed: No connection; nothing was sent.
            RequestTimeout: ``options.timeout`` passed.
            ProtocolError: The connection broke, or the answer is too large or no HTTP.
            AuthError: The login failed.
            SessionClosed: The session was closed, before or meanwhile.
            WrongLoop: Called from another loop than the session was opened on.

        """
        await self.open()
        context = RequestContext(method=call.method, url=redact_url(call.url), family=call.family)
        deadline = asyncio.timeout(options.timeout)
        try:
            async with deadline:
                self._deadlines.add(deadline)
                self._check_usable()
                async with self._slots:
                    return await self._log_in(call, options, context)
        except TimeoutError:
            if self._closed:
                raise SessionClosed("the session was closed while this call was under way", request=context) from None
            raise RequestTimeout(
                f"no answer within {options.timeout:g} s; raise Options.timeout, or find out what holds the server up",
                request=context,
            ) from None
        finally:
            self._deadlines.discard(deadline)
            if not self._deadlines:
                self._idle.set()

    async def _log_in(self, call: Call, options: Options, context: RequestContext) -> RawReply:
        if self._gate is None:
            return await self._send(call, None, options, context)
        attempt = Attempt(self._gate.login, method=call.method, uri=call.url.raw_path_qs, body=call.body or b"")

        async def send(authorization: Secret | None) -> RawReply:
            return await self._send(call, authorization, options, attrs.evolve(context, challenges=attempt.challenges))

        try:
            return await self._gate.run(attempt, send)
        finally:
            self._challenges += attempt.challenges

    async def _send(
        self, call: Call, authorization: Secret | None, options: Options, context: RequestContext
    ) -> RawReply:
        headers = {**call.headers, "User-Agent": options.user_agent_header}
        if authorization is not None:
            headers["Authorization"] = authorization
        self._requests += 1
        try:
            async with self._connection.session.request(
                call.method,
                call.url,
                headers=headers,
                data=call.body,
                allow_redirects=False,
                **self._connection.proxy,
            ) as response:
                body = await _read(response, options.max_body, context)
                raw = RawReply(
                    status=response.status,
                    reason=response.reason or "",
                    headers=Headers(response.headers.items()),
                    body=body,
                    request=attrs.evolve(context, status=response.status),
                )
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _translate(error, context) from _without_traceback(error)
        self.facts.service_version = raw.headers.get("X-MongoDB-Service-Version", self.facts.service_version)
        return raw

    def _check_usable(self) -> None:
        if self._closed:
            raise SessionClosed("the session is closed; make a new AsyncSession")
        self._check_loop()

    def _check_loop(self) -> None:
        if self._loop is not None and self._loop is not asyncio.get_running_loop():
            raise WrongLoop(
                "this session was opened on another event loop; make one AsyncSession per loop (inside the coroutine "
                "that asyncio.run() gets, not at import), and do not share it between threads"
            )


async def _read(response: aiohttp.ClientResponse, limit: int, context: RequestContext) -> bytes:
    """Read the body, bounded after decompression."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_chunked(_READ_CHUNK):
        size += len(chunk)
        if size > limit:
            response.close()
            raise ProtocolError(
                f"the answer is larger than {limit} bytes; ask for smaller pages (items_per_page) or raise "
                f"Options.max_body",
                request=attrs.evolve(context, status=response.status),
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _translate(error: Exception, context: RequestContext) -> TransportError:
    name = type(error).__name__
    if isinstance(error, _NEVER_SENT):
        return ConnectFailed(
            f"no connection ({name}: {error}); check base_url, DNS, proxy and TLS settings (ca_file)", request=context
        )
    if isinstance(error, TimeoutError):
        return RequestTimeout(f"the connection timed out ({name})", request=context)
    if isinstance(error, aiohttp.ClientResponseError):
        return ProtocolError(f"what came back is no HTTP answer ({name}: {error.message})", request=context)
    return ProtocolError(f"the connection broke before the whole answer came ({name}: {error})", request=context)


def _without_traceback(error: Exception) -> Exception:
    """Keep type and message of a foreign exception, not its frames: they hold our headers."""
    if isinstance(error, aiohttp.ClientResponseError):
        bare = error.request_info._replace(headers=_NO_HEADERS)
        error.request_info, error.args = bare, (bare, error.history)
    error.__context__ = None
    error.__cause__ = None
    return error.with_traceback(None)
