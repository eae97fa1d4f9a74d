"""Who gets a token, and who waits for it: the awaiting half of the login of service accounts."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from mongorestore_async.errors import RestoreError
from mongorestore_async.protocol.login import Outcome
from mongorestore_async.protocol.replies import error_code_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.keeper import HeldToken, TokenKeeper
    from mongorestore_async.protocol.replies import RawReply
    from mongorestore_async.protocol.tokens import TokenRequest

__all__ = ["BearerGate"]

_logger = logging.getLogger(__name__)

#: Seconds for renewing a token that still lives, and for revoking tokens when the session closes.
_RENEWAL_SECONDS = 5.0
_FAREWELL_SECONDS = 5.0


class BearerGate:
    """Gives each call of a session the token they share; one call at a time asks for a new one.

    It does so in its own slot and within its own deadline, and ends with it: when it fails or is cancelled, the
    next in line asks. While the old token lives, nobody waits, and a failed renewal is nobody's failure.
    """

    def __init__(self, keeper: TokenKeeper) -> None:
        self.keeper = keeper
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
            if self.keeper.receive(held, status=raw.status, error_code=code) is Outcome.DONE:
                return raw
        raise self.keeper.refused()

    async def revoke(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> None:
        """End the life of all tokens, as far as that works within five seconds."""
        from mongorestore_async.protocol.tokens import read_revocation

        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                for request in self.keeper.surrender():
                    read_revocation(await post(request), self.keeper.account)
        except (RestoreError, TimeoutError) as error:
            _logger.debug("tokens were not revoked: %s", type(error).__name__)

    async def _token(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> HeldToken:
        while True:
            held = self.keeper.usable()
            if held is not None:
                if self._asking is None and self.keeper.is_due(held):
                    await self._renew(post)
                    continue
                return held
            if self._asking is None:
                return await self._ask(post)
            await self._asking.wait()

    async def _ask(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> HeldToken:
        request, asked_at = self.keeper.ask()
        over = self._asking = asyncio.Event()
        try:
            return self.keeper.take(await post(request), asked_at)
        finally:
            self._asking = None
            over.set()

    async def _renew(self, post: Callable[[TokenRequest], Awaitable[RawReply]]) -> None:
        """Ask for the next token; if that fails, the living one goes on to serve."""
        try:
            async with asyncio.timeout(_RENEWAL_SECONDS):
                await self._ask(post)
        except (RestoreError, TimeoutError) as error:
            self.keeper.postpone()
            _logger.debug("the token was not renewed yet: %s", type(error).__name__)
