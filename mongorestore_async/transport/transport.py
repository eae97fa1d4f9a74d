"""One exchange: admission, login, deadline, repetitions, the whole answer read before it returns."""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, Never

from mongorestore_async.auth.authenticators import BearerAuthenticator, TokenAuthenticator, make_authenticator
from mongorestore_async.errors import ApiError, ConnectionBroken, RestoreError, SessionClosed, TransportError
from mongorestore_async.protocol.replies import read_reply
from mongorestore_async.ratelimit import RateLimiter
from mongorestore_async.transport.connection import Connection
from mongorestore_async.transport.decoding import SHORT, decode
from mongorestore_async.transport.late_calls import held_back, timed_out
from mongorestore_async.transport.loop_binding import (
    Deadline,
    Deadlines,
    DecodeLocks,
    LoopBinding,
    RestoreLocks,
    ServerInfo,
    Slots,
)
from mongorestore_async.transport.observers import OperationEvent, Stats, notify_hook
from mongorestore_async.transport.retrying import Failure, RetryBudget, ask_rule, is_transient
from mongorestore_async.transport.sender import Call, Phase, Progress, Sender

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from yarl import URL

    from mongorestore_async.auth.credentials import Credentials
    from mongorestore_async.protocol.replies import Reply
    from mongorestore_async.transport.connection import HttpSettings
    from mongorestore_async.transport.options import Options

__all__ = ["Transport"]

_logger = logging.getLogger(__name__)


class Transport:
    """The connection, login, slots and retry budget that a session shares with its views.

    Attributes:
        base_url: Where the API is.
        http_settings: How connections are made; downloads make theirs the same way.
        server_info: What was learnt about the server.
        decode_locks: Where large answers are decoded, and long pages structured.
        restore_locks: One create at a time for each target, and what was started.
        limits: The rate limits it keeps to.

    """

    def __init__(self, auth: Credentials | None, base_url: URL, settings: HttpSettings, options: Options) -> None:
        self.base_url = base_url
        self.http_settings = settings
        self.server_info: ServerInfo = ServerInfo()
        self.decode_locks: DecodeLocks = DecodeLocks()
        self.restore_locks: RestoreLocks = RestoreLocks()
        threads, user_agent = self.decode_locks.threads, options.user_agent_header
        self._connection = Connection(settings, limit=options.max_in_flight, threads=threads, user_agent=user_agent)
        self._sender = Sender(self._connection, self.server_info)
        self._authenticator = make_authenticator(auth, base_url)
        self.limits: RateLimiter = RateLimiter(options.rate_limits, options.shared_limits)
        self._budget = RetryBudget()
        self._challenges = 0
        self._retries = 0
        self._binding = LoopBinding()
        self._opening: asyncio.Lock | None = None
        self._openers = 0
        self._slots = Slots(options.max_in_flight)
        self._closed = False
        self._deadlines = Deadlines()

    def __reduce_ex__(self, protocol: object) -> Never:
        raise TypeError("parts of a session cannot be pickled or deep-copied: they hold connections and credentials")

    @property
    def stats(self) -> Stats:
        """What was sent so far."""
        return Stats(requests=self._sender.requests, challenges=self._challenges, retries=self._retries)

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    @property
    def uses_tokens(self) -> bool:
        """Whether the login is a service account, or a token of one."""
        return isinstance(self._authenticator, (BearerAuthenticator, TokenAuthenticator))

    async def open(self) -> None:
        """Make the HTTP session on the running loop; a second call does nothing.

        Raises:
            SessionClosed: It was closed.
            WrongLoop: It was opened on another loop.
            ConfigError: The CA file cannot be read, or the borrowed session is closed.

        """
        self._check_usable()
        if self._opening is None:
            self._binding.bind()
            self._opening = asyncio.Lock()
        self._openers += 1
        try:
            async with self._opening:
                self._check_usable()
                if self._connection.session is not None:
                    return
                await self._connection.open(self.base_url)
                if self._closed:  # meanwhile: close() waits for this
                    await self._connection.close()
                self._check_usable()
                self._slots = Slots(self._connection.capacity)
        finally:
            self._openers -= 1
            if self._connection.session is None and not self._openers:  # it may be opened on another loop
                self._opening = None
                self._binding.release()

    async def close(self, options: Options) -> None:
        """End calls in flight with :class:`SessionClosed`, revoke tokens if asked to, and close what is our own.

        Args:
            options: For the requests that revoke.

        Raises:
            WrongLoop: It was opened on another loop.

        """
        self._binding.check()
        self._closed = True
        # A cancel scope of anyio cancels every await here, so no step depends on the one before.
        try:
            await self._deadlines.end_all()
            if isinstance(self._authenticator, BearerAuthenticator):
                await self._authenticator.revoke(partial(self._sender.post, options))
        finally:
            self.decode_locks.threads.close()
            try:
                await self.limits.close()
            finally:
                await self._connection.close()
                async with self._opening or asyncio.Lock():
                    pass  # what is just being opened is closed there

    def while_open(self) -> AbstractAsyncContextManager[None]:
        """Let what takes longer than a call end with :class:`SessionClosed` as soon as the session closes.

        Raises:
            SessionClosed: The session was closed, before or meanwhile.
            WrongLoop: Used on another loop than the session was opened on.

        """
        self._check_usable()
        return self._deadlines.until_ended()

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
        if self._closed or self._connection.session is None:
            await self.open()
        self._binding.check()
        progress, started = Progress(call), time.monotonic()
        ends = asyncio.get_running_loop().time() + options.timeout
        failed: str | None = None  # by name: the error itself would live in a cycle with this frame
        try:
            try:
                with Deadline(self._deadlines, ends):
                    return await self._try(progress, options, ends)
            except TimeoutError:
                pass  # raised below: from in here it would drag along the frames of the HTTP library
            raise self._timed_out(progress, options)  # noqa: TRY301 - told to the hook like any other error
        except RestoreError as error:
            failed = type(error).__name__
            error.request = progress.context
            raise
        except BaseException as error:
            failed = type(error).__name__
            raise
        finally:
            attempt = progress.attempt
            self._challenges += 0 if attempt is None else attempt.challenges
            if options.on_exchange is not None or _logger.isEnabledFor(logging.DEBUG):
                record = progress.record(seconds=time.monotonic() - started, failed=failed)
                _logger.debug("%s", record)
                notify_hook(record, options.on_exchange)

    async def _try(self, progress: Progress, options: Options, ends: float) -> Reply:
        call, limits = progress.call, self.limits
        send = self._sender.send if call.notify is None else self._sender.send_observed
        send, post = partial(send, progress, options), partial(self._sender.post_for, progress, options)
        # One login for all tries: an unanswered challenge is kept for the next try.
        attempt = progress.attempt = self._authenticator.begin(
            method=call.method, uri=call.url.raw_path_qs, body=call.body or b"", once=call.state is not None
        )
        while True:
            progress.tries += 1
            before = progress.last
            failed: BaseException | None = None
            try:
                if not self._enter(progress):
                    await self._enter_in_turn(progress, ends)
                try:
                    raw = await self._authenticator.run(attempt, send, post)
                finally:
                    self._slots.release()
                # Of nearly all answers there is nothing to wait for, and nothing to warn of.
                plain = len(raw.body) <= SHORT and "Deprecation" not in raw.headers and "Sunset" not in raw.headers
                reply = (
                    read_reply(raw, enveloped=call.enveloped, decode_list=call.decode_list)
                    if plain
                    else await decode(raw, call, self.decode_locks)
                )
            except (ApiError, TransportError) as error:
                failed = error
                self._judge(progress, error)
                in_turn = isinstance(error, ApiError) and not progress.logging_in and limits.is_one_too_many(error)
                wait = self._wait(progress, error, options, ends, in_turn=in_turn)
                if wait is None:
                    if progress.phase is Phase.RATE_LIMIT:
                        # It has its cause. In a variable here, it would live in a cycle with this frame.
                        raise held_back(progress, error)  # noqa: B904
                    raise
                progress.remember(error, wait)
            except BaseException as error:
                failed = error
                raise
            else:
                if self._budget.left < self._budget.capacity:
                    self._budget.succeed()
                return reply
            finally:
                if progress.admission is not None:
                    # The token endpoint says nothing about the limits of the API.
                    last = None if progress.last is before or progress.logging_in else progress.last
                    # No header stands in a variable of its own: a server may repeat anything in one.
                    limits.finish(
                        progress.admission, call.rate, call.project, None if last is None else last.headers, failed
                    )
                failed = None  # it would live in a cycle with this frame
            self._retries += 1
            await asyncio.sleep(wait)
            progress.phase = Phase.LOGIN

    def _enter(self, progress: Progress) -> bool:
        """Take a slot where neither a rate limit, nor other calls, nor the login of one keep this call from it."""
        call = progress.call
        progress.admission = self.limits.try_admit(call.rate, call.project)
        return progress.admission is not None and self._authenticator.led is None and self._slots.take()

    async def _enter_in_turn(self, progress: Progress, ends: float) -> None:
        """Wait until the rate limits and a slot allow to send a call; ``progress`` takes note of its admission."""
        call, limits = progress.call, self.limits
        began = time.monotonic()
        while True:
            admission = progress.admission or limits.try_admit(call.rate, call.project)
            if admission is None:
                progress.phase = Phase.RATE_LIMIT
                admission = await limits.admit(call.rate, call.project, ends)
            progress.admission = admission
            progress.phase = Phase.SLOT
            if not self._slots.take():
                await self._slots.wait()
            taken = False
            try:
                progress.phase = Phase.LOGIN
                while (leader := self._authenticator.led) is not None:
                    await leader.wait()
                # Others may have been refused while it waited for its slot, or for the login.
                taken = not limits.withdraw_outdated(admission, call.rate, call.project)
            finally:
                if not taken:
                    self._slots.release()
            if taken:
                if call.notify is not None:
                    call.notify(OperationEvent(kind="queued", seconds=time.monotonic() - began))
                return
            progress.admission = None

    def _timed_out(self, progress: Progress, options: Options) -> RestoreError:
        if self._closed:
            return SessionClosed("the session was closed while this call was in flight")
        return timed_out(progress, options.timeout, self._connection.capacity)

    def _judge(self, progress: Progress, error: RestoreError) -> None:
        """Say on an error, and on the state of its call, what is known only here."""
        if isinstance(error, ConnectionBroken):
            progress.unanswered = True  # also where only decoding the answer showed that it is not whole
        error.request = progress.context
        if not isinstance(error, ApiError):
            return
        state = progress.call.state
        if state is not None and error.refused:
            state.open = False
        if error.status in {401, 407} and error.from_gateway and not self._authenticator.works:
            # Before any login worked, it is more likely a wrong address than a moment's trouble.
            error.transient = False

    def _wait(
        self, progress: Progress, error: RestoreError, options: Options, ends: float, *, in_turn: bool
    ) -> float | None:
        """Decide on repeating a failed try: seconds to wait, None to give up.

        One that came out of turn costs nothing: the rate limiter bounds how often it is made again.
        """
        if progress.phase is Phase.RATE_LIMIT:
            return None  # held back by the rate limit: it comes too late however often it is tried
        progress.out_of_turn += in_turn
        failure = Failure(progress.call.method, error, max(1, progress.tries - progress.out_of_turn))
        wait = ask_rule(options.retry, failure)
        if wait is None or not is_transient(failure):
            return None
        now = asyncio.get_running_loop().time()
        if wait >= ends - now:
            return None  # raised at once: waiting would not help
        return wait if in_turn or self._budget.spend(now) else None

    def _check_usable(self) -> None:
        if self._closed:
            raise SessionClosed("the session is closed; create a new AsyncSession")
        self._binding.check()
