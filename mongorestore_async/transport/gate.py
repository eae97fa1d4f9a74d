"""Who may send, and who waits for whom: the awaiting half of the digest login."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mongorestore_async.protocol.login import Outcome
from mongorestore_async.protocol.replies import error_code_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.login import Attempt, Login
    from mongorestore_async.protocol.replies import RawReply

__all__ = ["LoginGate"]


class LoginGate:
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
        return raw if attempt.receive(raw, error_code=code) is Outcome.DONE else None
