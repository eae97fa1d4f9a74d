"""Who logs in and who waits for it: the awaiting halves of the digest login and of service accounts."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from mongorestore_async.auth.digest_login import AttemptOutcome
from mongorestore_async.auth.tokens import read_revocation
from mongorestore_async.errors import RestoreError
from mongorestore_async.protocol.replies import error_code_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.auth.digest_login import Attempt, Login
    from mongorestore_async.auth.token_cache import HeldToken, TokenCache
    from mongorestore_async.auth.tokens import TokenRequest
    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.replies import RawReply

__all__ = ["BearerAuthenticator", "DigestAuthenticator"]


class DigestAuthenticator:
    """Drives the login of each call of a session; cold starts are single-flight.

    While one call leads (finds out how to log in), the others wait here. If the leader fails or is
    cancelled, the next one in line leads.
    """

    def __init__(self, login: Login) -> None:
        self.login = login
        self._led: asyncio.Event | None = None  # set when the leader of the moment is done

    async def run(self, attempt: Attempt, send: Callable[[Secret | None], Awaitable[RawReply]]) -> RawReply:
        """Send a request as often as its login needs.

        Args:
            attempt: The call's login.
            send: Sends the request with the ``Authorization`` value given, or without one, and gives the answer
                read to its end. It must hand the request over without awaiting anything else first.

        Returns:
            The answer for the caller; its status is 401 only when the key is right and has no rights.

        Raises:
            AuthError: The login failed.

        """
        while True:
            self.login.check_verdict()
            while self._led is not None:
                await self._led.wait()
                self.login.check_verdict()
            raw = await (self._lead(attempt, send) if self.login.needs_leader else self._send(attempt, send))
            if raw is not None:
                return raw

    async def _lead(self, attempt: Attempt, send: Callable[[Secret | None], Awaitable[RawReply]]) -> RawReply | None:
        """Send for as long as nobody knows how to log in; the others wait meanwhile."""
        led = self._led = asyncio.Event()
        try:
            raw = await self._send(attempt, send)
            while raw is None and self.login.needs_leader:
                raw = await self._send(attempt, send)
        finally:
            self._led = None
            led.set()
        return raw

    async def _send(self, attempt: Attempt, send: Callable[[Secret | None], Awaitable[RawReply]]) -> RawReply | None:
        raw = await send(attempt.authorization())
        code = error_code_of(raw) if raw.status == 401 else None  # noqa: PLR2004
        return raw if attempt.receive(raw, error_code=code) is AttemptOutcome.DONE else None


_logger = logging.getLogger(__name__)

#: Seconds for renewing a token that still lives, and for revoking tokens when the session closes.
_RENEWAL_SECONDS = 5.0
_FAREWELL_SECONDS = 5.0


class BearerAuthenticator:
    """Gives each call of a session the token they share; one call at a time asks for a new one.

    It does so in its own slot and within its own deadline, and ends with it: when it fails or is cancelled, the
    next in line asks. While the old token lives, nobody waits, and a failed renewal is nobody's failure.
    """

    def __init__(self, cache: TokenCache) -> None:
        self.cache = cache
        self._asking: asyncio.Event | None = None  # set when the request of the moment is over

    async def run(
        self,
        send: Callable[[Secret | None], Awaitable[RawReply]],
        post: Callable[[TokenRequest], Awaitable[RawReply]],
    ) -> RawReply:
        """Send a request with the token, a second time with another one if the first is dead.

        Args:
            send: Sends the request with the ``Authorization`` value given and gives the answer read to its end.
            post: Does so with a request to the token endpoint.

        Returns:
            The answer for the caller; its status is 401 only when the account is known and has no rights.

        Raises:
            AuthError: The service account, or a second token, is refused.
            RestoreError: No token can be had.

        """
        for _ in range(2):
            held = await self._token(post)
            raw = await send(held.token.authorization)
            code = error_code_of(raw) if raw.status == 401 else None  # noqa: PLR2004
            if self.cache.receive(held, status=raw.status, error_code=code) is AttemptOutcome.DONE:
                return raw
        raise self.cache.refused()

    async def revoke(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> None:
        """End the life of all tokens, as far as that works within five seconds."""
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                for request in self.cache.tokens_to_revoke():
                    read_revocation(await post(request), self.cache.account)
        except (RestoreError, TimeoutError) as error:
            _logger.debug("tokens were not revoked: %s", type(error).__name__)

    async def _token(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> HeldToken:
        while True:
            held = self.cache.usable()
            if held is not None:
                if self._asking is None and self.cache.is_due(held):
                    await self._renew(post)
                    continue
                return held
            if self._asking is None:
                return await self._ask(post)
            await self._asking.wait()

    async def _ask(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> HeldToken:
        request, asked_at = self.cache.ask()
        over = self._asking = asyncio.Event()
        try:
            return self.cache.take(await post(request), asked_at)
        finally:
            self._asking = None
            over.set()

    async def _renew(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> None:
        """Ask for the next token; if that fails, the living one goes on to serve."""
        try:
            async with asyncio.timeout(_RENEWAL_SECONDS):
                await self._ask(post)
        except (RestoreError, TimeoutError) as error:
            self.cache.defer_renewal()
            _logger.debug("the token was not renewed yet: %s", type(error).__name__)
