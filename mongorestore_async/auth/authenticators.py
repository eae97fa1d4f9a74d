"""The asynchronous part of the login: which call sends, and which calls wait for it.

Each class has ``begin``, which gives what a call keeps over its tries, and ``run``, which sends a request as often as
its login needs. ``send`` sends the request of the call with the ``Authorization`` value given, or without one, and
gives the answer read to its end; it must hand the request over before it awaits anything, so that ``nc`` leaves in
order. ``post`` does so with a request to the token endpoint.
"""

from __future__ import annotations

import asyncio
import logging
import time
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import attrs

from mongorestore_async.auth.challenges import choose_challenge, says_token_is_invalid
from mongorestore_async.auth.credentials import AccessToken, ServiceAccount
from mongorestore_async.auth.digest_login import Attempt, AttemptOutcome, Login
from mongorestore_async.auth.token_cache import TokenCache
from mongorestore_async.auth.tokens import read_revocation
from mongorestore_async.errors import AuthError, Hint, HintKind, RestoreError
from mongorestore_async.models.secret import hide, unhide
from mongorestore_async.protocol.replies import error_code_of, is_own

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from yarl import URL

    from mongorestore_async.auth.credentials import Credentials
    from mongorestore_async.auth.token_cache import HeldToken
    from mongorestore_async.auth.tokens import TokenRequest
    from mongorestore_async.models.secret import Secret
    from mongorestore_async.protocol.replies import RawReply

    Send: TypeAlias = Callable[[Secret | None], Awaitable[RawReply]]
    Post: TypeAlias = Callable[[TokenRequest], Awaitable[RawReply]]

__all__ = [
    "Authenticator",
    "BearerAuthenticator",
    "DigestAuthenticator",
    "NoAuthenticator",
    "TokenAuthenticator",
    "make_authenticator",
]

_logger = logging.getLogger(__name__)

#: Seconds for renewing a token that still lives, and for revoking tokens when the session closes.
_RENEWAL_SECONDS = 5.0
_REVOKE_SECONDS = 5.0


class NoAuthenticator:
    """For a session without credentials: sends once.

    Attributes:
        works: Whether the API ever answered.
        led: None: no call leads.

    """

    led: asyncio.Event | None = None

    def __init__(self) -> None:
        self.works: bool = False

    def begin(self, *, method: str, uri: str, body: bytes, once: bool = False) -> None:
        """Keep nothing."""

    async def run(self, _attempt: object, send: Send, _post: Post) -> RawReply:
        """Send a request without a login.

        Raises:
            AuthError: The server asks for one.

        """
        raw = await send(None)
        own = is_own(raw)
        offered = raw.headers.getall("WWW-Authenticate") if raw.status == 401 else ()  # noqa: PLR2004
        if offered and (own or not self.works or choose_challenge(offered) is not None):
            raise AuthError(
                "the server requires authentication and the session has no credentials:", hint=Hint(HintKind.LOG_IN)
            )
        self.works = self.works or own
        return raw


class DigestAuthenticator:
    """Drives the digest login of each call of a session; cold starts are single-flight.

    While one call leads (finds out how to log in), the others wait here. If the leader fails or is
    cancelled, the next one in line leads.

    Attributes:
        login: What the session knows about its login.
        begin: Makes the login of one call, :class:`Attempt`, from its method, target and body.
        led: Set when the leader of the moment is done; None while none leads.

    """

    def __init__(self, login: Login) -> None:
        self.login = login
        self.begin: partial[Attempt] = partial(Attempt, login)
        self.led: asyncio.Event | None = None

    @property
    def works(self) -> bool:
        """Whether the API ever took the key."""
        return self.login.works

    async def run(self, attempt: Attempt | None, send: Send, _post: Post) -> RawReply:
        """Send a request as often as its login needs.

        Returns:
            The answer for the caller; its status is 401 only when the key is right and has no rights.

        Raises:
            AuthError: The login failed.

        """
        if attempt is None:
            raise AssertionError("begin() must be called before run()")
        login = self.login
        while True:
            login.check_verdict()
            while self.led is not None:
                await self.led.wait()
                login.check_verdict()
            led = self.led = asyncio.Event() if login.needs_leader else None
            try:
                while True:
                    raw = await send(attempt.authorization())
                    code = error_code_of(raw) if raw.status == 401 else None  # noqa: PLR2004
                    if attempt.receive(raw, error_code=code) is AttemptOutcome.DONE:
                        if raw.status == 401:  # noqa: PLR2004 - it may have been one more challenge
                            raw = attrs.evolve(raw, request=attrs.evolve(raw.request, challenges=attempt.challenges))
                        return raw
                    if led is None or not login.needs_leader:
                        break
            finally:
                if led is not None:
                    self.led = None
                    led.set()


class TokenAuthenticator(NoAuthenticator):
    """For a session with a token that it was given: sends each request once with it."""

    def __init__(self, given: AccessToken) -> None:
        super().__init__()
        # Hidden: tools that walk the objects in the frames of an error find it here.
        self._authorization: Secret = hide(f"Bearer {given.token}")

    async def run(self, _attempt: object, send: Send, _post: Post) -> RawReply:
        """Send a request with the token.

        Returns:
            The answer for the caller; its status is 401 only when the token is good and has no rights.

        Raises:
            AuthError: The server does not take the token.

        """
        raw = await send(unhide(self._authorization))
        if raw.status != 401:  # noqa: PLR2004
            self.works: bool = self.works or is_own(raw)
            return raw
        challenges = raw.headers.getall("WWW-Authenticate")
        own = is_own(raw) or bool(challenges)
        about_token = error_code_of(raw) in {None, "UNEXPECTED_ERROR", "NO_CURRENT_USER"}
        # Once the token worked, the page of a gateway says nothing about it.
        if says_token_is_invalid(challenges) or (about_token and (own or not self.works)):
            raise AuthError(
                "the server refused the access token: it has expired, was revoked or is not valid there",
                request=raw.request,
                hint=Hint(HintKind.RENEW_TOKEN),
            )
        return raw


class BearerAuthenticator:
    """Gives each call of a session the token they share; one call at a time asks for a new one.

    It does so in its own slot and within its own deadline, and ends with it: when it fails or is cancelled, the
    next in line asks. While the old token is valid, no call waits, and a failed renewal fails no call.

    Attributes:
        cache: The tokens of the session.

    """

    led: asyncio.Event | None = None

    def __init__(self, cache: TokenCache) -> None:
        self.cache = cache
        self._asking: asyncio.Event | None = None  # set when the request of the moment is over

    @property
    def works(self) -> bool:
        """Whether the API ever took a token."""
        return self.cache.works

    def begin(self, *, method: str, uri: str, body: bytes, once: bool = False) -> None:
        """Keep nothing: all calls share the token."""

    async def run(self, _attempt: object, send: Send, post: Post) -> RawReply:
        """Send a request with the token, a second time with another one if the first is dead.

        Returns:
            The answer for the caller; its status is 401 only when the account is known and has no rights.

        Raises:
            AuthError: The service account, or a second token, is refused.
            RestoreError: There is no token.

        """
        for _ in range(2):
            held = await self._token(post)
            raw = await send(held.token.authorization)
            code = error_code_of(raw) if raw.status == 401 else None  # noqa: PLR2004
            challenges = raw.headers.getall("WWW-Authenticate")
            own = is_own(raw) or any("bearer" in line.lower() for line in challenges)
            invalid = says_token_is_invalid(challenges)
            outcome = self.cache.receive(held, status=raw.status, error_code=code, own=own, invalid=invalid)
            if outcome is AttemptOutcome.DONE:
                return raw
        raise self.cache.refused()

    async def revoke(self, post: Post) -> None:
        """Revoke all tokens if the account says so, within five seconds."""
        if not self.cache.account.revoke_on_close:
            return
        try:
            async with asyncio.timeout(_REVOKE_SECONDS):
                for request in self.cache.tokens_to_revoke():
                    read_revocation(await post(request), self.cache.account)
        except (RestoreError, TimeoutError) as error:
            _logger.debug("tokens were not revoked: %s", type(error).__name__)

    async def _token(self, post: Post) -> HeldToken:
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

    async def _ask(self, post: Post) -> HeldToken:
        request, asked_at = self.cache.ask()
        over = self._asking = asyncio.Event()
        try:
            return self.cache.take(await post(request), asked_at)
        finally:
            self._asking = None
            over.set()

    async def _renew(self, post: Post) -> None:
        """Request the next token; if that fails, the current one stays in use."""
        try:
            async with asyncio.timeout(_RENEWAL_SECONDS):
                await self._ask(post)
        except (RestoreError, TimeoutError) as error:
            self.cache.defer_renewal()
            _logger.debug("the token could not be renewed, the current one stays in use: %s", type(error).__name__)


#: How a session logs in.
Authenticator: TypeAlias = NoAuthenticator | TokenAuthenticator | DigestAuthenticator | BearerAuthenticator


def make_authenticator(auth: Credentials | None, base_url: URL) -> Authenticator:
    """Make the login of a session.

    Args:
        auth: Its credentials, None for none.
        base_url: Where the API is: the token endpoint stands beside it.

    """
    if isinstance(auth, ServiceAccount):
        return BearerAuthenticator(TokenCache(auth, base_url, time.monotonic))
    if isinstance(auth, AccessToken):
        return TokenAuthenticator(auth)
    return NoAuthenticator() if auth is None else DigestAuthenticator(Login(auth, time.monotonic))
