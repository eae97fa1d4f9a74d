"""One exchange: admission, login, deadline, repetitions, the whole answer read before it returns."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from mongorestore_async.errors import (
    ApiError,
    RequestTimeout,
    RestoreError,
    SessionClosed,
    TransportError,
    WrongLoop,
)
from mongorestore_async.protocol.login import Attempt, Login
from mongorestore_async.protocol.replies import read_reply
from mongorestore_async.protocol.retrying import Failure, RetryBudget, is_transient
from mongorestore_async.transport.connection import Connection
from mongorestore_async.transport.gate import LoginGate
from mongorestore_async.transport.records import ExchangeRecord, ServerFacts, Stats
from mongorestore_async.transport.sender import Progress, Sender

if TYPE_CHECKING:
    from yarl import URL

    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.credentials import DigestAuth
    from mongorestore_async.protocol.replies import RawReply, Reply
    from mongorestore_async.transport.connection import HttpSettings
    from mongorestore_async.transport.options import Options
    from mongorestore_async.transport.sender import Call

__all__ = ["Transport"]

_logger = logging.getLogger(__name__)


class Transport:
    """The connection, login, slots and retry budget that a session shares with its views."""

    def __init__(self, auth: DigestAuth | None, base_url: URL, settings: HttpSettings, *, max_in_flight: int) -> None:
        self.base_url = base_url
        self.facts = ServerFacts()
        self._connection = Connection(settings, limit=max_in_flight)
        self._sender = Sender(self._connection)
        self._gate = None if auth is None else LoginGate(Login(auth, time.monotonic))
        self._budget = RetryBudget()
        self._challenges = 0
        self._retries = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._opening: asyncio.Lock | None = None
        self._slots = asyncio.Semaphore(max_in_flight)
        self._closed = False
        self._deadlines: set[asyncio.Timeout] = set()
        self._idle = asyncio.Event()

    @property
    def stats(self) -> Stats:
        """What was sent so far."""
        return Stats(requests=self._sender.requests, challenges=self._challenges, retries=self._retries)

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

    async def exchange(self, call: Call, options: Options) -> Reply:
        """Make one call, again where that is safe and may help, and decode its answer.

        Raises:
            ConnectFailed: No connection; nothing was sent.
            RequestTimeout: ``options.timeout`` passed.
            ProtocolError: The connection broke, or the answer is too large, a redirect or no HTTP.
            AuthError: The login failed.
            ApiError: The API answered with an error.
            DataError: The answer is not JSON.
            SessionClosed: The session was closed, before or meanwhile.
            WrongLoop: Called from another loop than the session was opened on.

        """
        await self.open()
        progress = Progress(call)
        started = time.monotonic()
        failed: BaseException | None = None
        try:
            return await self._in_time(progress, options)
        except RestoreError as error:
            failed = error
            error.request = progress.context
            raise
        except BaseException as error:
            failed = error
            raise
        finally:
            self._tell(progress, options, seconds=time.monotonic() - started, failed=failed)

    async def _in_time(self, progress: Progress, options: Options) -> Reply:
        deadline = asyncio.timeout(options.timeout)
        try:
            async with deadline:
                self._deadlines.add(deadline)
                self._check_usable()
                return await self._try(progress, options, deadline)
        except TimeoutError:
            if self._closed:
                raise SessionClosed("the session was closed while this call was under way") from None
            raise RequestTimeout(
                f"no answer within {options.timeout:g} s; raise Options.timeout, or find out what holds the server up"
            ) from None
        finally:
            self._deadlines.discard(deadline)
            if not self._deadlines:
                self._idle.set()

    async def _try(self, progress: Progress, options: Options, deadline: asyncio.Timeout) -> Reply:
        # One login for all tries: a challenge that was not answered for good is still there for the next.
        attempt = self._begin_login(progress.call)
        while True:
            progress.tries += 1
            try:
                async with self._slots:
                    raw = await self._log_in(progress, attempt, options)
                reply = read_reply(raw, enveloped=progress.call.enveloped)
            except (ApiError, TransportError) as error:
                wait = self._wait(Failure(progress.call.method, error, progress.tries), options, deadline)
                if wait is None:
                    raise
            else:
                self._budget.succeed()
                return reply
            self._retries += 1
            await asyncio.sleep(wait)

    def _begin_login(self, call: Call) -> Attempt | None:
        if self._gate is None:
            return None
        return Attempt(self._gate.login, method=call.method, uri=call.url.raw_path_qs, body=call.body or b"")

    async def _log_in(self, progress: Progress, attempt: Attempt | None, options: Options) -> RawReply:
        async def send(authorization: Secret | None) -> RawReply:
            raw = await self._sender.send(progress, authorization, options)
            self.facts.service_version = raw.headers.get("X-MongoDB-Service-Version", self.facts.service_version)
            return raw

        if self._gate is None or attempt is None:
            return await send(None)
        try:
            return await self._gate.run(attempt, send)
        finally:
            met = attempt.challenges - progress.challenges
            progress.challenges += met
            self._challenges += met

    def _wait(self, failure: Failure, options: Options, deadline: asyncio.Timeout) -> float | None:
        """Decide on repeating a failed try: seconds to wait, None to give up."""
        wait = options.retry(failure)
        if wait is None or not is_transient(failure):
            return None
        now = asyncio.get_running_loop().time()
        ends = deadline.when()
        if ends is not None and now + wait >= ends:
            return None  # told at once instead of waited for in vain
        return wait if self._budget.spend(now) else None

    def _tell(self, progress: Progress, options: Options, *, seconds: float, failed: BaseException | None) -> None:
        last = progress.last
        record = ExchangeRecord(
            method=progress.call.method,
            url=progress.url,
            family=progress.call.family,
            status=None if last is None else last.status,
            error=None if failed is None else type(failed).__name__,
            tries=max(1, progress.tries),
            challenges=progress.challenges,
            seconds=seconds,
            rate_limit=None if last is None else _whole(last.headers.get("RateLimit-Limit")),
            rate_remaining=None if last is None else _whole(last.headers.get("RateLimit-Remaining")),
        )
        _logger.debug("%s", record)
        if options.on_exchange is None:
            return
        try:
            options.on_exchange(record)
        except Exception:
            _logger.exception("the on_exchange hook failed; the call is not touched by it")

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


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 20 else None  # noqa: PLR2004
